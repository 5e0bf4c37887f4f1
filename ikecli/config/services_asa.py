"""What a firewall's access lists have in the place of protocols and ports: objects and groups of them, resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Protocol, TypeAlias, TypeVar

from ikecli.config import asa
from ikecli.config.common import Icmp, Ports, Service
from ikecli.config.flows import GROUP_DEPTH, protocols_of

Terms: TypeAlias = tuple[str | int, Ports | None, Ports | None, Icmp | None]
"""A protocol, the ports at the source and at the destination, and the ICMP message."""
Missing: TypeAlias = Callable[[str, str], None]
"""Complains of what is not there (or inside of itself), and says what to type."""


class _Group(Protocol):
    groups: list[str]


_G = TypeVar("_G", bound=_Group)


def unfolded(
    groups: Mapping[str, _G],
    wanted: str,
    missing: Missing,
    fix: str,
    inside: tuple[str, ...] = (),
    seen: set[str] | None = None,
) -> Iterator[_G]:
    """Yield a group and those in it, to their end, each once."""
    seen = set() if seen is None else seen
    held = groups.get(wanted)
    if held is None or wanted in inside or len(inside) >= GROUP_DEPTH:
        missing(f"object-group {wanted}", f"{fix} {wanted}")
        return
    if wanted in seen:
        return
    seen.add(wanted)
    yield held
    for inner in held.groups:
        yield from unfolded(groups, inner, missing, fix, (*inside, wanted), seen)


class Services:
    """The services of a draft; `missing` is told the list, what it names, and what to type."""

    def __init__(self, draft: asa.Asa, missing: Callable[[str, str, str], None]) -> None:
        self._draft, self._missing = draft, missing

    def of(self, name: str, line: asa.AccessLine) -> Iterator[Terms]:
        """Yield what a line of the list `name` is for, besides its addresses."""

        def missing(what: str, fix: str) -> None:
            self._missing(name, what, fix)

        if line.services is not None:
            for service in self._group(line.services, missing):
                yield from _terms(service)
        elif line.service is not None:
            yield from self._object(line.service, missing)
        else:
            ports = product(self._ports(line.source_ports, missing), self._ports(line.destination_ports, missing))
            ends = list(ports)
            for protocol in self._protocols(line, missing):
                for icmp in self._messages(line, missing):
                    yield from ((protocol, *each, icmp) for each in ends)

    def _protocols(self, line: asa.AccessLine, missing: Missing) -> Iterator[str | int]:
        if line.protocols is None:
            yield line.protocol if line.protocol is not None else "ip"
            return
        for held in unfolded(self._draft.protocol_groups, line.protocols, missing, "object-group protocol"):
            yield from held.protocols

    def _messages(self, line: asa.AccessLine, missing: Missing) -> Iterator[Icmp | None]:
        if line.messages is None:
            yield line.icmp
            return
        for held in unfolded(self._draft.icmp_groups, line.messages, missing, "object-group icmp-type"):
            yield from held.messages

    def _ports(self, ports: Ports | None, missing: Missing) -> Iterator[Ports | None]:
        if ports is None or ports.name is None:
            yield ports
            return
        for held in unfolded(self._draft.service_groups, ports.name, missing, "object-group service"):
            yield from held.ports
            yield from (service.ports for service in held.services if service.ports is not None)

    def _group(self, wanted: str, missing: Missing) -> Iterator[Service]:
        for held in unfolded(self._draft.service_groups, wanted, missing, "object-group service"):
            yield from (Service(protocol=held.protocol, ports=ports) for ports in held.ports)
            for service in held.services:
                found = self._draft.service_objects.get(service.name) if service.name else None
                if service.name is None:
                    yield service
                elif found is not None and found.service is not None:
                    yield found.service
                else:
                    missing(f"object {service.name}", f"object service {service.name}")

    def _object(self, wanted: str, missing: Missing) -> Iterator[Terms]:
        held = self._draft.service_objects.get(wanted)
        if held is None or held.service is None:
            missing(f"object {wanted}", f"object service {wanted}")
        else:
            yield from _terms(held.service)


def _terms(service: Service) -> Iterator[Terms]:
    for protocol in protocols_of(service):
        yield protocol, service.source_ports, service.ports, service.icmp
