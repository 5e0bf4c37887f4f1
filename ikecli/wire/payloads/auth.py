"""Authentication payload."""

from __future__ import annotations

from struct import Struct
from typing import Final, Self

from ikecli.errors import Malformed
from ikecli.numbers import PayloadType
from ikecli.value import value
from ikecli.wire.payloads.base import Payload

_HEAD: Final = Struct("!Bxxx")


@value
class Authentication(Payload):
    """AUTH (RFC 7296 3.8): the method's number and the signature or MAC."""

    number = PayloadType.AUTH
    method: int
    data: bytes

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read method and data; raises Malformed."""
        if len(body) < _HEAD.size:
            raise Malformed(f"an AUTH payload of {len(body)} octets")
        return cls(body[0], body[_HEAD.size :])

    def write(self) -> bytes:
        """Return method, three reserved octets, data."""
        return _HEAD.pack(self.method) + self.data
