"""Cookies that we ask for: no state and no key exchange before one returns, and peers get in while others flood."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address

import pytest

from ikecli.boundary.effects import Datagram, Endpoint
from ikecli.boundary.events import GroupRetried, IkeDown
from ikecli.ike.challenge import Jar
from ikecli.ike.limits import COOKIE_SECONDS, HALF_OPEN_OF_PREFIX, HALF_OPEN_SECONDS
from ikecli.ike.tasks import key_exchange
from ikecli.intent import Address
from ikecli.numbers import NotifyType
from ikecli.wire import read_message, write_message
from ikecli.wire.payloads import Notify
from tests.ike.pair import LEFT, RIGHT, Pair, ike_proposal, intent

ALWAYS = intent(RIGHT, LEFT, cookie_threshold=0)


@pytest.fixture
def exchanges(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The groups of all key pairs that are made."""
    made: list[int] = []

    def count(name: str) -> None:
        genuine = getattr(key_exchange, name)

        def counted(group: int, *more: object) -> object:
            made.append(group)
            return genuine(group, *more)

        monkeypatch.setattr(key_exchange, name, counted)

    count("generate")
    count("respond")
    return made


def request_of(pair: Pair) -> Datagram:
    """Return the left end's IKE_SA_INIT request as the right end will see it, taken off the wire."""
    pair.left.acquire()
    ((_, _, request),) = pair.wire
    pair.wire.clear()
    return request


def forged(request: Datagram, number: int, remote: Endpoint) -> Datagram:
    """Return the request under another SPI from elsewhere."""
    return Datagram(number.to_bytes(8, "big") + request.octets[8:], request.local, remote)


def with_cookie(request: Datagram, cookie: bytes) -> Datagram:
    message = read_message(request.octets)
    payloads = (Notify(NotifyType.COOKIE, cookie), *message.payloads)
    return replace(request, octets=write_message(replace(message, payloads=payloads)))


def asked(pair: Pair) -> bytes:
    """Return the cookie that the right end sent last."""
    (notify,) = read_message(pair.right.sent[-1].octets).payloads
    assert isinstance(notify, Notify)
    assert notify.type == NotifyType.COOKIE
    return notify.data


def counted(pair: Pair) -> tuple[int, int, int]:
    stats = pair.right.engine.stats()
    return stats.cookies_accepted, stats.cookies_rejected, stats.cookies_missing


def test_a_cookie_is_asked_for_sent_back_and_the_tunnel_comes_up() -> None:
    pair = Pair(right=ALWAYS)
    pair.up()
    names = [[p.type for p in read_message(d.octets).payloads if isinstance(p, Notify)] for d in pair.left.sent[:2]]
    assert NotifyType.COOKIE not in names[0]
    assert names[1][0] == NotifyType.COOKIE
    assert counted(pair) == (1, 0, 1)
    assert pair.ping(pair.left)


def test_a_challenge_costs_neither_state_nor_key_exchange(exchanges: list[int]) -> None:
    pair = Pair(right=ALWAYS)
    request = request_of(pair)
    exchanges.clear()
    core = pair.right.engine._core
    for number in range(1, 5001):
        pair.right.receive(forged(request, number, Endpoint(LEFT, 1000 + number)))
    tables = core.sas, core.by_spi, core.by_request, core.by_peer, core.children, core.asked, core.waiting
    assert [len(table) for table in tables] == [0] * len(tables)
    assert exchanges == []
    assert pair.right.engine.next_wake is None
    assert counted(pair) == (0, 0, 5000)
    assert len({datagram.octets for datagram in pair.right.sent}) == 5000
    assert max(len(datagram.octets) for datagram in pair.right.sent) < len(request.octets)


def test_a_repeated_request_gets_the_same_cookie() -> None:
    pair = Pair(right=ALWAYS)
    request = request_of(pair)
    pair.right.receive(request)
    pair.right.receive(request)
    assert pair.right.sent[0] == pair.right.sent[1]


@pytest.mark.parametrize("change", ["address", "port", "spi", "nonce", "cookie", "secret", "empty"])
def test_a_cookie_is_good_only_for_whom_it_was_baked(change: str, exchanges: list[int]) -> None:
    pair = Pair(right=ALWAYS)
    request = request_of(pair)
    pair.right.receive(request)
    cookie, remote = asked(pair), request.remote
    if change == "cookie":
        cookie = cookie[:-1] + bytes((cookie[-1] ^ 1,))
    elif change == "secret":
        cookie = bytes((cookie[0] ^ 0x80,)) + cookie[1:]
    elif change == "empty":
        cookie = b""
    elif change == "address":
        remote = Endpoint(LEFT + 1, remote.port)
    elif change == "port":
        remote = Endpoint(LEFT, 4711)
    returned = with_cookie(replace(request, remote=remote), cookie)
    if change == "spi":
        returned = replace(returned, octets=bytes((returned.octets[0] ^ 1,)) + returned.octets[1:])
    elif change == "nonce":
        message = read_message(returned.octets)
        payloads = tuple(replace(p, data=b"n" * 32) if type(p).__name__ == "Nonce" else p for p in message.payloads)
        returned = replace(returned, octets=write_message(replace(message, payloads=payloads)))
    exchanges.clear()
    pair.right.receive(returned)
    assert counted(pair) == (0, 1, 1)
    assert not pair.right.sas
    assert exchanges == []
    assert asked(pair)


