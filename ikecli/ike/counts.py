"""What the engine counted since it began, or was told to begin anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ikecli.boundary.views import ExchangeCount
from ikecli.numbers import Exchange, NotifyType, label
from ikecli.wire.payloads import Notify, Payload

MAX_NOTIFY_KINDS: Final = 256
"""Kinds of notifies counted; further ones that peers invent are not."""


@dataclass(slots=True)
class Cookies:
    """Requests that came while a cookie was wanted: with the right one, with another, without.

    Of puzzles: those given out, those solved, and cookies that came without a right solution.
    """

    accepted: int = 0
    rejected: int = 0
    missing: int = 0
    puzzles: int = 0
    solved: int = 0
    unsolved: int = 0


class Counts:
    """Counters; each list is requests sent, responses sent, requests received, responses received.

    IKE SAs `accepted` and `rejected`, and Child SAs (`children`, `spurned`), are counted by whether they were begun
    here, as are the `stronger` ones among those; `full` are the IKE SAs rejected for a bound, by whether that
    is one of SAs in negotiation.
    """

    __slots__ = (
        *("_exchanges", "_notifies", "accepted", "children", "cookies", "dropped", "full", "rejected", "spurned"),
        "stronger",
    )

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Count from now on."""
        self.dropped = 0
        self.cookies = Cookies()
        self.accepted = {True: 0, False: 0}
        self.rejected = {True: 0, False: 0}
        self.full = {True: 0, False: 0}
        self.children = {True: 0, False: 0}
        self.spurned = {True: 0, False: 0}
        self.stronger = {True: 0, False: 0}
        self._exchanges: dict[int, list[int]] = {number: [0, 0, 0, 0] for number in Exchange}
        self._notifies: dict[int, list[int]] = {}

    def refuse(self, own: bool, negotiating: bool) -> None:
        """Count an IKE SA that is not begun (`own`) or taken on, for a bound."""
        self.rejected[own] += 1
        self.full[negotiating] += 1

    def message(self, exchange: int, response: bool, received: bool, payloads: Iterable[Payload]) -> None:
        """Count one message and its notifies."""
        place = 2 * received + response
        if (row := self._exchanges.get(exchange)) is not None:
            row[place] += 1
        known = self._notifies
        for payload in payloads:
            if type(payload) is Notify:
                if (row := known.get(payload.type)) is not None:
                    row[place] += 1
                elif len(known) < MAX_NOTIFY_KINDS:
                    known[payload.type] = row = [0, 0, 0, 0]
                    row[place] = 1

    @property
    def exchanges(self) -> tuple[ExchangeCount, ...]:
        """The messages, a row an exchange."""
        return tuple(ExchangeCount(label(Exchange, number), *row) for number, row in self._exchanges.items())

    @property
    def notifies(self) -> tuple[ExchangeCount, ...]:
        """The notifies, a row a kind."""
        return tuple(ExchangeCount(label(NotifyType, kind), *row) for kind, row in sorted(self._notifies.items()))
