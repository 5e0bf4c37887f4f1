"""Who answers what the engine asks: the plane knows of traffic, DHCP servers of addresses, the rest is computing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ikecli.boundary.clock import Clock
from ikecli.boundary.effects import Inner, Puzzle, Question, SharedSecret, Traffic
from ikecli.crypto.exchange import restore
from ikecli.crypto.puzzles import solve
from ikecli.daemon.dhcp import Dhcp
from ikecli.dataplane.base import Plane
from ikecli.errors import IkecliError, Unavailable

Reply = Callable[[object], None]
Compute = Callable[[Question, Reply], None]


class Answers:
    """Finds answers after the batch; `compute` does what is only computing, on this thread where there is none."""

    def __init__(self, clock: Clock, plane: Plane, dhcp: Dhcp, compute: Compute | None) -> None:
        self._clock: Final = clock
        self._plane: Final = plane
        self._dhcp: Final = dhcp
        self._compute: Final = compute or self._here

    def find(self, question: Question, reply: Reply) -> None:
        """Have a question answered."""
        if isinstance(question, Inner):
            self._dhcp.ask(question, reply)
        elif isinstance(question, Traffic):
            self._clock.call_at(self._clock.now(), lambda: reply(self._plane.counters(question.spis)))
        else:
            self._compute(question, reply)

    def _here(self, question: Question, reply: Reply) -> None:
        self._clock.call_at(self._clock.now(), lambda: reply(answer(question)))


def answer(question: Question) -> object:
    """Work out the answer to a question that needs only computing; a refusal is an answer too."""
    try:
        match question:
            case SharedSecret(group, private, peer):
                return restore(group, private).shared(peer)
            case Puzzle(prf, text, difficulty):
                return solve(prf, text, difficulty)
    except IkecliError as refusal:
        return refusal
    return Unavailable(f"nothing here answers {type(question).__name__}")
