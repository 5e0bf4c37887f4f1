"""What a firewall's configuration says of sessions: pools, general attributes of tunnel groups, group policies."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Interface

from ikecli.config.common import Ip
from ikecli.language import Inert
from ikecli.language.kinds import Range


@dataclass(frozen=True, slots=True)
class PoolNames:
    """The pools of a tunnel group, and the interface (by nameif) that they were given for."""

    interface: str | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DhcpServers:
    """`dhcp-server`: the servers, and how the network is told that they are to lend of."""

    option: str | None = None
    servers: tuple[IPv4Address, ...] = ()


@dataclass(slots=True)
class TunnelGeneral:
    """The `general-attributes` of a tunnel group."""

    address_pools: PoolNames | None = None
    ipv6_address_pools: PoolNames | None = None
    group_policy: str | None = None
    dhcp_servers: DhcpServers | None = None
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IpPool:
    """`ip local pool`."""

    range: Range
    mask: IPv4Address | None = None


@dataclass(frozen=True, slots=True)
class Ipv6Pool:
    """`ipv6 local pool`: the first address with the length of its prefix, and how many there are."""

    first: IPv6Interface
    count: int


@dataclass(frozen=True, slots=True)
class Servers:
    """Name servers, or none."""

    kind: str | None = None
    servers: tuple[Ip, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """A name, or none."""

    kind: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """Names, or none."""

    kind: str | None = None
    names: tuple[str, ...] = ()


@dataclass(slots=True)
class GroupAttributes:
    """The `attributes` of a group policy."""

    banner: list[str] = field(default_factory=list)
    wins_servers: Servers | None = None
    dns_servers: Servers | None = None
    protocols: tuple[str, ...] = ()
    split_policy: str | None = None
    split_policy6: str | None = None
    split_list: Named | None = None
    domain: Named | None = None
    split_dns: Names | None = None
    address_pools: Names | None = None
    ipv6_address_pools: Names | None = None
    logins: int | None = None
    dhcp_scope: IPv4Address | str | None = None
    vpn_filter: Named | None = None
    pfs: str | None = None
    backups: tuple[str, ...] = ()
    idle_timeout: int | str | None = None
    session_timeout: int | str | None = None
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(slots=True)
class GroupPolicy:
    """`group-policy`."""

    where: str | None = None
    attributes: GroupAttributes | None = None
