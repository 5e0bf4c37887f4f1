"""Security Association payload: proposals and their transforms."""

from __future__ import annotations

from functools import lru_cache
from struct import Struct
from typing import Final, NamedTuple, Self

from ikecli.errors import Malformed
from ikecli.numbers import KEY_LENGTH, PayloadType
from ikecli.value import value
from ikecli.wire.payloads.base import Payload
from ikecli.wire.reader import Reader

MAX_PROPOSALS: Final = 64
"""Proposals one SA payload may hold."""
MAX_TRANSFORMS: Final = 128
"""Transforms one proposal may hold."""
MAX_SPI: Final = 8
"""Octets of the longest SPI: an IKE SPI."""

_PROPOSAL: Final = Struct("!BxHBBBB")
_PROPOSAL_SIZE: Final = _PROPOSAL.size
_TRANSFORM: Final = Struct("!BxH")
_TRANSFORM_SIZE: Final = _TRANSFORM.size
_TYPE_ID: Final = Struct("!BxH")
_ATTRIBUTE: Final = Struct("!HH")
_MORE_PROPOSALS: Final = 2
_MORE_TRANSFORMS: Final = 3
_SPI_SIZE_AT: Final = 6
"""Where the first proposal has the size of its SPI."""
_SHORT_FORM: Final = 0x8000
_KNOWN_SHAPES: Final = 512
_USUAL_SIZE: Final = 128
"""Octets of the transforms of a proposal of usual length."""
_USUAL_COUNT: Final = 12
"""Transforms of such a proposal."""


class Transform(NamedTuple):
    """One algorithm on offer (RFC 7296 3.3.2, 3.3.5).

    `key_bits` is the Key Length attribute, 0 where there is none. `others` holds every other attribute verbatim;
    a transform that has some must not be chosen (3.3.6). It is a tuple because what was worked out for some transforms
    is found again by them.
    """

    type: int
    id: int
    key_bits: int = 0
    others: bytes = b""

    @property
    def key(self) -> tuple[int, int, int]:
        """What `numbers.BY_KEY` finds it by: type, transform id, key length in bits."""
        return self[:3]

    def write(self) -> bytes:
        """Return type, id and attributes, without the substructure's header."""
        length = _ATTRIBUTE.pack(_SHORT_FORM | KEY_LENGTH, self.key_bits) if self.key_bits else b""
        return _TYPE_ID.pack(self.type, self.id) + length + self.others


@value
class Proposal:
    """One way to protect the SA (RFC 7296 3.3.1): transforms of one type are alternatives."""

    number: int
    protocol: int
    spi: bytes
    transforms: tuple[Transform, ...]

    def write(self) -> bytes:
        """Return number, protocol, SPI and transforms, without the substructure's header."""
        write = _known_octets if len(self.transforms) <= _USUAL_COUNT else _write_transforms
        head = bytes((self.number, self.protocol, len(self.spi), len(self.transforms)))
        return head + self.spi + write(self.transforms)


@value
class SecurityAssociation(Payload):
    """SA payload (RFC 7296 3.3): proposals, most preferred first."""

    number = PayloadType.SA
    proposals: tuple[Proposal, ...]

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read proposals up to the one marked last; raises Malformed."""
        usual = len(body) <= _USUAL_SIZE and body[_SPI_SIZE_AT : _SPI_SIZE_AT + 1] == b"\0"
        return cls((_known_proposals if usual else _read_proposals)(body))

    def write(self) -> bytes:
        """Return the proposals, each marked whether another follows."""
        return _chained([proposal.write() for proposal in self.proposals], _MORE_PROPOSALS)


@lru_cache(_KNOWN_SHAPES)
def _known_proposals(body: bytes) -> tuple[Proposal, ...]:
    """Read proposals of usual size without SPIs; peers begin with the same few again and again."""
    return _read_proposals(body)


def _read_proposals(body: bytes) -> tuple[Proposal, ...]:
    proposals: list[Proposal] = []
    more, at, end = _MORE_PROPOSALS, 0, len(body)
    while more == _MORE_PROPOSALS:
        if len(proposals) == MAX_PROPOSALS:
            raise Malformed(f"more than {MAX_PROPOSALS} proposals")
        spi_at = at + _PROPOSAL_SIZE
        if spi_at > end:
            raise Malformed(f"a proposal of {end - at} octets")
        more, length, number, protocol, spi_size, count = _PROPOSAL.unpack_from(body, at)
        if spi_size > MAX_SPI:
            raise Malformed(f"an SPI of {spi_size} octets in proposal {number}")
        transforms_at = spi_at + spi_size
        at += length
        if not transforms_at <= at <= end:
            raise Malformed(f"proposal {number} of {length} octets where {end - at + length} are left")
        octets = body[transforms_at:at]
        read = _known_transforms if len(octets) <= _USUAL_SIZE else _read_transforms
        proposals.append(Proposal(number, protocol, body[spi_at:transforms_at], read(octets, count)))
    if more:
        raise Malformed(f"a proposal followed by substructure {more}")
    if at != end:
        raise Malformed(f"{end - at} octets too many in an SA payload")
    return tuple(proposals)


def _chained(bodies: list[bytes], more: int) -> bytes:
    """Return substructures one after another, each with its header, which says whether `more` follow."""
    octets, follows = b"", 0
    for body in reversed(bodies):
        octets = _TRANSFORM.pack(follows, len(body) + _TRANSFORM_SIZE) + body + octets
        follows = more
    return octets


@lru_cache(_KNOWN_SHAPES)
def _known_octets(transforms: tuple[Transform, ...]) -> bytes:
    """Write transforms of usual number; the same few go out again and again."""
    return _write_transforms(transforms)


def _write_transforms(transforms: tuple[Transform, ...]) -> bytes:
    return _chained([one.write() for one in transforms], _MORE_TRANSFORMS)


@lru_cache(_KNOWN_SHAPES)
def _known_transforms(octets: bytes, count: int) -> tuple[Transform, ...]:
    """Read transforms of usual size; peers offer the same few again and again, so the values are shared."""
    return _read_transforms(octets, count)


def _read_transforms(octets: bytes, count: int) -> tuple[Transform, ...]:
    if count > MAX_TRANSFORMS:
        raise Malformed(f"{count} transforms in a proposal")
    part = Reader(octets)
    transforms = []
    for left in range(count - 1, -1, -1):
        more, length = part.unpack(_TRANSFORM)
        if more != (_MORE_TRANSFORMS if left else 0):
            raise Malformed(f"a transform followed by substructure {more} where {left} transforms are left")
        transforms.append(_transform(part.part(length - _TRANSFORM_SIZE)))
    part.finish("a proposal")
    return tuple(transforms)


def _transform(body: Reader) -> Transform:
    """Read one transform."""
    type, id = body.unpack(_TYPE_ID)
    key_bits, others = 0, b""
    while body.left:
        kind, value = body.unpack(_ATTRIBUTE)
        if kind == _SHORT_FORM | KEY_LENGTH and value and not key_bits:
            key_bits = value
        else:
            long = b"" if kind & _SHORT_FORM else body.take(value)
            others += _ATTRIBUTE.pack(kind, value) + long
    return Transform(type, id, key_bits, others)
