"""Pools of addresses: from what a configuration says to intent, none overlapping another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address
from typing import Any

from ikecli.config.complaints import Complaints
from ikecli.intent import Address, Pool

Span = tuple[Address, Address]
Named = tuple[str, str, list[Span], IPv4Address | None]
"""A pool: the field of the draft that it is in, its name, its ranges, and its mask."""


def pools_of(complaints: Complaints, named: Iterable[Named], rest: int = 0) -> tuple[Pool, ...]:
    """Return pools, without ranges that run backwards or share addresses with others.

    Addresses that come back rest for so many seconds.
    """
    taken: list[tuple[Span, str]] = []
    found = []
    for field, name, spans, mask in named:
        kept = tuple(_usable(complaints, (field, name), name, spans, taken))
        if kept:
            found.append(Pool(name, kept, mask, rest))
    return tuple(found)


def _usable(
    complaints: Complaints, where: tuple[Any, ...], name: str, spans: Iterable[Span], taken: list[tuple[Span, str]]
) -> Iterator[Span]:
    for first, last in spans:
        if int(last) < int(first):
            complaints.error(where, "", f"pool {name} ends at {last}, before it begins at {first}")
            continue
        other = next((one for span, one in taken if _overlap(span, (first, last))), None)
        if other is not None:
            why = f"the range {first} to {last} of pool {name} overlaps with pool {other}, so that it is not lent from"
            complaints.error(where, "", why)
            continue
        taken.append(((first, last), name))
        yield first, last


def _overlap(one: Span, other: Span) -> bool:
    same = one[0].version == other[0].version
    return same and int(one[0]) <= int(other[1]) and int(other[0]) <= int(one[1])
