"""The two times that appliances and planes are given: monotonic for timers, wall time for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Cancel(Protocol):
    """A timer that can be taken back."""

    def cancel(self) -> None:
        """Take it back; harmless when it already ran."""


class Clock(Protocol):
    """Time and timers. `now` is monotonic seconds that go on while the machine sleeps, `wall` seconds since 1970."""

    def now(self) -> float:
        """Return the monotonic time."""

    def wall(self) -> float:
        """Return the wall time."""

    def call_at(self, when: float, act: Callable[[], None]) -> Cancel:
        """Run `act` once `now()` has reached `when`, never from inside this call."""
