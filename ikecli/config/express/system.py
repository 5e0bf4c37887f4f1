"""What both dialects say of a system as a whole: its syslog servers, segments of TCP, the header before ESP."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, ip_address
from typing import Final

from ikecli.config import asa, ios
from ikecli.config.express.losses import Losses
from ikecli.config.syslog import FIREWALL_PORTS, INFORMATIONAL, ROUTER_PORTS, FirewallHost, RouterHost
from ikecli.intent import Intent, Interface, Outer, Syslog
from ikecli.numbers.conventions import SEVERITIES

_MSS: Final = (range(500, 1461), range(40, 1441))
"""What `ip tcp adjust-mss` and `ipv6 tcp adjust-mss` take."""
_DF_WORDS: Final = {True: "set-df", False: "clear-df"}


def router_servers(draft: ios.Ios, intent: Intent, losses: Losses) -> None:
    """Write the syslog servers of a router."""
    for one in _servers(intent, losses):
        usual = one.port == ROUTER_PORTS[one.tcp]
        word = "tcp" if one.tcp else None if usual else "udp"
        draft.syslog_hosts[IPv4Address(str(one.server))] = RouterHost(word, None if usual else one.port)
        draft.syslog_level = None if one.severity == INFORMATIONAL else SEVERITIES[one.severity]


def firewall_servers(draft: asa.Asa, intent: Intent, nameifs: Mapping[str, str], losses: Losses) -> None:
    """Write those of a firewall, each with the interface that it is reached through."""
    for one in _servers(intent, losses):
        way = f"{'tcp' if one.tcp else 'udp'}/{one.port}" if one.tcp or one.port != FIREWALL_PORTS[False] else None
        nameif = _towards(one, intent, nameifs)
        if not nameif:
            losses.add(f"syslog server {one.server}", "no interface with a name leads there")
            continue
        draft.syslog_hosts[IPv4Address(str(one.server))] = FirewallHost(nameif, way)
        draft.logging_enable, draft.syslog_level = True, SEVERITIES[one.severity]


def _servers(intent: Intent, losses: Losses) -> list[Syslog]:
    """Return the servers that are known by an IPv4 address; all get what the first of them gets."""
    found = [one for one in intent.syslog if isinstance(one.server, IPv4Address)]
    if len(found) < len(intent.syslog):
        losses.add("this system", "syslog servers with an IPv6 address")
    if len({one.severity for one in found}) > 1:
        losses.add("this system", "a severity for each syslog server")
    return found


def _towards(one: Syslog, intent: Intent, nameifs: Mapping[str, str]) -> str:
    """Return the name of the interface that a server is reached through."""
    server = ip_address(str(one.server))
    networks = [(each.network, each_of.name) for each_of in intent.network.interfaces for each in each_of.addresses]
    routes = [(route.prefix, route.interface) for route in intent.network.routes]
    for route in intent.network.routes:
        via = (name for network, name in networks if route.gateway is not None and route.gateway in network)
        routes += [(route.prefix, name) for name in via]
    fitting = sorted(
        ((prefix.prefixlen, name) for prefix, name in (*networks, *routes) if server in prefix and name in nameifs),
        reverse=True,
    )
    return nameifs[fitting[0][1]] if fitting else ""


def router_segments(one: Interface, held: ios.Interface, losses: Losses) -> None:
    """Write how large segments of TCP through a router's interface may be."""
    four, six = (size if size in taken else None for size, taken in zip(one.segments, _MSS, strict=True))
    held.adjust_mss, held.adjust_mss6 = four, six
    for size, said in zip(one.segments, (four, six), strict=True):
        if size and not said:
            losses.add(f"interface {one.name}", f"segments of TCP of {size} octets")


def firewall_segments(draft: asa.Asa, intent: Intent, losses: Losses) -> None:
    """Write how large those through a firewall may be: the same on all interfaces and of both IP versions."""
    sizes = {size for one in intent.network.interfaces if not one.template for size in one.segments}
    if len(sizes) == 1:
        draft.tcp_mss = sizes.pop() or None
    elif sizes:
        losses.add("this system", "segments of TCP that are not the same everywhere (ip tcp adjust-mss)")


def firewall_headers(draft: asa.Asa, intent: Intent, nameifs: Mapping[str, str], losses: Losses) -> None:
    """Write how the header before ESP is made: the same for all that an interface carries."""
    sources = {one.name: one.tunnel.source_interface for one in intent.network.interfaces if one.tunnel}
    found: dict[str, set[Outer]] = {}
    for one in intent.connections:
        found.setdefault(nameifs.get(sources.get(one.interface) or one.interface, ""), set()).add(one.outer)
    for nameif, outers in found.items():
        outer = next(iter(outers))
        if len(outers) > 1 or not outer.marks or (not nameif and outer != Outer()):
            losses.add(f"interface {nameif}", "how the header before ESP is made (df-bit, ecn, fragmentation)")
            continue
        if outer.whole is not None:
            draft.df_bits[nameif] = asa.DfBit(_DF_WORDS[outer.whole])
        if outer.late:
            draft.cuts[nameif] = asa.Cut("after-encryption")
