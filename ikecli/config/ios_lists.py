"""A router's access lists, and the groups of objects that they name."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Interface

from ikecli.config.common import Icmp, Ports, Service


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of an access-list line: `kind` is any, host, object-group, or None for an address with a wildcard."""

    kind: str | None = None
    address: IPv4Address | None = None
    wildcard: IPv4Address | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class AccessLine:
    """A line of an extended access list: a remark, or what is permitted or denied.

    `services` names a group of services in the place of a protocol. What a selector does not say is in the last fields.
    """

    action: str | None = None
    protocol: str | int | None = None
    source: Endpoint | None = None
    source_ports: Ports | None = None
    destination: Endpoint | None = None
    destination_ports: Ports | None = None
    services: str | None = None
    established: bool = False
    flags: tuple[str, ...] = ()
    fragments: bool = False
    dscp: str | None = None
    precedence: str | None = None
    tos: str | None = None
    time_range: str | None = None
    icmp: Icmp | None = None
    log: str | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One of a group of networks: `kind` is host, any, range, or None for a network."""

    kind: str | None = None
    address: IPv4Address | None = None
    mask: IPv4Address | None = None
    last: IPv4Address | None = None


@dataclass(slots=True)
class NetworkGroup:
    """`object-group network`."""

    description: str | None = None
    members: list[Member] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ServiceGroup:
    """`object-group service`."""

    description: str | None = None
    services: list[Service] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


@dataclass(slots=True)
class AccessList:
    """`ip access-list extended`, by sequence number."""

    entries: dict[int, AccessLine] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StandardLine:
    """A line of a standard access list: a remark, or whose packets are permitted or denied."""

    action: str | None = None
    source: Endpoint | None = None
    log: bool = False
    remark: str | None = None


@dataclass(slots=True)
class StandardList:
    """`ip access-list standard`, by sequence number."""

    entries: dict[int, StandardLine] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoint6:
    """One end of a line of an IPv6 access list: `kind` is any, host, or None for a prefix."""

    kind: str | None = None
    address: IPv6Address | None = None
    prefix: IPv6Interface | None = None


@dataclass(frozen=True, slots=True)
class AccessLine6:
    """A line of an IPv6 access list: a remark, or what is permitted or denied."""

    action: str | None = None
    protocol: str | int | None = None
    source: Endpoint6 | None = None
    source_ports: Ports | None = None
    destination: Endpoint6 | None = None
    destination_ports: Ports | None = None
    log: str | None = None
    remark: str | None = None


@dataclass(slots=True)
class AccessList6:
    """`ipv6 access-list`, by sequence number."""

    entries: dict[int, AccessLine6] = field(default_factory=dict)
