"""`show ipv6 route` and `show ipv6 interface`, as IOS lays them out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from ipaddress import ip_interface
from typing import Final

from ikecli.boundary.views import InterfaceView, RouteView
from ikecli.show import text
from ikecli.show.ios.interfaces import link
from ikecli.show.ios.network import KNOWN
from ikecli.show.options import Slots

_CODES = (
    "Codes: C - Connected, L - Local, S - Static, U - Per-user Static route",
    "       B - BGP, R - RIP, H - NHRP, I1 - ISIS L1",
    "       I2 - ISIS L2, IA - ISIS interarea, IS - ISIS summary, D - EIGRP",
    "       EX - EIGRP external, ND - ND Default, NDp - ND Prefix, DCE - Destination",
    "       NDr - Redirect, O - OSPF Intra, OI - OSPF Inter, OE1 - OSPF ext 1",
    "       OE2 - OSPF ext 2, ON1 - OSPF NSSA ext 1, ON2 - OSPF NSSA ext 2",
)


_ONLY: Final = {"connected": "C", "local": "L", "static": "SV"}
"""The codes of the routes that a word asks for."""


def way(views: Sequence[RouteView], slots: Slots) -> Iterator[str]:
    """`show ipv6 route X:X::X:X`: the routes to an address."""
    if not views:
        yield "% Route not found"
        return
    first = views[0]
    yield f"Routing entry for {text.address(first.prefix)}"
    receive = ", type receive" if first.code == "L" else ", type connected" if first.code == "C" else ""
    yield f'  Known via "{KNOWN[first.code]}", distance {first.distance}, metric 0{receive}'
    if first.tag:
        yield f"  Tag {first.tag}"
    yield f"  Route count is {len(views)}/{len(views)}, share count 0"
    yield "  Routing paths:"
    for view in views:
        if view.gateway:
            yield f"    {_next_hop(view)}"
        else:
            yield f"    {'receive' if view.code == 'L' else 'directly connected'} via {view.interface}"


def route(views: Sequence[RouteView], slots: Slots) -> Iterator[str]:
    """`show ipv6 route [vrf NAME]`: each route with what it goes through below it."""
    codes = _ONLY.get(str(slots.get("only")), "CLSV")
    routes = [view for view in views if ":" in view.prefix and view.code in codes]
    yield f"IPv6 Routing Table - {slots.get('vrf') or 'default'} - {len(routes)} entries"
    yield from _CODES
    for view in routes:
        yield f"{'S' if view.code == 'V' else view.code:<3} {text.address(view.prefix)} [{view.distance}/0]"
        if view.code == "L":
            yield f"     via {view.interface}, receive"
        elif view.gateway:
            yield f"     via {_next_hop(view)}"
        else:
            yield f"     via {view.interface}, directly connected"


def summary(views: Sequence[RouteView], slots: Slots) -> Iterator[str]:
    """`show ipv6 route [vrf NAME] summary`: how many of each source, and of each length."""
    routes = [view for view in views if ":" in view.prefix]
    yield f"IPv6 routing table name is {slots.get('vrf') or 'default'}(0) global scope - {len(routes)} entries"
    yield "IPv6 routing table default maximum-paths is 16"
    yield "Route Source    Networks    Overhead    Memory (bytes)"
    for name, codes in (("connected", "C"), ("local", "L"), ("static", "SV")):
        yield f"{name:<15} {sum(view.code in codes for view in routes):<11} {0:<11} 0"
    yield f"{'Total':<15} {len(routes):<11} {0:<11} 0"
    yield ""
    lengths = Counter(int(view.prefix.partition("/")[2]) for view in routes)
    yield "  Number of prefixes:"
    if lengths:
        yield f"    {', '.join(f'/{length}: {lengths[length]}' for length in sorted(lengths))}"


def interface(views: Sequence[InterfaceView], slots: Slots) -> Iterator[str]:
    """`show ipv6 interface`: what is known of IPv6 at each interface that has it."""
    for view in views:
        own = [one for one in view.addresses if ":" in one]
        if not own:
            continue
        status, protocol = link(view)
        near = [one for one in own if ip_interface(one).is_link_local]
        yield f"{view.name} is {status}, line protocol is {protocol}"
        yield f"  IPv6 is enabled, link-local address is {text.address(text.bare(near[0])) if near else 'unassigned'} "
        yield "  No Virtual link-local address(es):"
        if view.vrf:
            yield f'  VPN Routing/Forwarding "{view.vrf}"'
        if view.description:
            yield f"  Description: {view.description}"
        far = [one for one in own if one not in near]
        yield "  Global unicast address(es):" if far else "  No global unicast address is configured"
        for one in far:
            yield f"    {text.address(text.bare(one))}, subnet is {text.address(str(ip_interface(one).network))} "
        yield f"  MTU is {view.mtu} bytes"


def _next_hop(view: RouteView) -> str:
    return f"{text.address(view.gateway)}{f', {view.interface}' if view.interface else ''}"
