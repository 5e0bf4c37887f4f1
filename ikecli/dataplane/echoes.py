"""Echo requests whose answers are awaited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ikecli.boundary.clock import Cancel, Clock
from ikecli.dataplane.base import EchoResult


@dataclass(slots=True)
class Waiting:
    """An echo whose answer is awaited."""

    done: Callable[[EchoResult], None]
    sent: float
    timer: Cancel


class Echoes:
    """The echo requests of a node, by identifier and sequence number."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[tuple[int, int], Waiting] = {}
        self._identifier = 0

    def expect(self, sequence: int, timeout: float, done: Callable[[EchoResult], None]) -> tuple[int, int]:
        """Wait for one more answer, `timeout` seconds; return the identifier and sequence number to ask with."""
        now = self._clock.now()
        self._identifier = (self._identifier + 1) & 0xFFFF
        key = (self._identifier, sequence & 0xFFFF)
        timer = self._clock.call_at(now + timeout, lambda: self.done(key, "."))
        self._waiting[key] = Waiting(done, now, timer)
        return key

    def done(self, key: tuple[int, int], mark: str, hop: str = "") -> None:
        """Report what became of a request, if it is still waited for, and who said so."""
        waiting = self._waiting.pop(key, None)
        if waiting is not None:
            waiting.timer.cancel()
            waiting.done(EchoResult(mark, (self._clock.now() - waiting.sent) * 1000, hop=hop))
