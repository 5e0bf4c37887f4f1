"""A node's interfaces: the configured ones and virtual-access ones, their line protocol, and the routes out of them.

The line protocol of a tunnel follows what carries it: an IPsec tunnel's is up while it has an SA, a GRE tunnel's while
its destination has a route. A tunnel whose own packets would go through itself is down.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from ipaddress import IPv4Interface, IPv6Interface, ip_address
from typing import Final

from ikecli.boundary.effects import Access, Reach
from ikecli.boundary.notices import LineChanged
from ikecli.boundary.views import InterfaceView, RouteView, TunnelView
from ikecli.dataplane.base import Notify
from ikecli.dataplane.gre import overhead
from ikecli.dataplane.packet import IP_HEADERS
from ikecli.dataplane.reaches import Reaches
from ikecli.dataplane.routing import Entry, Hop, Tables, entry_of, route_views
from ikecli.errors import Unavailable
from ikecli.intent import Address, Carrier, Intent, Interface, Prefix, Route, Tunnel

MAX_ACCESSES: Final = 100_000
"""Virtual-access interfaces of a node."""

MAX_NESTED: Final = 8
"""How often one change of lines may reach the same tunnel again: tunnels in tunnels, and those that flap."""

Carries = Callable[[str], bool]
"""Tells of a connection, by label, whether it has an SA that sends."""
Elsewhere = Callable[[str, Address], Address | None]
"""Returns the next hop towards something in a routing table by a way that the configuration does not have."""


def nowhere(vrf: str, destination: Address) -> None:
    """Tell of a network that is all configured: there is no other way."""


class Links:
    """The interfaces by name. `notify` hears of line protocols that change.

    `elsewhere` tells of ways that the machine has beside those of the configuration.
    """

    def __init__(self, carries: Carries, notify: Notify, elsewhere: Elsewhere = nowhere) -> None:
        self._carries, self._notify, self._elsewhere = carries, notify, elsewhere
        self._intent = Intent()
        self._accesses: dict[str, Access] = {}
        self._reaches = Reaches()
        self._lines: dict[str, bool] = {}
        self._leaning: dict[str, set[str]] = {}
        self._sharing: dict[str, list[str]] = {}
        self._dead = frozenset[str]()
        self._by_protection: dict[str, Interface] = {}
        self._gre: dict[tuple[str, Address | None, Address | None, int | None], Interface] = {}
        self.interfaces: dict[str, Interface] = {}
        self.addresses: dict[tuple[str, Address], Interface] = {}
        self.tables = Tables((), ())
        self._learned = Counter[tuple[str, Entry]]()
        self._labels = frozenset[str]()

    def configure(self, intent: Intent) -> None:
        """Take interfaces and routes; virtual-access interfaces are made anew of their templates."""
        same = intent.network is self._intent.network and not self._reaches
        self._intent = intent
        self._labels = frozenset(one.label for one in intent.connections)
        if not same:
            self._build()

    def reach(self, reach: Reach) -> None:
        """Have inner addresses of ours and networks behind a peer stand, or no longer."""
        old = self._reaches.take(reach)
        if reach.addresses or (old is not None and old.addresses):
            self._build()
            return
        self._learn(reach.routes if reach.connection in self._labels else ())
        self._unlearn(old.routes if old is not None and old.connection in self._labels else ())
        self._settle_from(name for name in self._lines if name not in self._accesses)

    def _learn(self, routes: Iterable[Route]) -> None:
        for route in routes:
            entry = entry_of(route, route.interface)
            self._learned[route.vrf, entry] += 1
            self.tables.add(route.vrf, entry)

    def _unlearn(self, routes: Iterable[Route]) -> None:
        """Take out routes that nothing else has brought."""
        for route in routes:
            key = route.vrf, entry_of(route, route.interface)
            self._learned[key] -= 1
            if self._learned[key] <= 0:
                del self._learned[key]
                self.tables.withdraw(*key)

    def _build(self) -> None:
        network = self._reaches.into(self._intent).network
        self.interfaces = {one.name: one for one in network.interfaces}
        for access in self._accesses.values():
            self._make(access)
        self.tables = Tables(self.interfaces.values(), network.routes)
        learned = (route for route in network.routes if route.learned)
        self._learned = Counter((route.vrf, entry_of(route, route.interface)) for route in learned)
        for access in self._accesses.values():
            self._learn(access.routes)
        self._settle()

    def attach(self, access: Access) -> None:
        """Put in a virtual-access interface, or change the one of its name; raises Unavailable for too many."""
        if len(self._accesses) >= MAX_ACCESSES and access.name not in self._accesses:
            raise Unavailable(f"there are {MAX_ACCESSES} virtual-access interfaces already")
        before = self._lines.get(access.name, False)
        self.detach(access.name)
        self._lines[access.name] = before
        self._accesses[access.name] = access
        self._make(access)
        self._learn(access.routes)
        if (interface := self.interfaces.get(access.name)) is not None:
            self.tables.connect(interface)
            self._settle_one(interface)

    def detach(self, name: str) -> None:
        """Take out a virtual-access interface."""
        if (access := self._accesses.pop(name, None)) is not None:
            self._unlearn(access.routes)
            self.tables.drop(name)
            self._lines.pop(name, None)
            if (interface := self.interfaces.pop(name, None)) is not None:
                self._unlist(interface)
                self._leaning.pop(name, None)
                self._by_protection.pop(interface.tunnel.protection if interface.tunnel else "", None)

    def _make(self, access: Access) -> None:
        template = self.interfaces.get(access.template)
        if template is None or template.tunnel is None:
            self.interfaces.pop(access.name, None)
            return
        tunnel = replace(
            template.tunnel,
            carrier=access.carrier,
            source=access.local,
            destination=access.remote,
            vrf=access.vrf,
            protection=access.connection,
        )
        self.interfaces[access.name] = replace(template, name=access.name, template=False, tunnel=tunnel)

    # Line protocols

    def up(self, name: str) -> bool:
        """Tell whether an interface carries packets."""
        one = self.interfaces.get(name)
        able = one is not None and not one.shutdown and not one.template and name not in self._dead
        return able and self._lines.get(name, True)

    def settle(self, connection: str) -> None:
        """See to the tunnel of a connection whose SAs have changed."""
        one = self._by_protection.get(connection)
        self._settle_from(self._sharing.get(connection) or ([one.name] if one is not None else ()))

    def refresh(self, dead: frozenset[str]) -> None:
        """See to all tunnels: the machine's own ways may have changed, and interfaces whose link is `dead`."""
        self._dead = dead
        self._settle_from(tuple(self._lines))

    def _settle(self) -> None:
        """Find out which tunnels are up."""
        tunnels = [one for one in self.interfaces.values() if one.tunnel is not None and not one.template]
        self._by_protection = {one.tunnel.protection: one for one in tunnels if one.tunnel and one.tunnel.protection}
        self._sharing.clear()
        for one in tunnels:
            self._sharing.setdefault(one.tunnel.protection if one.tunnel else "", []).append(one.name)
        self._lines = {one.name: self._lines.get(one.name, False) for one in tunnels}
        self._leaning.clear()
        self._gre.clear()
        self.addresses.clear()
        for one in self.interfaces.values():
            if self.up(one.name):
                self._list(one)
        self._settle_from(self._lines)

    def _settle_one(self, one: Interface) -> None:
        """Find out whether a virtual-access interface that was just made is up."""
        if one.tunnel is not None:
            self._by_protection[one.tunnel.protection] = one
            self._unlist(one)
            if self._lines.get(one.name, False):
                self._list(one)
            self._settle_from([one.name])

    def _settle_from(self, names: Iterable[str]) -> None:
        """Find out whether tunnels are up, and then those whose own packets went by one that has changed."""
        before: dict[str, bool] = {}
        recursive: set[str] = set()
        waiting, seen = deque(names), Counter[str]()
        while waiting:
            one = self.interfaces.get(name := waiting.popleft())
            if one is None or one.tunnel is None or seen[name] > MAX_NESTED:
                continue
            seen[name] += 1
            now, was = self._line(one, one.tunnel, recursive), self._lines.get(name, False)
            if now != was:
                before.setdefault(name, was)
                self._lines[name] = now
                (self._list if now else self._unlist)(one)
                waiting += self._leaning.get(name, ())
        for name, was in before.items():
            if self._lines[name] != was:
                self._notify(LineChanged(name, self._lines[name], name in recursive))

    def _list(self, one: Interface) -> None:
        """Let packets find an interface that is up."""
        t = one.tunnel
        if t is not None and t.carrier is Carrier.GRE:
            self._gre[t.vrf, t.source, t.destination, t.key] = one
        for own in one.addresses if not one.unnumbered else ():
            self.addresses[one.vrf, own.ip] = one

    def _unlist(self, one: Interface) -> None:
        """Let no packet find an interface."""
        t = one.tunnel
        if t is not None and self._gre.get(key := (t.vrf, t.source, t.destination, t.key)) is one:
            del self._gre[key]
        for own in one.addresses:
            if self.addresses.get((one.vrf, own.ip)) is one:
                del self.addresses[one.vrf, own.ip]
                for other in self.interfaces.values():
                    if other.vrf == one.vrf and own in other.addresses and other is not one and self.up(other.name):
                        self._list(other)

    def _line(self, interface: Interface, tunnel: Tunnel, recursive: set[str]) -> bool:
        recursive.discard(interface.name)
        if interface.shutdown or tunnel.source is None or tunnel.destination is None:
            return False
        if tunnel.carrier is Carrier.IPSEC and not self._carries(tunnel.protection):
            return False

        def up(name: str) -> bool:
            if name == interface.name:
                return True
            if name in self._lines:
                self._leaning.setdefault(name, set()).add(interface.name)
            return self.up(name)

        hop = self.tables.hop(tunnel.vrf, tunnel.destination, up)
        if hop is not None and hop.interface == interface.name:
            recursive.add(interface.name)
            return False
        return hop is not None or self._elsewhere(tunnel.vrf, tunnel.destination) is not None

    # What packets ask

    def hop(self, vrf: str, destination: Address) -> Hop | None:
        """Return where a packet goes next, or None without a route."""
        return self.tables.hop(vrf, destination, self.up)

    def protected_by(self, connection: str) -> Interface | None:
        """Return the tunnel that a connection protects."""
        return self._by_protection.get(connection)

    def gre(self, vrf: str, local: Address, remote: Address, key: int | None) -> Interface | None:
        """Return the GRE tunnel between two ends that has this key and is up."""
        return self._gre.get((vrf, local, remote, key))

    def own(self, interface: Interface) -> tuple[IPv4Interface | IPv6Interface, ...]:
        """Return an interface's addresses, its own or those it borrows."""
        lender = self.interfaces.get(interface.unnumbered)
        return (lender or interface).addresses

    def sources(self, interface: Interface) -> tuple[Address, ...]:
        """Return the addresses that packets of our own leave an interface with."""
        return tuple(own.ip for own in self.own(interface))

    def source(self, name: str, destination: Address, vrf: str) -> Address | None:
        """Return the address that packets of our own leave with: an interface's, that of the way, or one by itself.

        None without a way; raises Unavailable for what is no source here.
        """
        if not name:
            if (vrf, destination) in self.addresses:
                return destination
            hop = self.hop(vrf, destination)
            found = self.sources(self.interfaces[hop.interface]) if hop else ()
            return next((own for own in found if own.version == destination.version), None)
        for one in self.interfaces.values():
            if name in (one.name, one.nameif):
                able = [own for own in self.sources(one) if own.version == destination.version]
                if able and self.up(one.name):
                    return able[0]
                raise Unavailable(f"% Invalid source interface - {name} has no usable IP address or is down")
        source = read_address(name)
        if (vrf, source) not in self.addresses:
            raise Unavailable(f"% Invalid source address- {name} is not an address of this system")
        return source

    def standing(self) -> Iterator[Route]:
        """Yield the routes in use that are not those of addresses: static ones, and those that SAs brought."""
        for vrf, one in self.tables.used(self.up, self._neighbours):
            if one.code != "C":
                yield Route(
                    one.prefix, one.gateway, one.interface, one.distance, vrf, one.in_global, one.code == "V", one.tag
                )

    def _neighbours(self, vrf: str, gateway: Address) -> bool:
        """Tell whether a gateway is next to the machine by a way that the configuration does not have."""
        return self._elsewhere(vrf, gateway) == gateway

    def route(self, vrf: str, prefix: Prefix) -> Entry | None:
        """Return the route in use to just a network, if there is one."""
        return self.tables.exactly(vrf, prefix, self.up, self._neighbours)

    def way(self, vrf: str, destination: Address) -> str:
        """Return the interface by which something is reached, or nothing."""
        hop = self.hop(vrf, destination)
        return hop.interface if hop is not None else ""

    # What show asks

    def views(self) -> Iterator[InterfaceView]:
        """Yield the interfaces as they are now."""
        maps = {one.interface: one.name for one in self._intent.connections}
        for one in self.interfaces.values():
            lender = self.interfaces.get(one.unnumbered)
            tunnel = one.tunnel
            yield InterfaceView(
                name=one.name,
                nameif=one.nameif,
                addresses=tuple(str(address) for address in (lender or one).addresses),
                shutdown=one.shutdown,
                up=not one.shutdown,
                mtu=one.mtu,
                description=one.description,
                map="" if tunnel else maps.get(one.name, ""),
                line=self.up(one.name),
                vrf=one.vrf,
                unnumbered=one.unnumbered,
                tunnel=tunnel_view(tunnel) if tunnel else None,
                dynamic=one.dynamic,
            )

    def routes(self) -> tuple[RouteView, ...]:
        """Return the routes in use."""
        return route_views(self.tables, tuple(self.interfaces.values()), self.up)


def transport_mtu(tunnel: Tunnel, mtu: int) -> int:
    """Return the longest packet that GRE, or an IPsec tunnel as far as IP goes, takes over a path of `mtu` octets."""
    version = tunnel.source.version if tunnel.source else 4
    return mtu - IP_HEADERS[version] - (overhead(tunnel.key) if tunnel.carrier is Carrier.GRE else 0)


def tunnel_view(tunnel: Tunnel) -> TunnelView:
    """Return a tunnel as `show` sees it."""
    return TunnelView(
        carrier=tunnel.carrier.name,
        version=tunnel.source.version if tunnel.source else tunnel.versions[0],
        versions=tunnel.versions,
        source=str(tunnel.source or ""),
        source_interface=tunnel.source_interface,
        destination=str(tunnel.destination or ""),
        vrf=tunnel.vrf,
        key=tunnel.key,
        profile=tunnel.profile,
        transport_mtu=transport_mtu(tunnel, 1500),
        hops=tunnel.hops,
        service=tunnel.service,
    )


def read_address(text: str) -> Address:
    """Return an address that was typed; raises Unavailable."""
    try:
        return ip_address(text)
    except ValueError:
        raise Unavailable(f"% Unrecognized host or address, or protocol not running: {text}") from None
