"""Proposals: from the configuration to the wire, and which of a peer's is taken (RFC 7296 2.7, 3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ikecli.intent import EspProposal, IkeProposal
from ikecli.numbers import ADDITIONAL, ALGORITHMS, BY_KEY, NO_KEY_EXCHANGE, Algorithm, Protocol, TransformType
from ikecli.value import value
from ikecli.wire.payloads import Proposal, Transform

_E, _P, _I, _K, _N = TransformType.ENCR, TransformType.PRF, TransformType.INTEG, TransformType.KE, TransformType.ESN
_ESN: Final = {flag: BY_KEY[(_N, int(flag), 0)] for flag in (False, True)}
_ADDITIONAL: Final = frozenset(ADDITIONAL)
_EXCHANGES: Final = _ADDITIONAL | {_K}
_MAY_BE_NONE: Final = _EXCHANGES | {_I}
_USUAL_COUNT: Final = 12
"""Transforms of a proposal of usual length."""
_KNOWN_MATCHES: Final = 512
_transform: Final = lru_cache(_KNOWN_MATCHES)(Transform)
"""Makes a transform of ours; there are few of them, and the same go out again and again."""
Additional = tuple[tuple[Algorithm, ...], ...]
"""For each additional key exchange its methods, best first."""
WORDS: Final = {_E: "encryption", _P: "prf", _I: "integrity", _K: "group", _N: "esn"} | {
    kind: f"additional-key-exchange {number}" for number, kind in enumerate(ADDITIONAL, 1)
}
"""What an operator calls a type of transform."""


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """One proposal as it goes on the wire: for each transform type the algorithms, most preferred first.

    There is one object for what is configured once: what fits it is remembered by it.
    """

    protocol: Protocol
    algorithms: Mapping[TransformType, tuple[Algorithm, ...]]

    def proposal(self, number: int, spi: bytes) -> Proposal:
        """Return it with a number and an SPI."""
        rows = [(kind, row) for kind, some in self.algorithms.items() for row in some]
        transforms = tuple([_transform(kind, row.number, row.key_bits) for kind, row in rows])
        return Proposal(number, self.protocol, spi, transforms)

    @property
    def groups(self) -> tuple[Algorithm, ...]:
        """The key exchange groups it allows."""
        return self.algorithms.get(_K, ())

    @property
    def additional(self) -> bool:
        """Whether it has additional key exchanges."""
        return TransformType.ADDKE1 in self.algorithms

    def plain(self) -> Offer | None:
        """Return it without additional key exchanges, or None where it needs one."""
        more = [rows for kind, rows in self.algorithms.items() if kind in ADDITIONAL]
        if not all(NO_KEY_EXCHANGE in rows for rows in more):
            return None
        left = {kind: rows for kind, rows in self.algorithms.items() if kind not in ADDITIONAL}
        return Offer(self.protocol, left)


@value
class Choice:
    """What was agreed: the proposal's number and SPI as the peer sent them, one algorithm of each type."""

    number: int
    spi: bytes
    protocol: Protocol
    algorithms: Mapping[TransformType, Algorithm]

    def proposal(self, spi: bytes) -> Proposal:
        """Return the accepted proposal with our own SPI."""
        transforms = tuple([_transform(kind, row.number, row.key_bits) for kind, row in self.algorithms.items()])
        return Proposal(self.number, self.protocol, spi, transforms)

    @property
    def additional(self) -> tuple[Algorithm, ...]:
        """The additional key exchanges to do, in order."""
        if _ADDITIONAL.isdisjoint(self.algorithms):
            return ()
        rows = (self.algorithms.get(kind, NO_KEY_EXCHANGE) for kind in ADDITIONAL)
        return tuple(row for row in rows if row is not NO_KEY_EXCHANGE)


ANY_EXCHANGE: Final = (
    *sorted((row for row in ALGORITHMS if row.type is _K and row.served), key=lambda row: not row.kem),
    NO_KEY_EXCHANGE,
)
"""Every method of an additional key exchange, and none: what is taken where nothing is configured."""


