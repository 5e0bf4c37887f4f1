"""A router's configuration of inner addresses: pools and authorization policies."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface
from typing import Literal

from ikecli.config.common import Ip
from ikecli.language import Inert


@dataclass(frozen=True, slots=True)
class Servers:
    """One name server, or two."""

    primary: Ip
    secondary: Ip | None = None

    @property
    def all(self) -> tuple[Ip, ...]:
        """Those that there are."""
        return (self.primary,) if self.secondary is None else (self.primary, self.secondary)


@dataclass(frozen=True, slots=True)
class RemoteNetwork:
    """A network that peers are told of, or that lies behind them."""

    kind: str | None = None
    network: IPv4Address | None = None
    mask: IPv4Address | None = None
    prefix: IPv6Interface | None = None


@dataclass(frozen=True, slots=True)
class RouteAccept:
    """`route accept any`."""

    tag: int | None = None
    distance: int | None = None


@dataclass(slots=True)
class AuthorizationPolicy:
    """`crypto ikev2 authorization policy`."""

    pool: str | None = None
    ipv6_pool: str | None = None
    ipv6_dns: Servers | None = None
    prefix_length: int | None = None
    dns: Servers | None = None
    wins: Servers | None = None
    netmask: IPv4Address | None = None
    domain: str | None = None
    split_dns: list[str] = field(default_factory=list)
    dhcp_servers: list[str] = field(default_factory=list)
    dhcp_relay: IPv4Address | None = None
    dhcp_timeout: int | None = None
    pfs: bool | None = None
    local_lan: bool | None = None
    backups: list[str] = field(default_factory=list)
    session: int | None = None
    most_children: int | None = None
    banner: str | None = None
    route_tunnel: bool | None = None
    route_interfaces: list[str] = field(default_factory=list)
    route_list: str | None = None
    route_list6: str | None = None
    route_remotes: list[RemoteNetwork] = field(default_factory=list)
    route_locals: list[RemoteNetwork] = field(default_factory=list)
    route_accept: RouteAccept | Literal[False] | None = None
    route_map: str | None = None
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GroupAuthorization:
    """Which policy holds for a profile's peers, and by which method list it is found."""

    override: bool
    list: str
    policy: str | None = None
    mangler: str | None = None


@dataclass(slots=True)
class NameMangler:
    """`crypto ikev2 name-mangler`: which part of an identity is a name."""

    fqdn: str | None = None
    email: str | None = None
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PrefixEntry:
    """A line of `ip prefix-list` or `ipv6 prefix-list`: networks in a prefix, and how long they may be."""

    action: str
    prefix: IPv4Interface | IPv6Interface
    least: int | None = None
    most: int | None = None


@dataclass(slots=True)
class PrefixList:
    """`ip prefix-list` or `ipv6 prefix-list`, by sequence number."""

    description: str | None = None
    entries: dict[int, PrefixEntry] = field(default_factory=dict)


@dataclass(slots=True)
class RouteMapEntry:
    """`route-map`: an entry, and the lists one of which has to permit a network."""

    action: str | None = None
    description: str | None = None
    prefix_lists: list[str] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    prefix_lists6: list[str] = field(default_factory=list)
    lists6: list[str] = field(default_factory=list)
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(slots=True)
class RouteMap:
    """`route-map`, by sequence number."""

    entries: dict[int, RouteMapEntry] = field(default_factory=dict)


@dataclass(slots=True)
class AaaNetwork:
    """`aaa authorization network`."""

    local: bool | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Addresses from one to another; without a last one the first alone."""

    first: IPv4Address
    last: IPv4Address | None = None


@dataclass(slots=True)
class IpPool:
    """`ip local pool`."""

    ranges: list[Span] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ipv6Pool:
    """`ipv6 local pool`."""

    prefix: IPv6Interface
    length: int
