"""Delete payload."""

from __future__ import annotations

from struct import Struct
from typing import Final, Self

from ikecli.errors import Malformed
from ikecli.numbers import PayloadType, Protocol
from ikecli.value import value
from ikecli.wire.payloads.base import Payload
from ikecli.wire.reader import Reader

MAX_SPIS: Final = 1024
"""SPIs one Delete payload may list."""

_HEAD: Final = Struct("!BBH")
_SPI_SIZE: Final[dict[int, int]] = {Protocol.IKE: 0, Protocol.AH: 4, Protocol.ESP: 4}


@value
class Delete(Payload):
    """D (RFC 7296 3.11): the sender's inbound SAs that are gone; no SPI where `protocol` is IKE."""

    number = PayloadType.DELETE
    protocol: int
    spis: tuple[bytes, ...] = ()

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read protocol and SPIs; raises Malformed when they do not fit each other."""
        reader = Reader(body)
        protocol, size, count = reader.unpack(_HEAD)
        if size != _SPI_SIZE.get(protocol) or (count and not size) or count > MAX_SPIS:
            raise Malformed(f"a delete of {count} SPIs of {size} octets for protocol {protocol}")
        spis = tuple(reader.take(size) for _ in range(count))
        reader.finish("a delete")
        return cls(protocol, spis)

    def write(self) -> bytes:
        """Return protocol, SPI size, count, SPIs."""
        return _HEAD.pack(self.protocol, _SPI_SIZE[self.protocol], len(self.spis)) + b"".join(self.spis)
