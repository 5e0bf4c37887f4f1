"""Passwords are tried one after the other and, after a wrong one, ever more slowly, over whatever session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from ikecli.boundary.clock import Clock

SLOWEST: Final = 30.0
"""Seconds between tries at most."""

Result = TypeVar("Result")


class Guard:
    """One appliance's pace of password tries."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._open_at = 0.0

    def try_password(self, verify: Callable[[], Result], found: Callable[[Result], None]) -> None:
        """Have `verify` run when its time has come, and `found` take the result; None or False is a wrong password."""
        now = self._clock.now()
        if now < self._open_at:
            self._clock.call_at(self._open_at, lambda: self.try_password(verify, found))
            return
        result = verify()
        if result is None or result is False:
            self._open_at = now + min(2.0**self._failures, SLOWEST)
            self._failures += 1
        else:
            self._failures = 0
        found(result)
