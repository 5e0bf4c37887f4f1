"""GRE headers: RFC 2784, with the key of RFC 2890."""

from __future__ import annotations

import struct
from typing import Final

from ikecli.dataplane.packet import Packet, checksum
from ikecli.errors import Malformed

GRE: Final = 47
_HEAD: Final = struct.Struct("!HH")
_WORD: Final = 4
_CHECKSUM, _ROUTING, _KEY, _SEQUENCE, _VERSION = 0x8000, 0x4000, 0x2000, 0x1000, 0x0007
_ETHERTYPES: Final = {4: 0x0800, 6: 0x86DD}


def overhead(key: int | None) -> int:
    """Return the octets that GRE adds below the outer IP header."""
    return _HEAD.size + (_WORD if key is not None else 0)


def head(version: int, key: int | None) -> bytes:
    """Return the GRE header before a packet of an IP version."""
    start = _HEAD.pack(0 if key is None else _KEY, _ETHERTYPES[version])
    return start + (b"" if key is None else key.to_bytes(_WORD, "big"))


def wrap(packet: Packet, key: int | None) -> bytes:
    """Return a packet behind a GRE header."""
    return head(packet.source.version, key) + packet.write()


def unwrap(octets: bytes) -> tuple[Packet, int | None]:
    """Return the packet inside and the key; raises Malformed for what is none, or is not served here."""
    at, key = inside(octets)
    return Packet.read(octets[at:]), key


def inside(octets: bytes | memoryview) -> tuple[int, int | None]:
    """Return where the packet inside begins, and the key; raises Malformed as `unwrap` does (RFC 2784 2.3)."""
    if len(octets) < _HEAD.size:
        raise Malformed("a GRE header that is too short")
    flags, kind = _HEAD.unpack_from(octets)
    if flags & (_ROUTING | _VERSION) or kind not in _ETHERTYPES.values():
        raise Malformed("a GRE packet of another form")
    at, key = _HEAD.size, None
    if flags & _CHECKSUM:
        if checksum(bytes(octets)):
            raise Malformed("a GRE packet whose checksum is wrong")
        at += _WORD
    if flags & _KEY:
        key = int.from_bytes(octets[at : at + _WORD], "big")
        at += _WORD
    if flags & _SEQUENCE:
        at += _WORD
    if len(octets) <= at or _ETHERTYPES.get(octets[at] >> 4) != kind:
        raise Malformed("a GRE packet with another protocol inside than it says")
    return at, key
