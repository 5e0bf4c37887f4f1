"""Traffic selectors: to and from the wire, and what two ends have in common (RFC 7296 2.9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from itertools import islice, product
from typing import Final

from ikecli.ike.limits import MAX_NAMED, MAX_PAIRS
from ikecli.intent import Selector
from ikecli.intent.selectors import ANY_PROTOCOL
from ikecli.numbers import TsType
from ikecli.wire.payloads import OPAQUE, TrafficSelector, TrafficSelectors

_TYPES: Final = {4: TsType.IPV4_ADDR_RANGE, 6: TsType.IPV6_ADDR_RANGE}
_KNOWN: Final = 512
_USUAL_COUNT: Final = 4
"""Selectors of one end that are remembered."""
Pair = tuple[Selector, Selector]
"""A local and a remote selector."""


class Grain(Enum):
    """What a peer takes in one Child SA of a connection."""

    ALL = "all lines"
    LINE = "one line"
    HOSTS = "one pair of hosts"


def to_wire(selectors: Iterable[Selector]) -> tuple[TrafficSelector, ...]:
    """Return selectors as payloads hold them."""
    return tuple([_on_wire(one.numbers) for one in selectors])


@lru_cache(_KNOWN)
def _on_wire(numbers: tuple[int, ...]) -> TrafficSelector:
    """Return the selector of these numbers; the same few go out again and again."""
    version, first, last, protocol, first_port, last_port = numbers
    return TrafficSelector(_TYPES[version], protocol, first_port, last_port, first, last)


def from_wire(payload: TrafficSelectors) -> tuple[Selector, ...]:
    """Return what a payload selects, without selectors of OPAQUE ports, which no flow here has."""
    return (_known if len(payload.selectors) <= _USUAL_COUNT else _selected)(payload.selectors)


@lru_cache(_KNOWN)
def _known(selectors: tuple[TrafficSelector, ...]) -> tuple[Selector, ...]:
    """Return what usual selectors mean; peers name the same few again and again."""
    return _selected(selectors)


def _selected(selectors: tuple[TrafficSelector, ...]) -> tuple[Selector, ...]:
    return tuple(
        Selector(kind(one.start), kind(one.end), one.protocol, one.start_port, one.end_port)
        for one in selectors
        if (one.start_port, one.end_port) != OPAQUE
        for kind in (IPv4Address if one.type == TsType.IPV4_ADDR_RANGE else IPv6Address,)
    )


def narrow(flows: Sequence[Pair], local: Sequence[Selector], remote: Sequence[Selector]) -> tuple[Pair, ...]:
    """Return what of `flows` lies in the selectors that a peer named, at most MAX_PAIRS, none inside another.

    Of what the peer named MAX_NAMED a side are looked at, so that no message costs more than a moment.
    """
    if len(flows) == len(local) == len(remote) == 1 and flows[0] == (local[0], remote[0]):
        return (flows[0],)
    local, remote = widest(local), widest(remote)
    pairs: dict[Pair, None] = {}
    for here, there in flows:
        heres = _common(here, local)
        theres = _common(there, remote) if heres else []
        if len(heres) == len(theres) == len(flows) == 1:
            return ((heres[0], theres[0]),)
        pairs |= dict.fromkeys(islice(product(heres, theres), MAX_PAIRS - len(pairs)))
        if len(pairs) >= MAX_PAIRS:
            break
    if len(pairs) < 2:
        return tuple(pairs)
    return tuple(pair for pair in pairs if not any(pair is not other and inside(pair, other) for other in pairs))


def sides(pairs: Iterable[Pair]) -> tuple[tuple[Selector, ...], tuple[Selector, ...]]:
    """Return the local and the remote selectors of pairs, each once."""
    local, remote = zip(*pairs, strict=True)
    if len(local) == 1:
        return local, remote
    return tuple(dict.fromkeys(local)), tuple(dict.fromkeys(remote))


def all_within(selectors: Iterable[Selector], offered: Iterable[Selector]) -> bool:
    """Tell whether a peer's narrowed selectors lie in what was offered."""
    wide = tuple(offered)
    return all(any(_within(one, other) for other in wide) for one in selectors)


def _common(flow: Selector, named: Iterable[Selector]) -> list[Selector]:
    found = []
    for one in named:
        common = flow if one == flow else flow.intersection(one)
        if common is not None:
            found.append(common)
    return found


def widest(named: Sequence[Selector]) -> list[Selector]:
    """Return selectors without those that lie inside of others."""
    if len(named) < 2:
        return list(named)
    each = list(dict.fromkeys(named))[:MAX_NAMED]
    return [one for one in each if not any(one is not other and _within(one, other) for other in each)]


def inside(pair: Pair, other: Pair) -> bool:
    """Tell whether all that a pair selects is selected by another, too."""
    return _within(pair[0], other[0]) and _within(pair[1], other[1])


def _within(one: Selector, wide: Selector) -> bool:
    """Tell what `one.within(wide)` tells, without making a selector."""
    (version, first, last, *_), (wide_version, wide_first, wide_last, *_) = one.numbers, wide.numbers
    return (
        version == wide_version
        and wide_first <= first
        and last <= wide_last
        and wide.protocol in (ANY_PROTOCOL, one.protocol)
        and wide.first_port <= one.first_port
        and one.last_port <= wide.last_port
    )
