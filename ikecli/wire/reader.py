"""A bounded reader of octets."""

from __future__ import annotations

from struct import Struct
from typing import Any, Final

from ikecli.errors import Malformed

_U16: Final = Struct("!H")
_U32: Final = Struct("!I")


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

    def u8(self) -> int:
        """Read one octet."""
        return self._octets[self._advance(1)]

    def u16(self) -> int:
        """Read two octets, network order."""
        value: int = _U16.unpack_from(self._octets, self._advance(2))[0]
        return value

    def u32(self) -> int:
        """Read four octets, network order."""
        value: int = _U32.unpack_from(self._octets, self._advance(4))[0]
        return value

    def unpack(self, shape: Struct) -> tuple[Any, ...]:
        """Read what `shape` describes."""
        return shape.unpack_from(self._octets, self._advance(shape.size))

    def take(self, size: int) -> bytes:
        """Read `size` octets."""
        at = self._advance(size)
        return self._octets[at : at + size]

    def rest(self) -> bytes:
        """Read all that is left."""
        at, self._at = self._at, self._end
        return self._octets[at : self._end]

    def part(self, size: int) -> Reader:
        """Read `size` octets as a reader of their own, without copying them."""
        at = self._advance(size)
        return Reader(self._octets, at, at + size)

    def finish(self, what: str) -> None:
        """Raise Malformed unless everything was read."""
        if self._at != self._end:
            raise Malformed(f"{self.left} octets too many in {what}")

    def _advance(self, size: int) -> int:
        at = self._at
        if size < 0 or at + size > self._end:
            raise Malformed(f"{size} octets wanted where {self._end - at} are left")
        self._at = at + size
        return at
