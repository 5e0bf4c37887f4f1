"""How much processor time the engine's process took lately: a clock that is looked at every five seconds."""

from __future__ import annotations

import os
import resource
import time
from collections import deque
from typing import Final

from ikecli.boundary.clock import Clock
from ikecli.boundary.machine import LoadView

STEP: Final = 5
SPANS: Final = (5, 60, 300)
_WHOLE: Final = 10_000


class Load:
    """What the process took, by the clock's time, over the longest of SPANS."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, float]] = deque(maxlen=SPANS[-1] // STEP + 1)
        self._look()

    def view(self) -> LoadView:
        """Return what it took up to now."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        five, minute, minutes = (self._over(span) for span in SPANS)
        milliseconds = round((used.ru_utime + used.ru_stime) * 1000)
        return LoadView(os.getpid(), five, minute, minutes, milliseconds, used.ru_nvcsw + used.ru_nivcsw)

    def _look(self) -> None:
        self._seen.append((self._clock.now(), time.process_time()))
        self._clock.call_at(self._clock.now() + STEP, self._look)

    def _over(self, span: int) -> int:
        """Return the share of the last so many seconds, or of all since the first look."""
        now, took = self._clock.now(), time.process_time()
        early = [one for one in self._seen if now - one[0] >= span]
        at, before = early[-1] if early else self._seen[0]
        return round(_WHOLE * (took - before) / (now - at)) if now > at else 0
