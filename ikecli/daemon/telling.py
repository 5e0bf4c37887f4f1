"""The way out of the log: events a few at a time, since each line by itself costs much of all that an SA costs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ikecli.control.replies import Heard

PAUSE: Final = 0.05
"""Seconds that an event may wait for others."""


class Teller:
    """Passes on what it hears, in order; what is no event goes out at once, with all that waits before it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tell: Callable[[list[Heard]], None]) -> None:
        self._loop, self._tell = loop, tell
        self._waiting: list[Heard] = []

    def hear(self, heard: Heard) -> None:
        """Take what was heard."""
        self._waiting.append(heard)
        if heard.event is None:
            self.flush()
        elif len(self._waiting) == 1:
            self._loop.call_later(PAUSE, self.flush)

    def flush(self) -> None:
        """Pass on all that waits."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._tell(waiting)
