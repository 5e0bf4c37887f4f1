"""EAP payload."""

from __future__ import annotations

from typing import Final, Self

from ikecli.errors import Malformed
from ikecli.numbers import PayloadType
from ikecli.value import value
from ikecli.wire.payloads.base import Payload

_SMALLEST: Final = 4


@value
class Eap(Payload):
    """EAP (RFC 7296 3.16): one EAP packet (RFC 3748), whole."""

    number = PayloadType.EAP
    packet: bytes

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read the packet; raises Malformed unless its own length is the payload's."""
        if len(body) < _SMALLEST or int.from_bytes(body[2:4], "big") != len(body):
            raise Malformed(f"an EAP packet whose length is not the {len(body)} octets of its payload")
        return cls(body)

    def write(self) -> bytes:
        """Return the packet."""
        return self.packet
