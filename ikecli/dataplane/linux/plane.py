"""What both planes on Linux do alike: interfaces, routes, sockets, ping, and the end that leaves nothing behind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Interface, IPv6Interface
from typing import Final

from ikecli.boundary.effects import Access, Direction, Install, Reach, Remove, Update
from ikecli.boundary.machine import NeighbourView
from ikecli.boundary.notices import LineChanged, LinkChanged, Notice
from ikecli.boundary.views import InterfaceView, RouteView
from ikecli.dataplane.base import Echo, EchoResult, EspState
from ikecli.dataplane.esp import LEAST_MTU, inner_limit
from ikecli.dataplane.lines import Line, torn
from ikecli.dataplane.links import Links, transport_mtu
from ikecli.dataplane.linux.devices import LONGEST_NAME, exists, index_of, short_name
from ikecli.dataplane.linux.echo import Pinger
from ikecli.dataplane.linux.guard import Guard
from ikecli.dataplane.linux.host import Home, Host
from ikecli.dataplane.linux.ledger import Ledger
from ikecli.dataplane.linux.neighbours import neighbours
from ikecli.dataplane.linux.network import LinuxNetwork, changes, flows_reach, lost_address
from ikecli.dataplane.linux.vrfs import tables_of
from ikecli.dataplane.packet import ESP, UDP
from ikecli.errors import Unavailable
from ikecli.intent import Address, Carrier, Connection, Intent, Interface, Route, Tunnel
from ikecli.intent.network import DEFAULT_MTU

_LIKE_ESP: Final = frozenset({0, UDP, ESP})
"""Protocols of flows between a connection's own ends that what protects them may look like."""
QUEUE: Final = 4_000
"""Packets that wait in a device: with 500 bursts overflow it, and TCP slows down."""
REFUSED_SECONDS: Final = 30.0
"""How often nftables is asked again for what it refused."""
SETTLE_SECONDS: Final = 0.2
"""How long after a change of devices or addresses the configuration is applied again: they come in flocks."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A tunnel interface that has a device, and what it was made for."""

    device: str
    tunnel: Tunnel
    vrf: str
    segments: tuple[int, int]


