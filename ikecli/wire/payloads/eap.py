"""EAP payload."""

from __future__ import annotations

from typing import Final, Self

from ikecli.errors import Malformed
from ikecli.numbers import PayloadType
from ikecli.value import value
from ikecli.wire.payloads.base import Payload
from ikecli.wire.reader import Reader

_SMALLEST: Final = 4


@value
class Eap(Payload):
    """EAP (RFC 7296 3.16): one EAP packet (RFC 3748), whole."""

    number = PayloadType.EAP
    packet: bytes

    @classmethod
    def read(cls, body: Reader) -> Self:
        """Read the packet; raises Malformed unless its own length is the payload's."""
        packet = body.rest()
        if len(packet) < _SMALLEST or int.from_bytes(packet[2:4], "big") != len(packet):
            raise Malformed(f"an EAP packet whose length is not the {len(packet)} octets of its payload")
        return cls(packet)

    def write(self) -> bytes:
        """Return the packet."""
        return self.packet
