"""`show ip route` and `access-lists`, as IOS lays them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network
from itertools import groupby
from typing import Final

from ikecli.boundary.views import AccessListView, RouteView
from ikecli.show import text
from ikecli.show.options import Slots

_CODES = (
    "Codes: L - local, C - connected, S - static, R - RIP, M - mobile, B - BGP",
    "       D - EIGRP, EX - EIGRP external, O - OSPF, IA - OSPF inter area ",
    "       N1 - OSPF NSSA external type 1, N2 - OSPF NSSA external type 2",
    "       E1 - OSPF external type 1, E2 - OSPF external type 2",
    "       i - IS-IS, su - IS-IS summary, L1 - IS-IS level-1, L2 - IS-IS level-2",
    "       ia - IS-IS inter area, * - candidate default, U - per-user static route",
    "       o - ODR, P - periodic downloaded static route, H - NHRP, l - LISP",
    "       a - application route",
    "       + - replicated route, % - next hop override",
)


def last_resort(views: Sequence[RouteView]) -> str:
    """Say which gateway takes what no other route takes."""
    default = next((view for view in views if view.prefix == "0.0.0.0/0"), None)
    if default is None:
        return "Gateway of last resort is not set"
    return f"Gateway of last resort is {default.gateway or '0.0.0.0'} to network 0.0.0.0"


def route(views: Sequence[RouteView], slots: Slots) -> Iterator[str]:
    """`show ip route [vrf NAME]`: IPv4, grouped by the classful network as IOS does."""
    if slots.get("vrf"):
        yield ""
        yield f"Routing Table: {slots['vrf']}"
    codes = ONLY.get(str(slots.get("only")), "CLSV")
    routes = [
        (IPv4Network(view.prefix, strict=False), view)
        for view in views
        if view.code in codes and ":" not in view.prefix
    ]
    routes.sort(key=lambda pair: (_major(pair[0]), pair[0], pair[1].code != "C"))
    yield from _CODES
    yield ""
    yield last_resort(views)
    yield ""
    for major, group in groupby(routes, key=lambda pair: _major(pair[0])):
        yield from _family(major, list(group))


ONLY: Final = {"connected": "CL", "static": "SV", **dict.fromkeys(("bgp", "eigrp", "isis", "ospf", "rip"), "")}
"""The codes of the routes that a word asks for."""
KNOWN: Final = {"C": "connected", "L": "connected", "S": "static", "V": "static"}
"""What a route is known from, by its code."""


def reverse(views: Sequence[RouteView], slots: Slots) -> Iterator[str]:
    """`show crypto route`: the routes that SAs brought, by table."""
    yield "VPN Routing Table: Shows RRI and VTI created routes"
    yield "Codes: RRI - Reverse-Route, VTI- Virtual Tunnel Interface"
    yield "        S - Static Map ACLs"
    for vrf, group in groupby(sorted(views, key=lambda view: view.vrf), key=lambda view: view.vrf):
        yield ""
        yield f"Routes created in table {vrf or 'GLOBAL DEFAULT'}"
        for view in group:
            tag = f" tag {view.tag}" if view.tag else ""
            four = ":" not in view.prefix
            where = IPv4Network(view.prefix, strict=False).with_netmask if four else text.address(view.prefix)
            through = text.address(view.gateway) if view.gateway else view.interface
            yield f"{where} [{view.distance}/0] via {through}{tag}{'' if view.gateway else ' VTI'}"
            if view.gateway:
                yield f"{'':32}on {view.interface or '-'} RRI"


def way(views: Sequence[RouteView], slots: Slots) -> Iterator[str]:
    """`show ip route A.B.C.D`: the routes to an address."""
    if not views:
        yield "% Network not in table"
        return
    first = views[0]
    if first.vrf:
        yield f"Routing Table: {first.vrf}"
    yield f"Routing entry for {first.prefix}{', supernet' if first.prefix == '0.0.0.0/0' else ''}"
    yield from descriptors(views)


def descriptors(views: Sequence[RouteView]) -> Iterator[str]:
    """Yield where the routes to a prefix are from, and what they go through."""
    first = views[0]
    by_interface = " (connected, via interface)" if first.code in "CL" else ""
    yield f'  Known via "{KNOWN[first.code]}", distance {first.distance}, metric 0{by_interface}'
    if first.tag:
        yield f"  Tag {first.tag}"
    yield "  Routing Descriptor Blocks:"
    for mark, view in zip(("*", *" " * len(views)), views, strict=False):
        through = f", via {view.interface}" if view.interface and view.code != "V" else ""
        yield f"  {mark} {f'{view.gateway}{through}' if view.gateway else f'directly connected, via {view.interface}'}"
        yield "      Route metric is 0, traffic share count is 1"
        if view.tag:
            yield f"      Route tag {view.tag}"


def summary(views: Sequence[RouteView], slots: Slots) -> Iterator[str]:
    """`show ip route [vrf NAME] summary`: how many of each source; what a route takes in memory is not counted."""
    yield f"IP routing table name is {slots.get('vrf') or 'default'} (0x0)"
    yield "IP routing table maximum-paths is 32"
    yield "Route Source    Networks    Subnets     Replicates  Overhead    Memory (bytes)"
    yield from sums(views)


def sums(views: Sequence[RouteView]) -> Iterator[str]:
    """Yield a row for each source of routes: classful networks, and parts of such."""
    prefixes = {(KNOWN[view.code], IPv4Network(view.prefix, strict=False)) for view in views if ":" not in view.prefix}
    counts: dict[str, tuple[int, int]] = {}
    for name in ("connected", "static"):
        found = [prefix for known, prefix in prefixes if known == name]
        subnets = sum(prefix != _major(prefix) for prefix in found)
        counts[name] = len(found) - subnets, subnets
    for name, (networks, subnets) in counts.items():
        yield _sums(name, networks, subnets)
    yield _sums("Total", *(sum(column) for column in zip(*counts.values(), strict=True)))


def _sums(name: str, networks: int, subnets: int) -> str:
    return f"{name:<15} {networks:<11} {subnets:<11} {0:<11} {0:<11} 0"


def _major(prefix: IPv4Network) -> IPv4Network:
    first = int(prefix.network_address) >> 24
    length = 8 if first < 128 else 16 if first < 192 else 24 if first < 224 else 32
    return prefix if prefix.prefixlen <= length else prefix.supernet(new_prefix=length)


def _family(major: IPv4Network, routes: list[tuple[IPv4Network, RouteView]]) -> Iterator[str]:
    prefixes = dict.fromkeys(prefix for prefix, _ in routes)
    lengths = {prefix.prefixlen for prefix in prefixes}
    subnetted = lengths != {major.prefixlen}
    if len(lengths) > 1:
        yield f"      {major} is variably subnetted, {len(prefixes)} subnets, {len(lengths)} masks"
    elif subnetted:
        yield f"      {major.network_address}/{min(lengths)} is subnetted, {len(prefixes)} subnets"
    for prefix, group in groupby(routes, key=lambda pair: pair[0]):
        width = 8 if subnetted else 5
        where = str(prefix.network_address) if subnetted and len(lengths) == 1 else str(prefix)
        for number, (_, view) in enumerate(group):
            letter = "S" if view.code == "V" else view.code
            code = f"{letter}{'*' if prefix.prefixlen == 0 else ''}"
            head = f"{code:<{width}} {where}" if number == 0 or letter != "S" else " " * (width + 1 + len(where))
            yield f"{head} {_via(view)}"


def _via(view: RouteView) -> str:
    if view.gateway and view.code == "V":
        return f"[{view.distance}/0] via {view.gateway}"
    if not view.gateway:
        return f"is directly connected, {view.interface}"
    return f"[{view.distance}/0] via {view.gateway}{f', {view.interface}' if view.interface else ''}"


def access_lists(views: Sequence[AccessListView], slots: Slots) -> Iterator[str]:
    """`show access-lists`: entries with the packets that matched them."""
    for view in views:
        family = "IPv6" if view.kind == "ipv6" else f"{view.kind.capitalize()} IP"
        yield f"{family} access list {view.name}"
        for sequence, entry, matches in view.entries:
            words = _standard(entry) if view.kind == "standard" else entry
            hits = "" if not matches else f" ({matches} match{'' if matches == 1 else 'es'})"
            yield f"    {words}{hits} sequence {sequence}" if view.kind == "ipv6" else f"    {sequence} {words}{hits}"


def _standard(entry: str) -> str:
    action, _, rest = entry.partition(" ")
    words = rest.split()
    if words[:1] == ["host"]:
        words = words[1:]
    if len(words) > 1 and words[1][:1].isdigit():
        words[:2] = [f"{words[0]}, wildcard bits {words[1]}"]
    return f"{action:<6} {' '.join(words)}"


_GROUPS: Final = {"network": "Network", "service": "Service", "v6-network": "V6-Network", "v6-service": "V6-Service"}


def object_groups(views: Sequence[str], slots: Slots) -> Iterator[str]:
    """`show object-group`: takes lines of the configuration."""
    for line in views:
        if line.startswith("object-group "):
            _, kind, name = line.split(None, 2)
            yield f"{_GROUPS.get(kind, kind.capitalize())} object group {name}"
        elif line.strip().startswith("description "):
            yield f" Description {line.strip().partition(' ')[2]}"
        else:
            yield line
