"""Puzzle Solution payload."""

from __future__ import annotations

from typing import Final, Self

from ikecli.errors import Malformed
from ikecli.numbers import PUZZLE_KEYS, PayloadType
from ikecli.value import value
from ikecli.wire.payloads.base import Payload

MAX_SOLUTION: Final = PUZZLE_KEYS * 64
"""Octets of the longest solution: keys of the longest digest that a PRF here has."""


@value
class PuzzleSolution(Payload):
    """PS (RFC 8019 8.2): keys of one size under which a PRF gives what the puzzle asks for."""

    number = PayloadType.PS
    keys: tuple[bytes, ...]

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read the keys; raises Malformed unless they are of one size."""
        size, rest = divmod(len(body), PUZZLE_KEYS)
        if not size or rest or len(body) > MAX_SOLUTION:
            raise Malformed(f"a puzzle solution of {len(body)} octets")
        return cls(tuple(body[at : at + size] for at in range(0, len(body), size)))

    def write(self) -> bytes:
        """Return the keys."""
        return b"".join(self.keys)
