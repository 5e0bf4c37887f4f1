"""The machine's time, for boundary.clock.Clock."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

from ikecli.boundary.clock import Cancel
from ikecli.daemon.jobs import on_loop


class LoopClock:
    """The machine's time, with timers on an asyncio event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._home = threading.get_ident()

    def now(self) -> float:
        """Return CLOCK_BOOTTIME."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def wall(self) -> float:
        """Return the wall time."""
        return time.time()

    def call_at(self, when: float, act: Callable[[], None]) -> Cancel:
        """Run `act` at `when` on the loop, whichever thread asks for that."""
        return on_loop(self._loop, self._home, lambda: self._loop.call_later(max(0.0, when - self.now()), act))
