"""ESP packets (RFC 4303): one SA's direction seals, the other end's opens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from struct import Struct
from typing import Final

from ikecli.crypto.ciphers import Cipher, cipher
from ikecli.errors import IkecliError, Unauthentic
from ikecli.esp.replay import ReplayWindow
from ikecli.numbers import Algorithm

IPV4: Final = 4
"""The next header of a tunnelled IPv4 packet."""
IPV6: Final = 41
"""The next header of a tunnelled IPv6 packet."""
DUMMY: Final = 59
"""The next header of a packet that is only there to hide traffic; drop it silently (RFC 4303 2.6)."""
HEADER_SIZE: Final = 8
"""Octets of SPI and sequence number."""

_HEADER: Final = Struct("!II")
_HIGH: Final = Struct("!I")
_EXTENDED: Final = Struct("!IQ")
_COUNTER: Final = Struct("!Q")
_LOW_HALF: Final = 0xFFFFFFFF
_LAST_SEQUENCE: Final = {False: (1 << 32) - 1, True: (1 << 64) - 1}
_ALIGNMENT: Final = 4
_TRAILER: Final = 2
_PADDING: Final = bytes(range(1, 256))
_IPV6_HEADER: Final = 40


class Reason(Enum):
    """Why a packet was dropped."""

    SHORT = "too short"
    SPI = "of another SA"
    REPLAY = "replayed"
    INTEGRITY = "check value wrong"
    PADDING = "padding wrong"
    SEQUENCE = "sequence numbers used up"


class Dropped(IkecliError):
    """A packet that must go no further; `reason` is what to count."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"ESP packet {reason.value}")
        self.reason: Final = reason


@dataclass(frozen=True, slots=True)
class EspSa:
    """What both ends of one direction know: algorithms and keys, an AEAD's salt at the end of `encryption_key`."""

    spi: int
    encryption: Algorithm
    integrity: Algorithm | None
    encryption_key: bytes = field(repr=False)
    integrity_key: bytes = field(default=b"", repr=False)
    esn: bool = False

    def cipher(self) -> Cipher:
        """Return the keys ready for use."""
        return cipher(self.encryption, self.integrity, self.encryption_key, self.integrity_key)

    def covered(self, sequence: int) -> tuple[bytes, bytes]:
        """Return what is authenticated before and after the ciphertext (RFC 4303 2.2.1, RFC 4106 5)."""
        if not self.esn:
            return _HEADER.pack(self.spi, sequence), b""
        if self.integrity is None:
            return _EXTENDED.pack(self.spi, sequence), b""
        return _HEADER.pack(self.spi, sequence & _LOW_HALF), _HIGH.pack(sequence >> 32)


class OutboundSa:
    """The sending end. `sa` and `sequence`, the last number used, are all of its state.

    `random` gives a CBC's IVs; an AEAD's are the sequence number, which never comes twice.
    """

    __slots__ = ("_block", "_cipher", "_counted", "_last", "_random", "sa", "sequence")

    def __init__(self, sa: EspSa, random: Callable[[int], bytes], sequence: int = 0) -> None:
        self.sa = sa
        self.sequence = sequence
        self._random = random
        self._cipher = sa.cipher()
        self._counted = sa.integrity is None
        self._block = _ALIGNMENT if self._counted else max(_ALIGNMENT, sa.encryption.iv)
        self._last = _LAST_SEQUENCE[sa.esn]

    def seal(self, packet: bytes, next_header: int, size: int = 0) -> bytes:
        """Return the ESP packet that carries `packet`, zeros behind it up to `size` octets (RFC 4303 2.7).

        Raises Dropped when no sequence number is left.
        """
        if self.sequence >= self._last:
            raise Dropped(Reason.SEQUENCE)
        self.sequence = sequence = self.sequence + 1
        sa = self.sa
        packet = packet.ljust(size, b"\0")
        padding = -(len(packet) + _TRAILER) % self._block
        padded = packet + _PADDING[:padding] + bytes((padding, next_header))
        iv = _COUNTER.pack(sequence) if self._counted else self._random(sa.encryption.iv)
        before, after = sa.covered(sequence)
        return _HEADER.pack(sa.spi, sequence & _LOW_HALF) + self._cipher.seal(before, iv, padded, after)


class InboundSa:
    """The receiving end. `sa` and the values in `window` are all of its state."""

    __slots__ = ("_cipher", "sa", "window")

    def __init__(self, sa: EspSa, window: ReplayWindow | None = None) -> None:
        self.sa = sa
        self.window = window or ReplayWindow(esn=sa.esn)
        self._cipher = sa.cipher()

    def open(self, octets: bytes) -> tuple[bytes, int]:
        """Return the packet inside, without traffic-flow padding, and its next header.

        Raises Dropped; the window moves only for what is authentic (RFC 4303 3.4.3).
        """
        if len(octets) <= HEADER_SIZE:
            raise Dropped(Reason.SHORT)
        spi, low = _HEADER.unpack_from(octets)
        if spi != self.sa.spi:
            raise Dropped(Reason.SPI)
        window = self.window
        sequence = window.expand(low)
        if not window.fresh(sequence):
            raise Dropped(Reason.REPLAY)
        before, after = self.sa.covered(sequence)
        try:
            padded = self._cipher.open(before, octets[HEADER_SIZE:], after)
        except Unauthentic:
            raise Dropped(Reason.INTEGRITY) from None
        window.accept(sequence)
        return _unpad(padded)


def spi_of(octets: bytes) -> int:
    """Return the SPI that an ESP packet names; raises Dropped when there is none."""
    if len(octets) <= HEADER_SIZE:
        raise Dropped(Reason.SHORT)
    return int.from_bytes(octets[:4], "big")


def _unpad(padded: bytes) -> tuple[bytes, int]:
    end = len(padded) - _TRAILER
    if end < 0:
        raise Dropped(Reason.PADDING)
    padding, next_header = padded[end:]
    start = end - padding
    if start < 0 or padded[start:end] != _PADDING[:padding]:
        raise Dropped(Reason.PADDING)
    return padded[: _length(padded, start, next_header)], next_header


def _length(packet: bytes, size: int, next_header: int) -> int:
    """Return the octets that an IP packet says it has, where they are fewer than `size` (RFC 4303 2.7)."""
    if next_header == IPV4 and size >= 20:
        return min(size, int.from_bytes(packet[2:4], "big"))
    if next_header == IPV6 and size >= _IPV6_HEADER:
        return min(size, _IPV6_HEADER + int.from_bytes(packet[4:6], "big"))
    return size
