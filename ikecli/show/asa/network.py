"""`show interface`, `interface ip brief`, `nameif`, `ip`, `route` and `access-list`, as an ASA lays them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network
from zlib import crc32

from ikecli.boundary.views import AccessListView, InterfaceView, RouteView
from ikecli.show import text
from ikecli.show.ios.interfaces import first_ipv4, link
from ikecli.show.ios.network import ONLY, descriptors, last_resort, sums
from ikecli.show.options import Slots


def interface_brief(views: Sequence[InterfaceView], slots: Slots) -> Iterator[str]:
    """`show interface ip brief`."""
    yield "Interface                  IP-Address      OK? Method Status                Protocol"
    for view in views:
        own = text.bare(first_ipv4(view))
        status, protocol = link(view)
        how = "DHCP" if view.dynamic else "manual" if own else "unset"
        own = own or "unassigned"
        yield f"{view.name:<26} {own:<15} YES {how:<6} {status:<21} {protocol:<4}"


def interfaces(views: Sequence[InterfaceView], slots: Slots) -> Iterator[str]:
    """`show interface`: only what is known; bandwidth and delay are 0, since nothing here has them."""
    for view in views:
        status, protocol = link(view)
        yield f'Interface {view.name} "{view.nameif}", is {status}, line protocol is {protocol}'
        hardware = "Virtual Tunnel" if view.tunnel else f"Linux {view.device}" if view.device else "emulated"
        yield f"  Hardware is {hardware}, BW 0 Mbps, DLY 0 usec"
        if view.description:
            yield f"        Description: {view.description}"
        if not view.nameif:
            yield "        Available but not configured via nameif"
        yield f"        MAC address {text.dotted(view.hardware) or 'N/A'}, MTU {view.mtu}"
        own = first_ipv4(view)
        if own:
            length = own.partition("/")[2]
            yield f"        IP address {text.bare(own)}, subnet mask {text.mask(int(length or 32))}"
        else:
            yield "        IP address unassigned"
        if view.tunnel:
            source = next((one.nameif for one in views if one.name == view.tunnel.source_interface), "")
            yield "  Tunnel Interface Information:"
            yield f"        Source interface: {source}        IP address: {view.tunnel.source or 'unassigned'}"
            yield f"        Destination IP address: {view.tunnel.destination or 'unassigned'}"
            yield f"        IPsec profile: {view.tunnel.profile}"
        yield f"        {view.packets_in} packets input, {view.octets_in} bytes, 0 no buffer"
        yield f"        {view.packets_out} packets output, {view.octets_out} bytes, 0 underruns"


def summary(views: Sequence[InterfaceView], slots: Slots) -> Iterator[str]:
    """`show interface summary`."""
    for view in views:
        status, protocol = link(view)
        yield f'Interface {view.name} "{view.nameif}", is {status}, line protocol is {protocol}'
        if not view.nameif:
            yield "        Available but not configured via nameif"
        own = first_ipv4(view)
        if own:
            yield f"        IP address {text.bare(own)}, subnet mask {text.mask(int(own.partition('/')[2] or 32))}"
        else:
            yield "        IP address unassigned"


_INSIDE = 100


def nameif(views: Sequence[InterfaceView], slots: Slots) -> Iterator[str]:
    """`show nameif`: interfaces that have a name, with their security level (100 for `inside`, else 0)."""
    yield "Interface                Name                     Security"
    for view in views:
        if view.nameif:
            default = _INSIDE if view.nameif == "inside" else 0
            yield f"{view.name:<24} {view.nameif:<24} {default if view.security is None else view.security:>3}"


def addresses(views: Sequence[InterfaceView], slots: Slots) -> Iterator[str]:
    """`show ip`: interfaces that have a name and an address, as configured and as they are now."""
    rows = [
        f"{view.name:<24} {view.nameif:<22} {text.bare(own):<15} {text.mask(int(own.partition('/')[2])):<15} "
        f"{'DHCP' if view.dynamic else 'manual'}"
        for view in views
        if view.nameif and (own := first_ipv4(view))
    ]
    for heading in ("System", "Current"):
        yield f"{heading} IP Addresses:"
        yield f"{'Interface':<24} {'Name':<22} {'IP address':<15} {'Subnet mask':<15} Method"
        yield from rows


_CODES = (
    "",
    "Codes: L - local, C - connected, S - static, R - RIP, M - mobile, B - BGP",
    "       D - EIGRP, EX - EIGRP external, O - OSPF, IA - OSPF inter area ",
    "       N1 - OSPF NSSA external type 1, N2 - OSPF NSSA external type 2",
    "       E1 - OSPF external type 1, E2 - OSPF external type 2, V - VPN",
    "       i - IS-IS, su - IS-IS summary, L1 - IS-IS level-1, L2 - IS-IS level-2",
    "       ia - IS-IS inter area, * - candidate default, U - per-user static route",
    "       o - ODR, P - periodic downloaded static route, + - replicated route",
)


def route(views: Sequence[RouteView], slots: Slots) -> Iterator[str]:
    """`show route`: IPv4, networks with their masks."""
    codes = ONLY.get(str(slots.get("only")), "CLSV")
    found = [view for view in views if ":" not in view.prefix and view.code in codes]
    routes = [(IPv4Network(view.prefix, strict=False), view) for view in found]
    routes.sort(key=lambda pair: (pair[0], pair[1].code != "C"))
    yield from _CODES
    yield last_resort(views)
    yield ""
    for prefix, view in routes:
        code = f"{view.code}{'*' if prefix.prefixlen == 0 else ''}"
        where = f"{code:<8} {prefix.network_address} {prefix.netmask}"
        if view.gateway and not (view.code == "V" and view.interface):
            yield f"{where} [{view.distance}/0] via {view.gateway}{f', {view.interface}' if view.interface else ''}"
        elif view.code == "V":
            yield f"{where} connected by VPN (advertised), {view.interface}"
        else:
            yield f"{where} is directly connected, {view.interface}"


def ipv6_interface_brief(views: Sequence[InterfaceView], slots: Slots) -> Iterator[str]:
    """`show ipv6 interface brief`: addresses below each interface that has a name."""
    for view in views:
        if view.nameif:
            status, protocol = link(view)
            yield f"{view.nameif} [{status}/{protocol}]"
            for one in [text.bare(one) for one in view.addresses if ":" in one] or ["unassigned"]:
                yield f"    {one}"


def way(views: Sequence[RouteView], slots: Slots) -> Iterator[str]:
    """`show route A.B.C.D`: the routes to an address."""
    yield ""
    if not views:
        yield "% Network not in table"
        return
    prefix = views[0].prefix
    yield f"Routing entry for {text.prefix(prefix)}{', supernet' if prefix.endswith('/0') else ''}"
    yield from descriptors(views)


def route_summary(views: Sequence[RouteView], slots: Slots) -> Iterator[str]:
    """`show route summary`: how many of each source; what a route takes in memory is not counted."""
    yield ""
    yield "IP routing table maximum-paths is 8"
    yield "Route Source    Networks    Subnets     Replicates  Overhead    Memory (bytes)"
    yield from sums(views)


def ipv6_route(views: Sequence[RouteView], slots: Slots) -> Iterator[str]:
    """`show ipv6 route`: a connected route goes through nobody, which is written `::`."""
    routes = [view for view in views if ":" in view.prefix]
    yield ""
    yield f"IPv6 Routing Table - {len(routes)} entries"
    yield "Codes: C - Connected, L - Local, S - Static, V - VPN"
    for view in routes:
        yield f"{view.code:<3} {view.prefix} [{view.distance}/0]"
        yield f"     via {view.gateway or '::'}{f', {view.interface}' if view.interface else ''}"


def _hash(words: str) -> str:
    return f"0x{crc32(words.encode()):08x}"


def access_lists(views: Sequence[AccessListView], slots: Slots) -> Iterator[str]:
    """`show access-list`: entries with their hits; the hashes are CRC-32 of what they stand for."""
    yield "access-list cached ACL log flows: total 0, denied 0 (deny-flow-max 4096)"
    yield "            alert-interval 300"
    for view in views:
        yield f"access-list {view.name}; {len(view.entries)} elements; name hash: {_hash(view.name)}"
        for line, (_, entry, hits) in enumerate(view.entries, start=1):
            words = entry if entry.split(" ")[0] in ("extended", "standard", "remark") else f"{view.kind} {entry}"
            count = "" if words.startswith("remark") else f" (hitcnt={hits}) {_hash(words)} "
            yield f"access-list {view.name} line {line} {words}{count}"
