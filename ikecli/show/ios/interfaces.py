"""`show interfaces`, `show ip interface brief`, `show ipv6 interface brief` and `show vrf`, as IOS lays them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ikecli.boundary.views import InterfaceView, TunnelView, VrfView
from ikecli.numbers.conventions import GRE_HOPS
from ikecli.show import text
from ikecli.show.options import Slots

_PROTOCOLS = {("IPSEC", 4): "IPSEC/IP", ("IPSEC", 6): "IPSEC/IPV6", ("GRE", 4): "GRE/IP", ("GRE", 6): "GRE/IPv6"}


def first_ipv4(view: InterfaceView) -> str:
    """Return an interface's first IPv4 address with its prefix length, or nothing."""
    return next((one for one in view.addresses if ":" not in one), "")


def link(view: InterfaceView) -> tuple[str, str]:
    """Return the words for an interface's state and its line protocol's."""
    if view.shutdown:
        return "administratively down", "down"
    return ("up" if view.up else "down"), ("up" if view.up and view.line else "down")


def interface_brief(views: Sequence[InterfaceView], slots: Slots) -> Iterator[str]:
    """`show ip interface brief`."""
    yield "Interface                  IP-Address      OK? Method Status                Protocol"
    for view in views:
        own = text.bare(first_ipv4(view))
        status, protocol = link(view)
        how = "DHCP" if view.dynamic else "manual" if own and not view.unnumbered else "unset"
        own = own or "unassigned"
        yield f"{view.name:<26} {own:<15} YES {how:<6} {status:<21} {protocol:<8}"


def ip_interface(views: Sequence[InterfaceView], slots: Slots) -> Iterator[str]:
    """`show ip interface`: what is known of IPv4 at each interface."""
    for view in views:
        status, protocol = link(view)
        yield f"{view.name} is {status}, line protocol is {protocol}"
        own = [one for one in view.addresses if ":" not in one]
        if not own:
            yield "  Internet protocol processing disabled"
            continue
        if view.unnumbered:
            yield f"  Interface is unnumbered. Using address of {view.unnumbered} ({text.bare(own[0])})"
        else:
            yield f"  Internet address is {own[0]}"
            if view.dynamic:
                yield "  Address determined by DHCP"
            yield from (f"  Secondary address {one}" for one in own[1:])
        yield f"  MTU is {view.mtu} bytes"
        if view.vrf:
            yield f'  VPN Routing/Forwarding "{view.vrf}"'


def description(views: Sequence[InterfaceView], slots: Slots) -> Iterator[str]:
    """`show interfaces description`."""
    yield "Interface                      Status         Protocol Description"
    for view in views:
        status, protocol = link(view)
        status = "admin down" if view.shutdown else status
        yield f"{text.short_interface(view.name):<30} {status:<14} {protocol:<8} {view.description}"


def interfaces(views: Sequence[InterfaceView], slots: Slots) -> Iterator[str]:
    """`show interfaces`: only what is known; bandwidth and delay are 0, since nothing here has them."""
    for view in views:
        status, protocol = link(view)
        yield f"{view.name} is {status}, line protocol is {protocol} "
        yield f"  Hardware is {_hardware(view)}"
        if view.description:
            yield f"  Description: {view.description}"
        own = text.bare(first_ipv4(view))
        if view.unnumbered:
            yield f"  Interface is unnumbered. Using address of {view.unnumbered} ({own or 'none'})"
        for one in view.addresses if not view.unnumbered else ():
            yield f"  Internet address is {text.address(one)}"
        yield f"  MTU {view.mtu} bytes, BW 0 Kbit/sec, DLY 0 usec, "
        if view.tunnel:
            yield "  Encapsulation TUNNEL, loopback not set"
            yield from _tunnel(view.tunnel, view.line)
        yield f"     {view.packets_in} packets input, {view.octets_in} bytes, 0 no buffer"
        yield f"     {view.packets_out} packets output, {view.octets_out} bytes, 0 underruns"


def stats(views: Sequence[InterfaceView], slots: Slots) -> Iterator[str]:
    """`show interfaces stats`: there is one path that packets take."""
    for view in views:
        if view.shutdown:
            yield f"Interface {view.name} is disabled"
            yield ""
            continue
        yield view.name
        yield "          Switching path    Pkts In   Chars In   Pkts Out  Chars Out"
        for name in ("Processor", "Total"):
            counts = (view.packets_in, view.octets_in, view.packets_out, view.octets_out)
            yield f"{name:>24}{''.join(f' {count:>10}' for count in counts)}"
        yield ""


def protocols(views: Sequence[InterfaceView], slots: Slots) -> Iterator[str]:
    """`show protocols`: what interfaces are reached by."""
    if not slots.get("interface"):
        yield "Global values:"
        yield "  Internet Protocol routing is enabled"
    for view in views:
        status, protocol = link(view)
        yield f"{view.name} is {status}, line protocol is {protocol}"
        own = first_ipv4(view)
        if view.unnumbered:
            yield f"  Interface is unnumbered. Using address of {view.unnumbered} ({text.bare(own) or 'none'})"
        elif own:
            yield f"  Internet address is {own}"


