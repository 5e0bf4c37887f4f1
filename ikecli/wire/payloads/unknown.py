"""Payloads of types that are not in the table."""

from __future__ import annotations

from typing import NoReturn

from ikecli.value import value
from ikecli.wire.payloads.base import Payload


@value
class UnknownPayload(Payload):
    """A payload of a type that nothing here reads (RFC 7296 2.5): its number, critical bit and body, verbatim."""

    number: int
    body: bytes
    critical: bool = False

    @classmethod
    def read(cls, body: bytes) -> NoReturn:
        """Raise TypeError: the body alone does not say the number; `read_chain` builds these."""
        raise TypeError("an unknown payload is built by read_chain, with its number")

    def write(self) -> bytes:
        """Return the body."""
        return self.body
