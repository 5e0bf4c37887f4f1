"""What `show` reads: plain values that the engine, the data plane and the configuration are seen through.

All times are seconds; addresses are text; SPIs are numbers. Nothing secret is in a view.
"""

from __future__ import annotations

from dataclasses import field, fields
from enum import Enum
from typing import Final

from ikecli.boundary.lending import SettingsView
from ikecli.numbers import IKE_PORT
from ikecli.value import value


class SaStatus(Enum):
    """How far an IKE SA is, in a router's words."""

    NEGOTIATING = "IN-NEG"
    READY = "READY"
    DELETING = "DELETE"


@value
class FlowView:
    """A pair of selectors: addresses as first and last, ports as ranges."""

    protocol: int
    local_first: str
    local_last: str
    local_ports: tuple[int, int]
    remote_first: str
    remote_last: str
    remote_ports: tuple[int, int]


@value
class Counters:
    """What the data plane counted for a Child SA."""

    packets_out: int = 0
    octets_out: int = 0
    packets_in: int = 0
    octets_in: int = 0
    replays: int = 0
    integrity_failures: int = 0
    errors_in: int = 0
    errors_out: int = 0
    dummies_in: int = 0
    dummies_out: int = 0

    def __add__(self, other: Counters) -> Counters:
        """Return what both counted."""
        return Counters(*(getattr(self, name) + getattr(other, name) for name in _COUNTED))

    def __sub__(self, other: Counters) -> Counters:
        """Return what was counted since; nothing of what has begun anew."""
        return Counters(*(max(getattr(self, name) - getattr(other, name), 0) for name in _COUNTED))


_COUNTED: Final = tuple(one.name for one in fields(Counters))


@value
class ChildView:
    """One Child SA: `encryption` is (number, key bits), `integrity` a number, none with AEAD; ports are IKE's.

    `past` is what the SAs counted in whose place it is.
    """

    connection: str
    interface: str
    inbound_spi: int
    outbound_spi: int
    encryption: tuple[int, int]
    integrity: int | None
    group: int | None
    esn: bool
    transport: bool
    encapsulated: bool
    flows: tuple[FlowView, ...]
    local: str
    remote: str
    created: float
    lifetime: int
    kilobytes: int
    age: int
    counters: Counters = Counters()
    replay_window: int = 64
    additional: tuple[int, ...] = ()
    local_port: int = IKE_PORT
    remote_port: int = IKE_PORT
    tfc: bool = False
    past: Counters = Counters()

    @property
    def totals(self) -> Counters:
        """What it counted, and those before it."""
        return self.counters if self.past == Counters() else self.counters + self.past


@value
class IpsecTotalsView:
    """What all Child SAs counted, of which so many are there and so many ended without another in their place."""

    active: int
    previous: int
    counters: Counters


@value
class IkeSaView:
    """One IKE SA. `local`/`remote` are addresses, ports beside them; numbers as in the registries.

    Message ids: `request_id` is our next, `requests_open` how many before it from the first unanswered on,
    `requests_queued` how many wait; `peer_request_id` is the peer's first that we have not answered,
    `peer_requests_open` how many there are from it on. `age` counts from establishment. `additional` are the key
    exchange methods that were added to the group (RFC 9370), `ppk` names the PPK that is in the keys. `assigned` are
    the inner addresses lent to the peer under an `authorization`, `pushed` those that it lent us, `remote_subnets` what
    it said lies behind it, `told` what else it said.
    """

    id: int
    session: int
    local: str
    local_port: int
    remote: str
    remote_port: int
    vrf: str
    status: SaStatus
    initiator: bool
    local_spi: str
    remote_spi: str
    encryption: tuple[int, int]
    integrity: int | None
    prf: int
    group: int
    auth_local: int
    auth_remote: int
    lifetime: int
    age: int
    profile: str
    local_identity: str
    remote_identity: str
    request_id: int
    peer_request_id: int
    window: int
    peer_window: int
    dpd_interval: int
    dpd_retry: int
    fragmentation: bool
    nat_local: bool
    nat_remote: bool
    children: tuple[ChildView, ...] = ()
    additional: tuple[int, ...] = ()
    ppk: str = ""
    authorization: str = ""
    assigned: tuple[str, ...] = ()
    pushed: tuple[str, ...] = ()
    remote_subnets: tuple[str, ...] = ()
    told: SettingsView = SettingsView()
    requests_open: int = 0
    requests_queued: int = 0
    peer_requests_open: int = 0


