"""ICMP errors of the emulated network: what a router tells of a packet that it does not carry (RFC 792, RFC 4443)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from ikecli.dataplane.packet import ICMP, ICMPV6, IP_HEADERS, Packet, checksum, is_echo
from ikecli.errors import Malformed
from ikecli.intent import Address

HEADER: Final = struct.Struct("!BBHI")
MAX_OCTETS: Final = 65535
TOO_BIG: Final = {4: (3, 4), 6: (2, 0)}
EXPIRED: Final = {4: (11, 0), 6: (3, 0)}
"""Type and code of each error, by the version of IP."""
_QUOTED: Final = {4: 548, 6: 1232}
"""Octets of a packet that an ICMP error quotes, at most: with both headers 576 (RFC 1812 4.3.2.3), or 1280."""
_ERRORS: Final = frozenset({3, 4, 5, 11, 12})
"""Types of ICMP that are errors (RFC 1122 3.2.2)."""
_FIRST_INFORMATIONAL: Final = 128
"""Types of ICMPv6 below are errors (RFC 4443 2.1)."""


def error(packet: Packet, kind: tuple[int, int], word: int, own: Address) -> Packet:
    """Return an ICMP error from an address of ours that quotes a packet to its source."""
    return about(packet.write(), packet.source, kind, word, own)


def about(packet: bytes, source: Address, kind: tuple[int, int], word: int, own: Address) -> Packet:
    """Return an ICMP error from an address of ours that quotes the octets of a packet to its source."""
    cause = packet[: _QUOTED[source.version]]
    protocol, pseudo = ICMP, b""
    if source.version == 6:
        protocol = ICMPV6
        pseudo = own.packed + source.packed + struct.pack("!II", HEADER.size + len(cause), ICMPV6)
    body = HEADER.pack(*kind, 0, word) + cause
    total = checksum(pseudo + body)
    return Packet(own, source, protocol, body[:2] + total.to_bytes(2, "big") + body[4:])


def quoted(packet: Packet, kinds: dict[int, tuple[int, int]]) -> tuple[Packet, int] | None:
    """Return the packet that an ICMP error of this kind is about, as far as it is quoted, and its word; or None."""
    version = packet.source.version
    if packet.protocol != (ICMP if version == 4 else ICMPV6):
        return None
    if len(packet.payload) < HEADER.size + IP_HEADERS[version] or tuple(packet.payload[:2]) != kinds[version]:
        return None
    try:
        return Packet.read(packet.payload[HEADER.size :] + bytes(MAX_OCTETS)), HEADER.unpack_from(packet.payload)[-1]
    except Malformed:
        return None


def answers(packet: Packet, sent: Callable[[Packet], bool]) -> bool:
    """Tell whether an ICMP error quotes a packet that was `sent`; of what is no error that is not asked.

    What hides whether it is one is none that does.
    """
    version, seen = packet.source.version, packet.upper()
    if seen is None:
        return False
    kinds = _ERRORS if version == 4 else range(_FIRST_INFORMATIONAL)
    if seen.protocol != (ICMP if version == 4 else ICMPV6) or seen.offset or not seen.payload:
        return True
    if seen.payload[0] not in kinds:
        return True
    try:
        return sent(Packet.read(seen.payload[HEADER.size :] + bytes(MAX_OCTETS)))
    except Malformed:
        return False


def expired(packet: Packet, own: Address) -> Packet | None:
    """Return what tells a packet's source that it had no hops left; None where none is told (RFC 1812 4.3.2.7)."""
    if packet.offset or packet.source.is_unspecified or packet.destination.is_multicast:
        return None
    if packet.protocol == ICMP and not is_echo(packet):
        return None
    if packet.protocol == ICMPV6 and packet.payload[:1] < bytes([_FIRST_INFORMATIONAL]):
        return None
    return error(packet, EXPIRED[packet.source.version], 0, own)
