"""The configuration of a firewall: what grammar/asa/config fills in. Fields at their default hold nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import Literal

from ikecli.config.asa_remote import GroupPolicy, IpPool, Ipv6Pool, TunnelGeneral
from ikecli.config.asa_watch import FirewallSla, FirewallTrack
from ikecli.config.common import Icmp, Ip, Key, Password, Pfs, Ports, Service
from ikecli.config.probing import SlaSchedule
from ikecli.config.syslog import FirewallHost, FirewallStamp
from ikecli.language import Inert

DEFAULT_GROUP = "DefaultL2LGroup"
"""The tunnel group of peers that have none of their own."""
DEFAULT_RA_GROUP = "DefaultRAGroup"
"""That of travellers."""
DEFAULT_POLICY = "DfltGrpPolicy"
"""The group policy that others take from what they do not say."""


@dataclass(slots=True)
class User:
    """`username`."""

    login: Password | None = None
    privilege: int | None = None


@dataclass(frozen=True, slots=True)
class InterfaceAddress:
    """An address of an interface, with its mask."""

    address: IPv4Address
    mask: IPv4Address
    standby: IPv4Address | None = None


@dataclass(slots=True)
class Interface:
    """`interface`. Where the address is one of DHCP, `found` is that of the device, which no line says."""

    description: str | None = None
    shutdown: bool | None = None
    nameif: str | None = None
    security_level: int | None = None
    address: InterfaceAddress | str | None = None
    found: IPv4Interface | None = None
    ipv6_addresses: list[IPv6Interface] = field(default_factory=list)
    tunnel_source: str | None = None
    tunnel_destination: Ip | None = None
    tunnel_mode: str | None = None
    protection: str | None = None
    policy: str | None = None
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Network:
    """Addresses: `kind` is any, any4, any6, host, object, object-group, interface, or None for a network."""

    kind: str | None = None
    address: Ip | None = None
    mask: IPv4Address | None = None
    prefix: IPv6Interface | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Addresses from one to another."""

    first: IPv4Address
    last: IPv4Address


@dataclass(slots=True)
class NetworkObject:
    """`object network`: one of host, subnet and range."""

    host: Ip | None = None
    subnet: Network | None = None
    range: Span | None = None
    description: str | None = None
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(slots=True)
class NetworkGroup:
    """`object-group network`."""

    description: str | None = None
    members: list[Network] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ServiceObject:
    """`object service`."""

    service: Service | None = None
    description: str | None = None


@dataclass(slots=True)
class ServiceGroup:
    """`object-group service`; one with a `protocol` is of ports."""

    protocol: str | None = None
    description: str | None = None
    services: list[Service] = field(default_factory=list)
    ports: list[Ports] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ProtocolGroup:
    """`object-group protocol`."""

    description: str | None = None
    protocols: list[str | int] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


@dataclass(slots=True)
class IcmpGroup:
    """`object-group icmp-type`."""

    description: str | None = None
    messages: list[Icmp] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Host:
    """`name`."""

    address: Ip
    text: str | None = None


@dataclass(frozen=True, slots=True)
class LogOption:
    """`log` of an access-list line."""

    kind: str | None = None
    level: int | str | None = None
    interval: int | None = None


@dataclass(frozen=True, slots=True)
class AccessLine:
    """A line of an access list: a remark, or what is permitted or denied, in a standard one a `network` alone.

    `services`, `protocols` and `messages` name groups, `service` an object, in the place of a protocol or a message.
    """

    action: str | None = None
    protocol: str | int | None = None
    source: Network | None = None
    source_ports: Ports | None = None
    destination: Network | None = None
    destination_ports: Ports | None = None
    icmp: Icmp | None = None
    messages: str | None = None
    services: str | None = None
    protocols: str | None = None
    service: str | None = None
    log: LogOption | None = None
    time_range: str | None = None
    inactive: bool = False
    remark: str | None = None
    network: Network | None = None


@dataclass(slots=True)
class AccessList:
    """`access-list`: its lines in order."""

    entries: list[AccessLine] = field(default_factory=list)


@dataclass(slots=True)
class Mtu:
    """`mtu` of a named interface."""

    mtu: int | None = None


