"""What a firewall's access lists have in the place of protocols and ports: objects and groups of them, resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import TypeAlias, TypeVar

from ikecli.config import asa
from ikecli.config.common import Icmp, Ports, Service
from ikecli.config.flows import protocols_of
from ikecli.config.object_groups import unfolded

Terms: TypeAlias = tuple[str | int, Ports | None, Ports | None, Icmp | None]
"""A protocol, the ports at the source and at the destination, and the ICMP message."""
Missing: TypeAlias = Callable[[str, str], None]
"""Complains of what is not there (or inside of itself), and says what to type."""


_G = TypeVar("_G", asa.NetworkGroup, asa.ServiceGroup, asa.ProtocolGroup, asa.IcmpGroup)


def named(groups: Mapping[str, _G], wanted: str, missing: Missing, kind: str) -> Iterator[_G]:
    """Yield a group of a kind and those in it."""
    return unfolded(groups, wanted, lambda name, _: missing(f"object-group {name}", f"object-group {kind} {name}"))


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
        for held in named(self._draft.protocol_groups, line.protocols, missing, "protocol"):
            yield from held.protocols

    def _messages(self, line: asa.AccessLine, missing: Missing) -> Iterator[Icmp | None]:
        if line.messages is None:
            yield line.icmp
            return
        for held in named(self._draft.icmp_groups, line.messages, missing, "icmp-type"):
            yield from held.messages

    def _ports(self, ports: Ports | None, missing: Missing) -> Iterator[Ports | None]:
        if ports is None or ports.name is None:
            yield ports
            return
        for held in named(self._draft.service_groups, ports.name, missing, "service"):
            yield from held.ports
            yield from (service.ports for service in held.services if service.ports is not None)

    def _group(self, wanted: str, missing: Missing) -> Iterator[Service]:
        for held in named(self._draft.service_groups, wanted, missing, "service"):
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
