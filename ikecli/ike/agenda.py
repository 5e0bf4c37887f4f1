"""One heap of times: an entry a key, checked when it comes up."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from heapq import heapify, heappop, heappush
from typing import Final, Generic, TypeVar

SLACK: Final = 64
"""Entries that no longer hold, beyond one for each that does, before they are swept out."""

Key = TypeVar("Key", bound=Hashable)


class Agenda(Generic[Key]):
    """When to look at what. An entry only ever moves forward: who finds nothing due yet sets it anew.

    `next` is when something is next to be looked at.
    """

    __slots__ = ("_heap", "_order", "_times", "next")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Key]] = []
        self._times: dict[Key, float] = {}
        self._order = 0
        self.next: float | None = None

    def set(self, key: Key, when: float) -> None:
        """Look at `key` no later than `when`."""
        known = self._times.get(key)
        if known is None or when < known:
            self._times[key] = when
            self._order += 1
            heappush(self._heap, (when, self._order, key))
            if self.next is None or when < self.next:
                self.next = when
            if len(self._heap) > 2 * len(self._times) + SLACK:
                self._sweep()

    def drop(self, key: Key) -> None:
        """Forget `key`."""
        if self._times.pop(key, None) == self.next:
            self._find()

    def due(self, now: float) -> Iterator[Key]:
        """Take out and yield all that is due."""
        while self.next is not None and self.next <= now:
            key = heappop(self._heap)[2]
            del self._times[key]
            self._find()
            yield key

    def _sweep(self) -> None:
        """Drop the entries that were moved forward or dropped."""
        live = {entry[2]: entry for entry in self._heap if self._times.get(entry[2]) == entry[0]}
        self._heap = list(live.values())
        heapify(self._heap)

    def _find(self) -> None:
        """Have the first entry that holds be the first in the heap, and note its time."""
        while self._heap and self._times.get(self._heap[0][2]) != self._heap[0][0]:
            heappop(self._heap)
        self.next = self._heap[0][0] if self._heap else None