@dataclass(frozen=True, slots=True)
class StaticRoute:
    """What a static route has besides its key (interface, network, mask, gateway)."""

    distance: int | None = None
    track: int | None = None


@dataclass(slots=True)
class IpsecProposal:
    """`crypto ipsec ikev2 ipsec-proposal`: the dialect's words, best first."""

    encryption: tuple[str, ...] = ()
    integrity: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LocalIdentity:
    """Whom this side says it is to the ends of a tunnel: `kind` is address, hostname, key-id or email-id."""

    kind: str | None = None
    key_id: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class DfBit:
    """`crypto ipsec df-bit` of a named interface."""

    bit: str


@dataclass(frozen=True, slots=True)
class Cut:
    """`crypto ipsec fragmentation` of a named interface: `when` packets are cut."""

    when: str


@dataclass(slots=True)
class IpsecProfile:
    """`crypto ipsec profile`."""

    ipsec_proposals: tuple[str, ...] = ()
    pfs: Pfs | None = None
    lifetime_seconds: int | str | None = None
    lifetime_kilobytes: int | str | None = None
    responder_only: bool | None = None
    local_identity: LocalIdentity | None = None
    reverse_route: bool | None = None
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Negotiating:
    """`crypto ikev2 limit max-in-negotiation-sa`: in percent of what may be, or a number."""

    kind: str | None = None
    percent: int | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Tfc:
    """`set tfc-packets`: what is not there is `auto`."""

    burst: int | str | None = None
    size: int | str | None = None
    timeout: int | str | None = None


@dataclass(frozen=True, slots=True)
class ReverseRoute:
    """`set reverse-route`: routes to what an entry protects, `dynamic` ones while an SA stands."""

    dynamic: bool = False


@dataclass(slots=True)
class MapEntry:
    """The lines of a crypto map with one sequence number."""

    match_address: str | None = None
    pfs: Pfs | None = None
    connection_type: str | None = None
    peers: list[Ip] = field(default_factory=list)
    ipsec_proposals: tuple[str, ...] = ()
    mode: str | None = None
    lifetime_seconds: int | None = None
    lifetime_kilobytes: int | str | None = None
    reverse_route: ReverseRoute | None = None
    tfc: Tfc | None = None
    key: Key | None = None
    nat_t_disable: bool | None = None
    own_errors: bool | None = None
    df_bit: str | None = None
    dynamic: str | None = None


@dataclass(slots=True)
class DynamicMap:
    """`crypto dynamic-map`: entries for peers of any address."""

    entries: dict[int, MapEntry] = field(default_factory=dict)


@dataclass(slots=True)
class CryptoMap:
    """A crypto map, and the interfaces (by nameif) that use it."""

    entries: dict[int, MapEntry] = field(default_factory=dict)
    interfaces: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class IsakmpIdentity:
    """Whom this side says it is: `kind` is address, hostname, key-id or auto."""

    kind: str | None = None
    key_id: str | None = None


@dataclass(frozen=True, slots=True)
class Fragmentation:
    """`crypto ikev2 fragmentation`."""

    mtu: int | None = None
    method: str | None = None


@dataclass(slots=True)
class AdditionalExchange:
    """`additional-key-exchange` of a policy."""

    methods: tuple[str, ...] = ()


@dataclass(slots=True)
class IkePolicy:
    """`crypto ikev2 policy`: the dialect's words, best first."""

    encryption: tuple[str, ...] = ()
    integrity: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    prf: tuple[str, ...] = ()
    lifetime: int | str | None = None
    additional: dict[int, AdditionalExchange] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Keepalive:
    """`isakmp keepalive`: `kind` is threshold or disable; no numbers: only answer."""

    kind: str | None = None
    threshold: int | None = None
    retry: int | None = None


@dataclass(slots=True)
class TunnelIpsec:
    """The `ipsec-attributes` of a tunnel group."""

    key_remote: Key | None = None
    key_local: Key | None = None
    keepalive: Keepalive | None = None
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(slots=True)
class TunnelGroup:
    """`tunnel-group`."""

    type: str | None = None
    ipsec: TunnelIpsec | None = None
    general: TunnelGeneral | None = None