@value
class ConnectionView:
    """A configured crypto-map entry as seen from the data plane, whether up or down.

    `flows` are all configured flows; `children` the Child SAs that serve it now; `nameif` is the interface's ASA name.
    """

    name: str
    sequence: int
    interface: str
    local: str
    peers: tuple[str, ...]
    profile: str
    flows: tuple[FlowView, ...]
    children: tuple[ChildView, ...]
    lifetime: int
    kilobytes: int
    pfs: int | None
    transform_sets: tuple[tuple[str, str], ...] = ()
    access_list: str = ""
    transport: bool = False
    mtu: int = 1500
    nameif: str = ""
    vrf: str = ""
    inner_vrf: str = ""
    ipsec_profile: str = ""
    pfs_additional: tuple[int, ...] = ()
    idle: int = 0


@value
class IpsecProfileView:
    """An IPsec profile of the configuration; `transform_sets` are names with their transforms.

    One that is `mixed` has its tunnels carry both IP versions.
    """

    name: str
    profile: str
    lifetime: int
    kilobytes: int
    responder_only: bool
    pfs: int | None
    transform_sets: tuple[tuple[str, str], ...]
    pfs_additional: tuple[int, ...] = ()
    idle: int = 0
    mixed: bool = False


@value
class TransformSetView:
    """A transform set (IOS) or ipsec-proposal (ASA) of the configuration; `transforms` as a router prints them."""

    name: str
    transforms: str
    transport: bool = False


@value
class ExchangeCount:
    """How often a message or notify was seen: requests and responses, sent and received."""

    name: str
    sent_requests: int = 0
    sent_responses: int = 0
    received_requests: int = 0
    received_responses: int = 0


@value
class StatsView:
    """Counters of the engine since it began; `incoming` are SAs that peers began, `peak` the most SAs at one time.

    `cookies` are requests that were challenged: with the right cookie, with another one, with none. `puzzles` are those
    that were given out, those that came back solved, and cookies that came back without their solution. `full_sas` and
    `full_negotiating` are IKE SAs rejected for a bound on all of them or on those in negotiation. Child SAs are counted
    as incoming and as outgoing. `waiting` are IKE_SA_INIT requests that wait for their turn. No bound is 0.
    """

    incoming_active: int = 0
    incoming_negotiating: int = 0
    outgoing_active: int = 0
    outgoing_negotiating: int = 0
    incoming_accepted: int = 0
    incoming_rejected: int = 0
    outgoing_accepted: int = 0
    outgoing_rejected: int = 0
    dropped: int = 0
    max_sas: int = 0
    max_half_open: int = 0
    exchanges: tuple[ExchangeCount, ...] = ()
    notifies: tuple[ExchangeCount, ...] = ()
    peak: int = 0
    cookies_accepted: int = 0
    cookies_rejected: int = 0
    cookies_missing: int = 0
    puzzles_asked: int = 0
    puzzles_solved: int = 0
    puzzles_unsolved: int = 0
    full_sas: int = 0
    full_negotiating: int = 0
    max_beginning: int = 0
    max_negotiating: int = 0
    children: int = 0
    children_negotiating: int = 0
    children_accepted: tuple[int, int] = (0, 0)
    children_rejected: tuple[int, int] = (0, 0)
    children_stronger: tuple[int, int] = (0, 0)
    max_children: int = 0
    waiting: int = 0
    waiting_peak: int = 0
    waiting_dropped: int = 0
    max_waiting: int = 0


@value
class FailuresView:
    """How many failures are remembered (`most`), if any are, how many were `forgotten` since, and what each said.

    `errors` are texts with how often each was said.
    """

    enabled: bool
    most: int
    forgotten: int = 0
    errors: tuple[tuple[int, str], ...] = ()


@value
class ProposalView:
    """An IKE proposal of the configuration: rows as (number, key bits) or numbers.

    `additional` are the methods of each additional key exchange; one with the number 0 is optional.
    """

    name: str
    encryption: tuple[tuple[int, int], ...]
    integrity: tuple[int, ...]
    prf: tuple[int, ...]
    groups: tuple[int, ...]
    additional: tuple[tuple[int, ...], ...] = ()


