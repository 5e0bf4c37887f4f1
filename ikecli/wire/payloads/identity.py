"""Identification payloads."""

from __future__ import annotations

from typing import Final, Self

from ikecli.errors import Malformed
from ikecli.numbers import IdType, PayloadType
from ikecli.value import value
from ikecli.wire.payloads.base import Payload

MAX_IDENTITY: Final = 4_096
"""Octets of the longest identity: each is kept as long as its SA."""
_ADDRESS_SIZE: Final[dict[int, int]] = {IdType.IPV4_ADDR: 4, IdType.IPV6_ADDR: 16}
_NO_RESERVED: Final = bytes(3)
_HEAD_SIZE: Final = 4


@value
class Identification(Payload):
    """Who an end says it is (RFC 7296 3.5).

    `write()` is also what AUTH covers (2.15), so that the reserved octets are kept as the peer sent them.
    """

    type: int
    data: bytes
    reserved: bytes = _NO_RESERVED

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read type and data; raises Malformed when they do not fit each other."""
        if len(body) < _HEAD_SIZE:
            raise Malformed(f"an ID payload of {len(body)} octets")
        type, reserved, data = body[0], body[1:_HEAD_SIZE], body[_HEAD_SIZE:]
        if len(data) != _ADDRESS_SIZE.get(type, len(data)):
            raise Malformed(f"an identity of type {type} with {len(data)} octets")
        if not 0 < len(data) <= MAX_IDENTITY:
            raise Malformed(f"an identity of type {type} with {len(data)} octets")
        return cls(type, data, reserved)

    def write(self) -> bytes:
        """Return type, reserved octets, data."""
        return bytes((self.type,)) + self.reserved + self.data


@value
class IdInitiator(Identification):
    """IDi: the initiator's identity."""

    number = PayloadType.IDi


@value
class IdResponder(Identification):
    """IDr: the responder's identity, or the one the initiator asks for."""

    number = PayloadType.IDr
