"""What every payload is."""

from __future__ import annotations

from typing import Self

from ikecli.wire.reader import Reader


class Payload:
    """One payload of a message without its generic header (RFC 7296 3.2); subclasses are frozen values.

    `number` is its payload type: fixed for a class, a field only of UnknownPayload.
    """

    __slots__ = ()
    number: int

    @classmethod
    def read(cls, body: Reader) -> Self:
        """Read the body of such a payload; raises Malformed."""
        raise NotImplementedError

    def write(self) -> bytes:
        """Return the body, the inverse of `read`."""
        raise NotImplementedError