@pytest.mark.parametrize(("seconds", "good"), [(0.0, True), (1.5, True), (2.5, False)])
def test_the_secret_rotates_and_the_one_before_is_still_good(seconds: float, good: bool) -> None:
    jar, whose = Jar(random.Random(1).randbytes), (Endpoint(LEFT, 500), b"spi", b"nonce")
    first = jar.bake(*whose, 0.0)
    now = seconds * COOKIE_SECONDS
    second = jar.bake(*whose, now)
    assert (first == second) is (seconds == 0.0)
    assert jar.knows(first, *whose, now) is good
    assert jar.knows(second, *whose, now)


def test_a_secret_that_nobody_asked_for_in_long_is_gone() -> None:
    jar, whose = Jar(random.Random(1).randbytes), (Endpoint(LEFT, 500), b"spi", b"nonce")
    first = jar.bake(*whose, 0.0)
    assert not jar.knows(first, *whose, 2 * COOKIE_SECONDS)


def test_a_cookie_survives_the_change_of_group(exchanges: list[int]) -> None:
    left = intent(LEFT, RIGHT, proposals=(ike_proposal(groups="31 19"),))
    right = intent(RIGHT, LEFT, proposals=(ike_proposal(groups="19"),), cookie_threshold=0)
    pair = Pair(left, right)
    pair.up()
    assert pair.left.events(GroupRetried)
    assert counted(pair) == (2, 0, 1)
    assert exchanges == [31, 19, 19]


def test_a_cookie_that_is_too_old_is_replaced() -> None:
    pair = Pair(right=ALWAYS)
    request = request_of(pair)
    pair.right.receive(request)
    old = asked(pair)
    pair.wire.clear()
    pair.now += 3 * COOKIE_SECONDS
    pair.right.receive(with_cookie(request, old))
    assert asked(pair) != old
    assert counted(pair) == (0, 1, 1)


def addresses(nat: bool) -> Iterator[tuple[int, Address]]:
    for number in range(1, 3000):
        yield number, LEFT if nat else LEFT + number


@pytest.mark.parametrize("nat", [False, True], ids=["many addresses", "the same NAT"])
def test_a_peer_gets_in_while_others_flood(nat: bool) -> None:
    pair = Pair(right=intent(RIGHT, LEFT, max_half_open=50, cookie_threshold=50))
    request = request_of(pair)
    flood = [forged(request, n, Endpoint(address, 10_000 + n)) for n, address in addresses(nat)]
    for datagram in flood[:2000]:
        pair.right.receive(datagram)
    assert pair.right.engine.stats().incoming_negotiating == (HALF_OPEN_OF_PREFIX if nat else 50)
    pair.wire.clear()
    pair.right.receive(request)
    while pair.wire:
        pair.step()
        pair.right.receive(flood.pop())
        pair.wire = [entry for entry in pair.wire if entry[2].remote.port == entry[2].local.port == 500]
    pair.settle()
    (sa,) = pair.left.sas
    assert len(sa.children) == 1
    assert pair.ping(pair.left)
    assert pair.right.engine.stats().incoming_negotiating <= 50
    pair.now += HALF_OPEN_SECONDS
    pair.right.wake()
    assert len(pair.right.sas) == 1


@pytest.mark.parametrize(
    ("flooded", "beside"),
    [("192.0.2.7", "192.0.2.8"), ("2001:db8:0:7::1", "2001:db8:0:8::1")],
    ids=["IPv4 address", "IPv6 network"],
)
def test_a_crowd_from_one_place_is_asked_before_others_are(flooded: str, beside: str) -> None:
    pair = Pair(right=intent(RIGHT, LEFT, cookie_threshold=1000))
    request, crowd = request_of(pair), ip_address(flooded)
    for number in range(1, 3 * HALF_OPEN_OF_PREFIX):
        address = crowd + number if crowd.version == 6 else crowd
        pair.right.receive(forged(request, number, Endpoint(address, 1000 + number)))
    assert len(pair.right.sas) == HALF_OPEN_OF_PREFIX
    assert asked(pair)
    pair.right.receive(forged(request, 9999, Endpoint(ip_address(beside), 500)))
    assert len(pair.right.sas) == HALF_OPEN_OF_PREFIX + 1
    pair.now += HALF_OPEN_SECONDS
    pair.right.wake()
    assert not pair.right.sas
    assert pair.right.engine._core.waiting.from_near(Endpoint(crowd, 500)) == 0


def test_who_returns_cookies_and_no_more_is_given_up_oldest_first() -> None:
    pair = Pair(right=intent(RIGHT, LEFT, max_half_open=3, cookie_threshold=0))
    request = request_of(pair)
    for number in range(1, 10):
        lurker = forged(request, number, Endpoint(LEFT, 10_000 + number))
        pair.right.receive(lurker)
        pair.right.receive(with_cookie(lurker, asked(pair)))
    assert sorted(sa.remote_spi for sa in pair.right.sas) == [f"{number:016X}" for number in (7, 8, 9)]
    pair.wire.clear()
    pair.right.receive(request)
    pair.settle()
    assert pair.left.sas[0].children
    assert len(pair.right.sas) == 3


def test_only_half_open_sas_make_room() -> None:
    pair = Pair(right=intent(RIGHT, LEFT, max_sas=1, cookie_threshold=0))
    pair.up()
    pair.right.receive(request := forged(pair.left.sent[0], 9, Endpoint(LEFT + 1, 500)))
    pair.right.receive(with_cookie(request, asked(pair)))
    assert not pair.right.events(IkeDown)
    assert len(pair.right.sas) == 1


def test_without_a_nonce_there_is_no_cookie() -> None:
    pair = Pair(right=ALWAYS)
    request = request_of(pair)
    message = read_message(request.octets)
    bare = write_message(replace(message, payloads=message.payloads[:2]))
    pair.right.receive(replace(request, octets=bare))
    assert pair.right.sent == []
    assert pair.right.engine.stats().dropped == 1
