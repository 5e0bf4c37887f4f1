"""IP packets as the emulated network carries them: IPv4 and IPv6 without options, UDP, ICMP echo."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from ikecli.errors import Malformed
from ikecli.intent import Address

ICMP: Final = 1
TCP: Final = 6
UDP: Final = 17
ESP: Final = 50
FRAGMENT: Final = 44
ICMPV6: Final = 58
SCTP: Final = 132
MOBILITY: Final = 135
EXTENSIONS: Final = frozenset({0, 43, FRAGMENT, 60})
"""Headers of IPv6 that stand before the protocol that a packet is of (RFC 8200 4), but those of IPsec."""
MAX_EXTENSIONS: Final = 8
DEFAULT_TTL: Final = 64

_V4: Final = struct.Struct("!BBHHHBBH4s4s")
_V6: Final = struct.Struct("!IHBB16s16s")
IP_HEADERS: Final = {4: _V4.size, 6: _V6.size}
"""Octets of an IP header, by version."""
CONGESTED: Final = 3
"""CE, and the mask of the two bits (RFC 3168 5)."""
_UDP: Final = struct.Struct("!HHHH")
_PART: Final = struct.Struct("!BBHI")
_WHOLE, _MORE, _OFFSET, _UNIT = 0x4000, 0x2000, 0x1FFF, 8
_ECHO: Final = struct.Struct("!BBHHH")
_ASKS: Final = {ICMP: 8, ICMPV6: 128}
_ANSWERS: Final = {ICMP: 0, ICMPV6: 129}
"""The types of an echo request and its reply."""


@dataclass(frozen=True, slots=True)
class Packet:
    """An IP packet: who to whom, the payload's protocol, hops left, octets above IP.

    An IPv4 packet with `whole` is not to be cut (DF). A fragment has its place, `offset` in octets, and tells whether
    `more` come; `identification` is what fragments of one packet have in common. `tos` is its class: DSCP, and two bits
    for congestion (RFC 2474, RFC 3168).
    """

    source: Address
    destination: Address
    protocol: int
    payload: bytes
    ttl: int = DEFAULT_TTL
    whole: bool = False
    identification: int = 0
    offset: int = 0
    more: bool = False
    tos: int = 0

    @classmethod
    def read(cls, octets: bytes) -> Packet:
        """Read a whole packet; raises Malformed when lengths or version do not fit."""
        if len(octets) >= _V4.size and octets[0] == 0x45:
            _, tos, length, identification, flags, ttl, protocol, _, source, destination = _V4.unpack_from(octets)
            if _V4.size <= length <= len(octets):
                payload = bytes(octets[_V4.size : length])
                place = identification, (flags & _OFFSET) * _UNIT, bool(flags & _MORE)
                ends = IPv4Address(source), IPv4Address(destination)
                return cls(*ends, protocol, payload, ttl, bool(flags & _WHOLE), *place, tos)
        elif len(octets) >= _V6.size and octets[0] >> 4 == 6:
            first, length, protocol, ttl, source, destination = _V6.unpack_from(octets)
            if _V6.size + length <= len(octets):
                payload = bytes(octets[_V6.size : _V6.size + length])
                here, there, tos = IPv6Address(source), IPv6Address(destination), first >> 20 & 0xFF
                if protocol != FRAGMENT or length < _PART.size:
                    return cls(here, there, protocol, payload, ttl, tos=tos)
                protocol, _, flags, identification = _PART.unpack_from(payload)
                place = identification, flags & ~(_UNIT - 1), bool(flags & 1)
                return cls(here, there, protocol, payload[_PART.size :], ttl, False, *place, tos)
        raise Malformed("not an IP packet")

    def write(self) -> bytes:
        """Return the packet's octets."""
        if self.source.version == 6:
            body, protocol = self.payload, self.protocol
            if self.is_fragment:
                body = _PART.pack(protocol, 0, self.offset | self.more, self.identification) + body
                protocol = FRAGMENT
            ends = self.source.packed, self.destination.packed
            return _V6.pack(6 << 28 | self.tos << 20, len(body), protocol, self.ttl, *ends) + body
        length = _V4.size + len(self.payload)
        flags = (_WHOLE if self.whole else 0) | (_MORE if self.more else 0) | self.offset // _UNIT
        fields = (0x45, self.tos, length, self.identification, flags, self.ttl, self.protocol)
        ends = (self.source.packed, self.destination.packed)
        return _V4.pack(*fields, checksum(_V4.pack(*fields, 0, *ends)), *ends) + self.payload

    @property
    def is_fragment(self) -> bool:
        """Whether this is a part of a packet."""
        return self.more or self.offset > 0

    @property
    def length(self) -> int:
        """The whole packet's length in octets."""
        six = _V6.size + (_PART.size if self.is_fragment else 0)
        return len(self.payload) + (_V4.size if self.source.version == 4 else six)

    def upper(self) -> Packet | None:
        """Return the packet as if it had no extension headers, None where these do not end."""
        if self.protocol not in EXTENSIONS or self.source.version == 4 or self.offset:
            return self
        found = past_extensions(self.protocol, self.payload, 0)
        if found is None:
            return None
        protocol, at, offset = found
        return replace(self, protocol=protocol, payload=self.payload[at:], offset=offset)

    def ports(self) -> tuple[int, int]:
        """Return source and destination port, else zeros.

        ICMP's type and code, and a mobility header's type, stand in both (RFC 7296 3.13.1). A fragment that is not the
        first has none: -1 (RFC 4301 7).
        """
        if self.offset:
            return -1, -1
        if self.protocol in (TCP, UDP, SCTP) and len(self.payload) >= 4:
            return int.from_bytes(self.payload[:2], "big"), int.from_bytes(self.payload[2:4], "big")
        if self.protocol in (ICMP, ICMPV6) and len(self.payload) >= 2:
            kind = int.from_bytes(self.payload[:2], "big")
            return kind, kind
        if self.protocol == MOBILITY and len(self.payload) >= 3:
            return self.payload[2] << 8, self.payload[2] << 8
        return 0, 0