RouteKey = tuple[str, IPv4Address, IPv4Address, IPv4Address]
Route6Key = tuple[str, IPv6Interface, IPv6Address]


@dataclass(frozen=True, slots=True)
class BannerLine:
    """A line of a banner; none where it is empty."""

    text: str | None = None


@dataclass(slots=True)
class Banner:
    """`banner`."""

    lines: list[BannerLine] = field(default_factory=list)


@dataclass(slots=True)
class Asa:
    """A firewall's configuration."""

    hostname: str | None = None
    enable_password: Password | None = None
    interfaces: dict[str, Interface] = field(default_factory=dict)
    objects: dict[str, NetworkObject] = field(default_factory=dict)
    object_groups: dict[str, NetworkGroup] = field(default_factory=dict)
    service_objects: dict[str, ServiceObject] = field(default_factory=dict)
    service_groups: dict[str, ServiceGroup] = field(default_factory=dict)
    protocol_groups: dict[str, ProtocolGroup] = field(default_factory=dict)
    icmp_groups: dict[str, IcmpGroup] = field(default_factory=dict)
    max_sas: int | None = None
    max_sessions: int | None = None
    pmtu_aging: int | str | None = None
    addr_local: bool | None = None
    reuse_delay: int | None = None
    max_negotiating: Negotiating | None = None
    max_waiting: int | None = None
    domain: str | None = None
    banners: dict[str, Banner] = field(default_factory=dict)
    names_used: bool | None = None
    hosts: dict[str, Host] = field(default_factory=dict)
    access_lists: dict[str, AccessList] = field(default_factory=dict)
    mtus: dict[str, Mtu] = field(default_factory=dict)
    routes: dict[RouteKey, StaticRoute] = field(default_factory=dict)
    routes6: dict[Route6Key, StaticRoute] = field(default_factory=dict)
    slas: dict[int, FirewallSla] = field(default_factory=dict)
    schedules: dict[int, SlaSchedule] = field(default_factory=dict)
    tracks: dict[int, FirewallTrack] = field(default_factory=dict)
    ipsec_proposals: dict[str, IpsecProposal] = field(default_factory=dict)
    ipsec_profiles: dict[str, IpsecProfile] = field(default_factory=dict)
    lifetime_seconds: int | None = None
    lifetime_kilobytes: int | str | None = None
    replay_window: str | None = None
    tcp_mss: int | None = None
    df_bits: dict[str, DfBit] = field(default_factory=dict)
    cuts: dict[str, Cut] = field(default_factory=dict)
    ip_pools: dict[str, IpPool] = field(default_factory=dict)
    ipv6_pools: dict[str, Ipv6Pool] = field(default_factory=dict)
    dynamic_maps: dict[str, DynamicMap] = field(default_factory=dict)
    crypto_maps: dict[str, CryptoMap] = field(default_factory=dict)
    logging_enable: bool | None = None
    log_stamps: FirewallStamp | Literal[False] | None = None
    log_buffered: int | str | Literal[False] | None = None
    log_octets: int | None = None
    log_monitor: int | str | Literal[False] | None = None
    syslog_level: int | str | None = None
    syslog_hosts: dict[IPv4Address, FirewallHost] = field(default_factory=dict)
    isakmp_identity: IsakmpIdentity | None = None
    nat_keepalive: int | Literal[False] | None = None
    cookie_challenge: int | str | None = None
    puzzle_challenge: int | None = None
    fragmentation: Fragmentation | Literal[False] | None = None
    notify_invalid_selectors: bool | None = None
    ikev2_policies: dict[int, IkePolicy] = field(default_factory=dict)
    ikev2_interfaces: list[str] = field(default_factory=list)
    users: dict[str, User] = field(default_factory=dict)
    addr_dhcp: bool | None = None
    group_policies: dict[str, GroupPolicy] = field(default_factory=lambda: {DEFAULT_POLICY: GroupPolicy()})
    tunnel_groups: dict[str, TunnelGroup] = field(
        default_factory=lambda: {DEFAULT_GROUP: TunnelGroup(), DEFAULT_RA_GROUP: TunnelGroup()}
    )
    inert: dict[str, Inert] = field(default_factory=dict)
