"""Marks (reqids): what ties the SAs in the kernel to the policies that use them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

from ikecli.boundary.effects import Direction
from ikecli.errors import Unavailable

LAST: Final = 0xFFFF


@dataclass(slots=True)
class Group:
    """The Child SAs of one mark: generations of one SA, of which the newest sends.

    A `lasting` one is a connection's own and stays without SAs; `ways` counts the directions that are in.
    """

    connection: str
    reqid: int
    key: Hashable
    lasting: bool
    ways: Counter[Direction] = field(default_factory=Counter)


class Marks:
    """The groups by key and by mark; a mark's upper half is the engine's own."""

    def __init__(self) -> None:
        self._by_key: dict[Hashable, Group] = {}
        self._by_mark: dict[int, Group] = {}
        self._last = 0

    def group(self, owner: int, key: Hashable, connection: str) -> Group:
        """Return the group of a key, a new one if need be; raises Unavailable.

        One whose key is its connection lasts.
        """
        known = self._by_key.get(key)
        if known is None:
            if len(self._by_mark) >= LAST:
                raise Unavailable(f"the data plane tells {LAST} kinds of SAs apart, and no more")
            while self._last in self._by_mark or not self._last:
                self._last = (self._last + 1) & LAST
            known = Group(connection, owner << 16 | self._last, key, key == connection)
            self._by_key[key] = self._by_mark[self._last] = known
        return known

    def known(self, key: Hashable) -> int:
        """Return the mark of a key that has a group, else 0."""
        found = self._by_key.get(key)
        return 0 if found is None else found.reqid

    def of(self, reqid: int) -> Group | None:
        """Return the group of a mark."""
        return self._by_mark.get(reqid & LAST)

    def drop(self, group: Group) -> None:
        """Forget a group."""
        self._by_key.pop(group.key, None)
        self._by_mark.pop(group.reqid & LAST, None)
