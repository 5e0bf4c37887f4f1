"""Counters that the worker writes and the engine reads, in memory that both share: eight numbers an SA's direction.

Among them is how far the sequence numbers are: no packet leaves, and none that came goes in, before its number is
there. So an SA goes on safely when its worker has died.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence
from typing import Final

SLOTS: Final = 400_000
"""Directions of SAs."""
WIDTH: Final = 8
PACKETS, OCTETS, REPLAYS, FORGERIES, ERRORS, DUMMIES, SEQUENCE = range(7)


class Counts:
    """The numbers by slot. Memory is taken as slots are used."""

    def __init__(self, file: int | None = None) -> None:
        self.file: Final = os.memfd_create("ikecli-counts") if file is None else file
        if file is None:
            os.ftruncate(self.file, SLOTS * WIDTH * 8)
        self.numbers: Final = memoryview(mmap.mmap(self.file, SLOTS * WIDTH * 8)).cast("Q")

    def clear(self, slot: int) -> None:
        """Set a slot to zero."""
        for at in range(slot * WIDTH, (slot + 1) * WIDTH):
            self.numbers[at] = 0

    def read(self, slot: int) -> tuple[int, ...]:
        """Return packets, octets, replays, forgeries, errors and dummies of a slot."""
        return tuple(self.numbers[slot * WIDTH : slot * WIDTH + SEQUENCE])

    def write(self, slot: int, counted: Sequence[int]) -> None:
        """Set what `read` returns."""
        for at, number in enumerate(counted):
            self.numbers[slot * WIDTH + at] = number

    def sequence(self, slot: int) -> int:
        """Return the last sequence number of a slot."""
        return self.numbers[slot * WIDTH + SEQUENCE]
