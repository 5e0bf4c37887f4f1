"""Traffic Selector payloads."""

from __future__ import annotations

from functools import lru_cache
from struct import Struct
from typing import Final, NamedTuple, Self

from ikecli.errors import Malformed
from ikecli.numbers import PayloadType, TsType
from ikecli.value import value
from ikecli.wire.payloads.base import Payload
from ikecli.wire.reader import Reader

MAX_SELECTORS: Final = 255
"""Selectors one payload may hold; the count is one octet."""
OPAQUE: Final = (65535, 0)
"""The start and end port that mean OPAQUE: only packets whose port cannot be read (RFC 4301 4.4.1.1)."""

_KNOWN: Final = 512
_USUAL_COUNT: Final = 4
_USUAL_SIZE: Final = 104
"""Octets of the bodies and number of the selectors that are remembered."""
_HEAD: Final = Struct("!Bxxx")
_SELECTOR: Final = Struct("!BBH")
_ADDRESS_SIZE: Final[dict[int, int]] = {TsType.IPV4_ADDR_RANGE: 4, TsType.IPV6_ADDR_RANGE: 16}
_RANGES: Final = {type: Struct(f"!HH{size}s{size}s") for type, size in _ADDRESS_SIZE.items()}
"""Ports and addresses of a selector, by its type."""


class TrafficSelector(NamedTuple):
    """A range of addresses, of ports and one protocol, 0 for any (RFC 7296 3.13.1).

    `start` and `end` are addresses as numbers, of the family that `type` says, both inside the range. It is a tuple
    because what was worked out for some selectors is found again by them.
    """

    type: int
    protocol: int
    start_port: int
    end_port: int
    start: int
    end: int

    def write(self) -> bytes:
        """Return the whole selector."""
        shape, size = _RANGES[self.type], _ADDRESS_SIZE[self.type]
        head = _SELECTOR.pack(self.type, self.protocol, _SELECTOR.size + shape.size)
        ends = self.start.to_bytes(size, "big"), self.end.to_bytes(size, "big")
        return head + shape.pack(self.start_port, self.end_port, *ends)


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
    def read(cls, body: bytes) -> Self:
        """Read the selectors; raises Malformed, also for a range that ends before it starts."""
        return cls(*(_known if len(body) <= _USUAL_SIZE else _read)(body))

    def write(self) -> bytes:
        """Return the count and the selectors, unknown ones last."""
        few = len(self.selectors) <= _USUAL_COUNT and not self.others
        return (_known_octets if few else _write)(self.selectors, self.others)


Selectors = tuple[tuple[TrafficSelector, ...], tuple[UnknownSelector, ...]]


@lru_cache(_KNOWN)
def _known(body: bytes) -> Selectors:
    """Read selectors of usual number; peers name the same few again and again."""
    return _read(body)


@lru_cache(_KNOWN)
def _known_octets(selectors: tuple[TrafficSelector, ...], others: tuple[UnknownSelector, ...]) -> bytes:
    """Write selectors of usual number."""
    return _write(selectors, others)


def _write(selectors: tuple[TrafficSelector, ...], others: tuple[UnknownSelector, ...]) -> bytes:
    octets = [one.write() for one in selectors] + [one.write() for one in others]
    return _HEAD.pack(len(octets)) + b"".join(octets)


def _read(body: bytes) -> Selectors:
    reader = Reader(body)
    (count,) = reader.unpack(_HEAD)
    if not count:
        raise Malformed("no traffic selector in a payload of them")
    known: list[TrafficSelector] = []
    others: list[UnknownSelector] = []
    for _ in range(count):
        type, protocol, length = reader.unpack(_SELECTOR)
        rest = reader.take(length - _SELECTOR.size)
        if type in _RANGES:
            known.append(_selector(type, protocol, rest))
        else:
            others.append(UnknownSelector(type, protocol, rest))
    reader.finish("traffic selectors")
    return tuple(known), tuple(others)


def _selector(type: int, protocol: int, octets: bytes) -> TrafficSelector:
    shape = _RANGES[type]
    if len(octets) != shape.size:
        raise Malformed(f"a traffic selector of type {type} with {len(octets)} octets of ports and addresses")
    start_port, end_port, low, high = shape.unpack(octets)
    start, end = int.from_bytes(low, "big"), int.from_bytes(high, "big")
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
