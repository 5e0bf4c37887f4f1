"""IP packets as the emulated network carries them: IPv4 and IPv6 without options, UDP, ICMP echo."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from ikecli.errors import Malformed
from ikecli.intent import Address

ICMP: Final = 1
TCP: Final = 6
UDP: Final = 17
ESP: Final = 50
ICMPV6: Final = 58
SCTP: Final = 132
MOBILITY: Final = 135
IPV4_IN_ESP: Final = 4
IPV6_IN_ESP: Final = 41
DEFAULT_TTL: Final = 64

_V4: Final = struct.Struct("!BBHHHBBH4s4s")
_V6: Final = struct.Struct("!IHBB16s16s")
_UDP: Final = struct.Struct("!HHHH")
_ECHO: Final = struct.Struct("!BBHHH")


@dataclass(frozen=True, slots=True)
class Packet:
    """An IP packet: who to whom, the payload's protocol, hops left, octets above IP."""

    source: Address
    destination: Address
    protocol: int
    payload: bytes
    ttl: int = DEFAULT_TTL

    @classmethod
    def read(cls, octets: bytes) -> Packet:
        """Read a whole packet; raises Malformed when lengths or version do not fit."""
        if len(octets) >= _V4.size and octets[0] == 0x45:
            _, _, length, _, _, ttl, protocol, _, source, destination = _V4.unpack_from(octets)
            if _V4.size <= length <= len(octets):
                payload = bytes(octets[_V4.size : length])
                return cls(IPv4Address(source), IPv4Address(destination), protocol, payload, ttl)
        elif len(octets) >= _V6.size and octets[0] >> 4 == 6:
            _, length, protocol, ttl, source, destination = _V6.unpack_from(octets)
            if _V6.size + length <= len(octets):
                payload = bytes(octets[_V6.size : _V6.size + length])
                return cls(IPv6Address(source), IPv6Address(destination), protocol, payload, ttl)
        raise Malformed("not an IP packet")

    def write(self) -> bytes:
        """Return the packet's octets."""
        if self.source.version == 6:
            head = _V6.pack(
                6 << 28, len(self.payload), self.protocol, self.ttl, self.source.packed, self.destination.packed
            )
            return head + self.payload
        length = _V4.size + len(self.payload)
        fields = (0x45, 0, length, 0, 0, self.ttl, self.protocol)
        ends = (self.source.packed, self.destination.packed)
        return _V4.pack(*fields, checksum(_V4.pack(*fields, 0, *ends)), *ends) + self.payload

    @property
    def length(self) -> int:
        """The whole packet's length in octets."""
        return len(self.payload) + (_V4.size if self.source.version == 4 else _V6.size)

    def ports(self) -> tuple[int, int]:
        """Return source and destination port, else zeros.

        ICMP's type and code, and a mobility header's type, stand in both (RFC 7296 3.13.1).
        """
        if self.protocol in (TCP, UDP, SCTP) and len(self.payload) >= 4:
            return int.from_bytes(self.payload[:2], "big"), int.from_bytes(self.payload[2:4], "big")
        if self.protocol in (ICMP, ICMPV6) and len(self.payload) >= 2:
            kind = int.from_bytes(self.payload[:2], "big")
            return kind, kind
        if self.protocol == MOBILITY and len(self.payload) >= 3:
            return self.payload[2] << 8, self.payload[2] << 8
        return 0, 0


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


def echo_request(source: Address, destination: Address, identifier: int, sequence: int, size: int) -> Packet:
    """Return an echo request whose IP packet is `size` octets long (or the least possible)."""
    overhead = _ECHO.size + (_V4.size if source.version == 4 else _V6.size)
    return _echo(source, destination, identifier, sequence, (b"\xab\xcd" * size)[: max(size - overhead, 0)], False)


def echo_reply(request: Packet) -> Packet | None:
    """Return the reply to an echo request, or None when it is none."""
    kind = 8 if request.protocol == ICMP else 128
    if request.protocol not in (ICMP, ICMPV6) or len(request.payload) < _ECHO.size or request.payload[0] != kind:
        return None
    _, _, _, identifier, sequence = _ECHO.unpack_from(request.payload)
    return _echo(request.destination, request.source, identifier, sequence, request.payload[_ECHO.size :], True)


def echo_answered(packet: Packet) -> tuple[int, int] | None:
    """Return identifier and sequence of an echo reply, or None when it is none."""
    kind = 0 if packet.protocol == ICMP else 129
    if packet.protocol not in (ICMP, ICMPV6) or len(packet.payload) < _ECHO.size or packet.payload[0] != kind:
        return None
    _, _, _, identifier, sequence = _ECHO.unpack_from(packet.payload)
    return identifier, sequence


def _echo(source: Address, destination: Address, identifier: int, sequence: int, data: bytes, reply: bool) -> Packet:
    if source.version == 4:
        kind, protocol, pseudo = (0 if reply else 8), ICMP, b""
    else:
        kind, protocol = (129 if reply else 128), ICMPV6
        pseudo = source.packed + destination.packed + struct.pack("!II", _ECHO.size + len(data), ICMPV6)
    body = _ECHO.pack(kind, 0, 0, identifier & 0xFFFF, sequence & 0xFFFF) + data
    total = checksum(pseudo + body)
    return Packet(source, destination, protocol, body[:2] + total.to_bytes(2, "big") + body[4:])
