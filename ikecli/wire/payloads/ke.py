"""Key Exchange payload."""

from __future__ import annotations

from struct import Struct
from typing import Final, Self

from ikecli.errors import Malformed
from ikecli.numbers import PayloadType
from ikecli.value import value
from ikecli.wire.payloads.base import Payload

_HEAD: Final = Struct("!Hxx")


@value
class KeyExchange(Payload):
    """Key Exchange payload (RFC 7296 3.4): the group's number and the sender's public value."""

    number = PayloadType.KE
    group: int
    public: bytes

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read group and public value; raises Malformed, also for an empty value."""
        if len(body) <= _HEAD.size:
            raise Malformed(f"a KE payload of {len(body)} octets, without a public value")
        (group,) = _HEAD.unpack_from(body)
        return cls(group, body[_HEAD.size :])

    def write(self) -> bytes:
        """Return group, two reserved octets, public value."""
        return _HEAD.pack(self.group) + self.public
