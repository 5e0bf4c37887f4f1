"""What an appliance watches: it looks, sends the echoes of probes, and has engine and plane follow what it finds."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

from ikecli.boundary.clock import Cancel
from ikecli.boundary.effects import Standing
from ikecli.dataplane.base import Echo, EchoResult
from ikecli.dataplane.links import Links
from ikecli.dataplane.packet import IP_HEADERS
from ikecli.errors import Unavailable
from ikecli.intent import Intent, Prefix
from ikecli.intent.watch import Begins, Probe
from ikecli.watch.sight import Said
from ikecli.watch.watcher import Steering, Watcher

if TYPE_CHECKING:
    from ikecli.daemon.appliance import Appliance

ECHO_HEADER: Final = 8
WAYS: Final = {"C": "connected", "S": "static", "V": "VPN"}


class Sight:
    """How the interfaces and routes of a plane are."""

    def __init__(self, links: Links) -> None:
        self._links = links

    def line(self, interface: str) -> bool:
        """Tell whether an interface carries packets."""
        return self._links.up(interface)

    def versions(self, interface: str) -> frozenset[int]:
        """Return the IP versions that an interface has addresses of."""
        one = self._links.interfaces.get(interface)
        return frozenset(own.version for own in self._links.own(one)) if one is not None else frozenset()

    def route(self, vrf: str, prefix: Prefix) -> tuple[str, str] | None:
        """Return what a route to just this network is and leads out of, None without one."""
        entry = self._links.route(vrf, prefix)
        if entry is None:
            return None
        way = entry.interface or (self._links.way(vrf, entry.gateway) if entry.gateway is not None else "")
        return WAYS.get(entry.code, entry.code), way


class Watching:
    """The watcher of an appliance, with its timer and its echoes."""

    def __init__(self, appliance: Appliance) -> None:
        self._appliance = appliance
        self.watcher: Final = Watcher()
        self._stands = Steering()
        self._timer: Cancel | None = None
        self._numbers = count(1)
        self._due = self._closed = False

    @property
    def sight(self) -> Sight:
        """How interfaces and routes are now."""
        return Sight(self._appliance.plane.links)

    def configure(self, intent: Intent) -> Intent:
        """Take a new intent; return it as it holds as far as was known before."""
        clock = self._appliance.clock
        self.watcher.configure(intent, clock.now(), clock.wall())
        self._stands = self.watcher.steering
        return self.watcher.into(intent)

    def look(self) -> None:
        """Look now: have what changed take effect, and send the echoes that are due."""
        self._due = False
        if self._closed:
            return
        now = self._appliance.clock.now()
        self._tell(self.watcher.look(self.sight, now))
        stands = self.watcher.steering
        if stands != self._stands:
            was, self._stands = self._stands, stands
            self._appliance.steer(stands.ends != was.ends)
            self._tell_routes(was)
        for probe in self.watcher.echoes(now):
            self._send(probe)
        self._arm()

    def soon(self) -> None:
        """Look as soon as what is being done is done, where anything is watched."""
        if not self._due and (self._timer is not None or self.watcher.clients.runs):
            self._due = True
            self._appliance.clock.call_at(self._appliance.clock.now(), self.look)

    def heard(self, standing: Standing) -> None:
        """Take how the connection of a client stands."""
        self._tell(self.watcher.heard(standing, self._appliance.clock.now()))
        self.soon()

    def order(self, name: str, connect: bool) -> bool:
        """Have a client that is connected by hand connect, or no longer; tell whether it is such a one."""
        run = self.watcher.clients.runs.get(name)
        if run is None or run.client.begins is not Begins.MANUAL:
            return False
        self.watcher.order(name, connect)
        self.look()
        return True

    def close(self) -> None:
        """Look no more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    def _tell(self, lines: list[Said]) -> None:
        if self._appliance.dialect == "ios":
            for line in lines:
                self._appliance.journal.log(line.severity, line.facility, line.mnemonic, line.text)

    def _tell_routes(self, was: Steering) -> None:
        """Tell, as a firewall does, of routes that came or went with their object."""
        changed = was.up ^ self._stands.up
        if self._appliance.dialect != "asa" or not changed:
            return
        held = self._appliance.intent.network
        names = {one.name: one.nameif for one in held.interfaces}
        for route in held.routes:
            if route.track in changed:
                what = "Adding" if route.track in self._stands.up else "Removing"
                network = route.prefix.with_netmask.replace("/", " ")
                way = f"distance {route.distance}, table default, on interface {names.get(route.interface, '')}"
                text = f"{what} tracked route {network} {route.gateway}, {way}"
                self._appliance.journal.log(6, "ASA", "622001", text)

    def _send(self, probe: Probe) -> None:
        """Send the echoes of a probe; of what becomes of them the best counts."""
        found: list[EchoResult] = []

        def done(result: EchoResult) -> None:
            found.append(result)
            if len(found) == probe.packets:
                best = min(found, key=lambda one: (one.mark != "!", one.milliseconds))
                self.watcher.probes.found(probe, best.mark, best.milliseconds)
                self.look()

        size = probe.size + IP_HEADERS[probe.destination.version] + ECHO_HEADER
        for _ in range(probe.packets):
            number = next(self._numbers) & 0xFFFF
            echo = Echo(str(probe.destination), probe.source, size, probe.timeout / 1000, number, probe.vrf)
            try:
                self._appliance.plane.echo(echo, done)
            except Unavailable:
                self._appliance.clock.call_at(self._appliance.clock.now(), lambda: done(EchoResult("U")))

    def _arm(self) -> None:
        clock = self._appliance.clock
        if self._timer is not None:
            self._timer.cancel()
        when = self.watcher.due(clock.now())
        self._timer = None if when is None else clock.call_at(max(when, clock.now()), self.look)
