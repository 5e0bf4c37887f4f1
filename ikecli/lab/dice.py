"""Chance that can be repeated: everything random in a virtual lab comes from one seed."""

from __future__ import annotations

import hashlib


class Dice:
    """A seeded stream of octets; two with one seed throw alike."""

    def __init__(self, seed: int | str) -> None:
        self._seed = str(seed).encode()
        self._count = 0
        self._pool = b""

    def octets(self, length: int) -> bytes:
        """Return the next `length` octets of the stream."""
        while len(self._pool) < length:
            self._count += 1
            self._pool += hashlib.sha512(self._seed + b"/%d" % self._count).digest()
        taken, self._pool = self._pool[:length], self._pool[length:]
        return taken

    def fraction(self) -> float:
        """Return a number in 0..1, 1 excluded."""
        return int.from_bytes(self.octets(6), "big") / (1 << 48)

    def chance(self, probability: float) -> bool:
        """Tell whether something of this probability happens now."""
        return probability > 0 and self.fraction() < probability
