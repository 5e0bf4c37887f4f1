"""Extended access lists of a router become flows."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from ikecli.config import ios
from ikecli.config.complaints import Complaints
from ikecli.config.flows import flows
from ikecli.intent import Flow, Selector


def flows_of(draft: ios.Ios, name: str, complaints: Complaints) -> list[Flow]:
    """Return the flows of an access list's lines; what no traffic selector can say is complained of."""
    held = draft.access_lists.get(name)
    return list(_lines(name, held, complaints)) if held else []


def _lines(name: str, held: ios.AccessList, complaints: Complaints) -> Iterator[Flow]:
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


def selector_of(end: ios.Endpoint | None) -> Selector | None:
    """Return one end of an access-list line, or None where its wildcard is no prefix."""
    if end is None or end.kind == "any" or end.address is None:
        return Selector.of(IPv4Network("0.0.0.0/0"))
    wild = 0 if end.kind == "host" or end.wildcard is None else int(end.wildcard)
    if wild & (wild + 1):
        return None
    return Selector.of(IPv4Network((int(end.address) & ~wild & 0xFFFFFFFF, 32 - wild.bit_length())))
