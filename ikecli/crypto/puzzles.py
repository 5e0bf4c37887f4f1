"""Client puzzles (RFC 8019 section 4): keys under which a PRF of some octets ends in zero bits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ikecli.crypto.prf import prf
from ikecli.errors import Refused
from ikecli.numbers import PUZZLE_KEYS, Algorithm

_KEY_SIZE: Final = 4
_PATIENCE: Final = 32
"""How many times the expected number of keys is tried."""


def solves(row: Algorithm, text: bytes, difficulty: int, keys: Sequence[bytes]) -> bool:
    """Tell whether keys solve a puzzle: four different ones of one size, none longer than the PRF's own."""
    sizes = {len(key) for key in keys}
    if (
        len(set(keys)) != PUZZLE_KEYS
        or len(keys) != PUZZLE_KEYS
        or len(sizes) != 1
        or not 1 <= max(sizes) <= row.key_octets
    ):
        return False
    return all(_ends_in_zeros(prf(row, key, text), difficulty) for key in keys)


def solve(row: Algorithm, text: bytes, difficulty: int) -> tuple[bytes, ...]:
    """Return the keys that solve a puzzle of `difficulty` bits; raises Refused when none are found in bounds."""
    found: list[bytes] = []
    for key in _keys(_PATIENCE << difficulty):
        if _ends_in_zeros(prf(row, key, text), difficulty):
            found.append(key)
            if len(found) == PUZZLE_KEYS:
                return tuple(found)
    raise Refused(f"no solution of a puzzle of {difficulty} bits was found")


def _keys(most: int) -> Iterator[bytes]:
    for number in range(min(most, 1 << 8 * _KEY_SIZE)):
        yield number.to_bytes(_KEY_SIZE, "big")


def _ends_in_zeros(octets: bytes, bits: int) -> bool:
    return not int.from_bytes(octets, "big") & ((1 << bits) - 1)
