"""Secrets that do not leak by being printed, compared or stored with other things."""

from __future__ import annotations

import hmac
from typing import Final

HIDDEN: Final = "*****"


class Secret:
    """Octets that must not be seen: `repr`, `str` and JSON are *****; equality takes constant time."""

    __slots__ = ("_octets",)

    def __init__(self, octets: bytes | str) -> None:
        self._octets = octets.encode() if isinstance(octets, str) else bytes(octets)

    def reveal(self) -> bytes:
        """Return the octets; every caller of this is a place to review."""
        return self._octets

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._octets, other._octets)

    def __hash__(self) -> int:
        return hash((Secret, self._octets))

    def __len__(self) -> int:
        return len(self._octets)

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(HIDDEN, spec)
