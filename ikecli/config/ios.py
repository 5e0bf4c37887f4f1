"""The configuration of a router: what grammar/ios/config fills in. Fields at their default hold nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface
from typing import Literal

from ikecli.config.common import Dpd, Ip, Key, Matched, Password, User
from ikecli.config.ios_ipsec import CryptoIdentity, CryptoMap, Dummy, DynamicMap, IpsecProfile, Lifetime, TransformSet
from ikecli.config.ios_lists import AccessList, AccessList6, NetworkGroup, ServiceGroup, StandardList
from ikecli.config.ios_remote import (
    AaaNetwork,
    AuthorizationPolicy,
    GroupAuthorization,
    IpPool,
    Ipv6Pool,
    NameMangler,
    PrefixList,
    RouteMap,
)
from ikecli.config.ios_routes import (
    NatKey,
    NatOverload,
    NatStatic,
    Route6Key,
    RouteKey,
    StaticRoute,
    VrfRoute,
    VrfRoute6Key,
    VrfRouteKey,
)
from ikecli.config.ios_watch import FlexClient, Sla, TrackedObject
from ikecli.config.probing import SlaSchedule
from ikecli.config.syslog import RouterHost, Shown, Stamp
from ikecli.language import Inert
from ikecli.secret import Secret


@dataclass(frozen=True, slots=True)
class Pqc:
    """`pqc` of a proposal: methods of one additional key exchange, best first."""

    methods: tuple[str, ...] = ()
    optional: bool = False


@dataclass(slots=True)
class Proposal:
    """`crypto ikev2 proposal`: the dialect's words, best first."""

    encryption: tuple[str, ...] = ()
    integrity: tuple[str, ...] = ()
    prf: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    pqc: Pqc | None = None


@dataclass(slots=True)
class Policy:
    """`crypto ikev2 policy`."""

    fvrf: str | None = None
    inbound: bool | None = None
    locals: list[Ip] = field(default_factory=list)
    proposals: list[str] = field(default_factory=list)
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PeerAddress:
    """The addresses of a keyring's peer."""

    address: Ip | None = None
    mask: IPv4Address | None = None
    prefix: IPv6Interface | None = None


@dataclass(frozen=True, slots=True)
class PpkLine:
    """`ppk manual` of a keyring's peer."""

    id: str
    key: Key
    required: bool = False


