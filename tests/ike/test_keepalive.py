"""NAT keepalives: only from behind a NAT, only while nothing else is sent, no further apart than the interval.

At 30 seconds the right end asks whether the left has the SA, too: an answer, which is in place of a keepalive.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from ikecli.boundary.effects import Datagram, Endpoint
from ikecli.boundary.views import Counters
from ikecli.wire import read_message
from tests.ike.pair import LEFT, RIGHT, End, Pair, connection, intent, profile

OUTSIDE = IPv4Address("203.0.113.1")


def behind_a_nat(interval: int = 20) -> Pair:
    """Return a pair that is up, its left end behind a NAT."""
    key = replace(profile(LEFT).credentials[0], addresses=())
    right = intent(
        RIGHT,
        LEFT,
        profiles=(profile(LEFT, credentials=(key,)),),
        connections=(connection(RIGHT, LEFT, peers=(OUTSIDE,)),),
    )
    left = intent(LEFT, RIGHT, profiles=(profile(RIGHT, nat_keepalive=interval),))
    pair = Pair(left, right)

    def translate(datagram: Datagram) -> Datagram:
        local, remote = datagram.local, datagram.remote
        if local.address == OUTSIDE:
            local = Endpoint(LEFT, local.port - 10_000)
        if remote.address == LEFT:
            remote = Endpoint(OUTSIDE, remote.port + 10_000)
        return Datagram(datagram.octets, local, remote)

    pair.translate = translate
    pair.up()
    return pair


def sent(end: End) -> int:
    """Count the keepalives that an end sent."""
    return sum(datagram.bare for datagram in end.sent)


def test_an_idle_end_behind_a_nat_keeps_the_translation_open() -> None:
    pair = behind_a_nat()
    pair.advance(19.0)
    assert sent(pair.left) == 0
    pair.advance(1.0)
    assert pair.left.sent[-1] == Datagram(b"\xff", Endpoint(LEFT, 4500), Endpoint(RIGHT, 4500), bare=True)
    messages = len(pair.left.sent) - 1
    pair.advance(1000.0)
    (answer,) = (datagram for datagram in pair.left.sent[messages:] if not datagram.bare)
    assert read_message(answer.octets).header.response
    assert sent(pair.left) == 50
    assert sent(pair.right) == 0


def test_without_a_nat_there_are_none() -> None:
    pair = Pair()
    pair.up()
    pair.advance(1000.0)
    assert sent(pair.left) == sent(pair.right) == 0


def test_the_interval_is_the_profiles() -> None:
    pair = behind_a_nat(5)
    pair.advance(50.0)
    assert sent(pair.left) == 9


def test_a_busy_end_sends_none_and_an_idle_one_in_time() -> None:
    pair = behind_a_nat()
    for second in range(1, 101):
        pair.left.counters = Counters(packets_out=second)
        pair.advance(1.0)
    assert sent(pair.left) == 0
    pair.advance(20.0)
    assert sent(pair.left) == 1


def test_what_only_comes_in_keeps_nothing_open() -> None:
    pair = behind_a_nat()
    for second in range(1, 101):
        pair.left.counters = Counters(packets_in=second)
        pair.advance(1.0)
    assert sent(pair.left) == 4


def test_an_sa_that_is_gone_keeps_nothing_open() -> None:
    pair = behind_a_nat()
    pair.left.apply(intent(LEFT, RIGHT, connections=()))
    pair.settle()
    pair.advance(200.0)
    assert sent(pair.left) == 0
