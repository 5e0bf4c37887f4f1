"""A bounded reader of octets."""

from __future__ import annotations

from struct import Struct
from typing import Any

from ikecli.errors import Malformed


class Reader:
    """Reads forward through `octets[start:end]`; whatever runs past the end raises Malformed."""

    __slots__ = ("_at", "_end", "_octets")

    def __init__(self, octets: bytes, start: int = 0, end: int | None = None) -> None:
        self._octets = octets
        self._at = start
        self._end = len(octets) if end is None else end

    @property
    def left(self) -> int:
        """How many octets are still unread."""
        return self._end - self._at

    def unpack(self, shape: Struct) -> tuple[Any, ...]:
        """Read what `shape` describes."""
        at = self._at
        if at + shape.size > self._end:
            raise self._short(shape.size)
        self._at = at + shape.size
        return shape.unpack_from(self._octets, at)

    def take(self, size: int) -> bytes:
        """Read `size` octets."""
        at, after = self._at, self._at + size
        if size < 0 or after > self._end:
            raise self._short(size)
        self._at = after
        return self._octets[at:after]

    def rest(self) -> bytes:
        """Read all that is left."""
        at, self._at = self._at, self._end
        return self._octets[at : self._end]

    def part(self, size: int) -> Reader:
        """Read `size` octets as a reader of their own, without copying them."""
        at, after = self._at, self._at + size
        if size < 0 or after > self._end:
            raise self._short(size)
        self._at = after
        return Reader(self._octets, at, after)

    def finish(self, what: str) -> None:
        """Raise Malformed unless everything was read."""
        if self._at != self._end:
            raise Malformed(f"{self.left} octets too many in {what}")

    def _short(self, size: int) -> Malformed:
        return Malformed(f"{size} octets wanted where {self.left} are left")
