"""Proposals, suites and selectors as events show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from ikecli.ike.choose import Choice, Offer
from ikecli.ike.limits import TOLD_PROPOSALS, TOLD_ROWS
from ikecli.ike.selectors import Pair
from ikecli.intent import Selector
from ikecli.numbers import ADDITIONAL, BY_KEY, NO_KEY_EXCHANGE, Algorithm, TransformType
from ikecli.wire.payloads import Proposal


def algorithm(row: Algorithm) -> str:
    """Name one algorithm ("AES-CBC-256", "SHA256", "Group 14")."""
    if row.type == TransformType.KE:
        return f"Group {row.number}"
    if row.type == TransformType.ESN:
        return row.name
    return f"{row.show}-{row.key_bits}" if row.key_bits else row.show


def method(row: Algorithm) -> str:
    """Name a key exchange method ("ML-KEM-768", "Group-19", "NONE")."""
    return row.show if row.kem or row is NO_KEY_EXCHANGE else f"Group-{row.number}"


def offers(rows: Iterable[Offer]) -> tuple[str, ...]:
    """Show our proposals."""
    return tuple(" ".join(_named(kind, row) for kind, rows in one.algorithms.items() for row in rows) for one in rows)


def proposals(rows: Iterable[Proposal]) -> tuple[str, ...]:
    """Show a peer's proposals; algorithms not known here by their numbers."""
    listed = list(rows)
    told = tuple(
        _cut([_transform(one.key) for one in proposal.transforms], " ") for proposal in listed[:TOLD_PROPOSALS]
    )
    return told if len(listed) == len(told) else (*told, f"and {len(listed) - len(told)} more")


def choice(chosen: Choice) -> str:
    """Show what was agreed."""
    return " ".join(_named(kind, row) for kind, row in chosen.algorithms.items())


def pairs(rows: Iterable[Pair]) -> tuple[str, ...]:
    """Show selector pairs."""
    return tuple(f"{local} -> {remote}" for local, remote in islice(rows, TOLD_ROWS))


def selectors(local: Sequence[Selector], remote: Sequence[Selector]) -> tuple[str, ...]:
    """Show what a peer named for both ends."""
    return (f"{_listed(local)} -> {_listed(remote)}",)


def _listed(rows: Sequence[Selector]) -> str:
    return _cut([str(one) for one in rows[: TOLD_ROWS + 1]], ", ") or "nothing"


def _cut(words: Sequence[str], between: str) -> str:
    more = len(words) > TOLD_ROWS
    return between.join([*words[:TOLD_ROWS], "..."] if more else words)


def _named(kind: TransformType, row: Algorithm) -> str:
    return f"{kind.name}:{method(row)}" if kind in ADDITIONAL else algorithm(row)


def _transform(key: tuple[int, int, int]) -> str:
    kind, number, bits = key
    if kind in ADDITIONAL:
        row = BY_KEY.get((TransformType.KE, number, bits), NO_KEY_EXCHANGE if not number else None)
        return _named(TransformType(kind), row) if row is not None else f"ADDKE{kind - ADDITIONAL[0] + 1}:{number}"
    for row_kind in TransformType:
        if row_kind == kind and (row := BY_KEY.get((row_kind, number, bits))) is not None:
            return algorithm(row)
    return f"{kind}/{number}" + (f"/{bits}" if bits else "")
