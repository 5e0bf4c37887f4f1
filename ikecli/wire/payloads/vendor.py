"""Vendor ID payload."""

from __future__ import annotations

from typing import Self

from ikecli.numbers import PayloadType
from ikecli.value import value
from ikecli.wire.payloads.base import Payload


@value
class VendorId(Payload):
    """V (RFC 7296 3.12): octets by which an implementation or a private extension is known."""

    number = PayloadType.VENDOR
    data: bytes

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read the identifier."""
        return cls(body)

    def write(self) -> bytes:
        """Return the identifier."""
        return self.data
