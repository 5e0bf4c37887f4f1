"""With whom to set up SAs, how to prove it, and what to protect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from ipaddress import ip_network
from typing import Final, TypeVar

from ikecli.intent.identity import Identity, IdentityMatch
from ikecli.intent.network import Address, Carrier, Network, Prefix, Route
from ikecli.intent.remote import Asking, Authorization, Mangled, Pool
from ikecli.intent.selectors import Flow, Screen, any_selector, host_selector
from ikecli.intent.translation import Nat
from ikecli.intent.watch import Client, Probe, Track
from ikecli.numbers import Algorithm, AuthMethod
from ikecli.secret import Secret
from ikecli.value import value

_Row = TypeVar("_Row")

DEFAULT_IKE_LIFETIME: Final = 86400
"""Seconds an IKE SA lives unless told otherwise."""


@dataclass(frozen=True, slots=True)
class IkeProposal:
    """Algorithms offered together for an IKE SA, each list in order of preference.

    `additional` has the methods of each additional key exchange (RFC 9370); one with NO_KEY_EXCHANGE is optional.
    """

    name: str
    encryption: tuple[Algorithm, ...]
    integrity: tuple[Algorithm, ...]
    prf: tuple[Algorithm, ...]
    groups: tuple[Algorithm, ...]
    additional: tuple[tuple[Algorithm, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class IkePolicy:
    """The proposals, in order, that hold at a local address (all of them when `locals` is empty) of a routing table.

    `vrf` None stands for all tables. One that is `inbound` is for IKE SAs that peers begin alone.
    """

    name: str
    proposals: tuple[IkeProposal, ...]
    locals: tuple[Address, ...] = ()
    vrf: str | None = ""
    inbound: bool = False


@value
class Credential:
    """Pre-shared keys for peers by address or by identity; `local` proves us, `remote` proves them."""

    name: str
    local: Secret | None = None
    remote: Secret | None = None
    addresses: tuple[Prefix, ...] = ()
    identity: IdentityMatch | None = None


@dataclass(frozen=True, slots=True)
class Ppk:
    """A post-quantum preshared key (RFC 8784) for peers by address or by identity, and the PPK_ID that names it.

    Where it is `required`, nothing is set up with such a peer without it.
    """

    id: bytes
    secret: Secret
    required: bool = False
    addresses: tuple[Prefix, ...] = ()
    identity: IdentityMatch | None = None


@dataclass(frozen=True, slots=True)
class Dpd:
    """Liveness checks (RFC 7296 2.4): after `interval` idle seconds, repeated each `retry` seconds.

    `periodic` checks also when nothing waits to be sent.
    """

    interval: int
    retry: int
    periodic: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """How a group of peers is recognised and authenticated.

    `remotes` are the identities it is for, `local` the identity we show (None: our address); `locals` restricts it to
    local addresses. `gateways` are the peer addresses it may be used with before the identity is known (an ASA
    tunnel-group's name); empty: any. It is for peers in the routing table `vrf` (None: in any). A responder makes a
    virtual-access interface of the template that `template` names (empty: none) for each of its peers, with
    `template_auto` a tunnel of the kind that the peer asks for. `authorization` is what peers are lent and told, if
    anything; `mangled` says it by their identity. A peer that began is told that its authentication holds good for
    `reauthentication` seconds (0: nothing). An IKE SA ends `session` seconds after its authentication (0: never),
    however often it was rekeyed. Of the packets of its Child SAs those that `screen` says pass, where their connection
    has no such lists. One that is `inbound` is for peers that begin alone. With `sole` a new IKE SA of a
    peer takes the place of its older ones whether or not the peer says that it has forgotten them.
    """

    name: str
    remotes: tuple[IdentityMatch, ...]
    credentials: tuple[Credential, ...]
    local: Identity | None = None
    locals: tuple[Address, ...] = ()
    gateways: tuple[Prefix, ...] = ()
    auth_local: AuthMethod = AuthMethod.SHARED_KEY
    auth_remote: tuple[AuthMethod, ...] = (AuthMethod.SHARED_KEY,)
    lifetime: int = DEFAULT_IKE_LIFETIME
    reauthentication: int = 0
    dpd: Dpd | None = None
    nat_keepalive: int = 20
    force_encapsulation: bool = False
    vrf: str | None = ""
    template: str = ""
    template_auto: bool = False
    ppks: tuple[Ppk, ...] = ()
    authorization: Authorization | None = None
    mangled: Mangled | None = None
    session: int = 0
    inbound: bool = False
    sole: bool = False
    screen: Screen = Screen()


@dataclass(frozen=True, slots=True)
class EspProposal:
    """One ESP proposal; integrity is empty with AEAD ciphers."""

    name: str
    encryption: tuple[Algorithm, ...]
    integrity: tuple[Algorithm, ...] = ()
    esn: tuple[bool, ...] = (False,)


class Transport(IntEnum):
    """Whether Child SAs are in transport mode, to which the peer must agree (RFC 7296 1.3.1)."""

    NO = 0
    WANTED = 1
    REQUIRED = 2


class Initiation(Enum):
    """When a connection is set up from this end."""

    TRAFFIC = "traffic"
    START = "start"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Tfc:
    """What hides how much is sent (RFC 4303 2.6, 2.7).

    Packets are padded to `size` octets where the peer takes that (`pads`) and in tunnel mode; each `interval` seconds
    `burst` dummy packets of that size go out.
    """

    size: int
    burst: int
    interval: int
    pads: bool = True


@dataclass(frozen=True, slots=True)
class Outer:
    """How the IP header before ESP comes about, and where packets are cut that are too long with it.

    `whole` is DF (RFC 4301 8.1): copied (None), always set or always clear; where it is clear, packets are cut whatever
    they say. With `marks` congestion marks are copied (RFC 6040), else there are none. Packets are cut before they are
    protected, or, with `late`, after that.
    """

    whole: bool | None = None
    marks: bool = True
    late: bool = False


@dataclass(frozen=True, slots=True)
class ReverseRoute:
    """How what lies behind a peer is routed while an SA with it stands.

    Its routes have this `distance` and `tag` (0: none). The peer has a route of its own through a `gateway`; `past` it
    there is none, and what lies behind the peer is routed to the gateway. What lies behind the peer of a `tunnel` is
    routed into that.
    """

    distance: int = 1
    tag: int = 0
    gateway: Address | None = None
    past: bool = False
    tunnel: bool = False

    def routes(self, row: Connection, networks: Iterable[Prefix], peer: Address | None) -> Iterator[Route]:
        """Yield the routes to what lies behind the peer of a connection; not all the world lies in a tunnel."""
        through = None if self.tunnel else self.gateway if self.past else peer
        for network in networks:
            if network.prefixlen or not self.tunnel:
                yield Route(network, through, row.interface, self.distance, row.inner_vrf, learned=True, tag=self.tag)
        if self.gateway is not None and not self.past and peer is not None:
            yield Route(ip_network(peer), self.gateway, "", self.distance, row.vrf, learned=True, tag=self.tag)


class _Labelled:
    """What a connection is looked up by, worked out once."""

    __slots__ = ("label",)
    label: str


@value
class Connection(_Labelled):
    """One crypto-map entry on one interface, or one protected tunnel: whom to reach from where, what to protect.

    `name` is the map's name, `sequence` the entry's number, `interface` what carries it (the interface's name);
    lifetimes in seconds, kilobytes and packets (0: unlimited, but for the sequence numbers of RFC 4303); `pfs` the
    group of a further exchange, or None, and `pfs_additional` the methods of those that follow it (RFC 9370).
    One that is `closed` lacks something in its configuration: it sets up nothing, and what it is for goes nowhere.
    `per_host` wants a Child SA for each pair of hosts. `wildcard_peer` admits any peer (a dynamic map): then `peers` is
    empty and we never initiate. A Child SA that carries nothing for `idle` seconds (0: for ever) is deleted. `vrf` is
    the routing table that peers are reached in, `inner_vrf` that of the packets protected. `asks` is what the peer
    is asked for when we begin. `reverse_route` is how what lies behind a peer has a route while an SA with it stands.
    Its peers have an identity of `only` (None: any). Its Child SAs have at most `most_flows` selector pairs (0: as many
    as agreed), and of their packets those that `screen` says pass. Without `nat_traversal` translations are not looked
    for with its peers. Where it is `optional`, packets go in clear while no SA is for them, and the next is tried so
    many seconds after one that could not be set up. With `own_errors`
    ICMP errors that come by it must quote a packet of it. `label` is the entry as an operator names it, unique within
    an intent.
    """

    name: str
    sequence: int
    interface: str
    local: Address
    peers: tuple[Address, ...]
    flows: tuple[Flow, ...]
    proposals: tuple[EspProposal, ...]
    profile: str | None = None
    pfs: Algorithm | None = None
    pfs_additional: tuple[tuple[Algorithm, ...], ...] = ()
    lifetime: int = 3600
    kilobytes: int = 4608000
    packets: int = 0
    transport: Transport = Transport.NO
    initiation: Initiation = Initiation.TRAFFIC
    replay_window: int = 64
    vrf: str = ""
    inner_vrf: str = ""
    per_host: bool = False
    asks: Asking | None = None
    reverse_route: ReverseRoute | None = None
    screen: Screen = Screen()
    only: tuple[IdentityMatch, ...] | None = None
    tfc: Tfc | None = None
    closed: bool = False
    idle: int = 0
    outer: Outer = Outer()
    most_flows: int = 0
    nat_traversal: bool = True
    optional: int = 0
    own_errors: bool = False

    def __post_init__(self) -> None:
        self.label = f"{self.name} {self.sequence} {self.interface}"

    def admits(self, identity: Identity | None) -> bool:
        """Tell whether a peer of an identity may use it."""
        return self.only is None or (identity is not None and any(one.matches(identity) for one in self.only))

    @property
    def wildcard_peer(self) -> bool:
        """Whether any peer may use it."""
        return not self.peers


TUNNEL_SEQUENCE: Final = 65537
"""The sequence number of the one entry that protects a tunnel."""
_GRE: Final = 47


def tunnel_name(interface: str) -> str:
    """Return the name of the connection that protects a tunnel interface."""
    return f"{interface}-head-0"


def tunnel_flows(carrier: Carrier, local: Address, remote: Address, versions: tuple[int, ...]) -> tuple[Flow, ...]:
    """Return what protects a tunnel: its GRE packets, or everything that is routed into it."""
    if carrier is Carrier.GRE:
        ends = replace(host_selector(local), protocol=_GRE), replace(host_selector(remote), protocol=_GRE)
        return (Flow(*ends),)
    return tuple(Flow(any_selector(version), any_selector(version)) for version in versions)


@dataclass(frozen=True, slots=True)
class Template:
    """What protects the virtual-access interfaces that are made of a template: as in Connection, without the ends.

    `name` is the template interface's.
    """

    name: str
    carrier: Carrier
    proposals: tuple[EspProposal, ...]
    pfs: Algorithm | None = None
    lifetime: int = 3600
    kilobytes: int = 4608000
    transport: Transport = Transport.NO
    replay_window: int = 64
    versions: tuple[int, ...] = (4,)
    inner_vrf: str = ""
    pfs_additional: tuple[tuple[Algorithm, ...], ...] = ()
    tfc: Tfc | None = None
    idle: int = 0
    outer: Outer = Outer()
    reverse_route: ReverseRoute | None = None
    most_flows: int = 0
    only: tuple[IdentityMatch, ...] | None = None

    def connection(
        self, interface: str, profile: str, carrier: Carrier, local: Address, remote: Address, vrf: str
    ) -> Connection:
        """Return what protects the virtual-access interface towards one peer."""
        return Connection(
            tunnel_name(interface),
            TUNNEL_SEQUENCE,
            interface,
            local,
            (remote,),
            tunnel_flows(carrier, local, remote, self.versions),
            self.proposals,
            profile=profile,
            pfs=self.pfs,
            pfs_additional=self.pfs_additional,
            lifetime=self.lifetime,
            kilobytes=self.kilobytes,
            transport=self.transport,
            initiation=Initiation.NEVER,
            replay_window=self.replay_window,
            vrf=vrf,
            inner_vrf=self.inner_vrf,
            tfc=self.tfc,
            idle=self.idle,
            outer=self.outer,
            only=self.only,
            reverse_route=self.reverse_route if carrier is Carrier.IPSEC else None,
            most_flows=self.most_flows,
        )


@dataclass(frozen=True, slots=True)
class Syslog:
    """A server that log lines go to, those of `severity` (0 to 7, RFC 5424) and graver ones."""

    server: Address
    port: int
    tcp: bool
    severity: int


@dataclass(frozen=True, slots=True)
class Admission:
    """Beyond how many SAs no new ones are taken on or begun; 0 stands for no bound.

    `children` are Child SAs, `beginning` IKE SAs in negotiation that we begin, `negotiating` those of both sides,
    `negotiating_all` these and the Child SAs that are asked for beside them. `waiting` IKE_SA_INIT requests wait for
    their turn.
    """

    children: int = 0
    beginning: int = 0
    negotiating: int = 0
    negotiating_all: int = 0
    waiting: int = 5000


@dataclass(frozen=True, slots=True)
class Intent:
    """Everything an engine and its data plane are told; commits replace it whole.

    `max_half_open` bounds SAs in negotiation that peers began, `max_sas` all IKE SAs, `admission` what else there is.
    From `cookie_threshold` half-open SAs on, initiators are asked for a cookie, from `puzzle_threshold` on also to
    solve a puzzle (None: never). Messages longer than `fragment_mtu` are cut: octets of an IPv4 and of an IPv6 packet
    (None: never). `window` is how many requests of a peer are taken before the first of them is answered. No address
    is in two `pools`. `notify_invalid_selectors` has peers told of packets that do not fit the selectors of their SA.
    With `later_fragments` the data plane carries fragments without ports in the SAs of flows with ports (RFC 4301 7).
    Without `nat_traversal` address translations are not looked for, and ESP never goes in UDP. A shorter path to a peer
    is believed in for `path_aging` seconds (0: as long as the data plane would). With
    `strength_enforced` no Child SA has a stronger cipher than its IKE SA. `hosts` are the addresses of names, in small
    letters, that a peer may tell of.
    """

    hostname: str = "Router"
    network: Network = Network()
    nat: Nat = Nat()
    policies: tuple[IkePolicy, ...] = ()
    profiles: tuple[Profile, ...] = ()
    connections: tuple[Connection, ...] = ()
    templates: tuple[Template, ...] = ()
    max_half_open: int = 1000
    max_sas: int = 100_000
    admission: Admission = Admission()
    cookie_threshold: int | None = None
    puzzle_threshold: int | None = None
    fragment_mtu: tuple[int, int] | None = None
    notify_invalid_selectors: bool = True
    later_fragments: bool = False
    window: int = 1
    pools: tuple[Pool, ...] = ()
    syslog: tuple[Syslog, ...] = ()
    path_aging: float = 0.0
    nat_traversal: bool = True
    strength_enforced: bool = False
    probes: tuple[Probe, ...] = ()
    tracks: tuple[Track, ...] = ()
    clients: tuple[Client, ...] = ()
    hosts: tuple[tuple[str, tuple[Address, ...]], ...] = ()

    def after(self, before: Intent) -> Intent:
        """Return it with the very rows of one before it where they are equal: comparing those takes no time."""
        known = {row.label: row for row in before.connections}
        profiles = {row.name: row for row in before.profiles}
        return replace(
            self,
            network=before.network if before.network == self.network else self.network,
            profiles=tuple(_same(row, profiles.get(row.name)) for row in self.profiles),
            connections=tuple(_same(row, known.get(row.label)) for row in self.connections),
        )


def _same(row: _Row, before: _Row | None) -> _Row:
    return before if before is not None and before == row else row