@dataclass(slots=True)
class KeyringPeer:
    """`peer` of a keyring."""

    description: str | None = None
    hostname: str | None = None
    address: PeerAddress | None = None
    identity: Matched | None = None
    key: Key | None = None
    key_local: Key | None = None
    key_remote: Key | None = None
    ppk: PpkLine | None = None
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(slots=True)
class Keyring:
    """`crypto ikev2 keyring`."""

    peers: dict[str, KeyringPeer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LocalMatch:
    """A local address of a profile, or the interface that has it."""

    kind: str | None = None
    address: Ip | None = None
    interface: str | None = None


@dataclass(frozen=True, slots=True)
class Authentication:
    """A method of authentication, and a key of its own."""

    kind: str | None = None
    encoding: str | None = None
    key: Secret | None = None


@dataclass(frozen=True, slots=True)
class VirtualTemplate:
    """Of which template a virtual-access interface is made for each peer."""

    number: int
    mode: str | None = None


@dataclass(slots=True)
class Profile:
    """`crypto ikev2 profile`."""

    description: str | None = None
    fvrf: str | None = None
    locals: list[LocalMatch] = field(default_factory=list)
    remotes: list[Matched] = field(default_factory=list)
    identity: Matched | None = None
    auth_local: Authentication | None = None
    auth_remote: Authentication | None = None
    keyring: str | None = None
    ppk_keyring: str | None = None
    lifetime: int | None = None
    reauthentication: int | None = None
    dpd: Dpd | None = None
    nat_keepalive: int | None = None
    force_encapsulation: bool | None = None
    inbound: bool | None = None
    sole: bool | None = None
    authorization: GroupAuthorization | None = None
    config_request: bool | None = None
    config_accept: bool | None = None
    config_send: bool | None = None
    ivrf: str | None = None
    virtual_template: VirtualTemplate | None = None
    shutdown: bool | None = None
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Host:
    """`ip host`."""

    addresses: tuple[Ip, ...]


@dataclass(frozen=True, slots=True)
class InterfaceAddress:
    """An address of an interface, with its mask."""

    address: IPv4Address
    mask: IPv4Address


@dataclass(slots=True)
class Vrf:
    """`vrf definition`, or `ip vrf` (`form`)."""

    form: str | None = None
    description: str | None = None
    distinguisher: str | None = None
    families: dict[str, VrfFamily] = field(default_factory=dict)
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(slots=True)
class VrfFamily:
    """`address-family` of a VRF."""

    ended: bool | None = None
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TunnelSource:
    """Where a tunnel's packets come from: an address, the interface that has it, or `dynamic`: as its client says."""

    address: Ip | None = None
    interface: str | None = None
    dynamic: str | None = None


@dataclass(frozen=True, slots=True)
class Protection:
    """What protects a tunnel: an IPsec profile, and an IKEv2 profile in the place of the one that it names."""

    profile: str
    ikev2_profile: str | None = None
    shared: bool = False


@dataclass(slots=True)
class Interface:
    """`interface`. In the place of an address may stand the name of the interface that has it (`ip unnumbered`).

    One that is `negotiated` has the address that the peer of the tunnel lends, IPv4 or IPv6. Where the address is DHCP,
    `found` is that of the device, which no line says.
    """

    type: str | None = None
    link: str | None = None
    description: str | None = None
    mtu: int | None = None
    vrf: str | None = None
    ip_mtu: int | None = None
    adjust_mss: int | None = None
    adjust_mss6: int | None = None
    tunnel_source: TunnelSource | None = None
    tunnel_mode: str | None = None
    tunnel_destination: Ip | str | None = None
    tunnel_key: int | None = None
    tunnel_ttl: int | None = None
    tunnel_tos: int | None = None
    tunnel_vrf: str | None = None
    protection: Protection | None = None
    policy: str | None = None
    negotiated: bool | None = None
    negotiated6: bool | None = None
    address: InterfaceAddress | str | None = None
    found: IPv4Interface | None = None
    secondaries: list[InterfaceAddress] = field(default_factory=list)
    shutdown: bool | None = None
    ipv6_addresses: list[IPv6Interface] = field(default_factory=list)
    crypto_map: str | None = None
    nat: str | None = None
    ipv6_crypto_map: str | None = None
    df_bit: str | None = None
    esp_fragmentation: str | None = None
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fragmentation:
    """`crypto ikev2 fragmentation`."""

    mtu: int | None = None


@dataclass(slots=True)
class Archive:
    """`archive`."""

    path: str | None = None
    maximum: int | None = None
    write_memory: bool | None = None
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Banner:
    """`banner`."""

    text: str


@dataclass(frozen=True, slots=True)
class Alias:
    """`alias exec`; without a command one of the router's own that it has no more."""

    command: str | None = None


@dataclass(frozen=True, slots=True)
class Privilege:
    """`privilege exec`: the level of a command, or of all that begin so."""

    level: int
    every: bool = False


@dataclass(slots=True)
class Without:
    """`no crypto ikev2 proposal default` and the like: what would be there unsaid is not."""


@dataclass(slots=True)
class Ios:
    """A router's configuration."""

    password_encryption: bool | None = None
    hostname: str | None = None
    enable_secret: Password | None = None
    enable_levels: dict[int, Password] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    archive: Archive | None = None
    banners: dict[str, Banner] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    privileges: dict[str, Privilege] = field(default_factory=dict)
    without: dict[str, Without] = field(default_factory=dict)
    proposals: dict[str, Proposal] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    keyrings: dict[str, Keyring] = field(default_factory=dict)
    timestamps: bool | None = None
    debug_stamps: Stamp | Literal[False] | None = None
    log_stamps: Stamp | Literal[False] | None = None
    logging: bool | None = None
    nat_transparency: bool | None = None
    strength_enforced: bool | None = None
    log_buffered: Shown | Literal[False] | None = None
    log_monitor: Shown | Literal[False] | None = None
    syslog_level: int | str | None = None
    syslog_hosts: dict[IPv4Address, RouterHost] = field(default_factory=dict)
    aaa_new_model: bool | None = None
    aaa_networks: dict[str, AaaNetwork] = field(default_factory=dict)
    authorizations: dict[str, AuthorizationPolicy] = field(default_factory=dict)
    name_manglers: dict[str, NameMangler] = field(default_factory=dict)
    identities: dict[str, CryptoIdentity] = field(default_factory=dict)
    prefix_lists: dict[str, PrefixList] = field(default_factory=dict)
    prefix_lists6: dict[str, PrefixList] = field(default_factory=dict)
    route_maps: dict[str, RouteMap] = field(default_factory=dict)
    ip_pools: dict[str, IpPool] = field(default_factory=dict)
    ipv6_pools: dict[str, Ipv6Pool] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)
    nat_keepalive: int | None = None
    log_sessions: bool | None = None
    log_ikev2: bool | None = None
    diagnose: int | None = None
    dpd: Dpd | None = None
    cookie_challenge: int | None = None
    puzzle_challenge: int | None = None
    window: int | None = None
    fragmentation: Fragmentation | None = None
    max_negotiating: int | None = None
    max_sas: int | None = None
    admitted_sas: int | None = None
    admitted_children: int | None = None
    admitted_negotiating: int | None = None
    admitted_all: int | None = None
    max_beginning: int | None = None
    max_waiting: int | None = None
    lifetime: Lifetime | None = None
    lifetime_kilobytes: int | str | None = None
    replay_window: str | None = None
    transform_sets: dict[str, TransformSet] = field(default_factory=dict)
    ipsec_profiles: dict[str, IpsecProfile] = field(default_factory=dict)
    dummy: Dummy | None = None
    idle: int | None = None
    df_bit: str | None = None
    ecn: str | None = None
    esp_fragmentation: str | None = None
    ipv4_deny: str | None = None
    optional: bool | None = None
    optional_retry: int | None = None
    hosts: dict[str, Host] = field(default_factory=dict)
    dynamic_maps: dict[str, DynamicMap] = field(default_factory=dict)
    crypto_maps: dict[str, CryptoMap] = field(default_factory=dict)
    crypto_maps6: dict[str, CryptoMap] = field(default_factory=dict)
    vrfs: dict[str, Vrf] = field(default_factory=dict)
    ipv6_routing: bool | None = None
    flexvpn_clients: dict[str, FlexClient] = field(default_factory=dict)
    slas: dict[int, Sla] = field(default_factory=dict)
    schedules: dict[int, SlaSchedule] = field(default_factory=dict)
    tracks: dict[int, TrackedObject] = field(default_factory=dict)
    interfaces: dict[str, Interface] = field(default_factory=dict)
    routes: dict[RouteKey, StaticRoute] = field(default_factory=dict)
    vrf_routes: dict[VrfRouteKey, VrfRoute] = field(default_factory=dict)
    routes6: dict[Route6Key, StaticRoute] = field(default_factory=dict)
    vrf_routes6: dict[VrfRoute6Key, StaticRoute] = field(default_factory=dict)
    network_groups: dict[str, NetworkGroup] = field(default_factory=dict)
    service_groups: dict[str, ServiceGroup] = field(default_factory=dict)
    access_lists: dict[str, AccessList] = field(default_factory=dict)
    standard_lists: dict[str, StandardList] = field(default_factory=dict)
    nat_overloads: dict[str, NatOverload] = field(default_factory=dict)
    nat_statics: dict[NatKey, NatStatic] = field(default_factory=dict)
    access_lists6: dict[str, AccessList6] = field(default_factory=dict)
    inert: dict[str, Inert] = field(default_factory=dict)
