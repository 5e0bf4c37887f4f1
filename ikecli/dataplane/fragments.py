"""IP packets that are too long for the next link: cut, put together again, or refused (RFC 791, 1191, 8201)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from ikecli.dataplane.icmp_errors import MAX_OCTETS, TOO_BIG, error, quoted
from ikecli.dataplane.packet import Packet
from ikecli.intent import Address

MAX_PACKETS: Final = 64
"""Packets that a node puts together at a time; beyond that the oldest is given up."""
REASSEMBLY_SECONDS: Final = 30.0
_UNIT: Final = 8
_HEADERS: Final = {4: 20, 6: 48}
"""Octets of a fragment's headers."""

Key = tuple[Address, Address, int, int]


def split(packet: Packet, mtu: int, identification: int) -> Iterator[Packet]:
    """Yield a packet's fragments, none longer than `mtu` octets; one of IPv4 may be cut further."""
    room = max((mtu - _HEADERS[packet.source.version]) // _UNIT * _UNIT, _UNIT)
    common = packet.identification if packet.is_fragment else identification
    for at in range(0, len(packet.payload), room):
        part = packet.payload[at : at + room]
        more = packet.more or at + room < len(packet.payload)
        yield replace(packet, payload=part, identification=common, offset=packet.offset + at, more=more)


def too_big(packet: Packet, mtu: int, own: Address) -> Packet:
    """Return the ICMP error that tells a packet's source the longest packet that passes."""
    return error(packet, TOO_BIG[packet.source.version], mtu, own)


def refused(packet: Packet) -> tuple[Packet, int] | None:
    """Return the packet that an ICMP error says is too long, as far as it is quoted, and what passes; or None."""
    return quoted(packet, TOO_BIG)


@dataclass(slots=True)
class Parts:
    """A packet that is being put together: its parts by offset, their octets, and how long it is once that is known."""

    begun: float
    parts: dict[int, Packet] = field(default_factory=dict)
    octets: int = 0
    length: int = 0


class Reassembly:
    """The packets that a node puts together."""

    def __init__(self) -> None:
        self._held: dict[Key, Parts] = {}

    def add(self, packet: Packet, now: float) -> Packet | None:
        """Return the whole packet once its last part is here; one that is no fragment at once."""
        if not packet.is_fragment:
            return packet
        key = (packet.source, packet.destination, packet.protocol, packet.identification)
        held = self._held.get(key)
        if held is None or now - held.begun > REASSEMBLY_SECONDS:
            self._held.pop(key, None)
            if len(self._held) >= MAX_PACKETS:
                del self._held[next(iter(self._held))]
            held = self._held[key] = Parts(now)
        end = packet.offset + len(packet.payload)
        if packet.offset not in held.parts:
            held.parts[packet.offset] = packet
            held.octets += len(packet.payload)
        if not packet.more:
            held.length = end
        if end > MAX_OCTETS or held.octets > (held.length or MAX_OCTETS):
            del self._held[key]
        elif held.octets == held.length:
            del self._held[key]
            return _whole(held)
        return None


def _whole(held: Parts) -> Packet | None:
    """Return the packet whose parts follow one another without a gap; parts that overlap never make one (RFC 5722)."""
    parts, at = sorted(held.parts.items()), 0
    for offset, part in parts:
        if offset != at:
            return None
        at += len(part.payload)
    return replace(parts[0][1], payload=b"".join(part.payload for _, part in parts), more=False)
