"""Configuration payload."""

from __future__ import annotations

from struct import Struct
from typing import Final, Self

from ikecli.errors import Malformed
from ikecli.numbers import PayloadType
from ikecli.value import value
from ikecli.wire.payloads.base import Payload
from ikecli.wire.reader import Reader

MAX_ATTRIBUTES: Final = 256
"""Attributes one Configuration payload may hold."""

_HEAD: Final = Struct("!Bxxx")
_ATTRIBUTE: Final = Struct("!HH")
_TYPE_BITS: Final = 0x7FFF


@value
class ConfigurationAttribute:
    """One setting asked for, given or acknowledged (RFC 7296 3.15.1); an empty value asks."""

    type: int
    value: bytes = b""


@value
class Configuration(Payload):
    """CP (RFC 7296 3.15): request, reply, set or acknowledgement of settings such as an inner address."""

    number = PayloadType.CP
    type: int
    attributes: tuple[ConfigurationAttribute, ...] = ()

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read type and attributes; raises Malformed."""
        reader = Reader(body)
        (type,) = reader.unpack(_HEAD)
        attributes: list[ConfigurationAttribute] = []
        while reader.left:
            if len(attributes) == MAX_ATTRIBUTES:
                raise Malformed(f"more than {MAX_ATTRIBUTES} configuration attributes")
            kind, length = reader.unpack(_ATTRIBUTE)
            attributes.append(ConfigurationAttribute(kind & _TYPE_BITS, reader.take(length)))
        return cls(type, tuple(attributes))

    def write(self) -> bytes:
        """Return type, three reserved octets, attributes."""
        written = [_ATTRIBUTE.pack(a.type, len(a.value)) + a.value for a in self.attributes]
        return _HEAD.pack(self.type) + b"".join(written)
