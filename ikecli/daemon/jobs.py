"""Work on large configurations, done beside the event loop: one piece at a time, while the engine goes on."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, Protocol, TypeVar

T = TypeVar("T")

SWITCH_SECONDS: Final = 0.001
"""How long the loop waits at most for a thread that computes."""


class Workshop(Protocol):
    """Where such work is done."""

    def apart(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Do work; `done` is called on the loop with what it returns, or with the exception that it raises."""

    def here(self, act: Callable[[], T]) -> T:
        """Act on the loop, wherever the caller is, and return the result."""


class AtOnce:
    """Does all at once: for appliances in virtual time."""

    def apart(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Do it now."""
        done(_outcome(work))

    def here(self, act: Callable[[], T]) -> T:
        """Act now."""
        return act()


GROWN: Final = 50_000
"""Objects that are more after work than before, so that the collector of cycles is spared a look at them."""


class Beside:
    """Does work on a thread of its own.

    No cycles are looked for meanwhile: a look at all that a configuration is made of would hold up the loop. It has
    none; where very much was made it is not looked at later either. A cycle that is garbage just then is never freed.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop: Final = loop
        self._home: Final = threading.get_ident()
        self._thread: Final = ThreadPoolExecutor(1, "configuration")
        sys.setswitchinterval(SWITCH_SECONDS)

    def apart(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Do it on the thread."""
        gc.disable()
        future = self._loop.run_in_executor(self._thread, _outcome, work)
        future.add_done_callback(lambda ended: self._end(done, ended.result()))

    def _end(self, done: Callable[[Any], None], outcome: Any) -> None:
        if gc.get_count()[0] > GROWN:
            gc.freeze()
        gc.enable()
        done(outcome)

    def here(self, act: Callable[[], T]) -> T:
        """Act on the loop; a thread waits for that."""
        return on_loop(self._loop, self._home, act)


def on_loop(loop: asyncio.AbstractEventLoop, home: int, act: Callable[[], T]) -> T:
    """Act on the loop whose thread is `home`; another thread waits for that."""
    if threading.get_ident() == home:
        return act()
    acted: Future[T] = Future()

    def run() -> None:
        try:
            acted.set_result(act())
        except Exception as problem:
            acted.set_exception(problem)

    loop.call_soon_threadsafe(run)
    return acted.result()


def _outcome(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except Exception as problem:
        return problem


def _raised(outcome: Any) -> None:
    if isinstance(outcome, Exception):
        raise outcome


class Jobs:
    """The one piece of work under way, and what waits until it is done."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop: Final = workshop
        self._waiting: Final[deque[Callable[[], None]]] = deque()
        self.busy = False
        self.here: Final = workshop.here

    def begin(self, work: Callable[[], Any], done: Callable[[Any], None] = _raised) -> None:
        """Begin work; nothing else may be under way."""
        self.busy = True
        self._workshop.apart(work, lambda outcome: self._end(done, outcome))

    def later(self, act: Callable[[], None]) -> None:
        """Act when what is under way is done."""
        self._waiting.append(act)

    def when_free(self, act: Callable[[], None]) -> None:
        """Act now, or when what is under way is done."""
        if self.busy:
            self.later(act)
        else:
            act()

    def _end(self, done: Callable[[Any], None], outcome: Any) -> None:
        """Go on with what waits; what fails of it keeps nobody waiting. Raises ExceptionGroup of that."""
        self.busy = False
        self._waiting.appendleft(lambda: done(outcome))
        failed: list[Exception] = []
        while self._waiting and not self.busy:
            try:
                self._waiting.popleft()()
            except Exception as problem:
                failed.append(problem)
        if failed:
            raise ExceptionGroup("what waited for work on the configuration", failed)
