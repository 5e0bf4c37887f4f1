"""`show ipv6 route [ADDRESS]`, as IOS lays it out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ikecli.boundary.views import RouteView
from ikecli.show import text
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


def way(views: Sequence[RouteView], slots: Slots) -> Iterator[str]:
    """`show ipv6 route X:X::X:X`: the routes to an address."""
    if not views:
        yield "% Route not found"
        return
    first = views[0]
    yield f"Routing entry for {text.address(first.prefix)}"
    receive = ", type receive" if first.code == "L" else ", type connected" if first.code == "C" else ""
    yield f'  Known via "{KNOWN[first.code]}", distance {first.distance}, metric 0{receive}'
    yield f"  Route count is {len(views)}/{len(views)}, share count 0"
    yield "  Routing paths:"
    for view in views:
        if view.gateway:
            yield f"    {_next_hop(view)}"
        else:
            yield f"    {'receive' if view.code == 'L' else 'directly connected'} via {view.interface}"


def route(views: Sequence[RouteView], slots: Slots) -> Iterator[str]:
    """`show ipv6 route [vrf NAME]`: each route with what it goes through below it."""
    routes = [view for view in views if ":" in view.prefix]
    yield f"IPv6 Routing Table - {slots.get('vrf') or 'default'} - {len(routes)} entries"
    yield from _CODES
    for view in routes:
        yield f"{view.code:<3} {text.address(view.prefix)} [{view.distance}/0]"
        if view.code == "L":
            yield f"     via {view.interface}, receive"
        elif view.gateway:
            yield f"     via {_next_hop(view)}"
        else:
            yield f"     via {view.interface}, directly connected"


def _next_hop(view: RouteView) -> str:
    return f"{text.address(view.gateway)}{f', {view.interface}' if view.interface else ''}"