def _hardware(view: InterfaceView) -> str:
    if view.tunnel:
        kind = view.name.rstrip("0123456789").lower().replace("-", " ")
        kind = "Tunnel" if kind == "tunnel" else f"{kind.capitalize()} interface"
        return f"{kind}, Linux {view.device}" if view.device else kind
    known = f", address is {text.dotted(view.hardware)} (bia {text.dotted(view.hardware)})" if view.hardware else ""
    return f"Linux {view.device}{known}" if view.device else "emulated"


def _tunnel(tunnel: TunnelView, line: bool) -> Iterator[str]:
    yield f"  Tunnel linestate evaluation {'up' if line else 'down'}"
    lender = f" ({tunnel.source_interface})" if tunnel.source_interface else ""
    source = f"{text.address(tunnel.source) or 'UNKNOWN'}{lender}"
    yield f"  Tunnel source {source}, destination {text.address(tunnel.destination) or 'UNKNOWN'}"
    yield f"  Tunnel protocol/transport {_PROTOCOLS[tunnel.carrier, tunnel.version]}"
    if tunnel.carrier == "GRE":
        key = "Key disabled" if tunnel.key is None else f"Key 0x{tunnel.key:X}"
        yield f"    {key}, sequencing disabled"
        yield "    Checksumming of packets disabled"
        tos = "" if tunnel.service is None else f", Tunnel TOS 0x{tunnel.service:02X}"
        if tos or tunnel.hops != GRE_HOPS:
            yield f"  Tunnel TTL {tunnel.hops}{tos}"
    yield f"  Tunnel transport MTU {tunnel.transport_mtu} bytes"
    if tunnel.vrf:
        yield f'  Tunnel VRF "{tunnel.vrf}"'
    if tunnel.profile:
        yield f'  Tunnel protection via IPSec (profile "{tunnel.profile}")'


def ipv6_interface_brief(views: Sequence[InterfaceView], slots: Slots) -> Iterator[str]:
    """`show ipv6 interface brief`: addresses below each interface."""
    for view in views:
        status, protocol = link(view)
        yield f"{view.name:<22} [{status}/{protocol}]"
        own = [text.bare(one) for one in view.addresses if ":" in one]
        for one in own or ["unassigned"]:
            yield f"    {text.address(one)}"


def vrf(views: Sequence[VrfView], slots: Slots) -> Iterator[str]:
    """`show vrf`: each table with its interfaces, one below the other."""
    yield f"  {'Name':<33}{'Default RD':<22}{'Protocols':<12}Interfaces"
    for view in views:
        protocols = ",".join(f"ipv{version}" for version in sorted(view.versions))
        first, *rest = [text.short_interface(name) for name in view.interfaces] or [""]
        yield f"  {view.name:<33}{view.distinguisher or '<not set>':<22}{protocols:<12}{first}".rstrip()
        for name in rest:
            yield f"{'':69}{name}"


def ip_vrf(views: Sequence[VrfView], slots: Slots) -> Iterator[str]:
    """`show ip vrf`: each table that has IPv4 with its interfaces, one below the other."""
    yield f"  {'Name':<33}{'Default RD':<22}Interfaces"
    for view in views:
        if 4 in view.versions:
            first, *rest = [text.short_interface(name) for name in view.interfaces] or [""]
            yield f"  {view.name:<33}{view.distinguisher or '<not set>':<22}{first}".rstrip()
            for name in rest:
                yield f"{'':57}{name}"


def vrf_detail(views: Sequence[VrfView], slots: Slots) -> Iterator[str]:
    """`show vrf detail`: tables are numbered in the order that they are shown in; nothing is exported or imported."""
    for number, view in enumerate(views, 1):
        if number > 1:
            yield ""
        known = view.distinguisher or "<not set>"
        yield f"VRF {view.name} (VRF Id = {number}); default RD {known}; default VPNID <not set>"
        yield "  New CLI format, supports multiple address-families"
        yield "  Flags: 0x0"
        yield "  Interfaces:" if view.interfaces else "  No interfaces"
        yield from (f"    {text.short_interface(name)}" for name in view.interfaces)
        for version in (4, 6):
            yield from _family(version, number if version in view.versions else 0)
        yield from (f"Address family ipv{version} multicast not active" for version in (4, 6))


def _family(version: int, table: int) -> Iterator[str]:
    if not table:
        yield f"Address family ipv{version} unicast not active"
        return
    yield f"Address family ipv{version} unicast (Table ID = 0x{table:X}):"
    yield "  Flags: 0x0"
    yield "  No Export VPN route-target communities"
    yield "  No Import VPN route-target communities"
    yield "  No import route-map"
    yield "  No global export route-map"
    yield "  No export route-map"
    yield "  VRF label distribution protocol: not configured"
