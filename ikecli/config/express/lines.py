"""Flows become lines of access lists: what both dialects have in common of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from typing import Final

from ikecli.config.common import Icmp, Ports
from ikecli.config.express.losses import Losses
from ikecli.intent import Flow, Prefix, Selector
from ikecli.intent.selectors import LAST_PORT

PROTOCOL_WORDS: Final = {
    0: "ip", 1: "icmp", 2: "igmp", 4: "ipinip", 6: "tcp", 17: "udp", 47: "gre", 50: "esp", 88: "eigrp", 89: "ospf",
    103: "pim", 132: "sctp",
}  # fmt: skip
"""What both dialects call IP protocols."""
_ICMP: Final = (1, 58)
_WITH_PORTS: Final = (6, 17, 132)
_ANY_CODE: Final = 255

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an access list; spans of ports, where they matter."""

    permit: bool
    protocol: int
    source: Prefix
    destination: Prefix
    source_ports: Span | None = None
    destination_ports: Span | None = None
    icmp: Icmp | None = None


def lines_of(flows: tuple[Flow, ...], what: str, losses: Losses) -> Iterable[Line]:
    """Return the lines that say the same as flows, each once; what no line says is noted."""
    return dict.fromkeys(_lines_of(flows, what, losses))


def _lines_of(flows: tuple[Flow, ...], what: str, losses: Losses) -> Iterator[Line]:
    for flow in flows:
        number = flow.local.protocol
        icmp = None
        ports: tuple[Span | None, Span | None] = (None, None)
        if number in _ICMP and not flow.local.any_port:
            icmp = _message(flow)
            if icmp is None:
                losses.add(what, f"no access list says {flow.local} to {flow.remote}")
                continue
        elif number in _WITH_PORTS:
            ports = _ports(flow.local), _ports(flow.remote)
        for source in prefixes(flow.local):
            for destination in prefixes(flow.remote):
                yield Line(flow.permit, number, source, destination, *ports, icmp)


def prefixes(selector: Selector) -> tuple[Prefix, ...]:
    """Return the networks that a range of addresses is."""
    match selector.first, selector.last:
        case IPv4Address() as first, IPv4Address() as last:
            return tuple(summarize_address_range(first, last))
        case IPv6Address() as first6, IPv6Address() as last6:
            return tuple(summarize_address_range(first6, last6))
        case _:
            return ()


def _ports(end: Selector) -> Span | None:
    return None if end.any_port else (end.first_port, end.last_port)


def ports_of(span: Span | None, listed: bool) -> Ports | None:
    """Return a span of ports as a line has it; `listed` where `eq` takes several."""
    match span:
        case None:
            return None
        case (first, last) if first == last:
            return Ports("eq", ports=(first,)) if listed else Ports("eq", port=first)
        case (first, last) if last == LAST_PORT:
            return Ports("gt", port=first - 1)
        case (first, last):
            return Ports("range", first=first, last=last)


def _message(flow: Flow) -> Icmp | None:
    first, last = flow.local.first_port, flow.local.last_port
    if (flow.remote.first_port, flow.remote.last_port) != (first, last) or first >> 8 != last >> 8:
        return None
    codes = first & _ANY_CODE, last & _ANY_CODE
    if codes == (0, _ANY_CODE):
        return Icmp(type=first >> 8)
    return Icmp(type=first >> 8, code=codes[0]) if codes[0] == codes[1] else None


def versions(flows: tuple[Flow, ...]) -> tuple[int, ...]:
    """Return the IP versions of flows, 4 first."""
    return tuple(sorted({flow.local.first.version for flow in flows}))