class LinuxPlane(ABC):
    """The half of a plane that is not ESP. A subclass puts in policies, SAs and the devices of tunnels."""

    features = frozenset[str]()
    strict = False
    """Whether a device with a crypto map must check where packets come from, since nothing else tells clear ones."""

    clamps = False
    """Whether the table of nftables bounds the segments of TCP connections."""

    def __init__(self, host: Host, ledger: Ledger) -> None:
        self._host, self._ledger = host, ledger
        self._intent = Intent()
        self._absent: dict[str, str] = {}
        self._inner: dict[int, tuple[tuple[str, Address], ...]] = {}
        self._senders: dict[str, dict[tuple[int, Address], Install]] = {}
        self._sent_by: dict[tuple[int, Address], str] = {}
        self._standing: dict[str, Standing] = {}
        self._network = LinuxNetwork(ledger, host.devices, host.log)
        self._network.sweep()
        self._vrfs = self._network.vrfs
        if not self._vrfs.why:
            self.features |= {"vrf"}
        self._links = Links(self._senders.__contains__, self._line_changed, self._network.neighbour)
        self._guard, self._asking = Guard(ledger, self._network.say), False
        self._pinger = Pinger(host)
        self._events = changes()
        self._closed = False
        self._settling: float | None = None
        host.watch(self._events.fileno(), self._changed)

    def configure(self, intent: Intent) -> None:
        """Take interfaces, routes and policies, and listen where the configuration says."""
        self._vrfs.follow(tables_of(intent))
        self._intent = carried = self._carried(intent)
        try:
            self._links.configure(intent)
            self._connect_network()
            self._links.refresh(self._network.dead())
            self._protect(self._with_maps(carried))
            self._vrfs.trim(tables_of(intent))
        except Unavailable as problem:
            self._host.log(str(problem))
        live = [one for one in carried.network.interfaces if not one.shutdown and one.tunnel is None]
        live = [one for one in live if self._vrfs.has(one.vrf)]
        homes = [Home(own.ip, one.vrf, self._vrfs.device(one.vrf)) for one in live for own in one.addresses]
        try:
            self._host.sockets.listen(homes)
        except Unavailable as problem:
            self._host.trouble(problem)

    def _connect_network(self) -> None:
        """Have devices, addresses and routes be those of the configuration and of the tunnels as they are now."""
        intent = self._intent
        self._raise_tunnels()
        plain = [one for one in intent.network.interfaces if one.tunnel is None]
        tunnels = [self._links.interfaces[name] for name in self._standing if name in self._links.interfaces]
        tunnels = [replace(one, addresses=self._links.own(one)) for one in tunnels]
        network = replace(intent.network, interfaces=(*plain, *tunnels), routes=tuple(self._routes()))
        strict = self._checked(intent) & {one.name for one in plain}
        self._network.configure(replace(intent, network=network), strict)
        if self.clamps:
            doors = [(self._network.device(one.name), one.segments) for one in (*plain, *tunnels)]
            if not self._guard.clamp([one for one in doors if one[0]]):
                self._guard_later()

    def _routes(self) -> Iterator[Route]:
        """Yield the routes to have; what lies behind a peer is no way to the peer itself, and needs no gateway."""
        peers = [(peer, one.vrf) for one in self._intent.connections for peer in one.peers]
        for route in self._links.standing():
            if (
                route.learned
                and route.interface
                and route.interface not in self._standing
                and (any(peer in route.prefix for peer, vrf in peers if vrf == route.vrf))
            ):
                self._network.say(f"route to {route.prefix}: it would be the way to the peer itself, and is left out")
                continue
            yield replace(route, gateway=None) if route.learned and route.interface else route

    def interfaces(self) -> tuple[InterfaceView, ...]:
        """Return the interfaces with their devices and what passed through them."""
        return self._network.seen(self._links.views())

    def neighbours(self) -> tuple[NeighbourView, ...]:
        """Return who is known on the links of the interfaces."""
        network = self._network
        return neighbours(network.requests, network.devices.found(), self.interfaces())

    def routes(self) -> tuple[RouteView, ...]:
        """Return connected routes, and the static ones that the kernel has."""
        have = self._network.installed()
        rows = [one for one in self._links.routes() if self._vrfs.has(one.vrf)]
        numbers = {vrf: self._vrfs.of(vrf).number for vrf in {one.vrf for one in rows}}
        return tuple(
            one for one in rows if one.code not in "SV" or (numbers[one.vrf], one.prefix, _gateway(one)) in have
        )

    def reach(self, reach: Reach) -> None:
        """Have inner addresses of ours and networks behind a peer stand: on a tunnel's device, else on `lo`."""
        self._links.reach(reach)
        self._inner.pop(reach.id, None)
        if reach.addresses and self._links.protected_by(reach.connection) is None:
            vrf = next((one.inner_vrf for one in self._intent.connections if one.label == reach.connection), "")
            self._inner[reach.id] = tuple((vrf, address) for address in reach.addresses)
        self._network.inner = frozenset(each for some in self._inner.values() for each in some)
        self._connect_network()

    # Tunnel interfaces

    def attach(self, access: Access) -> None:
        """Put in a virtual-access interface with a device of its own; raises Unavailable where there can be none."""
        self._links.attach(access)
        try:
            self._raise_one(access.name)
        except Unavailable:
            self.detach(access.name)
            raise
        self._settle_soon()

    def detach(self, name: str) -> None:
        """Take out a virtual-access interface and its device."""
        self._links.detach(name)
        self._drop_one(name)
        self._settle_soon()

    def _raise_tunnels(self) -> None:
        """Have a device for each tunnel interface whose ends are known, and for no other."""
        for name in tuple(self._standing):
            if name not in self._links.interfaces:
                self._drop_one(name)
        for name, one in tuple(self._links.interfaces.items()):
            if one.tunnel is None or one.template:
                continue
            try:
                self._raise_one(name)
            except Unavailable as problem:
                self._absent[one.tunnel.protection] = f"interface {name}: {problem}"
                self._network.say(f"interface {name}: {problem}")

    def _raise_one(self, name: str) -> None:
        one = self._links.interfaces.get(name)
        tunnel = one.tunnel if one is not None else None
        if one is None or tunnel is None or tunnel.source is None or tunnel.destination is None:
            self._drop_one(name)
            return
        had = self._standing.get(name)
        if had is not None and (had.tunnel, had.vrf, had.segments) == (tunnel, one.vrf, one.segments):
            return
        device = had.device if had is not None else self._free_name(name)
        try:
            self._vrfs.of(tunnel.vrf)
            self._raise_tunnel(one, tunnel, device)
            self._network.enslave(device, one.vrf)
        except Unavailable:
            self._drop_one(name)
            raise
        self._standing[name] = Standing(device, tunnel, one.vrf, one.segments)
        self._network.tunnels[name] = device
        self._show_line(name)

    def _drop_one(self, name: str) -> None:
        had = self._standing.pop(name, None)
        if had is not None:
            self._network.tunnels.pop(name, None)
            self._drop_tunnel(name, had.device)
            self._network.forget(had.device)

    def _free_name(self, name: str) -> str:
        """Return what a tunnel's device is to be called, with our own number where somebody has that name."""
        short = short_name(name)
        return short if not exists(short) else f"{short}-{self._ledger.owner:04x}"[-LONGEST_NAME:]

    @abstractmethod
    def _raise_tunnel(self, one: Interface, tunnel: Tunnel, device: str) -> None:
        """Have a device carry a tunnel, or do so otherwise from now on; a plane's own. Raises Unavailable."""

    @abstractmethod
    def _drop_tunnel(self, name: str, device: str) -> None:
        """Have a tunnel's device be gone; a plane's own."""

    def _devices_in(self, vrf: str) -> tuple[int, ...]:
        """Return the numbers of a VRF's device and of those in it; 0, which stands for any, of the global table."""
        if not vrf:
            return (0,)
        tunnels = [one.device for one in self._standing.values() if one.vrf == vrf]
        names = (self._vrfs.device(vrf), *self._network.devices_in(vrf), *tunnels)
        return tuple(dict.fromkeys(index_of(name) for name in names if exists(name)))

    def _room(self, tunnel: Tunnel) -> int:
        """Return the longest packet that fits into a tunnel as far as is known."""
        some = self._senders.get(tunnel.protection, {}).values()
        if not some:
            around = self._network.mtu_at(tunnel.source, tunnel.vrf) if tunnel.source else 0
            return transport_mtu(tunnel, around or DEFAULT_MTU)
        room = min(inner_limit(sa, self._path(sa)) for sa in some)
        return transport_mtu(tunnel, room) if tunnel.carrier is Carrier.GRE else room

    def _path(self, sa: Install) -> int:
        """Return the MTU of the device that an SA's packets leave by, as far as it is known."""
        return self._network.mtu_at(sa.local.address, sa.vrf) or DEFAULT_MTU

    def _show_line(self, name: str) -> None:
        """Have a tunnel's device be up as its line protocol is, and take packets as long as fit."""
        had, one = self._standing.get(name), self._links.interfaces.get(name)
        if had is None or one is None:
            return
        mtu = max(LEAST_MTU, min(one.mtu, self._room(had.tunnel)))
        try:
            self._network.devices.change(had.device, up=self._links.up(name), mtu=mtu, queue=QUEUE)
        except Unavailable as problem:
            self._host.log(f"interface {name}: {problem}")

    def _line_changed(self, notice: Notice) -> None:
        """Show a line protocol at its device at once, and soon in the routes."""
        if isinstance(notice, LineChanged):
            self._show_line(notice.interface)
        clock = self._host.clock
        clock.call_at(clock.now(), lambda: self._host.notify(notice))
        self._settle_soon()

    # SAs

    def install(self, sa: Install) -> None:
        """Put in one direction of an SA."""
        self._check(sa)
        self._install(sa)
        if sa.direction is Direction.OUTBOUND:
            self._sends(sa)

    def _sends(self, sa: Install) -> None:
        """Take note of an SA that sends: its tunnel may be up now."""
        key = (sa.spi, sa.remote.address)
        self._sent_by[key] = sa.connection
        self._senders.setdefault(sa.connection, {})[key] = sa
        one = self._links.protected_by(sa.connection)
        if one is not None and self._links.up(one.name):
            self._show_line(one.name)
        self._links.settle(sa.connection)

    def _sends_no_more(self, key: tuple[int, Address]) -> None:
        """Take note that an SA is gone."""
        label = self._sent_by.pop(key, "")
        held = self._senders.get(label, {})
        held.pop(key, None)
        if label and not held:
            del self._senders[label]
            self._links.settle(label)

    def update(self, update: Update) -> None:
        """Move an SA to other endpoints."""
        self._update(update)
        if update.direction is Direction.OUTBOUND:
            for label, held in self._senders.items():
                for key, sa in tuple(held.items()):
                    if (sa.spi, sa.peer_spi) == (update.spi, update.peer_spi):
                        del held[key], self._sent_by[key]
                        key = (update.spi, update.remote.address)
                        held[key], self._sent_by[key] = sa, label

    def remove(self, remove: Remove) -> None:
        """Take out one direction of an SA, at once or after a while."""
        if remove.after:
            clock, later = self._host.clock, replace(remove, after=0.0)
            clock.call_at(clock.now() + remove.after, lambda: self.remove(later))
        elif not self._closed:
            self._remove(remove)
            if remove.direction is Direction.OUTBOUND:
                self._sends_no_more((remove.spi, remove.remote.address))

    @abstractmethod
    def _install(self, sa: Install) -> None:
        """Put in one direction of an SA; a plane's own."""

    @abstractmethod
    def _update(self, update: Update) -> None:
        """Move an SA to other endpoints; a plane's own."""

    @abstractmethod
    def _remove(self, remove: Remove) -> None:
        """Take out one direction of an SA; a plane's own."""

    def give(self, spis: Iterable[int]) -> tuple[EspState, ...]:
        """Take Child SAs out and return how far they are."""
        given = tuple(self._give(tuple(spis)))
        for state in given:
            if state.install.direction is Direction.OUTBOUND:
                self._sends_no_more((state.install.spi, state.install.remote.address))
        return given

    def take(self, state: EspState) -> None:
        """Go on with what another plane gave."""
        self._check(state.install)
        self._take(state)
        if state.install.direction is Direction.OUTBOUND:
            self._sends(state.install)

    @abstractmethod
    def _give(self, spis: tuple[int, ...]) -> Iterator[EspState]:
        """Take Child SAs out, by inbound SPI, the directions as they are; a plane's own."""

    @abstractmethod
    def _take(self, state: EspState) -> None:
        """Go on with one direction of an SA; a plane's own."""

    def _carried(self, intent: Intent) -> Intent:
        """Return what of an intent can be carried here, and say what cannot."""
        self._absent = {}
        for one in intent.connections:
            if why := self._unreachable(one, intent):
                self._absent[one.label] = why
        if intent.nat.rules or intent.nat.statics:
            self._network.say("ip nat: addresses are translated in the lab alone; on Linux use the machine's own rules")
        for label, why in self._absent.items():
            self._network.say(f"connection {label}: {why}")
        return replace(intent, connections=tuple(one for one in intent.connections if one.label not in self._absent))

    def _unreachable(self, one: Connection, intent: Intent) -> str:
        """Return why the routing tables of a connection cannot be had, or nothing."""
        try:
            for vrf in (one.vrf, one.inner_vrf):
                self._vrfs.of(vrf)
        except Unavailable as problem:
            return str(problem)
        tunnels = {each.name for each in intent.network.interfaces if each.tunnel is not None}
        return "" if one.interface in tunnels else self._map_unreachable(one)

    @abstractmethod
    def _map_unreachable(self, one: Connection) -> str:
        """Return why a plane cannot protect in the routing tables of a crypto map's entry, or nothing; its own."""

    def _with_maps(self, intent: Intent) -> Intent:
        """Return an intent with those of its connections that are not a tunnel's."""
        tunnels = {one.name for one in intent.network.interfaces if one.tunnel is not None}
        return replace(intent, connections=tuple(one for one in intent.connections if one.interface not in tunnels))

    def _keep_in(self, intent: Intent, lines: Sequence[Line], beside: str = "") -> None:
        """Keep out of the clear what routes and policies alone cannot; what goes into the device `beside` is not."""
        strict = self._checked(intent)

        def is_kept(line: Line, connection: Connection) -> bool:
            told_apart = self.strict and (line.local.protocol or line.remote.protocol) not in _LIKE_ESP
            return told_apart or (line.local.first.version == 6 and connection.interface in strict)

        own = [
            (line.local, line.remote, self._network.device(line.connection.interface))
            for line in lines
            if line.connection is not None and is_kept(line, line.connection)
        ]
        fragments = [(line.local, line.remote) for line in torn(lines)]
        if not self._guard.follow(fragments, beside, [one for one in own if one[2]]):
            self._guard_later()

    def _checked(self, intent: Intent) -> frozenset[str]:
        """Return the interfaces of connections whose device must check where packets come from."""
        names = {one.interface for one in intent.connections} if self.strict else ()
        return frozenset(name for name in names if not flows_reach(intent, name))

    def _guard_later(self) -> None:
        if not self._asking:
            self._asking, clock = True, self._host.clock
            clock.call_at(clock.now() + REFUSED_SECONDS, self._guard_again)

    def _guard_again(self) -> None:
        """Ask again for what nftables refused."""
        self._asking = False
        if not self._closed and not self._guard.try_again():
            self._guard_later()

    def _check(self, sa: Install) -> None:
        """Refuse an SA of a connection that cannot be carried here."""
        if sa.connection in self._absent:
            raise Unavailable(self._absent[sa.connection])

    @property
    def links(self) -> Links:
        """Interfaces and routing tables as they are now."""
        return self._links

    def echo(self, echo: Echo, done: Callable[[EchoResult], None]) -> None:
        """Send an echo request."""
        try:
            device = self._vrfs.of(echo.vrf).device
        except Unavailable as problem:
            raise Unavailable(f"% ping: {problem}") from None
        self._pinger.send(self._intent, echo, done, device)

    def close(self) -> None:
        """Undo everything that was put in."""
        self._closed = True
        self._pinger.close()
        self._host.unwatch(self._events.fileno())
        self._events.close()
        for name in tuple(self._standing):
            self._drop_one(name)
        self._guard.close()
        self._network.close()
        self._ledger.close()

    @abstractmethod
    def _protect(self, intent: Intent) -> None:
        """Put in the policies; a plane's own."""

    def _changed(self) -> None:
        """Tell the engine of addresses that went; soon after, apply the configuration to what is there now."""
        gone: set[Address | None] = set()
        self._events.read(lambda message: gone.add(lost_address(message)))
        own = {address.ip for one in self._intent.network.interfaces for address in one.addresses}
        if lost := tuple(address for address in own if address in gone):
            self._host.notify(LinkChanged(lost))
        self._settle_soon(SETTLE_SECONDS)

    def _settle_soon(self, seconds: float = 0.0) -> None:
        due = self._host.clock.now() + seconds
        if self._settling is None or due < self._settling:
            self._settling = due
            self._host.clock.call_at(due, self._settle)

    def _settle(self) -> None:
        if self._closed or self._settling is None or self._settling > self._host.clock.now():
            return
        self._settling = None
        try:
            self._links.refresh(self._network.dead())
            self._connect_network()
        except Unavailable as problem:
            self._host.log(str(problem))
        asking = [one for one in self._intent.network.interfaces if one.dynamic]
        if any(self.found(one.name) != next(filter(_is_four, one.addresses), None) for one in asking):
            self._host.notify(LinkChanged(()))

    def found(self, interface: str) -> IPv4Interface | None:
        """Return the address that the device of an interface has by others than us, None without one."""
        return self._network.given(self._host.devices.get(interface, ""))


def _gateway(route: RouteView) -> str:
    """Return the gateway that a route has in the kernel."""
    return "" if route.code == "V" and route.interface else route.gateway


def _is_four(address: IPv4Interface | IPv6Interface) -> bool:
    return address.version == 4
