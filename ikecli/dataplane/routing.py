"""Routing tables, one a VRF: connected, local and static routes, the longest prefix first, the least distance then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final, TypeAlias

from ikecli.boundary.views import RouteView
from ikecli.intent import Address, Interface, Prefix, Route
from ikecli.value import value

MAX_RECURSION: Final = 8
"""Gateways that are reached through further gateways, one behind the other."""

Place: TypeAlias = tuple[str, int, int, int]
"""Where routes of one prefix stand: their table, the IP version, the number of the network and its length."""

Up = Callable[[str], bool]
"""Tells of an interface, by name, whether it carries packets now."""


@value
class Entry:
    """A route of a table: out of an interface, or through a gateway, or both."""

    code: str
    prefix: Prefix
    interface: str
    gateway: Address | None
    distance: int
    in_global: bool = False
    tag: int = 0


@dataclass(frozen=True, slots=True)
class Hop:
    """Where a packet goes next: out of an interface, to a neighbour."""

    interface: str
    neighbour: Address


def entry_of(route: Route, interface: str) -> Entry:
    """Return a route of the intent, through an interface, as a table holds it."""
    code = "V" if route.learned else "S"
    return Entry(code, route.prefix, interface, route.gateway, route.distance, route.in_global, route.tag)


def _place(vrf: str, prefix: Prefix) -> Place:
    return vrf, prefix.version, int(prefix.network_address), prefix.prefixlen


class Tables:
    """All tables of a node. Routes out of an interface that is not up are there, but not used."""

    def __init__(self, interfaces: Iterable[Interface], routes: Iterable[Route]) -> None:
        self._entries: dict[Place, list[Entry]] = {}
        self._lengths: dict[tuple[str, int], list[int]] = {}
        self._places: dict[str, set[Place]] = {}
        named = {}
        for one in interfaces:
            named[one.name] = named[one.nameif or one.name] = one.name
            self.connect(one)
        for route in routes:
            self.add(route.vrf, entry_of(route, named.get(route.interface, route.interface)))

    def connect(self, interface: Interface) -> None:
        """Add what an interface's own addresses reach."""
        for own in interface.addresses if not interface.unnumbered else ():
            self.add(interface.vrf, Entry("C", own.network, interface.name, None, 0))

    def add(self, vrf: str, entry: Entry) -> None:
        """Add a route; equal ones once."""
        place = _place(vrf, entry.prefix)
        held = self._entries.get(place)
        if held is None:
            self._entries[place] = [entry]
        elif entry not in held:
            held.append(entry)
            held.sort(key=lambda one: one.distance)
        self._places.setdefault(entry.interface, set()).add(place)
        lengths = self._lengths.setdefault(place[:2], [])
        if place[3] not in lengths:
            lengths.append(place[3])
            lengths.sort(reverse=True)

    def withdraw(self, vrf: str, entry: Entry) -> None:
        """Take out a route; one that is not there is no error."""
        place = _place(vrf, entry.prefix)
        held = self._entries.get(place, [])
        if entry in held:
            held.remove(entry)
        if not any(one.interface == entry.interface for one in held):
            self._places.get(entry.interface, set()).discard(place)
        if not held:
            self._entries.pop(place, None)

    def drop(self, interface: str) -> None:
        """Take out all routes out of an interface."""
        for place in self._places.pop(interface, ()):
            left = [one for one in self._entries.get(place, ()) if one.interface != interface]
            if left:
                self._entries[place] = left
            else:
                self._entries.pop(place, None)

    def hop(self, vrf: str, destination: Address, up: Up) -> Hop | None:
        """Return the way of the best route that can be used, or None."""
        return self._hop(vrf, destination, up, MAX_RECURSION)

    def _hop(self, vrf: str, destination: Address, up: Up, depth: int) -> Hop | None:
        for entry in self._matching(vrf, destination):
            if entry.interface:
                if up(entry.interface):
                    return Hop(entry.interface, entry.gateway or destination)
            elif entry.gateway is not None and depth and entry.gateway not in (None, destination):
                hop = self._hop("" if entry.in_global else vrf, entry.gateway, up, depth - 1)
                if hop is not None:
                    return hop
        return None

    def _matching(self, vrf: str, destination: Address) -> Iterator[Entry]:
        version, number, whole = destination.version, int(destination), destination.max_prefixlen
        for length in self._lengths.get((vrf, version), ()):
            wild = whole - length
            yield from self._entries.get((vrf, version, number >> wild << wild, length), ())

    def exactly(
        self, vrf: str, prefix: Prefix, up: Up, next_to: Callable[[str, Address], bool] | None = None
    ) -> Entry | None:
        """Return the best route to just a network that can be used, if there is one."""
        able = (one for one in self._entries.get(_place(vrf, prefix), ()) if self._usable(vrf, one, up, next_to))
        return next(able, None)

    def used(self, up: Up, next_to: Callable[[str, Address], bool] | None = None) -> Iterator[tuple[str, Entry]]:
        """Yield the routes that can be used, of each prefix those of least distance, with their table.

        `next_to` tells of gateways, by table, that are neighbours though no route says so.
        """
        for (vrf, *_), held in self._entries.items():
            able = [one for one in held if self._usable(vrf, one, up, next_to)]
            yield from ((vrf, one) for one in able if one.distance == able[0].distance)

    def _usable(self, vrf: str, entry: Entry, up: Up, next_to: Callable[[str, Address], bool] | None) -> bool:
        if entry.interface:
            return up(entry.interface)
        table = "" if entry.in_global else vrf
        if entry.gateway is None:
            return False
        found = self._hop(table, entry.gateway, up, MAX_RECURSION) is not None
        return found or (next_to is not None and next_to(table, entry.gateway))


def route_views(tables: Tables, interfaces: Iterable[Interface], up: Up) -> tuple[RouteView, ...]:
    """Return the routes in use with the local addresses among them, by table and prefix."""
    shown = {one.name: one.nameif or one.name for one in interfaces}
    rows = []
    for vrf, entry in tables.used(up):
        gateway = "" if entry.gateway is None else str(entry.gateway)
        interface = shown.get(entry.interface, entry.interface)
        rows.append(RouteView(entry.code, str(entry.prefix), gateway, interface, entry.distance, vrf, entry.tag))
    for one in interfaces:
        for own in one.addresses if up(one.name) and not one.unnumbered else ():
            if own.network.num_addresses > 1:
                rows.append(RouteView("L", f"{own.ip}/{own.max_prefixlen}", "", one.nameif or one.name, 0, one.vrf))
    return tuple(sorted(rows, key=lambda row: (row.vrf, ip_network(row.prefix).version, ip_network(row.prefix))))
