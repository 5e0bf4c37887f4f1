"""IP packets of the emulated network."""

from __future__ import annotations

import contextlib
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikecli.dataplane.packet import Packet, checksum, echo_answered, echo_reply, echo_request, udp, udp_data
from ikecli.errors import Malformed

V4 = st.builds(
    Packet,
    st.ip_addresses(v=4),
    st.ip_addresses(v=4),
    st.integers(0, 255),
    st.binary(max_size=64),
    st.integers(1, 255),
)
V6 = st.builds(
    Packet,
    st.ip_addresses(v=6),
    st.ip_addresses(v=6),
    st.integers(0, 255),
    st.binary(max_size=64),
    st.integers(1, 255),
)


@given(st.one_of(V4, V6))
def test_what_was_written_is_read_back(packet: Packet) -> None:
    assert Packet.read(packet.write()) == packet
    assert len(packet.write()) == packet.length


@given(st.binary(max_size=80))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    with contextlib.suppress(Malformed):
        Packet.read(octets)


def test_a_header_sums_to_nothing() -> None:
    packet = Packet(IPv4Address("192.0.2.1"), IPv4Address("198.51.100.2"), 17, b"abc").write()
    assert checksum(packet[:20]) == 0


@pytest.mark.parametrize(("ours", "theirs"), [("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "2001:db8::2")])
@pytest.mark.parametrize("size", [48, 99, 100, 1400])
def test_an_echo_is_answered_with_its_own_data(ours: str, theirs: str, size: int) -> None:
    request = echo_request(ip_address(ours), ip_address(theirs), 7, 3, size)
    reply = echo_reply(request)
    assert request.length == size
    assert reply is not None
    assert (reply.source, reply.destination) == (ip_address(theirs), ip_address(ours))
    assert echo_answered(reply) == (7, 3)
    assert echo_reply(reply) is None
    assert reply.payload[8:] == request.payload[8:]


def test_udp_over_ipv6_carries_a_checksum() -> None:
    ours, theirs = IPv6Address("2001:db8::1"), IPv6Address("2001:db8::2")
    packet = udp(ours, 500, theirs, 500, b"hello")
    length = len(packet.payload)
    assert checksum(ours.packed + theirs.packed + length.to_bytes(4, "big") + b"\0\0\0\x11" + packet.payload) == 0
    assert udp_data(packet) == b"hello"
    assert packet.ports() == (500, 500)


def test_udp_that_lies_about_its_length_has_no_data() -> None:
    packet = udp(IPv4Address(1), 1, IPv4Address(2), 2, b"hello")
    assert udp_data(Packet(packet.source, packet.destination, 17, packet.payload[:-1])) is None
