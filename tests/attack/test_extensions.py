"""Extension headers of IPv6 before what a filter denies: atomic fragments, options, headers without an end."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikecli.dataplane.packet import EXTENSIONS, FRAGMENT, ICMPV6, MAX_EXTENSIONS, TCP, Packet
from ikecli.dataplane.policies import passing
from ikecli.dataplane.userspace.chooser import ends_of, flow_key
from ikecli.intent import Flow, Selector
from ikecli.intent.selectors import any_selector, passes

HERE, THERE = IPv6Address("2001:db8:1::1"), IPv6Address("2001:db8:2::2")
ANY: Final = any_selector(6)
SSH: Final = 22
LIST: Final = (
    Flow(ANY, Selector(ANY.first, ANY.last, TCP, SSH, SSH), permit=False),
    Flow(ANY, Selector(ANY.first, ANY.last, ICMPV6), permit=False),
    Flow(ANY, ANY),
)
OPTIONS, ROUTING, HOPS = 60, 43, 0


def packet(*headers: tuple[int, bytes], last: int = TCP, port: int = SSH) -> Packet:
    """Return a packet of these extension headers, each with what it holds behind the number of the next."""
    kinds = [*(kind for kind, _ in headers), last]
    body = b"".join(bytes((after,)) + held for after, (_, held) in zip(kinds[1:], headers, strict=True))
    return Packet(HERE, THERE, kinds[0], body + (4096).to_bytes(2, "big") + port.to_bytes(2, "big") + bytes(16))


PADDED = bytes(7)
ATOMIC = bytes(7)
LATER = b"\0\x00\x10" + bytes(4)


def both(one: Packet) -> tuple[bool, bool]:
    """Return whether a packet passes in the lab, and in the userspace plane."""
    octets = memoryview(one.write())
    ends = ends_of(octets)
    return passing(LIST, Packet.read(bytes(octets))), ends is not None and passes(LIST, ends.covered)


@pytest.mark.parametrize(
    ("headers", "last", "port", "expected"),
    [
        ((), TCP, SSH, False),
        ((), TCP, 80, True),
        (((OPTIONS, PADDED),), TCP, SSH, False),
        (((OPTIONS, PADDED),), TCP, 80, True),
        (((FRAGMENT, ATOMIC),), TCP, SSH, False),
        (((HOPS, PADDED), (ROUTING, PADDED), (FRAGMENT, ATOMIC), (OPTIONS, PADDED)), TCP, SSH, False),
        (((OPTIONS, PADDED),), ICMPV6, 0, False),
        (((FRAGMENT, LATER),), TCP, SSH, True),
        (((OPTIONS, b"\xff" + bytes(6)),), TCP, 80, False),
        (((OPTIONS, PADDED),) * (MAX_EXTENSIONS + 1), TCP, 80, False),
    ],
)
def test_what_a_list_denies_does_not_pass_behind_extension_headers(
    headers: tuple[tuple[int, bytes], ...], last: int, port: int, expected: bool
) -> None:
    assert both(packet(*headers, last=last, port=port)) == (expected, expected)


def test_what_was_permitted_is_not_remembered_for_what_is_not() -> None:
    good, evil = (memoryview(packet((OPTIONS, PADDED), port=port).write()) for port in (80, SSH))
    assert flow_key(good, True) != flow_key(evil, True)


@given(st.sampled_from(sorted(EXTENSIONS)), st.binary(max_size=80))
def test_headers_of_any_octets_are_read_alike(kind: int, octets: bytes) -> None:
    one = Packet(HERE, THERE, kind, octets)
    lab, userspace = both(one)
    assert lab == userspace
    flow_key(memoryview(one.write()), True)