def past_extensions(protocol: int, octets: bytes | memoryview, at: int) -> tuple[int, int, int] | None:
    """Return the protocol behind IPv6's extension headers, where it begins, and a fragment's offset.

    The first header, of this number, begins `at` an octet. None where they do not end: nobody can say what follows.
    """
    for _ in range(MAX_EXTENSIONS):
        if protocol not in EXTENSIONS:
            return (protocol, at, 0) if at <= len(octets) else None
        if at + _PART.size > len(octets):
            return None
        kind, protocol = protocol, octets[at]
        if kind == FRAGMENT:
            offset = int.from_bytes(octets[at + 2 : at + 4], "big") & ~(_UNIT - 1)
            at += _PART.size
            if offset:
                return protocol, at, offset
        else:
            at += _UNIT * (octets[at + 1] + 1)
    return None


def checksum(octets: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    if len(octets) % 2:
        octets += b"\0"
    total: int = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def udp(source: Address, source_port: int, destination: Address, destination_port: int, data: bytes) -> Packet:
    """Return a UDP packet; its checksum is left out over IPv4 (RFC 768) and computed over IPv6."""
    length = _UDP.size + len(data)
    total = 0
    if source.version == 6:
        pseudo = source.packed + destination.packed + struct.pack("!IHBB", length, 0, 0, UDP)
        total = checksum(pseudo + _UDP.pack(source_port, destination_port, length, 0) + data) or 0xFFFF
    return Packet(source, destination, UDP, _UDP.pack(source_port, destination_port, length, total) + data)


def udp_data(packet: Packet) -> bytes | None:
    """Return a UDP packet's data, or None when its length does not fit."""
    if packet.protocol != UDP or len(packet.payload) < _UDP.size:
        return None
    length = int.from_bytes(packet.payload[4:6], "big")
    return packet.payload[_UDP.size : length] if _UDP.size <= length <= len(packet.payload) else None


def echo_request(
    source: Address, destination: Address, identifier: int, sequence: int, size: int, whole: bool = False
) -> Packet:
    """Return an echo request whose IP packet is `size` octets long (or the least possible), `whole` not to be cut."""
    overhead = _ECHO.size + (_V4.size if source.version == 4 else _V6.size)
    data = (b"\xab\xcd" * size)[: max(size - overhead, 0)]
    return replace(_echo(source, destination, identifier, sequence, data, False), whole=whole)


def echo_reply(request: Packet) -> Packet | None:
    """Return the reply to an echo request, or None when it is none."""
    asked = echo_asked(request)
    if asked is None:
        return None
    return _echo(request.destination, request.source, *asked, request.payload[_ECHO.size :], True)


def is_echo(packet: Packet) -> bool:
    """Tell whether a packet is an IPv4 echo request or its reply."""
    return packet.protocol == ICMP and (echo_asked(packet) or echo_answered(packet)) is not None


def echo_asked(packet: Packet) -> tuple[int, int] | None:
    """Return identifier and sequence of an echo request, or None when it is none."""
    return _numbers(packet, _ASKS)


def echo_answered(packet: Packet) -> tuple[int, int] | None:
    """Return identifier and sequence of an echo reply, or None when it is none."""
    return _numbers(packet, _ANSWERS)


def _numbers(packet: Packet, kinds: dict[int, int]) -> tuple[int, int] | None:
    """Return identifier and sequence of an echo of the type that ICMP's version has for it."""
    kind = kinds.get(packet.protocol)
    if kind is None or len(packet.payload) < _ECHO.size or packet.payload[0] != kind:
        return None
    _, _, _, identifier, sequence = _ECHO.unpack_from(packet.payload)
    return identifier, sequence


def _echo(source: Address, destination: Address, identifier: int, sequence: int, data: bytes, reply: bool) -> Packet:
    protocol, pseudo = ICMP, b""
    if source.version == 6:
        protocol = ICMPV6
        pseudo = source.packed + destination.packed + struct.pack("!II", _ECHO.size + len(data), ICMPV6)
    kind = (_ANSWERS if reply else _ASKS)[protocol]
    body = _ECHO.pack(kind, 0, 0, identifier & 0xFFFF, sequence & 0xFFFF) + data
    total = checksum(pseudo + body)
    return Packet(source, destination, protocol, body[:2] + total.to_bytes(2, "big") + body[4:])
