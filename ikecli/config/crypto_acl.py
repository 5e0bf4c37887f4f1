"""Extended access lists of a router become flows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv6Network
from typing import Any, Final, TypeAlias, TypeVar

from ikecli.config import ios, ios_lists
from ikecli.config.algorithms import network
from ikecli.config.common import Icmp, Ports
from ikecli.config.complaints import Complaints
from ikecli.config.flows import flows, protocols_of
from ikecli.config.object_groups import unfolded
from ikecli.intent import Flow, Selector
from ikecli.intent.selectors import any_selector, host_selector

Where: TypeAlias = tuple[Any, ...]
_G = TypeVar("_G", ios_lists.NetworkGroup, ios_lists.ServiceGroup)

PROTOCOLS6: Final = {"ipv6": "ip", "icmp": "icmp6"}
"""Words that an IPv6 access list has for protocols, where another list says them otherwise."""


def flows_of(draft: ios.Ios, name: str, complaints: Complaints, version: int = 4) -> list[Flow]:
    """Return the flows of an access list's lines; what no traffic selector can say is complained of."""
    if version == 6:
        return list(_lines6(draft.access_lists6[name])) if name in draft.access_lists6 else []
    held = draft.access_lists.get(name)
    return list(Lists(draft, complaints).flows(name, held)) if held else []


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
    return Selector.of(IPv6Network(end.prefix.network)) if end is not None and end.prefix else any_selector(6)


_UNSEEN: Final = {
    "established": "established", "flags": "flags of TCP", "fragments": "fragments", "dscp": "dscp",
    "precedence": "precedence", "tos": "tos", "time_range": "time-range",
}  # fmt: skip
"""Options of a line that no traffic selector says, by field."""


class Lists:
    """The extended access lists of a draft, and the groups that they name."""

    def __init__(self, draft: ios.Ios, complaints: Complaints) -> None:
        self._draft, self._complaints = draft, complaints

    def flows(self, name: str, held: ios_lists.AccessList) -> Iterator[Flow]:
        """Yield the flows of a list's lines."""
        where = ("access_lists", name)
        for sequence, line in sorted(held.entries.items()):
            if line.action is None or (line.protocol is None and line.services is None):
                continue
            what = f"line {sequence} of access list {name}"
            ends = [self.ends(where, what, each) for each in (line.source, line.destination)]
            if not all(ends):
                continue
            unseen = [word for field, word in _UNSEEN.items() if getattr(line, field)]
            if unseen:
                self._complaints.warn(
                    where, "", f"{what} protects all of its protocol: "
                    f"{' and '.join(unseen)} {'is' if len(unseen) == 1 else 'are'} not looked at",
                )  # fmt: skip
            for protocol, ours, theirs, icmp in self._services(where, what, line):
                yield from flows(line.action == "permit", protocol, ends[0], ours, ends[1], theirs, icmp)

    def _services(
        self, where: Where, what: str, line: ios_lists.AccessLine
    ) -> Iterator[tuple[str | int, Ports | None, Ports | None, Icmp | None]]:
        if line.protocol is not None:
            yield line.protocol, line.source_ports, line.destination_ports, line.icmp
            return
        for held in self._groups(where, what, self._draft.service_groups, line.services or "", "service"):
            for service in held.services:
                for protocol in protocols_of(service):
                    yield protocol, service.source_ports, service.ports, service.icmp

    def ends(self, where: Where, what: str, end: ios_lists.Endpoint | None) -> list[Selector]:
        """Return what one end of a line covers; complain where no selector says it."""
        if end is not None and end.group is not None:
            groups = self._groups(where, what, self._draft.network_groups, end.group, "network")
            return [_covered(member) for held in groups for member in held.members]
        found = selector_of(end)
        if found is None:
            self._complaints.error(
                where, "traffic-selector-mismatch",
                f"{what} has a wildcard with gaps, which no traffic selector says",
                "one line for each network",
            )  # fmt: skip
        return [found] if found else []

    def _groups(self, where: Where, what: str, groups: Mapping[str, _G], wanted: str, kind: str) -> Iterator[_G]:
        """Yield a group of a kind and those in it; complain of what is not there or inside of itself."""

        def missing(name: str, loops: bool) -> None:
            why = "which is inside of itself" if loops else "which is not there"
            fix = f"object-group {kind} {name}"
            self._complaints.error(where, "access-list-missing", f"{what} names object-group {name}, {why}", fix)

        return unfolded(groups, wanted, missing)


def _covered(member: ios_lists.Member) -> Selector:
    """Return what a member of a group of networks covers."""
    if member.address is None:
        return any_selector(4)
    if member.last is not None:
        return Selector(min(member.address, member.last), max(member.address, member.last))
    return Selector.of(network(member.address, member.mask))


def selector_of(end: ios_lists.Endpoint | None) -> Selector | None:
    """Return one end of an access-list line, or None where its wildcard is no prefix."""
    if end is None or end.kind == "any" or end.address is None:
        return any_selector(4)
    wild = 0 if end.kind == "host" or end.wildcard is None else int(end.wildcard)
    if wild & (wild + 1):
        return None
    last = int(end.address) | wild
    return Selector(IPv4Address(last ^ wild), IPv4Address(last))
