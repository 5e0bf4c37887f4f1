"""Traffic Selector payloads."""

from __future__ import annotations

from struct import Struct
from typing import Final, Self

from ikecli.errors import Malformed
from ikecli.numbers import PayloadType, TsType
from ikecli.value import value
from ikecli.wire.payloads.base import Payload
from ikecli.wire.reader import Reader

MAX_SELECTORS: Final = 255
"""Selectors one payload may hold; the count is one octet."""
OPAQUE: Final = (65535, 0)
"""The start and end port that mean OPAQUE: only packets whose port cannot be read (RFC 4301 4.4.1.1)."""

_HEAD: Final = Struct("!Bxxx")
_SELECTOR: Final = Struct("!BBH")
_PORTS: Final = Struct("!HH")
_ADDRESS_SIZE: Final[dict[int, int]] = {TsType.IPV4_ADDR_RANGE: 4, TsType.IPV6_ADDR_RANGE: 16}


@value
class TrafficSelector:
    """A range of addresses, of ports and one protocol, 0 for any (RFC 7296 3.13.1).

    `start` and `end` are addresses as numbers, of the family that `type` says, both inside the range.
    """

    type: int
    protocol: int
    start_port: int
    end_port: int
    start: int
    end: int

    def write(self) -> bytes:
        """Return the whole selector."""
        size = _ADDRESS_SIZE[self.type]
        head = _SELECTOR.pack(self.type, self.protocol, _SELECTOR.size + _PORTS.size + 2 * size)
        ports = _PORTS.pack(self.start_port, self.end_port)
        return head + ports + self.start.to_bytes(size, "big") + self.end.to_bytes(size, "big")


@value
class UnknownSelector:
    """A selector of a type that is not read here: its second octet and what follows its length, verbatim."""

    type: int
    protocol: int
    body: bytes

    def write(self) -> bytes:
        """Return the whole selector."""
        return _SELECTOR.pack(self.type, self.protocol, _SELECTOR.size + len(self.body)) + self.body


@value
class TrafficSelectors(Payload):
    """The traffic of one end (RFC 7296 3.13); `others` are selectors of unknown types, which match nothing."""

    selectors: tuple[TrafficSelector, ...]
    others: tuple[UnknownSelector, ...] = ()

    @classmethod
    def read(cls, body: Reader) -> Self:
        """Read the selectors; raises Malformed, also for a range that ends before it starts."""
        (count,) = body.unpack(_HEAD)
        if not count:
            raise Malformed("no traffic selector in a payload of them")
        known: list[TrafficSelector] = []
        others: list[UnknownSelector] = []
        for _ in range(count):
            type, protocol, length = body.unpack(_SELECTOR)
            part = body.part(length - _SELECTOR.size)
            if type in _ADDRESS_SIZE:
                known.append(_selector(type, protocol, part))
            else:
                others.append(UnknownSelector(type, protocol, part.rest()))
        body.finish("traffic selectors")
        return cls(tuple(known), tuple(others))

    def write(self) -> bytes:
        """Return the count and the selectors, unknown ones last."""
        selectors = [s.write() for s in self.selectors] + [s.write() for s in self.others]
        return _HEAD.pack(len(selectors)) + b"".join(selectors)


def _selector(type: int, protocol: int, part: Reader) -> TrafficSelector:
    size = _ADDRESS_SIZE[type]
    start_port, end_port = part.unpack(_PORTS)
    start, end = int.from_bytes(part.take(size), "big"), int.from_bytes(part.take(size), "big")
    part.finish("a traffic selector")
    if start > end or (start_port > end_port and (start_port, end_port) != OPAQUE):
        raise Malformed("a traffic selector that ends before it starts")
    return TrafficSelector(type, protocol, start_port, end_port, start, end)


@value
class TsInitiator(TrafficSelectors):
    """TSi: traffic at the initiator's end."""

    number = PayloadType.TSi


@value
class TsResponder(TrafficSelectors):
    """TSr: traffic at the responder's end."""

    number = PayloadType.TSr
