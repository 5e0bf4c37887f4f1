"""Notify payload."""

from __future__ import annotations

from struct import Struct
from typing import Final, Self

from ikecli.errors import Malformed
from ikecli.numbers import FIRST_STATUS, PayloadType, Protocol
from ikecli.value import value
from ikecli.wire.payloads.base import Payload
from ikecli.wire.payloads.sa import MAX_SPI

_HEAD: Final = Struct("!BBH")
_HEAD_SIZE: Final = _HEAD.size


@value
class Notify(Payload):
    """N (RFC 7296 3.10): an error or a status, about the SA that `protocol` and `spi` name where they do."""

    number = PayloadType.NOTIFY
    type: int
    data: bytes = b""
    protocol: int = Protocol.NONE
    spi: bytes = b""

    @property
    def is_error(self) -> bool:
        """Whether it reports an error rather than a status."""
        return self.type < FIRST_STATUS

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read type, SA and data; raises Malformed."""
        if len(body) < _HEAD_SIZE:
            raise Malformed(f"a notify of {len(body)} octets")
        protocol, spi_size, type = _HEAD.unpack_from(body)
        if not spi_size:
            return cls(type, body[_HEAD_SIZE:], protocol)
        data_at = _HEAD_SIZE + spi_size
        if spi_size > MAX_SPI or data_at > len(body):
            raise Malformed(f"an SPI of {spi_size} octets in a notify of {len(body)}")
        return cls(type, body[data_at:], protocol, body[_HEAD_SIZE:data_at])

    def write(self) -> bytes:
        """Return protocol, SPI size, type, SPI, data."""
        return _HEAD.pack(self.protocol, len(self.spi), self.type) + self.spi + self.data
