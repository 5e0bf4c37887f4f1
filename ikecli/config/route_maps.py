"""A router's route maps and prefix lists, as far as they say which networks of a peer are believed."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

from ikecli.config import ios
from ikecli.config.complaints import Complaints
from ikecli.config.crypto_acl import selector6_of, selector_of
from ikecli.config.ios_remote import PrefixEntry, PrefixList, RouteMapEntry
from ikecli.intent import Clause, Prefix, PrefixLine, Selector

Where = tuple[Any, ...]


class RouteMaps:
    """Reads the route maps of a draft."""

    def __init__(self, draft: ios.Ios, complaints: Complaints) -> None:
        self.draft, self.complaints = draft, complaints

    def clauses(self, where: Where, policy: str, name: str | None) -> tuple[Clause, ...] | None:
        """Return what a route map says; None where there is none to ask, nothing is believed by one that lacks."""
        if name is None:
            return None
        held = self.draft.route_maps.get(name)
        if held is None:
            why = f"authorization policy {policy} names route map {name}, which is not there: no network is believed"
            self.complaints.error(where, "", why, f"route-map {name} permit 10")
            return ()
        return tuple(self._clause(name, at, entry) for at, entry in sorted(held.entries.items()))

    def _clause(self, name: str, sequence: int, entry: RouteMapEntry) -> Clause:
        where, what = ("route_maps", name, "entries", sequence), f"route-map {name} {entry.action} {sequence}"
        if unserved := [line for line in entry.inert if line.split()[0] == "match"]:
            why = f"{what} is for no network: {unserved[0]} is not looked at"
            self.complaints.warn(where, "", why, f"no {unserved[0]}")
            return Clause(entry.action == "permit", ((),))
        lists = list[tuple[PrefixLine, ...]]()
        known4, known6 = self.draft.prefix_lists, self.draft.prefix_lists6
        for names, known, command in (
            (entry.prefix_lists, known4, "ip prefix-list {} permit A.B.C.D/N"),
            (entry.prefix_lists6, known6, "ipv6 prefix-list {} permit X:X::X:X/N"),
        ):
            for each in names:
                self._known(where, what, each, known, command)
                lists.append(tuple(map(_line, _sorted(known.get(each)))))
        for each in entry.lists:
            self._known(where, what, each, self.draft.standard_lists, "ip access-list standard {}")
            lists.append(tuple(self._standard(each)))
        for each in entry.lists6:
            self._known(where, what, each, self.draft.access_lists6, "ipv6 access-list {}")
            lists.append(tuple(self._six(each)))
        return Clause(entry.action == "permit", tuple(lists))

    def _known(self, where: Where, what: str, name: str, known: dict[str, Any], command: str) -> None:
        if name not in known:
            why = f"{what} matches list {name}, which is not there: it permits nothing"
            self.complaints.error(where, "access-list-missing", why, command.format(name))

    def _standard(self, name: str) -> Iterator[PrefixLine]:
        held = self.draft.standard_lists.get(name)
        for _, line in sorted(held.entries.items()) if held else ():
            if line.action is not None and (selector := selector_of(line.source)) is not None:
                yield from _anything_in(line.action, selector)

    def _six(self, name: str) -> Iterator[PrefixLine]:
        held = self.draft.access_lists6.get(name)
        for _, line in sorted(held.entries.items()) if held else ():
            if line.action is not None:
                yield from _anything_in(line.action, selector6_of(line.source))


def _sorted(held: PrefixList | None) -> list[PrefixEntry]:
    return [entry for _, entry in sorted(held.entries.items())] if held else []


def _line(entry: PrefixEntry) -> PrefixLine:
    """Return a line: of exactly its length unless it says how long networks may be."""
    prefix: Prefix = ip_network(str(entry.prefix), strict=False)
    least = prefix.prefixlen if entry.least is None else entry.least
    longest = prefix.prefixlen if entry.least is None else prefix.max_prefixlen
    return PrefixLine(entry.action == "permit", prefix, least, longest if entry.most is None else entry.most)


def _anything_in(action: str, selector: Selector) -> Iterator[PrefixLine]:
    if (prefix := selector.prefix) is not None:
        yield PrefixLine(action == "permit", prefix, 0, prefix.max_prefixlen)
