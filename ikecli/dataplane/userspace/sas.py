"""The worker's SAs. An AEAD's direction keeps everything that sealing or opening a packet needs at hand."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from ikecli.boundary.effects import Install, Lifetime
from ikecli.dataplane.esp import ESP_HEADER, inner_limit
from ikecli.dataplane.userspace.counts import (
    DUMMIES,
    ERRORS,
    FORGERIES,
    OCTETS,
    PACKETS,
    REPLAYS,
    SEQUENCE,
    WIDTH,
    Counts,
)
from ikecli.dataplane.userspace.pipe import Put
from ikecli.esp import DUMMY, EspSa, InboundSa, OutboundSa, ReplayWindow

if TYPE_CHECKING:
    from ikecli.dataplane.userspace.doors import Door

Cipher = AESGCM | ChaCha20Poly1305

AEADS: Final[dict[int, type[Cipher]]] = {20: AESGCM, 28: ChaCha20Poly1305}
"""The ciphers of the fast way, by transform id; others go through the codec that the emulated network uses."""
SALT: Final = 4
IV: Final = 8
ICV: Final = 16
OVERHEAD: Final = ESP_HEADER + IV + ICV
"""Octets that an AEAD adds besides padding and trailer."""
LAST_SEQUENCE: Final = {False: (1 << 32) - 1, True: (1 << 64) - 1}
SEQUENCE_MARGIN: Final = 1 << 20
"""Sequence numbers before the last at which a replacement is asked for."""


class Direction:
    """What both directions have: the counters and the bounds."""

    __slots__ = ("_at", "_bounded", "_counts", "cipher", "dead", "nonce", "sa", "warned")

    def __init__(self, put: Put, counts: Counts) -> None:
        self.sa = sa = put.sa
        if not put.goes_on:
            counts.clear(put.slot)  # by who writes it: the last SA there may have counted after the engine freed it
        self._counts, self._at = counts.numbers, put.slot * WIDTH
        self.note(put.sequence)
        self.warned, self.dead = put.warned, False
        life = sa.lifetime
        self._bounded = any((life.soft_octets, life.hard_octets, life.soft_packets, life.hard_packets))
        kind = AEADS.get(sa.encryption.number)
        self.cipher = kind(sa.keys.encryption[:-SALT]) if kind is not None and not sa.transport else None
        self.nonce = bytearray(sa.keys.encryption[-SALT:] + bytes(IV))

    @property
    def inbound_spi(self) -> int:
        """The SPI by which the engine knows the Child SA."""
        return self.sa.spi if self.sa.direction.value == "inbound" else self.sa.peer_spi

    def count(self, packets: int, octets: int) -> bool | None:
        """Count what was carried; return False when a replacement is due, True at the end, else None."""
        numbers, at = self._counts, self._at
        numbers[at + PACKETS] += packets
        numbers[at + OCTETS] += octets
        bounds = self.sa.lifetime
        return self._judge(bounds, numbers[at + PACKETS], numbers[at + OCTETS]) if self._bounded else None

    def _judge(self, bounds: Lifetime, packets: int, octets: int) -> bool | None:
        if 0 < bounds.hard_octets <= octets or 0 < bounds.hard_packets <= packets:
            self.dead = True
            return True
        if not self.warned and (0 < bounds.soft_octets <= octets or 0 < bounds.soft_packets <= packets):
            self.warned = True
            return False
        return None

    def refuse(self, replays: int = 0, forgeries: int = 0, errors: int = 0) -> None:
        """Count what was not."""
        numbers, at = self._counts, self._at
        numbers[at + REPLAYS] += replays
        numbers[at + FORGERIES] += forgeries
        numbers[at + ERRORS] += errors

    def dummy(self) -> None:
        """Count a packet that hides the others."""
        self._counts[self._at + DUMMIES] += 1

    def note(self, sequence: int) -> None:
        """Keep the last sequence number where it outlives this process."""
        self._counts[self._at + SEQUENCE] = sequence

    def _codec(self) -> EspSa:
        sa = self.sa
        return EspSa(sa.spi, sa.encryption, sa.integrity, sa.keys.encryption, sa.keys.integrity, sa.esn)


class Sender(Direction):
    """An SA that sends.

    `limit` is the longest packet that fits the way to the peer in one piece; `here` and `there` are where it leaves and
    goes to, as sockets have it.
    """

    __slots__ = ("aad", "codec", "here", "last", "limit", "sequence", "there")

    def __init__(self, put: Put, counts: Counts) -> None:
        super().__init__(put, counts)
        sa = self.sa
        self.sequence = put.sequence
        self.last = LAST_SEQUENCE[sa.esn]
        self.aad = bytearray(12)
        self.codec = OutboundSa(self._codec(), os.urandom) if self.cipher is None else None
        if self.codec is not None:
            self.codec.sequence = self.sequence
        self.move(sa, put.mtu)

    def dummies(self) -> Iterator[bytes]:
        """Yield the sealed dummy packets of one burst (RFC 4303 2.6)."""
        tfc = self.sa.tfc
        codec = self.codec or OutboundSa(self._codec(), os.urandom)
        codec.sequence = self.sequence
        for _ in range(tfc.burst if tfc is not None and not self.dead else 0):
            octets = codec.seal(os.urandom(tfc.size if tfc is not None else 0), DUMMY)
            self.sequence = codec.sequence
            self.note(self.sequence)
            self.dummy()
            yield octets

    def move(self, sa: Install, mtu: int) -> None:
        """Go on with other endpoints."""
        self.sa, self.limit = sa, inner_limit(sa, mtu)
        self.here = sa.vrf, str(sa.local.address), sa.encapsulated
        self.there = _wire(sa)

    def exhausted(self, ahead: int) -> bool | None:
        """Return False when sequence numbers run out soon, True when fewer than `ahead` are left, else None."""
        if self.last - self.sequence < ahead:
            self.dead = True
            return True
        if self.last - self.sequence < SEQUENCE_MARGIN and not self.warned:
            self.warned = True
            return False
        return None


class Receiver(Direction):
    """An SA that receives, for packets that go into `door`.

    `allowed` are the ends of inner packets that its selectors were found to cover.
    """

    __slots__ = ("aad", "allowed", "codec", "door", "fine", "mapped", "there", "used", "window")

    def __init__(self, put: Put, counts: Counts, door: Door) -> None:
        super().__init__(put, counts)
        sa, self.door = self.sa, door
        self.window = ReplayWindow(sa.replay_window, sa.esn, put.sequence, put.seen)
        self.codec = InboundSa(self._codec(), self.window) if self.cipher is None else None
        self.aad = bytearray(12)
        self.allowed: set[bytes] = set()
        pairs = (*sa.flows, *sa.screen.selectors)
        self.fine = any(end.protocol or not end.any_port for pair in pairs for end in pair)
        self.used, self.mapped = put.used, 0.0
        self.there = _wire(sa)

    def move(self, sa: Install) -> None:
        """Go on with other endpoints."""
        self.sa, self.there = sa, _wire(sa)


def _wire(sa: Install) -> tuple[str, int]:
    """Return the peer's address and port as sockets have it."""
    return str(sa.remote.address), sa.remote.port if sa.encapsulated else 0


NONCE: Final = struct.Struct("!Q")
EXTENDED: Final = struct.Struct("!IQ")
HEADER: Final = struct.Struct("!IIQ")
