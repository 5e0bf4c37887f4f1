"""The pseudorandom functions and prf+."""

from __future__ import annotations

import hmac
from typing import Final

from ikecli.numbers import Algorithm

MAX_BLOCKS: Final = 255
"""Blocks that one prf+ can give; its counter is one octet (RFC 7296 2.13)."""


def prf(row: Algorithm, key: bytes, data: bytes) -> bytes:
    """Return prf(key, data), `row.key_octets` long (RFC 7296 2.13)."""
    return hmac.digest(key, data, row.digest)


def prf_plus(row: Algorithm, key: bytes, seed: bytes, size: int) -> bytes:
    """Return the first `size` octets of prf+(key, seed) (RFC 7296 2.13).

    Raises ValueError for more than `MAX_BLOCKS` blocks.
    """
    blocks = -(-size // row.key_octets)
    if blocks > MAX_BLOCKS:
        raise ValueError(f"prf+ gives {MAX_BLOCKS * row.key_octets} octets at most, not {size}")
    digest, block, stream = row.digest, b"", []
    for count in range(1, blocks + 1):
        block = hmac.digest(key, block + seed + bytes((count,)), digest)
        stream.append(block)
    return b"".join(stream)[:size]
