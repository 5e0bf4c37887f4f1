"""What every payload is."""

from __future__ import annotations

from typing import Self


class Payload:
    """One payload of a message without its generic header (RFC 7296 3.2); subclasses are frozen values.

    `number` is its payload type and `critical` its flag: fixed for a class, fields only of UnknownPayload.
    """

    __slots__ = ()
    number: int
    critical: bool = False

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read all of the body of such a payload; raises Malformed."""
        raise NotImplementedError

    def write(self) -> bytes:
        """Return the body, the inverse of `read`."""
        raise NotImplementedError
