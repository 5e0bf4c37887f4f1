"""Key Exchange payload."""

from __future__ import annotations

from struct import Struct
from typing import Final, Self

from ikecli.errors import Malformed
from ikecli.numbers import PayloadType
from ikecli.value import value
from ikecli.wire.payloads.base import Payload
from ikecli.wire.reader import Reader

_HEAD: Final = Struct("!Hxx")


@value
class KeyExchange(Payload):
    """Key Exchange payload (RFC 7296 3.4): the group's number and the sender's public value."""

    number = PayloadType.KE
    group: int
    public: bytes

    @classmethod
    def read(cls, body: Reader) -> Self:
        """Read group and public value; raises Malformed, also for an empty value."""
        (group,) = body.unpack(_HEAD)
        if not body.left:
            raise Malformed(f"an empty public value for group {group}")
        return cls(group, body.rest())

    def write(self) -> bytes:
        """Return group, two reserved octets, public value."""
        return _HEAD.pack(self.group) + self.public
