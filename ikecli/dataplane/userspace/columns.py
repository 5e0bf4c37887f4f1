"""The same field of many packets that lie at equal distances in one buffer, read, compared and written in one go.

A place is that of the first packet's field and `step` the distance to the next one's, both in octets and multiples of
the field's size.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

MOST: Final = 64
"""Packets of one train."""
_WORD: Final = 4
_NUMBERS: Final = [Struct(f"!{count}I") for count in range(MOST + 1)]


class Columns:
    """A buffer, as far as it is whole words, seen as octets, as halves of a word and as words."""

    __slots__ = ("halves", "octets", "words")

    def __init__(self, buffer: bytearray) -> None:
        self.octets: Final = memoryview(buffer)[: len(buffer) & ~3]
        self.halves: Final = self.octets.cast("H")
        self.words: Final = self.octets.cast("I")

    def word(self, at: int, step: int, count: int) -> memoryview:
        """Return a word of each packet; it can be written to."""
        at, step = at // 4, step // 4
        return self.words[at : at + step * count : step]

    def half(self, at: int, step: int, count: int) -> memoryview:
        """Return half a word of each packet, in the machine's order."""
        at, step = at // 2, step // 2
        return self.halves[at : at + step * count : step]

    def octet(self, at: int, step: int, count: int) -> memoryview:
        """Return an octet of each packet."""
        return self.octets[at : at + step * count : step]


class Twelves:
    """Twelve octets for each packet: four that are alike, and eight that count.

    Nonces are of this form (RFC 4106 4, RFC 7634 2), and what is authenticated beside an ESP packet with extended
    sequence numbers (RFC 4303 2.2.1).
    """

    def __init__(self) -> None:
        octets = memoryview(bytearray(3 * _WORD * MOST))
        words = octets.cast("I")
        self.each: Final = [octets[at : at + 12] for at in range(0, len(octets), 12)]
        self.high: Final = words[1::3]
        self.low: Final = words[2::3]
        self._first = words[::3]
        self._head = b""

    def begin(self, head: bytes) -> None:
        """Have all begin with these four octets."""
        if head != self._head:
            self._head = head
            self._first[:] = alike(head, MOST)


def alike(word: bytes, count: int) -> memoryview:
    """Return a word as often as there are packets."""
    return memoryview(word * count).cast("I")


def counting(first: int, step: int, count: int) -> memoryview:
    """Return words that count from `first`, in the order of the network; none may have more than 32 bits."""
    return memoryview(_NUMBERS[count].pack(*range(first, first + step * count, step))).cast("I")


def agreeing(some: memoryview, others: memoryview) -> int:
    """Return how many of the first items are the same in both."""
    if some == others:
        return len(some)
    return next(at for at, (one, other) in enumerate(zip(some, others, strict=True)) if one != other)