def anything(proposals: Iterable[Proposal]) -> Additional:
    """Return what takes any additional key exchanges that a peer offers."""
    kinds = [one.type for proposal in proposals for one in proposal.transforms if one.type in ADDITIONAL]
    return (ANY_EXCHANGE,) * (max(kinds, default=ADDITIONAL[0] - 1) - ADDITIONAL[0] + 1)


def ike_offers(proposals: Iterable[IkeProposal]) -> tuple[Offer, ...]:
    """Return what IKE proposals put on the wire; AEAD ciphers become a proposal of their own (RFC 5282 8)."""
    offers = []
    for one in proposals:
        for encryption, integrity in _by_kind(one.encryption, one.integrity):
            rows = {_E: encryption, _I: integrity, _P: _served(one.prf), _K: _served(one.groups)}
            rows |= _more(one.additional)
            if rows[_P] and rows[_K]:
                offers.append(Offer(Protocol.IKE, {kind: row for kind, row in rows.items() if row}))
    return tuple(offers)


def esp_offers(
    proposals: Iterable[EspProposal], groups: tuple[Algorithm, ...] = (), additional: Additional = ()
) -> tuple[Offer, ...]:
    """Return what ESP proposals put on the wire; `groups` and more only where the exchange can carry a KE payload."""
    offers = []
    for one in proposals:
        for encryption, integrity in _by_kind(one.encryption, one.integrity):
            esn = tuple(_ESN[flag] for flag in one.esn)
            rows = {_E: encryption, _I: integrity, _K: groups, **_more(additional), _N: esn}
            offers.append(Offer(Protocol.ESP, {kind: row for kind, row in rows.items() if row}))
    return tuple(offers)


@lru_cache(_KNOWN_MATCHES)
def no_stronger(offers: tuple[Offer, ...], cipher: Algorithm) -> tuple[Offer, ...]:
    """Return offers without the ciphers that are stronger than another."""
    left = []
    for offer in offers:
        rows = tuple(row for row in offer.algorithms[_E] if row.strength <= cipher.strength)
        if rows:
            left.append(Offer(offer.protocol, {**offer.algorithms, _E: rows}))
    return tuple(left)


def choose(
    offers: Sequence[Offer],
    proposals: Sequence[Proposal],
    prefer: int | None = None,
    ignore: frozenset[int] = frozenset(),
) -> Choice | None:
    """Return the first of our offers that one of the peer's proposals allows, or None.

    `prefer` is the group whose public value came along, taken where it is allowed; `ignore` are transform types
    that mean nothing in this exchange.
    """
    for offer in offers:
        for proposal in proposals:
            match = _known_match if len(proposal.transforms) <= _USUAL_COUNT else _match
            algorithms = match(offer, proposal.protocol, proposal.transforms, prefer, ignore)
            if algorithms is not None:
                return Choice(proposal.number, proposal.spi, offer.protocol, algorithms)
    return None


def accepted(offers: Sequence[Offer], proposals: Sequence[Proposal]) -> Choice | None:
    """Return what a responder chose of `offers` (numbered from 1), or None when that is no choice of them."""
    if len(proposals) != 1 or not 1 <= proposals[0].number <= len(offers):
        return None
    (proposal,) = proposals
    algorithms = _match(offers[proposal.number - 1], proposal.protocol, proposal.transforms, None, frozenset())
    if algorithms is None or len({one.type for one in proposal.transforms}) != len(proposal.transforms):
        return None
    return Choice(proposal.number, proposal.spi, offers[proposal.number - 1].protocol, algorithms)


def differing(offers: Sequence[Offer], proposals: Sequence[Proposal]) -> tuple[str, ...]:
    """Name the transform types without a common value, of the pair of proposals that differs least.

    Nothing where one of the pairs has all in common.
    """
    found: list[tuple[str, ...]] = []
    for offer in offers:
        for proposal in proposals:
            offered = _offered(proposal.transforms)
            kinds = [k for k in WORDS if not _agreeable(k, offer.algorithms.get(k), offered.get(k))]
            found.append(tuple(WORDS[k] for k in kinds))
    return min(found, key=len, default=("proposal",))


