"""A router's routing tables and static routes become intent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv6Network

from ikecli.config import ios
from ikecli.config.algorithms import network
from ikecli.config.ios_routes import StaticRoute, VrfRoute
from ikecli.config.tunnels_ios import addresses_of
from ikecli.intent import Address, Prefix, Route, Vrf


def vrfs(draft: ios.Ios) -> Iterator[Vrf]:
    """Yield the routing tables beside the global one."""
    for name, held in draft.vrfs.items():
        yield Vrf(name, held.distinguisher or "", tuple(6 if one == "ipv6" else 4 for one in held.families) or (4,))


def routes(draft: ios.Ios) -> Iterator[Route]:
    """Yield the static routes of all tables."""
    for (address, mask, interface, gateway), route in draft.routes.items():
        yield _route(network(address, mask), gateway, interface, "", route)
    for (vrf, address, mask, interface, gateway), own in draft.vrf_routes.items():
        yield replace(_route(network(address, mask), gateway, interface, vrf, own), in_global=own.in_global)
    for (prefix, interface, there), route in draft.routes6.items():
        yield _route(IPv6Network(prefix.network), there, interface, "", route)
    for (vrf, prefix, interface, there), route in draft.vrf_routes6.items():
        yield _route(IPv6Network(prefix.network), there, interface, vrf, route)


def _route(
    prefix: Prefix, gateway: Address | None, interface: str | None, vrf: str, held: StaticRoute | VrfRoute
) -> Route:
    distance, tag, track = held.distance or 1, held.tag or 0, held.track or 0
    return Route(prefix, gateway, interface or "", distance, vrf, tag=tag, track=track)


def own_addresses(draft: ios.Ios, interface: str) -> list[Address]:
    """Return the addresses of an interface, its primary one first."""
    held = draft.interfaces.get(interface)
    return [one.ip for one in addresses_of(held)] if held else []
