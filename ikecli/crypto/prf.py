"""The pseudorandom functions and prf+."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from ikecli.numbers import Algorithm

MAX_BLOCKS: Final = 255
"""Blocks that one prf+ can give; its counter is one octet (RFC 7296 2.13)."""
_HASHES: Final[dict[str, HashAlgorithm]] = {one.name: one for one in (MD5(), SHA1(), SHA256(), SHA384(), SHA512())}


def prf(row: Algorithm, key: bytes, data: bytes) -> bytes:
    """Return prf(key, data), `row.key_octets` long (RFC 7296 2.13): an HMAC, which HKDF extracts by (RFC 5869 2.2)."""
    return HKDF.extract(_HASHES[row.digest], key, data)


class Keyed:
    """A PRF with a key that is used again and again: half of an HMAC is done."""

    __slots__ = ("_begun",)

    def __init__(self, row: Algorithm, key: bytes) -> None:
        self._begun = HMAC(key, _HASHES[row.digest])

    def of(self, data: bytes) -> bytes:
        """Return prf(key, data)."""
        one = self._begun.copy()
        one.update(data)
        return one.finalize()


def prf_plus(row: Algorithm, key: bytes, seed: bytes, size: int) -> bytes:
    """Return the first `size` octets of prf+(key, seed) (RFC 7296 2.13), which is what HKDF expands (RFC 5869 2.3).

    Raises ValueError for more than `MAX_BLOCKS` blocks.
    """
    return HKDFExpand(_HASHES[row.digest], size, seed).derive(key)
