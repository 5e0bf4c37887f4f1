"""A router's routing tables and static routes become intent."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Network

from ikecli.config import ios
from ikecli.config.algorithms import network
from ikecli.config.tunnels_ios import addresses_of
from ikecli.intent import Address, Route, Vrf


def vrfs(draft: ios.Ios) -> Iterator[Vrf]:
    """Yield the routing tables beside the global one."""
    for name, held in draft.vrfs.items():
        yield Vrf(name, held.distinguisher or "", tuple(6 if one == "ipv6" else 4 for one in held.families) or (4,))


def routes(draft: ios.Ios) -> Iterator[Route]:
    """Yield the static routes of all tables."""
    for (address, mask, interface, gateway), route in draft.routes.items():
        yield Route(network(address, mask), gateway, interface or "", route.distance or 1, tag=route.tag or 0)
    for (vrf, address, mask, interface, gateway), own in draft.vrf_routes.items():
        yield Route(
            network(address, mask), gateway, interface or "", own.distance or 1, vrf, own.in_global, tag=own.tag or 0
        )
    for (prefix, interface, there), route in draft.routes6.items():
        yield Route(IPv6Network(prefix.network), there, interface or "", route.distance or 1, tag=route.tag or 0)
    for (vrf, prefix, interface, there), route in draft.vrf_routes6.items():
        yield Route(IPv6Network(prefix.network), there, interface or "", route.distance or 1, vrf, tag=route.tag or 0)


def own_addresses(draft: ios.Ios, interface: str) -> list[Address]:
    """Return the addresses of an interface, its primary one first."""
    held = draft.interfaces.get(interface)
    return [one.ip for one in addresses_of(held)] if held else []