@value
class PolicyView:
    """An IKE policy of the configuration."""

    name: str
    vrf: str
    locals: tuple[str, ...]
    proposals: tuple[str, ...]


@value
class ProfileView:
    """An IKEv2 profile of the configuration; `references` counts the connections that name it.

    `fvrf` is the routing table of its peers ("any", "global" or a name), `ivrf` that of what crypto maps protect.
    `local_addresses` are addresses and interfaces that it is restricted to, `template` the virtual template's number.
    """

    name: str
    remotes: tuple[str, ...]
    local: str
    auth_local: str
    auth_remote: tuple[str, ...]
    keyring: str
    lifetime: int
    dpd: str
    complete: bool
    references: int = 0
    fvrf: str = "global"
    ivrf: str = ""
    local_addresses: tuple[str, ...] = ()
    template: str = ""


@value
class TunnelView:
    """A tunnel as it is now: `carrier` GRE or IPSEC, over IP of `version`, carrying `versions`; `profile` protects it.

    `transport_mtu` is the longest packet that it takes without cutting; `hops` and `service` are of GRE's own packets.
    """

    carrier: str
    version: int
    versions: tuple[int, ...]
    source: str
    source_interface: str
    destination: str
    vrf: str
    key: int | None
    profile: str
    transport_mtu: int
    hops: int = 255
    service: int | None = None


@value
class InterfaceView:
    """An interface as it is now; `security` is an ASA's level, None where only the default holds.

    `up` is its own state, `line` its line protocol's. One that is `unnumbered` has the addresses of another interface.
    The address of one that is `dynamic` comes by DHCP. `hardware` is its address on the link, empty where it has none.
    """

    name: str
    nameif: str
    addresses: tuple[str, ...]
    shutdown: bool
    up: bool
    mtu: int
    description: str
    device: str = ""
    map: str = ""
    packets_in: int = 0
    packets_out: int = 0
    octets_in: int = 0
    octets_out: int = 0
    security: int | None = None
    line: bool = True
    vrf: str = ""
    unnumbered: str = ""
    tunnel: TunnelView | None = None
    dynamic: bool = False
    hardware: str = ""


@value
class VrfView:
    """A routing table beside the global one, and the interfaces in it."""

    name: str
    distinguisher: str
    versions: tuple[int, ...]
    interfaces: tuple[str, ...]


@value
class RouteView:
    """A route in use of the table `vrf`: code C (connected), L (local), S (static) or V (there because of an SA).

    One with a `tag` (0: none) is marked with it.
    """

    code: str
    prefix: str
    gateway: str
    interface: str
    distance: int
    vrf: str = ""
    tag: int = 0


@value
class TranslationView:
    """A translation: each end as address:port; without an outside one it is a way in for everybody."""

    protocol: str
    inside_global: str
    inside_local: str
    outside_local: str
    outside_global: str


@value
class AccessListView:
    """An access list with its entries as written."""

    name: str
    kind: str
    entries: tuple[tuple[int, str, int], ...]


@value
class SystemView:
    """Facts about the appliance itself. `clock` is wall time since 1970, `started` how it last began.

    `dataplane` is the data plane's name, `dataplane_reason` why it is that one.
    """

    hostname: str
    dialect: str
    version: str
    uptime: int
    clock: float
    platform: str
    python: str
    processor: str
    memory_kb: int
    image: str
    config_file: str
    dataplane: str
    interfaces: tuple[str, ...] = field(default=())
    started: str = "start"
    dataplane_reason: str = ""


@value
class LogForm:
    """How a session prints the log: stamps in words (`datetime`, `msec`, ... or `uptime`), severities, octets.

    Those of -1 and less show nothing; `started` is the wall time that uptimes begin at.
    """

    stamps: tuple[str, ...] = ("datetime", "msec")
    debug_stamps: tuple[str, ...] = ("datetime", "msec")
    buffered: int = 7
    octets: int | None = None
    monitor: int = 7
    started: float = 0


@value
class LogLine:
    """A line of the buffered log: wall time since 1970, severity 0-7, facility and mnemonic, text."""

    time: float
    severity: int
    facility: str
    mnemonic: str
    text: str


@value
class UserView:
    """An open session: its line's number, who, from where, seconds since it last asked; `current` is the asking one."""

    line: int
    user: str
    location: str
    idle: int
    current: bool = False
