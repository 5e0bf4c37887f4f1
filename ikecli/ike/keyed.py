"""Keys by whom they are for: of many, few are looked at to find the one for a peer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from ikecli.intent import Address, Credential, Identity, IdentityMatch, Ppk, Prefix

Score = tuple[int, int]
Row = TypeVar("Row")
Keyed = TypeVar("Keyed", Credential, Ppk)


class Keys(Generic[Keyed]):
    """The keys of a keyring. One is found by the peer's identity, else by its address, the most specific one."""

    def __init__(self, rows: tuple[Keyed, ...]) -> None:
        """Sort the rows by the one identity, or the addresses, that they are for; the rest are always looked at."""
        self.rows: tuple[Keyed, ...] = rows
        self._by_name: dict[tuple[int, bytes], list[int]] = {}
        self._by_address: dict[Address, list[int]] = {}
        self._others: list[int] = []
        for number, row in enumerate(rows):
            match = row.identity
            if match is not None and match.type is not None and match.network is None and not match.domain:
                self._by_name.setdefault((match.type, match.value.lower()), []).append(number)
            elif match is None and row.addresses and all(one.num_addresses == 1 for one in row.addresses):
                for one in row.addresses:
                    self._by_address.setdefault(one.network_address, []).append(number)
            else:
                self._others.append(number)

    def find(self, identity: Identity, remote: Address) -> Keyed | None:
        """Return the row for a peer of this identity at this address."""
        if not self.rows:
            return None

        def fit(row: Keyed) -> tuple[int, Score] | None:
            if row.identity is not None:
                return (2, specificity(row.identity)) if row.identity.matches(identity) else None
            length = longest(row.addresses, remote)
            return None if length is None else (bool(row.addresses), (length, 0))

        numbers = self._others
        if self._by_name or self._by_address:
            named: Sequence[int] = self._by_name.get((identity.type, identity.data.lower()), ())
            numbers = sorted((*named, *self._by_address.get(remote, ()), *self._others))
        return best([self.rows[number] for number in numbers], fit)


def best(rows: Sequence[Row], fit: Callable[[Row], tuple[object, ...] | None]) -> Row | None:
    """Return the first row of the highest score; a score of None does not fit."""
    if len(rows) == 1:
        return rows[0] if fit(rows[0]) is not None else None
    found: Row | None = None
    highest: tuple[object, ...] = ()
    for row in rows:
        score = fit(row)
        if score is not None and (found is None or score > highest):
            found, highest = row, score
    return found


def specificity(match: IdentityMatch) -> Score:
    """Return how closely a match says whom it is for."""
    if match.type is None:
        return (0, 0)
    if match.network is not None:
        return (1, match.network.prefixlen)
    return (2, len(match.value)) if match.domain else (3, 0)


def longest(prefixes: Sequence[Prefix], address: Address) -> int | None:
    """Return the longest length of the prefixes that hold an address, plus one; 0 of none; None when all miss."""
    if not prefixes:
        return 0
    lengths = [one.prefixlen + 1 for one in prefixes if address in one]
    return max(lengths) if lengths else None
