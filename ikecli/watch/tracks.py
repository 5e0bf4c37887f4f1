"""Tracked objects: what each looks at, and the state that it has had for as long as its delay says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ikecli.boundary.watching import TrackView
from ikecli.intent.watch import Gate, Kind, Track
from ikecli.watch.probes import OK, OVER, Probes
from ikecli.watch.sight import Said, Sight

NESTED: Final = 8
"""How deep lists of lists are followed in one look."""
_LISTS: Final = (Kind.ALL, Kind.ANY)


@dataclass(slots=True)
class Held:
    """One object: its state, since when, and the change that waits for its delay."""

    track: Track
    since: float
    up: bool = False
    seen: bool = False
    changes: int = 1
    due: float | None = None


class Tracks:
    """The objects by number. One is down until it has been looked at."""

    def __init__(self, probes: Probes) -> None:
        self._probes = probes
        self._held: dict[int, Held] = {}

    def configure(self, tracks: Iterable[Track], now: float) -> None:
        """Take what objects there are; those that look at the same go on."""
        old = self._held
        self._held = {}
        for one in tracks:
            held = old.get(one.number)
            if held is None or _looks(held.track) != _looks(one):
                held = Held(one, now)
            held.track = one
            self._held[one.number] = held

    def __bool__(self) -> bool:
        return bool(self._held)

    def open(self, gate: Gate) -> bool:
        """Tell whether a gate is open; an object that is not there is down."""
        return not gate.track or self.up(gate.track) == gate.up

    def up(self, number: int) -> bool:
        """Tell whether an object is up."""
        held = self._held.get(number)
        return held is not None and held.up

    @property
    def due(self) -> float | None:
        """When a change that waits counts, if one does."""
        return min((held.due for held in self._held.values() if held.due is not None), default=None)

    def look(self, sight: Sight, now: float) -> Iterator[Said]:
        """See how all objects are; yield what changed."""
        for _ in range(NESTED):
            changed = False
            for held in self._held.values():
                for said in self._settle(held, self._state(held.track, sight), now):
                    changed = True
                    yield said
            if not changed:
                break

    def _settle(self, held: Held, up: bool, now: float) -> Iterator[Said]:
        first, held.seen = not held.seen, True
        if up == held.up:
            held.due = None
            return
        delay = 0 if first else held.track.delay_up if up else held.track.delay_down
        if held.due is None:
            held.due = now + delay
        if held.due > now:
            return
        held.up, held.due, held.since, held.changes = up, None, now, held.changes + (not first)
        was, now_is = ("Down", "Up") if up else ("Up", "Down")
        yield Said(6, "TRACK", "STATE", f"{held.track.number} {' '.join(described(held.track))} {was} -> {now_is}")

    def _state(self, track: Track, sight: Sight) -> bool:
        match track.kind:
            case Kind.LINE:
                return sight.line(track.interface)
            case Kind.ROUTING | Kind.ROUTING6:
                version = 4 if track.kind is Kind.ROUTING else 6
                return sight.line(track.interface) and version in sight.versions(track.interface)
            case Kind.ROUTE:
                return track.prefix is not None and sight.route(track.vrf, track.prefix) is not None
            case Kind.REACHABILITY | Kind.STATE:
                return self._probes.last(track.probe)[0] in ((OK,) if track.kind is Kind.STATE else (OK, OVER))
            case Kind.ALL | Kind.ANY:
                states = [self.up(number) != negated for number, negated in track.members]
                return bool(states) and (all(states) if track.kind is Kind.ALL else any(states))

    # What show asks

    def views(self, sight: Sight, now: float, by: Mapping[int, tuple[str, ...]]) -> Iterator[TrackView]:
        """Yield what `show` sees, by number; `by` says what asks for each."""
        for number, held in sorted(self._held.items()):
            track = held.track
            kind, instance, parameter = described(track)
            code, rtt = self._probes.last(track.probe) if track.probe else ("", None)
            route = sight.route(track.vrf, track.prefix) if track.prefix is not None else None
            yield TrackView(
                number,
                kind,
                instance,
                parameter,
                held.up,
                held.changes,
                now - held.since,
                self._why(held, sight) if track.kind not in _LISTS else "",
                track.vrf,
                track.delay_up,
                track.delay_down,
                code,
                rtt,
                route[1] if route else "",
                tuple((each, negated, self.up(each)) for each, negated in track.members),
                by.get(number, ()),
            )

    def _why(self, held: Held, sight: Sight) -> str:
        """Return what goes in brackets behind a state: why it is down, or by what a route is there."""
        track = held.track
        if track.prefix is not None:
            route = sight.route(track.vrf, track.prefix)
            return route[0] if route else "no route"
        if track.interface and not held.up:
            return "" if sight.line(track.interface) and track.kind is Kind.LINE else (
                "no addr" if sight.line(track.interface) else "line down"
            )  # fmt: skip
        return ""


def described(track: Track) -> tuple[str, str, str]:
    """Return an object's kind, what it looks at, and what of it, as a router says them."""
    match track.kind:
        case Kind.ROUTE if track.prefix is not None:
            four = track.prefix.version == 4
            shown = track.prefix.with_netmask.replace("/", " ") if four else str(track.prefix)
            return ("ip route" if four else "ipv6 route"), shown, "reachability"
        case Kind.REACHABILITY | Kind.STATE:
            return "ip sla", str(track.probe), track.kind.value
        case Kind.ALL | Kind.ANY:
            return "list", "boolean", track.kind.value
    return "interface", track.interface, track.kind.value


def _looks(track: Track) -> Track:
    """Return an object without its delays."""
    return replace(track, delay_up=0, delay_down=0)
