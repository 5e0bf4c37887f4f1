"""Who hears events: one bounded ring for the buffered log, and the sessions that monitor.

Debug events are built only while a debug category is on; the others always, since the log keeps them, but for those of
sessions that begin and end: a router logs them where that is configured.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from ikecli.boundary.clock import Clock
from ikecli.boundary.events import CATEGORIES, LOGGED, SESSIONS, Event
from ikecli.boundary.views import FailuresView, LogLine
from ikecli.control.replies import Heard

FAILURES: Final = CATEGORIES["ikev2.error"] & LOGGED
"""Events that tell of what failed."""
FEWEST: Final = 50
"""Failures that a router has room for, though it remembers none."""
RING_SIZE: Final = 4096
"""Events and lines that the buffered log keeps."""

Push = Callable[[Heard], None]
Here = Callable[[Callable[[], None]], None]


class Journal:
    """The one listener of an appliance; it passes on what it hears. `heard` are the kinds of events worth building."""

    def __init__(self, clock: Clock, here: Here) -> None:
        """Take the clock, and what has something done on the thread of the listeners."""
        self._clock = clock
        self._here = here
        self._ring: deque[Heard] = deque(maxlen=RING_SIZE)
        self._listeners: list[Push] = []
        self._failures: deque[Heard] = deque(maxlen=0)
        self._most = self._forgotten = 0
        self.debugs: frozenset[str] = frozenset()
        self._sessions: tuple[str, ...] = ()
        self._logged = LOGGED - SESSIONS
        self._debugged: frozenset[type[Event]] = frozenset()
        self._others: frozenset[type[Event]] = frozenset()
        self.heard: Final = set(self._logged)

    def event(self, event: Event) -> None:
        """Take an event: kept if the log keeps its kind or it is debugged, pushed to all that listen."""
        debugged = type(event) in self._debugged
        heard = Heard(self._clock.wall(), event=event, debugged=debugged, sessions=self._sessions)
        self._take(heard, keep=debugged or type(event) in self._logged)
        if self._most and type(event) in FAILURES:
            self._forgotten += len(self._failures) == self._most
            self._failures.append(heard)

    def log(self, severity: int, facility: str, mnemonic: str, text: str) -> None:
        """Take a line that no event stands for."""
        now = self._clock.wall()
        heard = Heard(now, log=LogLine(now, severity, facility, mnemonic, text))
        self._here(lambda: self._take(heard, keep=True))

    def listen(self, push: Push) -> None:
        """Push everything heard from now on."""
        if push not in self._listeners:
            self._listeners.append(push)

    def forget(self, push: Push) -> None:
        """Stop pushing."""
        if push in self._listeners:
            self._listeners.remove(push)

    def switch(self, category: str, on: bool) -> None:
        """Switch a debug category, or "all"."""
        names = set(CATEGORIES) if category == "all" else {category}
        self.debugs = self.debugs | names if on else self.debugs - names
        self._debugged = frozenset[type[Event]]().union(*(CATEGORIES[name] for name in self.debugs))
        self._choose()

    def keep(self, kinds: tuple[str, ...], failures: int) -> None:
        """Have these lines kept of sessions that begin and end, as in Heard, and so many failures remembered."""
        if failures != self._most:
            self._failures = deque(self._failures, maxlen=failures)
            self._most = failures
        self._sessions = kinds
        self._logged = LOGGED if kinds else LOGGED - SESSIONS
        self._choose()

    def hear(self, kinds: Iterable[type[Event]]) -> None:
        """Have events of some kinds built, too, for another than the journal."""
        self._others = frozenset(kinds)
        self._choose()

    def kept(self) -> tuple[Heard, ...]:
        """Return what the buffered log holds, oldest first."""
        return tuple(self._ring)

    def remembered(self) -> tuple[Heard | FailuresView, ...]:
        """Return how many failures are remembered and were forgotten, and those, oldest first."""
        return FailuresView(bool(self._most), self._most or FEWEST, self._forgotten), *self._failures

    def clear(self) -> None:
        """Empty the buffered log."""
        self._ring.clear()

    def _choose(self) -> None:
        self.heard.clear()
        self.heard.update(self._logged, self._debugged, self._others)

    def _take(self, heard: Heard, keep: bool) -> None:
        if keep:
            self._ring.append(heard)
        for push in tuple(self._listeners):
            push(heard)
