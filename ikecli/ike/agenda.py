"""One heap of times: an entry a key, checked when it comes up."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from heapq import heappop, heappush
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Agenda(Generic[Key]):
    """When to look at what. An entry only ever moves forward: who finds nothing due yet sets it anew."""

    __slots__ = ("_heap", "_order", "_times")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Key]] = []
        self._times: dict[Key, float] = {}
        self._order = 0

    def set(self, key: Key, when: float) -> None:
        """Look at `key` no later than `when`."""
        known = self._times.get(key)
        if known is None or when < known:
            self._times[key] = when
            self._order += 1
            heappush(self._heap, (when, self._order, key))

    def drop(self, key: Key) -> None:
        """Forget `key`."""
        self._times.pop(key, None)

    def due(self, now: float) -> Iterator[Key]:
        """Take out and yield all that is due."""
        while self.next is not None and self._heap[0][0] <= now:
            key = heappop(self._heap)[2]
            del self._times[key]
            yield key

    @property
    def next(self) -> float | None:
        """When something is next to be looked at."""
        while self._heap and self._times.get(self._heap[0][2]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None
