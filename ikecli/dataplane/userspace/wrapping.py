"""GRE around the packets of a tunnel interface, put on and taken off in the buffers where they lie (RFC 2784, 2890)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from ikecli.dataplane import gre
from ikecli.dataplane.packet import IP_HEADERS, checksum
from ikecli.errors import Malformed
from ikecli.intent import Address
from ikecli.numbers.conventions import GRE_HOPS

_V4: Final = struct.Struct("!BBHHHBBH4s4s")
_V6: Final = struct.Struct("!IHBB16s16s")
_FRAGMENT: Final = 0x3FFF
ENDS: Final = {4: slice(12, 20), 6: slice(8, 40)}
PROTOCOL_AT: Final = {4: 9, 6: 6}


@dataclass(frozen=True, slots=True)
class Gre:
    """A GRE tunnel's two ends, its key, or None, and what its packets' headers have, as in intent.Tunnel."""

    source: Address
    destination: Address
    key: int | None
    hops: int = GRE_HOPS
    service: int | None = None


class Wrap:
    """What a GRE tunnel puts around packets and takes off."""

    def __init__(self, tunnel: Gre) -> None:
        self._tunnel = tunnel
        self.version: Final[int] = tunnel.source.version
        self._header = IP_HEADERS[self.version]
        self.room: Final = self._header + gre.overhead(tunnel.key)
        self._heads = {version: gre.head(version, tunnel.key) for version in IP_HEADERS}
        self._ends = tunnel.source.packed, tunnel.destination.packed
        self._back = tunnel.destination.packed + tunnel.source.packed
        self._serial = 0

    def head(self, version: int, size: int, kind: int) -> bytes:
        """Return what stands before a packet of a version, of `size` octets and a traffic class."""
        above = self._heads[version]
        length, hops = size + len(above), self._tunnel.hops
        kind = kind if self._tunnel.service is None else self._tunnel.service
        if self.version == 6:
            return _V6.pack(6 << 28 | kind << 20, length, gre.GRE, hops, *self._ends) + above
        self._serial = (self._serial + 1) & 0xFFFF
        fields = (0x45, kind, length + self._header, self._serial, 0, hops, gre.GRE)
        return _V4.pack(*fields, checksum(_V4.pack(*fields, 0, *self._ends)), *self._ends) + above

    def inside(self, packet: memoryview) -> int:
        """Return where the packet inside one begins, 0 for one that is none of this tunnel's."""
        version = packet[0] >> 4
        if version != self.version or len(packet) <= self._header or packet[PROTOCOL_AT[version]] != gre.GRE:
            return 0
        if packet[ENDS[version]] != self._back:
            return 0
        if version == 4 and (packet[0] & 15 != 5 or int.from_bytes(packet[6:8], "big") & _FRAGMENT):
            return 0
        try:
            at, key = gre.inside(packet[self._header :])
        except Malformed:
            return 0
        return self._header + at if key == self._tunnel.key else 0
