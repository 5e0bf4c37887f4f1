"""A firewall's access lists become flows: names, objects and groups resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from ikecli.config import asa
from ikecli.config.algorithms import network
from ikecli.config.complaints import Complaints
from ikecli.config.flows import flows
from ikecli.config.services_asa import Services, named
from ikecli.intent import Address, Flow, Prefix, Selector
from ikecli.intent.selectors import host_selector

ANYWHERE: Final[tuple[Prefix, ...]] = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))
ANY: Final[dict[str, tuple[Prefix, ...]]] = {"any": ANYWHERE[:1], "any4": ANYWHERE[:1], "any6": ANYWHERE[1:]}


class Lists:
    """The access lists of a draft; `address_of` gives the address of an interface by its name."""

    def __init__(self, draft: asa.Asa, complaints: Complaints, address_of: Callable[[str], Address | None]) -> None:
        self._draft, self._complaints, self._address_of = draft, complaints, address_of
        self._missing = partial(_missing, complaints)
        self._services = Services(draft, self._missing)

    def flows(self, name: str, held: asa.AccessList) -> Iterator[Flow]:
        """Yield the flows of an access list's lines."""
        for number, line in enumerate(held.entries, 1):
            if line.inactive or line.action not in ("permit", "deny") or _says_nothing(line):
                continue
            if line.time_range:
                self._complaints.warn(
                    ("access_lists", name), "",
                    f"line {number} of access list {name} holds at all times: time-range is not looked at",
                )  # fmt: skip
            here, there = (list(self._selectors(name, end)) for end in (line.source, line.destination))
            for protocol, ours, theirs, icmp in self._services.of(name, line):
                yield from flows(line.action == "permit", protocol, here, ours, there, theirs, icmp)

    def _selectors(self, name: str, end: asa.Network | None) -> Iterator[Selector]:
        """Yield what one end of an access-list line covers."""
        kind = end.kind if end else "any"
        if end is None or kind in ANY:
            yield from map(Selector.of, ANY[kind or "any"])
        elif kind == "host" and end.address is not None:
            yield host_selector(end.address)
        elif kind == "object":
            yield from self._object(name, end.name or "")
        elif kind == "object-group":
            yield from self._group(name, end.name or "")
        elif kind == "interface":
            address = self._address_of(end.name or "")
            if address is None:
                self._missing(name, f"interface {end.name}", f"nameif {end.name} on an interface with an address")
            else:
                yield host_selector(address)
        else:
            yield from _subnet(end)

    def _object(self, name: str, wanted: str) -> Iterator[Selector]:
        """Yield what a network object covers."""
        held = self._draft.objects.get(wanted)
        if held is None or not (held.host or held.subnet or held.range):
            self._missing(name, f"object {wanted}", f"object network {wanted}")
        elif held.host:
            yield host_selector(held.host)
        elif held.range:
            yield Selector(held.range.first, held.range.last)
        elif held.subnet:
            yield from _subnet(held.subnet)

    def _group(self, name: str, wanted: str) -> Iterator[Selector]:
        """Yield what a group of network objects covers."""
        for held in named(self._draft.object_groups, wanted, partial(self._missing, name), "network"):
            for member in held.members:
                yield from self._selectors(name, member)


def _missing(complaints: Complaints, name: str, what: str, fix: str) -> None:
    """Complain of a name in an access list that stands for nothing."""
    why = f"access list {name} names {what}, which is not there or empty"
    complaints.error(("access_lists", name), "access-list-missing", why, fix)


def _says_nothing(line: asa.AccessLine) -> bool:
    return line.protocol is None and not (line.services or line.protocols or line.service)


def _subnet(end: asa.Network) -> Iterable[Selector]:
    """Return the selector of an address with its mask, or of a prefix."""
    if end.prefix is not None:
        return [Selector.of(IPv6Network(end.prefix.network))]
    if end.address is None or end.address.version != 4:
        return []
    return [Selector.of(network(end.address, end.mask))]
