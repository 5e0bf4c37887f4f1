"""Virtual time: hours pass in no time, and always in the same order."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Final

EPOCH: Final = 1_767_225_600.0
"""Wall time at virtual zero: the first second of 2026."""


class Timer:
    """An entry of the virtual clock's agenda."""

    __slots__ = ("act", "cancelled")

    def __init__(self, act: Callable[[], None]) -> None:
        self.act = act
        self.cancelled = False

    def cancel(self) -> None:
        """Take it back."""
        self.cancelled = True


class VirtualClock:
    """A clock that stands still until it is told to go on; what is due at one time runs in order of entry."""

    def __init__(self) -> None:
        self._now = 0.0
        self._order = 0
        self._agenda: list[tuple[float, int, Timer]] = []

    def now(self) -> float:
        """Return seconds since the clock began."""
        return self._now

    def wall(self) -> float:
        """Return seconds since 1970, as if begun at EPOCH."""
        return EPOCH + self._now

    def call_at(self, when: float, act: Callable[[], None]) -> Timer:
        """Put `act` on the agenda."""
        timer = Timer(act)
        self._order += 1
        heapq.heappush(self._agenda, (max(when, self._now), self._order, timer))
        return timer

    def advance(self, seconds: float) -> None:
        """Let time pass, running what becomes due."""
        self.run(until=self._now + seconds)

    def run(self, until: float, stop: Callable[[], bool] = lambda: False) -> bool:
        """Run what is due up to `until`, or until `stop()`; return whether it stopped so."""
        while not stop():
            if not self._agenda or self._agenda[0][0] > until:
                self._now = max(self._now, until)
                return stop()
            when, _, timer = heapq.heappop(self._agenda)
            self._now = max(self._now, when)
            if not timer.cancelled:
                timer.act()
        return True
