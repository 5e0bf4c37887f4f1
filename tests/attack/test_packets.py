"""Hostile ESP: under the right keys anything may be inside, under the wrong ones nothing is looked at."""

from __future__ import annotations

import random
from dataclasses import replace
from ipaddress import ip_address

import pytest

from ikecli.boundary.effects import Direction, Endpoint, Install
from ikecli.boundary.notices import Notice
from ikecli.dataplane.icmp_errors import about, answers
from ikecli.dataplane.packet import echo_request
from ikecli.dataplane.sadb import SoftwareSas
from ikecli.dataplane.userspace.inbound import _answers
from ikecli.esp import EspSa, OutboundSa
from tests.ike.pair import LEFT, Pair


def planes(seed: int) -> tuple[OutboundSa, SoftwareSas, list[Notice]]:
    """Return what seals at one end and opens at the other."""
    pair = Pair(seed=seed)
    pair.up()
    dice, notices = random.Random(seed), list[Notice]()
    receiver = SoftwareSas(notices.append, dice.randbytes)
    for effect in pair.right.plane.log:
        assert isinstance(effect, Install)
        receiver.install(effect)
    (sa,) = [one for (direction, _), one in pair.left.plane.sas.items() if direction is Direction.OUTBOUND]
    keys = EspSa(sa.spi, sa.encryption, sa.integrity, sa.keys.encryption, sa.keys.integrity, sa.esn)
    return OutboundSa(keys, dice.randbytes), receiver, notices


@pytest.mark.parametrize("seed", range(1, 5))
def test_whatever_is_inside_raises_nothing_and_passes_only_if_it_is_covered(seed: int) -> None:
    sender, receiver, _ = planes(seed)
    dice = random.Random(seed)
    for _ in range(400):
        inside = bytearray(dice.randbytes(dice.choice((0, 1, 19, 20, 28, 40, 60, 100))))
        if inside:
            inside[0] = dice.choice((0x45, 0x46, 0x4F, 0x60, dice.randrange(256)))
        if len(inside) > 3:
            inside[2:4] = len(inside).to_bytes(2, "big")
        sealed = sender.seal(bytes(inside), dice.choice((4, 41, 59, 0, 255)))
        assert receiver.open(sealed, Endpoint(LEFT, 4500)) is None


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize(
    ("near", "far", "mine"),
    [("192.168.2.7", "192.168.1.9", True), ("192.168.2.7", "8.8.8.8", False), ("8.8.8.8", "192.168.1.9", False)],
    ids=["what went by the SA", "what went elsewhere", "what came from elsewhere"],
)
def test_an_error_about_a_packet_that_cannot_have_gone_by_its_sa_passes_only_where_that_is_not_looked_at(
    near: str, far: str, mine: bool, own: bool
) -> None:
    """Errors come to 192.168.2.7 from 192.168.1.1; both lie in the selectors of the SA."""
    sender, receiver, _ = planes(3)
    (inbound,) = receiver._inbound.values()
    inbound.install = replace(inbound.install, own_errors=own)
    cause = echo_request(ip_address(near), ip_address(far), 1, 1, 60)
    told = about(cause.write(), ip_address("192.168.2.7"), (3, 1), 0, ip_address("192.168.1.1"))
    short = replace(told, payload=told.payload[:20])
    echo = echo_request(ip_address("192.168.1.1"), ip_address("192.168.2.7"), 1, 2, 60)
    opened = [receiver.open(sender.seal(one.write(), 4), Endpoint(LEFT, 4500)) for one in (told, short, echo)]
    assert [one is not None for one in opened] == [mine or not own, not own, True]
    view = [_answers(inbound.install, memoryview(one.write())) for one in (told, short, echo)]
    assert view == [mine, False, True], "the worker decides alike"


@pytest.mark.parametrize(
    ("protocol", "headers"),
    [
        (60, bytes((58, 0, 1, 4, 0, 0, 0, 0))),
        (44, bytes((58, 0, 0, 0, 0, 0, 0, 9))),
        (60, bytes((60, 0, 1, 4, 0, 0, 0, 0)) * 20 + bytes((58, 0, 1, 4, 0, 0, 0, 0))),
    ],
    ids=["options", "an atomic fragment", "options without end"],
)
def test_an_error_does_not_hide_behind_extension_headers_what_it_is_about(protocol: int, headers: bytes) -> None:
    ends = ip_address("2001:db8:1::1"), ip_address("2001:db8:2::7")
    told = about(echo_request(ends[1], ends[0], 1, 1, 60).write(), ends[1], (1, 3), 0, ends[0])
    hidden = replace(told, protocol=protocol, payload=headers + told.payload)
    assert not answers(told, lambda cause: False)
    assert not answers(hidden, lambda cause: False)
    assert answers(hidden, lambda cause: True) is (len(headers) == 8)


def test_spoiled_and_repeated_packets_are_counted_not_read() -> None:
    sender, receiver, notices = planes(7)
    sealed = sender.seal(bytes(20), 4)
    for at in range(len(sealed)):
        assert receiver.open(sealed[:at], Endpoint(LEFT, 4500)) is None
        assert receiver.open(sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1 :], Endpoint(LEFT, 4500)) is None
    (inbound,) = receiver._inbound
    counts = receiver.counters([inbound])[inbound]
    assert counts.packets_in == 0
    assert counts.integrity_failures > 20
    assert all(type(notice).__name__ == "UnknownSpi" for notice in notices)
