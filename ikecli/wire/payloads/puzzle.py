"""Puzzle Solution payload."""

from __future__ import annotations

from typing import Final, Self

from ikecli.errors import Malformed
from ikecli.numbers import PUZZLE_KEYS, PayloadType
from ikecli.value import value
from ikecli.wire.payloads.base import Payload
from ikecli.wire.reader import Reader

MAX_SOLUTION: Final = PUZZLE_KEYS * 64
"""Octets of the longest solution: keys of the longest digest that a PRF here has."""


@value
class PuzzleSolution(Payload):
    """PS (RFC 8019 8.2): keys of one size under which a PRF gives what the puzzle asks for."""

    number = PayloadType.PS
    keys: tuple[bytes, ...]

    @classmethod
    def read(cls, body: Reader) -> Self:
        """Read the keys; raises Malformed unless they are of one size."""
        size, rest = divmod(body.left, PUZZLE_KEYS)
        if not size or rest or body.left > MAX_SOLUTION:
            raise Malformed(f"a puzzle solution of {body.left} octets")
        return cls(tuple(body.take(size) for _ in range(PUZZLE_KEYS)))

    def write(self) -> bytes:
        """Return the keys."""
        return b"".join(self.keys)