def _by_kind(
    encryption: Iterable[Algorithm], integrity: Iterable[Algorithm]
) -> list[tuple[tuple[Algorithm, ...], tuple[Algorithm, ...]]]:
    rows, checks = _served(encryption), _served(integrity)
    kinds = []
    for aead in dict.fromkeys(row.aead for row in rows):
        if aead or checks:
            kinds.append((tuple(row for row in rows if row.aead == aead), () if aead else checks))
    return kinds


def _served(rows: Iterable[Algorithm]) -> tuple[Algorithm, ...]:
    return tuple(row for row in rows if row.served)


def _more(additional: Additional) -> dict[TransformType, tuple[Algorithm, ...]]:
    """Return the rows of additional key exchanges by transform type."""
    return dict(zip(ADDITIONAL, map(_served, additional), strict=False))


def _offered(transforms: Iterable[Transform]) -> dict[int, set[tuple[int, int, int]]]:
    offered: dict[int, set[tuple[int, int, int]]] = {}
    for transform in transforms:
        keys = offered.setdefault(transform.type, set())
        if not transform.others:
            keys.add(transform.key)
    return offered


def _common(
    kind: int, rows: Sequence[Algorithm], offered: set[tuple[int, int, int]], used: frozenset[int] = frozenset()
) -> Algorithm | None:
    """Return the first of our rows that is offered; no key exchange method is `used` twice (RFC 9370 2.2.1)."""
    for row in rows:
        if (kind, row.number, row.key_bits) in offered and row.number not in used:
            return row
    return None


def _agreeable(kind: int, rows: Sequence[Algorithm] | None, offered: set[tuple[int, int, int]] | None) -> bool:
    """Tell whether two ends have something in common in a transform type, or can both do without."""
    if not rows or not offered:
        none = kind in _MAY_BE_NONE and (NO_KEY_EXCHANGE in (rows or ()) or (kind, 0, 0) in (offered or ()))
        return none or (not rows and not offered)
    return _common(kind, rows, offered) is not None


def _used(chosen: Mapping[TransformType, Algorithm]) -> frozenset[int]:
    """Return the key exchange methods among what is chosen."""
    return frozenset(row.number for kind, row in chosen.items() if kind in _EXCHANGES and row.number)


@lru_cache(_KNOWN_MATCHES)
def _known_match(
    offer: Offer, protocol: int, transforms: tuple[Transform, ...], prefer: int | None, ignore: frozenset[int]
) -> Mapping[TransformType, Algorithm] | None:
    """Match proposals of usual length; peers offer the same few again and again."""
    return _match(offer, protocol, transforms, prefer, ignore)


def _match(
    offer: Offer, protocol: int, transforms: tuple[Transform, ...], prefer: int | None, ignore: frozenset[int]
) -> Mapping[TransformType, Algorithm] | None:
    if protocol != offer.protocol:
        return None
    offered = _offered(transforms)
    for kind, keys in offered.items():
        if kind in offer.algorithms or kind in ignore:
            continue
        if kind not in _MAY_BE_NONE or (kind, 0, 0) not in keys:
            return None
    chosen: dict[TransformType, Algorithm] = {}
    for kind, rows in offer.algorithms.items():
        if kind == _K and prefer is not None:
            rows = tuple(sorted(rows, key=lambda row: row.number != prefer))
        if kind == _N and _N not in offered:
            offered[_N] = {_ESN[False].key}
        if kind not in offered and NO_KEY_EXCHANGE in rows:
            continue
        row = _common(kind, rows, offered.get(kind, set()), _used(chosen) if kind in _EXCHANGES else frozenset())
        if row is None:
            return None
        chosen[kind] = row
    if _ADDITIONAL.isdisjoint(offered):
        return chosen
    passed = (kind for kind in ADDITIONAL if kind in offered and kind not in chosen and kind not in ignore)
    return chosen | dict.fromkeys(passed, NO_KEY_EXCHANGE)
