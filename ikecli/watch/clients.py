"""FlexVPN clients: which hub each is at and what it sends from, and when it goes to another.

The first hub and source that can be used are used. A hub that fails is not tried again before all others were; when all
have failed, they are tried anew after a pause that doubles. Hubs that take a client and drop it would be gone round for
ever: after the second that did so soon it rests, for a while that doubles as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ikecli.boundary.effects import Gateways, Standing
from ikecli.intent import Address
from ikecli.intent.watch import Begins, Client, Gate, Hub, Source
from ikecli.watch.sight import Said, Sight

LAST_SEQUENCE: Final = 255
"""Of configured hubs; those that one of them told of come after it."""
PAUSE_FIRST: Final = 1.0
PAUSE_LONGEST: Final = 60.0
STANDS_SECONDS: Final = 60.0
"""How long a session lasts that did not end soon."""

Open = Callable[[Gate], bool]
"""Tells whether a gate is open."""


@dataclass(frozen=True, slots=True)
class Ends:
    """What a client has chosen: a hub, one of its addresses, and the source (None: what the tunnel says)."""

    hub: Hub
    remote: Address
    source: Source | None


@dataclass(slots=True)
class Run:
    """One client: whether it is to connect, where it is, which hubs failed since it last stood, what it waits for.

    One that is `active` has been so `since` then; `dropped` sessions in a row ended soon, and it rests until `rested`.
    """

    client: Client
    ordered: bool = False
    ends: Ends | None = None
    active: bool = False
    local: Address | None = None
    told: tuple[Address, ...] = ()
    failed: dict[Address, str] = field(default_factory=dict)
    shunned: set[Address] = field(default_factory=set)
    rounds: int = 0
    due: float | None = None
    waits: str = ""
    since: float = 0.0
    dropped: int = 0
    rested: float | None = None


class Clients:
    """The clients by name."""

    def __init__(self, open_: Open) -> None:
        self._open = open_
        self.runs: dict[str, Run] = {}

    def configure(self, clients: Iterable[Client]) -> None:
        """Take what clients there are; those that are as they were stay where they are, others begin anew."""
        old = self.runs
        self.runs = {}
        for one in clients:
            held = old.get(one.name)
            if held is None or held.client != one:
                ordered = held is not None and held.ordered
                ends = _carried(held, one) if held is not None else None
                if held is not None and ends is not None:
                    held = Run(one, ordered, ends, held.active, held.local, held.told, since=held.since)
                else:
                    held = Run(one, ordered)
            self.runs[one.name] = held

    @property
    def due(self) -> float | None:
        """When hubs that all failed are tried anew, or a client has rested, if that will be."""
        times = (time for run in self.runs.values() for time in (run.due, run.rested) if time is not None)
        return min(times, default=None)

    def wants(self, run: Run) -> bool:
        """Tell whether a client is to be connected."""
        match run.client.begins:
            case Begins.MANUAL:
                return run.ordered
            case Begins.TRACK:
                return self._open(run.client.gate)
        return True

    def order(self, name: str, connect: bool) -> None:
        """Have a client that is connected by hand connect, or no longer."""
        run = self.runs[name]
        run.ordered, run.failed, run.due, run.dropped, run.rested = connect, {}, None, 0, None

    # What the engine tells

    def heard(self, standing: Standing, now: float) -> Iterator[Said]:
        """Take how the connection of a client stands; what is about ends that it has left already is no news."""
        for run in self.runs.values():
            ends = run.ends
            if run.client.connection != standing.connection or ends is None or ends.remote != standing.remote:
                continue
            if ends.source is not None and ends.source.address != standing.local:
                continue
            yield from self._up(run, standing, now) if standing.up else self._down(run, ends, standing, now)

    def told(self, gateways: Gateways) -> None:
        """Take the further gateways of a hub in place of those told before; one of these that tells none keeps them."""
        for run in self.runs.values():
            if run.client.connection == gateways.connection:
                own = {remote for hub in run.client.hubs for remote in hub.addresses}
                kept = () if gateways.remote in own else (gateways.remote, *(() if gateways.further else run.told))
                run.told = tuple(dict.fromkeys((*kept, *gateways.further)))
                run.shunned &= own.union(run.told)

    def _up(self, run: Run, standing: Standing, now: float) -> Iterator[Said]:
        run.local = standing.local
        if not run.active:
            run.since = now
            yield _told("UP", run, standing.remote)
        run.active, run.due, run.rounds = True, None, 0
        run.failed.clear()
        run.shunned.discard(standing.remote)

    def _down(self, run: Run, ends: Ends, standing: Standing, now: float) -> Iterator[Said]:
        if run.active:
            yield _told("DOWN", run, standing.remote, standing.why)
            run.ordered = False
            run.dropped = min(run.dropped + 1, 16) if now - run.since < STANDS_SECONDS else 0
            if run.dropped > 1:
                run.rested = now + min(PAUSE_LONGEST, PAUSE_FIRST * 2 ** (run.dropped - 2))
        run.active = False
        run.failed[ends.remote] = standing.why
        run.shunned.add(ends.remote)
        if run.due is None and not self._left(run):
            run.ordered = False
            run.due = now + min(PAUSE_LONGEST, PAUSE_FIRST * 2**run.rounds)
            run.rounds = min(run.rounds + 1, 16)

    def _left(self, run: Run) -> bool:
        """Tell whether a hub that can be used has not failed yet."""
        return any(remote not in run.failed for _, remote in self._hubs(run))

    # Choosing

    def choose(self, sight: Sight, now: float) -> Iterator[Said]:
        """Have each client be where it is to be; yield what changes."""
        for run in self.runs.values():
            opened = {remote for hub in run.client.hubs if self._open(hub.gate) for remote in hub.addresses}
            closed = {remote for hub in run.client.hubs for remote in hub.addresses} - opened
            run.shunned -= closed
            anew = run.due is not None and run.due <= now
            if anew:
                run.due = None
                run.failed.clear()
            if run.rested is not None and (run.active or run.rested <= now):
                run.rested = None
            if not self.wants(run):
                yield from self._rest(run, _unwanted(run.client))
                continue
            if run.rested is not None:
                run.ends, run.waits = None, f"a pause, since {run.dropped} sessions in a row ended soon"
                continue
            source = next((one for one in run.client.sources if self._usable(one, sight)), None)
            if run.client.sources and source is None:
                yield from self._rest(run, f"a source that is up: {_tried(run.client.sources)}")
                continue
            hubs = list(self._hubs(run))
            if not hubs:
                yield from self._rest(run, self._closed(run))
                continue
            yield from self._go(run, self._best(run, hubs, anew), source)

    def _rest(self, run: Run, why: str) -> Iterator[Said]:
        """Have a client be nowhere."""
        if run.ends is not None:
            if run.active:
                yield _told("DOWN", run, run.ends.remote, f"it waits for {why}")
            yield Said(6, "FLEXVPN", "WAITING", f"FlexVPN({run.client.name}) waits for {why}")
        run.ends, run.active, run.waits, run.rounds, run.due = None, False, why, 0, None
        run.failed.clear()

    def _go(self, run: Run, best: tuple[Hub, Address], source: Source | None) -> Iterator[Said]:
        run.waits = ""
        ends, was = Ends(*best, source), run.ends
        if was == ends:
            return
        run.ends = ends
        if was is None or (was.remote, was.source) == (ends.remote, ends.source):
            return
        if run.active:
            yield _told("DOWN", run, was.remote)
        run.active = False
        if was.remote != ends.remote:
            why = self._why_left(run, was)
            text = f"FlexVPN({run.client.name}) goes from peer {_called(was)} to peer {_called(ends)}: {why}"
            yield Said(6, "FLEXVPN", "PEER_CHANGE", text)
        if was.source != source and was.source is not None and source is not None:
            why = f"{was.source.interface} cannot be used"
            if source.sequence < was.source.sequence:
                why = f"{source.interface} can be used again"
            text = f"FlexVPN({run.client.name}) sends from {source.interface}, not {was.source.interface}: {why}"
            yield Said(6, "FLEXVPN", "SOURCE_CHANGE", text)

    def _why_left(self, run: Run, was: Ends) -> str:
        if not self._open(was.hub.gate):
            return f"track {was.hub.gate.track} is {'Down' if was.hub.gate.up else 'Up'}"
        if was.remote in run.failed:
            return f"peer {_called(was)} failed: {run.failed[was.remote]}"
        if self._taken(run, was.remote):
            return f"another client of backup group {run.client.group} is there"
        return "it is the better one, and can be tried again"

    def _best(self, run: Run, hubs: list[tuple[Hub, Address]], anew: bool) -> tuple[Hub, Address]:
        """Return the hub to be at: where it is, unless that failed or it is to go back to a better one."""
        at = run.ends.remote if run.ends is not None and not anew else None
        here = next((one for one in hubs if one[1] == at), None)
        if here is not None and (run.due is not None or run.active or here[1] not in run.failed):
            avoided = run.shunned.union(run.failed)
            better = [one for one in hubs if one[0].sequence < here[0].sequence and one[1] not in avoided]
            return better[0] if better and run.client.reactivate and run.due is None else here
        return next((one for one in hubs if one[1] not in run.failed), hubs[0])

    def _hubs(self, run: Run) -> Iterator[tuple[Hub, Address]]:
        """Yield the hubs that may be tried, in order, with their addresses."""
        known = {remote for hub in run.client.hubs for remote in hub.addresses}
        further = [one for one in run.told if one not in known]
        told = (Hub(number, (one,), str(one)) for number, one in enumerate(further, LAST_SEQUENCE + 1))
        for hub in (*run.client.hubs, *told):
            if self._open(hub.gate):
                yield from ((hub, remote) for remote in hub.addresses if not self._taken(run, remote))

    def _taken(self, run: Run, remote: Address) -> bool:
        """Tell whether another client of the group is at a hub, or tries it."""
        group = run.client.group
        return bool(group) and any(
            other is not run and other.client.group == group and other.ends is not None and other.ends.remote == remote
            for other in self.runs.values()
        )

    def _usable(self, source: Source, sight: Sight) -> bool:
        return sight.line(source.interface) and self._open(source.gate)

    def _closed(self, run: Run) -> str:
        """Return why no hub may be tried."""
        found = []
        for hub in run.client.hubs:
            if not self._open(hub.gate):
                found.append(f"track {hub.gate.track} to be {'up' if hub.gate.up else 'down'} (peer {hub.sequence})")
            else:
                found.append(f"peer {hub.sequence}, where another client of backup group {run.client.group} is")
        return "; ".join(found)


def _carried(run: Run, client: Client) -> Ends | None:
    """Return where a client is that was configured anew, if it may stay there."""
    ends = run.ends
    if ends is None or client.connection != run.client.connection:
        return None
    hub = next((one for one in client.hubs if ends.remote in one.addresses), None)
    source = next((one for one in client.sources if ends.source and one.address == ends.source.address), None)
    return Ends(hub, ends.remote, source) if hub and (source is None) == (ends.source is None) else None


def _called(ends: Ends) -> str:
    name, address = ends.hub.name, str(ends.remote)
    return name if name == address else f"{name} ({address})"


def _unwanted(client: Client) -> str:
    if client.begins is Begins.TRACK:
        return f"track {client.gate.track} to be {'up' if client.gate.up else 'down'}"
    return f"crypto ikev2 client flexvpn connect {client.name}"


def _tried(sources: tuple[Source, ...]) -> str:
    return ", ".join(one.interface for one in sources)


def _told(what: str, run: Run, remote: Address, why: str = "") -> Said:
    text = f"FlexVPN({run.client.name}) Client_public_addr = {run.local} Server_public_addr = {remote}"
    return Said(6, "FLEXVPN", f"FLEXVPN_CONNECTION_{what}", f"{text} Reason: {why}" if why else text)
