"""Lines of an access list become flows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Final

from ikecli.config import icmp as messages
from ikecli.config.common import Icmp, Ports, Service
from ikecli.intent import Flow, Selector
from ikecli.intent.selectors import ANY_PROTOCOL, LAST_PORT

PROTOCOLS: Final = {
    "ip": ANY_PROTOCOL, "icmp": 1, "igmp": 2, "ipinip": 4, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ah": 51,
    "ahp": 51, "icmp6": 58, "eigrp": 88, "ospf": 89, "nos": 94, "pim": 103, "pcp": 108, "sctp": 132,
}  # fmt: skip

Span = tuple[int, int]


def spans(ports: Ports | None) -> list[Span]:
    """Return the ranges that a line's ports are, in order."""
    match ports:
        case None:
            return [(0, LAST_PORT)]
        case Ports("range", first=int(first), last=int(last)):
            return [(min(first, last), max(first, last))]
        case Ports("gt", port=int(port)):
            return [(port + 1, LAST_PORT)] if port < LAST_PORT else []
        case Ports("lt", port=int(port)):
            return [(0, port - 1)] if port else []
        case _:
            listed = sorted({*ports.ports, *([ports.port] if ports.port is not None else [])})
            return list(_between(listed)) if ports.kind == "neq" else [(port, port) for port in listed]


def _between(ports: list[int]) -> Iterator[Span]:
    first = 0
    for port in (*ports, LAST_PORT + 1):
        if port > first:
            yield first, port - 1
        first = port + 1


def flows(
    permit: bool,
    protocol: str | int,
    local: Iterable[Selector],
    local_ports: Ports | None,
    remote: Iterable[Selector],
    remote_ports: Ports | None,
    icmp: Icmp | None = None,
) -> Iterator[Flow]:
    """Yield the flows of one line: every pair of its addresses and ports of one IP version.

    A line with an ICMP message is for that message in either direction.
    """
    number = PROTOCOLS[protocol] if isinstance(protocol, str) else protocol
    if icmp is not None:
        span = messages.span(icmp, number)
        ports: list[tuple[Span, Span]] = [(span, span)]
    else:
        ports = list(product(spans(local_ports), spans(remote_ports)))
    for here, there in product(local, remote):
        if here.first.version != there.first.version:
            continue
        for ours, theirs in ports:
            yield Flow(_narrowed(here, number, ours), _narrowed(there, number, theirs), permit)


def _narrowed(whole: Selector, protocol: int, ports: Span) -> Selector:
    """Return a selector of addresses for one protocol and some ports alone."""
    any_ = protocol == ANY_PROTOCOL and ports == (0, LAST_PORT)
    return whole if any_ else Selector(whole.first, whole.last, protocol, *ports)


def protocols_of(service: Service) -> tuple[str | int, ...]:
    """Return the protocols of a service."""
    if service.protocol is None:
        return ()
    return ("tcp", "udp") if service.protocol == "tcp-udp" else (service.protocol,)
