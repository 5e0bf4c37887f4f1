"""Passwords are tried one after the other and, after a wrong one, ever more slowly, over whatever session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from ikecli.boundary.clock import Cancel, Clock
from ikecli.errors import Rejected

SLOWEST: Final = 30.0
"""Seconds between tries at most."""

WAITING: Final = 16
"""Tries that may wait for their time; a session has one at most."""

Result = TypeVar("Result")


class Guard:
    """One appliance's pace of password tries."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._open_at = 0.0
        self._waiting: dict[object, Callable[[], None]] = {}
        self._alarm: Cancel | None = None

    def try_password(self, who: object, verify: Callable[[], Result], found: Callable[[Result], None]) -> None:
        """Have `verify` run when its time has come, and `found` take the result; None or False is a wrong password.

        Raises Rejected when `who` has a try open already, or too many wait.
        """
        if who in self._waiting or len(self._waiting) >= WAITING:
            raise Rejected("% Access denied: another password is being tried; wait for its answer, then try again")

        def run() -> None:
            result = verify()
            self._pace(result is not None and result is not False)
            found(result)

        self._waiting[who] = run
        self._go_on()

    def forget(self, who: object) -> None:
        """Drop the try that is open, since nobody waits for its answer."""
        self._waiting.pop(who, None)

    def _pace(self, right: bool) -> None:
        if right:
            self._failures = 0
        else:
            self._open_at = self._clock.now() + min(2.0**self._failures, SLOWEST)
            self._failures += 1

    def _go_on(self) -> None:
        while self._waiting and self._clock.now() >= self._open_at:
            self._waiting.pop(next(iter(self._waiting)))()
        if self._waiting and self._alarm is None:
            self._alarm = self._clock.call_at(self._open_at, self._wake)

    def _wake(self) -> None:
        self._alarm = None
        self._go_on()
