"""The anti-replay window, and what an extended sequence number's unsent half must be."""

from __future__ import annotations

from typing import Final

DEFAULT_SIZE: Final = 64
LARGEST_SIZE: Final = 1024
"""Sequence numbers the largest window remembers; the smallest remembers `DEFAULT_SIZE`, and 0 turns it off."""

_HALF: Final = 1 << 32


class ReplayWindow:
    """Which of the last `size` sequence numbers came in (RFC 4303 3.4.3).

    `top` is the highest accepted so far; bit n of `bitmap` stands for `top - n`. Both are plain values: a window made
    with them goes on where the other was. A size of 0 accepts everything. Raises ValueError for another size.
    """

    __slots__ = ("_mask", "_reach", "bitmap", "esn", "size", "top")

    def __init__(self, size: int = DEFAULT_SIZE, esn: bool = False, top: int = 0, bitmap: int = 0) -> None:
        if size and not DEFAULT_SIZE <= size <= LARGEST_SIZE:
            raise ValueError(f"a replay window of {size}: choose 0 or {DEFAULT_SIZE} to {LARGEST_SIZE}")
        self.size, self.esn, self.top, self.bitmap = size, esn, top, bitmap
        self._mask = (1 << size) - 1
        self._reach = size or DEFAULT_SIZE

    def expand(self, low: int) -> int:
        """Return the sequence number whose low half is `low`, as near to the window as can be (RFC 4303 A2.2).

        Negative for one before the first, which is never fresh.
        """
        if not self.esn:
            return low
        bottom = self.top - self._reach + 1
        sequence = (bottom & -_HALF) | low
        return sequence if sequence >= bottom else sequence + _HALF

    def fresh(self, sequence: int) -> bool:
        """Tell whether `sequence` is not known to have come before; one below the window counts as known."""
        if sequence >= _HALF and (not self.esn or sequence >= _HALF * _HALF):
            return False
        if not self.size:
            return sequence >= 0
        behind = self.top - sequence
        return behind < 0 or (sequence > 0 and behind < self.size and not self.bitmap >> behind & 1)

    def accept(self, sequence: int) -> None:
        """Note that `sequence`, fresh and authenticated, came in."""
        ahead = sequence - self.top
        if ahead > 0:
            self.top = sequence
            self.bitmap = (self.bitmap << ahead | 1) & self._mask if ahead < self.size else self._mask & 1
        else:
            self.bitmap |= (1 << -ahead) & self._mask

    def accept_run(self, first: int, count: int) -> None:
        """Note that `count` authenticated sequence numbers came in, `first` the least of them and above `top`."""
        last, ones = first + count - 1, (1 << count) - 1
        ahead = last - self.top
        self.bitmap = (self.bitmap << ahead | ones if ahead < self.size else ones) & self._mask
        self.top = last
