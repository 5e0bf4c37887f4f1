"""The watcher: a function of time, echoes, and how interfaces, routes and SAs are, to what of an intent holds now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from ikecli.boundary.effects import Gateways, Standing
from ikecli.boundary.lending import FlexView
from ikecli.boundary.watching import ProbeView, TrackedRouteView, TrackView
from ikecli.intent import Address, Carrier, Connection, Initiation, Intent, Interface, Tunnel
from ikecli.intent.peers import tunnel_flows
from ikecli.intent.watch import Begins, Client, Probe
from ikecli.watch.clients import Clients, Ends, Run
from ikecli.watch.probes import Probes
from ikecli.watch.sight import Said, Sight
from ikecli.watch.tracks import Tracks

LOOK_SECONDS: Final = 1.0
"""How often interfaces and routes are looked at."""


@dataclass(frozen=True, slots=True)
class Steering:
    """What holds now: the ends of clients that are to be connected, by connection, and the objects that are up."""

    ends: tuple[tuple[str, Ends], ...] = ()
    up: frozenset[int] = frozenset()


class Watcher:
    """Everything that is watched. It says what changed and when it is to look next; it sends nothing itself."""

    def __init__(self) -> None:
        self.probes: Final = Probes()
        self.tracks: Final = Tracks(self.probes)
        self.clients: Final = Clients(self.tracks.open)
        self._gated: frozenset[int] = frozenset()
        self._intent = Intent()
        self._by_connection: dict[str, str] = {}
        self._carriers: dict[str, Tunnel] = {}

    def configure(self, intent: Intent, now: float, wall: float) -> None:
        """Take a new intent at a time and wall time."""
        self._intent = intent
        self.probes.configure(intent.probes, now, wall)
        self.tracks.configure(intent.tracks, now)
        self.clients.configure(intent.clients)
        tunnels = {one.name: one.tunnel for one in intent.network.interfaces if one.tunnel is not None}
        self._by_connection = {one.connection: one.name for one in intent.clients}
        self._carriers = {one.connection: tunnels[one.interface] for one in intent.clients}
        self._gated = frozenset(route.track for route in intent.network.routes) - {0}

    def look(self, sight: Sight, now: float) -> list[Said]:
        """See how everything is; return what changed."""
        return [*self.tracks.look(sight, now), *self.clients.choose(sight, now)]

    def heard(self, standing: Standing, now: float) -> list[Said]:
        """Take how the connection of a client stands."""
        return list(self.clients.heard(standing, now))

    def told(self, gateways: Gateways) -> None:
        """Take further gateways that a client was told of."""
        self.clients.told(gateways)

    def order(self, name: str, connect: bool) -> None:
        """Have a client that is connected by hand connect, or no longer."""
        self.clients.order(name, connect)

    def echoes(self, now: float) -> list[Probe]:
        """Return the probes whose echo is to leave now."""
        return list(self.probes.take(now))

    def due(self, now: float) -> float | None:
        """Return when to look next: None where nothing is watched."""
        times = [self.probes.due, self.tracks.due, self.clients.due]
        if self.tracks or any(one.sources for one in self._intent.clients):
            times.append(now + LOOK_SECONDS)
        return min((time for time in times if time is not None), default=None)

    # What holds

    @property
    def steering(self) -> Steering:
        """What holds now."""
        ends = tuple((run.client.connection, run.ends) for run in self.clients.runs.values() if run.ends is not None)
        return Steering(ends, frozenset(number for number in self._gated if self.tracks.up(number)))

    def into(self, intent: Intent) -> Intent:
        """Return an intent as it holds now: without routes whose object is down, clients at the hubs they chose."""
        if not self._gated and not intent.clients:
            return intent
        steering = self.steering
        chosen = dict(steering.ends)
        network = intent.network
        routes = tuple(one for one in network.routes if not one.track or one.track in steering.up)
        moved = {one.interface: chosen.get(one.connection) for one in intent.clients}
        interfaces = tuple(_moved(one, moved.get(one.name)) for one in network.interfaces)
        connections = tuple(map(self.carried, intent.connections))
        return replace(intent, connections=connections, network=replace(network, routes=routes, interfaces=interfaces))

    def carried(self, row: Connection) -> Connection:
        """Return a connection as it holds now: that of a client has the ends that were chosen, or does not begin."""
        run = self._by_connection.get(row.label)
        return row if run is None else _steered(row, self.clients.runs[run].ends, self._carriers[row.label])

    # What show asks

    def track_views(self, sight: Sight, now: float) -> Iterator[TrackView]:
        """Yield the tracked objects."""
        by: dict[int, list[str]] = {}
        for route in self._intent.network.routes:
            if route.track and "Static IP Routing 0" not in by.setdefault(route.track, []):
                by[route.track].append("Static IP Routing 0")
        for one in self._intent.tracks:
            for number, _ in one.members:
                by.setdefault(number, []).append(f"Track List {one.number}")
        for client in self._intent.clients:
            for number in dict.fromkeys(_asks(client)):
                by.setdefault(number, []).append(f"FlexVPN {client.name}")
        yield from self.tracks.views(sight, now, {number: tuple(some) for number, some in by.items()})

    def route_views(self) -> Iterator[TrackedRouteView]:
        """Yield the routes that follow an object."""
        for one in self._intent.network.routes:
            if one.track:
                gateway = "" if one.gateway is None else str(one.gateway)
                up = self.tracks.up(one.track)
                yield TrackedRouteView(str(one.prefix), gateway, one.interface, one.track, up, one.vrf)

    def probe_views(self, now: float, wall: float) -> Iterator[ProbeView]:
        """Yield the probes."""
        return self.probes.views(now, wall)

    def seen(self, view: FlexView) -> FlexView:
        """Return the view of a client with where it is."""
        run = self.clients.runs.get(view.name)
        if run is None:
            return view
        state = "ACTIVE" if run.active else "NEGOTIATING" if run.ends is not None else _resting(run)
        view = replace(view, state=state, waits=run.waits)
        if run.ends is None:
            return replace(view, peer="")
        source = run.ends.source.interface if run.ends.source is not None else view.source
        return replace(view, peer=str(run.ends.remote), source=source)


def _resting(run: Run) -> str:
    manual = run.client.begins is Begins.MANUAL and not run.ordered
    return "CONNECT_REQUIRED" if manual else "TRACK_WAIT"


def _asks(client: Client) -> Iterator[int]:
    gates = [*(hub.gate for hub in client.hubs), *(source.gate for source in client.sources), client.gate]
    return (gate.track for gate in gates if gate.track)


def _moved(one: Interface, ends: Ends | None) -> Interface:
    """Return a tunnel interface between the ends that its client has chosen."""
    if one.tunnel is None or ends is None:
        return one
    tunnel: Tunnel = replace(one.tunnel, destination=ends.remote)
    if ends.source is not None:
        tunnel = replace(tunnel, source=ends.source.address, source_interface=ends.source.interface)
    return replace(one, tunnel=tunnel)


def _steered(one: Connection, ends: Ends | None, tunnel: Tunnel) -> Connection:
    """Return the connection of a client between these ends; without any it does not begin."""
    if ends is None:
        return replace(one, initiation=Initiation.NEVER)
    local: Address = ends.source.address if ends.source is not None else one.local
    flows = one.flows
    if tunnel.carrier is Carrier.GRE:
        flows = tunnel_flows(tunnel.carrier, local, ends.remote, tunnel.versions)
    return replace(one, local=local, peers=(ends.remote,), flows=flows)
