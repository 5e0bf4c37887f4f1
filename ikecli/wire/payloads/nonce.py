"""Nonce payload."""

from __future__ import annotations

from typing import Final, Self

from ikecli.errors import Malformed
from ikecli.numbers import PayloadType
from ikecli.value import value
from ikecli.wire.payloads.base import Payload

MIN_NONCE: Final = 16
MAX_NONCE: Final = 256


@value
class Nonce(Payload):
    """Ni or Nr (RFC 7296 3.9): 16 to 256 random octets."""

    number = PayloadType.NONCE
    data: bytes

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read the nonce; raises Malformed when its length is out of range."""
        if not MIN_NONCE <= len(body) <= MAX_NONCE:
            raise Malformed(f"a nonce of {len(body)} octets")
        return cls(body)

    def write(self) -> bytes:
        """Return the nonce."""
        return self.data
