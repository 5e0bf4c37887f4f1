"""What Child SAs counted goes on in those that took their place, as a router shows it: of the same flows and peer.

A data plane counts for each SA. When one is taken out and another of its flows is there, that one has the counts from
then on, as the `past` of its view; without another they are in the sum of all alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ikecli.boundary.clock import Clock
from ikecli.boundary.effects import Direction, Install, Remove, Update
from ikecli.boundary.views import Counters, IpsecTotalsView
from ikecli.intent import Address

Place = tuple[str, int]
"""A connection's label, and the peer's address as a number."""
NOTHING: Final = Counters()
_OUTBOUND: Final = Direction.OUTBOUND
_OUTGOING: Final = ("packets_out", "octets_out", "errors_out", "dummies_out")


@dataclass(slots=True)
class Line:
    """A Child SA that is in: what it is, what those before it counted, and what it has handed on already.

    `sent` is what its outbound half had counted when that was taken out, which may be earlier.
    """

    sa: Install
    past: Counters = NOTHING
    handed: Counters = NOTHING
    sent: Counters = NOTHING
    leaves: bool = False


class Totals:
    """The Child SAs by inbound SPI."""

    def __init__(self, clock: Clock, counters: Callable[[Iterable[int]], Mapping[int, Counters]]) -> None:
        self._clock, self._counters = clock, counters
        self._lines: dict[int, Line] = {}
        self._places: dict[Place, dict[int, Line]] = {}
        self._outbound: dict[tuple[int, Address], int] = {}
        self._ends: dict[int, tuple[int, Address]] = {}
        self._ended, self._gone = 0, NOTHING

    def view(self) -> IpsecTotalsView:
        """Return what all counted: those that are in, those before them, and those that ended."""
        counts, total = self._counters(self._lines), self._gone
        for spi, line in self._lines.items():
            now = _with_sent(counts.get(spi, NOTHING), line.sent)
            total = total + line.past + (now - line.handed)
        return IpsecTotalsView(len(self._lines), self._ended, total)

    def put(self, sa: Install) -> None:
        """Take note of a direction of an SA that is in."""
        if sa.direction is _OUTBOUND:
            self._send_by(sa.peer_spi, sa.spi, sa.remote.address)
            return
        line = self._lines[sa.spi] = Line(sa)
        self._places.setdefault(_place(sa), {})[sa.spi] = line

    def move(self, update: Update) -> None:
        """Take note of other endpoints."""
        if update.direction is Direction.OUTBOUND:
            if self._outbound.pop(self._ends.get(update.peer_spi, (0, update.remote.address)), 0):
                self._send_by(update.peer_spi, update.spi, update.remote.address)
        elif (line := self._lines.get(update.spi)) is not None:
            self._unplace(line)
            line.sa = _moved(line.sa, update)
            self._places.setdefault(_place(line.sa), {})[update.spi] = line

    def leave(self, remove: Remove) -> None:
        """Hand on what an SA counted that is about to be taken out, and what it counts until it is."""
        spi = remove.spi
        if remove.direction is Direction.OUTBOUND:
            spi = self._outbound.pop((remove.spi, remove.remote.address), 0)
        line = self._lines.get(spi)
        if line is None:
            return
        line.leaves = True
        if remove.direction is Direction.INBOUND and not remove.after:
            self._end(line)
            return
        line.sent = now = self._counted(line)
        if (heir := self._heir(line)) is not None:
            heir.past = heir.past + _taken(line, now)
        if remove.direction is Direction.INBOUND:
            self._clock.call_at(self._clock.now() + remove.after, lambda: self._end(line))

    def forget(self, spis: Iterable[int]) -> None:
        """Have nothing to do any more with SAs that moved elsewhere."""
        for spi in spis:
            if (line := self._lines.get(spi)) is not None:
                self._end(line, moved=True)

    def reset(self) -> None:
        """Count from now on."""
        self._ended, self._gone = 0, NOTHING
        for line in self._lines.values():
            line.past = line.handed = line.sent = NOTHING

    def past(self, spi: int) -> Counters:
        """Return what the SAs counted in whose place one of an inbound SPI is."""
        line = self._lines.get(spi)
        return line.past if line is not None else NOTHING

    def _send_by(self, spi: int, other: int, remote: Address) -> None:
        self._ends[spi] = other, remote
        self._outbound[other, remote] = spi

    def _counted(self, line: Line) -> Counters:
        """Return what a line counts now, what went out by a half that is out already too."""
        return _with_sent(self._counters((line.sa.spi,)).get(line.sa.spi, NOTHING), line.sent)

    def _heir(self, line: Line) -> Line | None:
        """Return the newest SA of the same flows that stays."""
        some = self._places.get(_place(line.sa), {}).values()
        return next((one for one in reversed(some) if not one.leaves and one.sa.flows == line.sa.flows), None)

    def _end(self, line: Line, moved: bool = False) -> None:
        if self._lines.get(line.sa.spi) is line:
            if not moved:
                self._leave_to(self._heir(line), _taken(line, self._counted(line)))
            del self._lines[line.sa.spi]
            self._unplace(line)
            if (end := self._ends.pop(line.sa.spi, None)) is not None:
                self._outbound.pop(end, None)

    def _leave_to(self, heir: Line | None, counted: Counters) -> None:
        if heir is not None:
            heir.past = heir.past + counted
        else:
            self._gone += counted
            self._ended += 1

    def _unplace(self, line: Line) -> None:
        some = self._places[_place(line.sa)]
        del some[line.sa.spi]
        if not some:
            del self._places[_place(line.sa)]


def _taken(line: Line, now: Counters) -> Counters:
    """Take from a line that has counted so much what it has not handed on yet."""
    taken = line.past + (now - line.handed)
    line.past, line.handed = NOTHING, now
    return taken


def _with_sent(now: Counters, sent: Counters) -> Counters:
    if sent == NOTHING:
        return now
    return replace(now, **{name: max(getattr(now, name), getattr(sent, name)) for name in _OUTGOING})


def _place(sa: Install) -> Place:
    return sa.connection, int(sa.remote.address)


def _moved(sa: Install, update: Update) -> Install:
    return replace(sa, local=update.local, remote=update.remote, encapsulated=update.encapsulated)
