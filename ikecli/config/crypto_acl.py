"""Extended access lists of a router become flows."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from ikecli.config import ios, ios_lists
from ikecli.config.complaints import Complaints
from ikecli.config.flows import flows
from ikecli.intent import Flow, Selector
from ikecli.intent.selectors import host_selector

PROTOCOLS6: Final = {"ipv6": "ip", "icmp": "icmp6"}
"""Words that an IPv6 access list has for protocols, where another list says them otherwise."""


def flows_of(draft: ios.Ios, name: str, complaints: Complaints, version: int = 4) -> list[Flow]:
    """Return the flows of an access list's lines; what no traffic selector can say is complained of."""
    if version == 6:
        return list(_lines6(draft.access_lists6[name])) if name in draft.access_lists6 else []
    held = draft.access_lists.get(name)
    return list(_lines(name, held, complaints)) if held else []


def _lines6(held: ios_lists.AccessList6) -> Iterator[Flow]:
    for _, line in sorted(held.entries.items()):
        if line.action is None or line.protocol is None:
            continue
        here, there = selector6_of(line.source), selector6_of(line.destination)
        protocol = PROTOCOLS6.get(line.protocol, line.protocol) if isinstance(line.protocol, str) else line.protocol
        ports = line.source_ports, line.destination_ports
        yield from flows(line.action == "permit", protocol, [here], ports[0], [there], ports[1])


def selector6_of(end: ios_lists.Endpoint6 | None) -> Selector:
    """Return one end of a line of an IPv6 access list."""
    if end is not None and end.address is not None:
        return host_selector(end.address)
    return Selector.of(IPv6Network(end.prefix.network) if end is not None and end.prefix else IPv6Network("::/0"))


def _lines(name: str, held: ios_lists.AccessList, complaints: Complaints) -> Iterator[Flow]:
    where = ("access_lists", name)
    for sequence, line in sorted(held.entries.items()):
        if line.action is None or line.protocol is None:
            continue
        here, there = selector_of(line.source), selector_of(line.destination)
        if here is None or there is None:
            complaints.error(
                where, "traffic-selector-mismatch",
                f"line {sequence} of access list {name} has a wildcard with gaps, which no traffic selector says",
                "one line for each network",
            )  # fmt: skip
            continue
        if line.established:
            complaints.warn(
                where, "", f"line {sequence} of access list {name} protects all of its protocol: "
                "established is not looked at",
            )  # fmt: skip
        permit = line.action == "permit"
        yield from flows(permit, line.protocol, [here], line.source_ports, [there], line.destination_ports, line.icmp)


def selector_of(end: ios_lists.Endpoint | None) -> Selector | None:
    """Return one end of an access-list line, or None where its wildcard is no prefix."""
    if end is None or end.kind == "any" or end.address is None:
        return Selector.of(IPv4Network("0.0.0.0/0"))
    wild = 0 if end.kind == "host" or end.wildcard is None else int(end.wildcard)
    if wild & (wild + 1):
        return None
    return Selector.of(IPv4Network((int(end.address) & ~wild & 0xFFFFFFFF, 32 - wild.bit_length())))
