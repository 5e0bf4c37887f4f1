"""DHCP messages: what is written has its place, what is read is checked (RFC 2131 2, RFC 2132)."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikecli.errors import Malformed
from ikecli.wire.dhcp import Kind, Sent, read

RELAY, HARDWARE = IPv4Address("10.2.2.1"), bytes((2, 1, 2, 3, 4, 5))
REPLY = (
    bytes((2, 1, 6, 0)) + b"abcd" + bytes(8) + bytes((10, 9, 0, 5)) + bytes(4) + RELAY.packed + HARDWARE
    + bytes(10 + 192) + bytes.fromhex("63825363")
)  # fmt: skip
OFFER = bytes((53, 1, 2, 54, 4, 10, 2, 2, 67, 51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0, 255))


def test_a_discover_for_a_client() -> None:
    octets = Sent(Kind.DISCOVER, 0x01020304, RELAY, b"\0me", HARDWARE, wanted=IPv4Address("10.9.0.5")).write()
    assert octets[:12] == bytes((1, 1, 6, 1, 1, 2, 3, 4, 0, 0, 0, 0))
    assert octets[24:34] == RELAY.packed + HARDWARE
    assert octets[236:243] == bytes.fromhex("63825363") + bytes((53, 1, 1))
    assert bytes((61, 3, 0)) + b"me" + bytes((50, 4, 10, 9, 0, 5, 55, 4, 1, 51, 54, 58, 255)) in octets
    assert len(octets) == 300


@pytest.mark.parametrize(("option", "tail"), [(True, (82, 6, 5, 4)), (False, (118, 4))])
def test_the_network_is_told_by_one_of_two_options(option: bool, tail: tuple[int, ...]) -> None:
    network = IPv4Address("10.9.0.0")
    octets = Sent(Kind.DISCOVER, 1, RELAY, b"", HARDWARE, link=network, link_option=option).write()
    assert octets.rstrip(b"\0").endswith(bytes(tail) + network.packed + b"\xff")


def test_an_offer() -> None:
    offer = read(REPLY + OFFER)
    assert (offer.kind, offer.xid, offer.hardware) == (Kind.OFFER, int.from_bytes(b"abcd", "big"), HARDWARE)
    assert (str(offer.address), str(offer.server), offer.lease, str(offer.mask)) == (
        "10.9.0.5", "10.2.2.67", 3600, "255.255.255.0",
    )  # fmt: skip


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        REPLY,
        REPLY[:-4] + b"BOOT" + OFFER,
        bytes((1,)) + REPLY[1:] + OFFER,
        REPLY + bytes((53, 1, 99, 255)),
        REPLY + bytes((53, 9, 2)),
        REPLY + bytes((53, 1, 2, 51, 2, 1, 1, 255)),
        REPLY + bytes((53, 1, 2, 54, 16)) + bytes(16),
    ],
)
def test_what_is_no_reply_is_refused(octets: bytes) -> None:
    with pytest.raises(Malformed):
        read(octets)


@given(st.binary(max_size=400), st.booleans())
def test_anything_is_read_or_refused(octets: bytes, headed: bool) -> None:
    try:
        found = read(REPLY + octets if headed else octets)
    except Malformed:
        return
    assert found.text.isprintable()
    assert len(found.text) <= 80
