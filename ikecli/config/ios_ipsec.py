"""What a router's configuration says of IPsec SAs: transform sets, IPsec profiles, crypto maps."""

from __future__ import annotations

from dataclasses import dataclass, field

from ikecli.config.common import Ip, Pfs
from ikecli.language import Inert


@dataclass(frozen=True, slots=True)
class Transform:
    """One transform of a set: its word, and bits of key where they were given."""

    kind: str
    bits: str | None = None


@dataclass(slots=True)
class TransformSet:
    """`crypto ipsec transform-set`."""

    transforms: tuple[Transform, ...] = ()
    esn: bool | None = None
    mode: str | None = None


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long IPsec SAs live, as it was typed."""

    kind: str | None = None
    seconds: int | None = None
    days: int | None = None

    @property
    def whole(self) -> int:
        """In seconds."""
        return self.seconds or 86400 * (self.days or 0)


@dataclass(frozen=True, slots=True)
class Dummy:
    """`dummy` of SAs: packets in a second (`pps`), or `seconds` between packets."""

    kind: str | None
    value: int


@dataclass(frozen=True, slots=True)
class IdleTime:
    """Seconds without traffic before an SA goes; afterwards the first peer is tried first, `default` or not."""

    seconds: int
    default: bool = False


@dataclass(frozen=True, slots=True)
class ReverseRoute:
    """`reverse-route`: routes to what lies behind a peer while an SA stands, or `static` ones.

    They go through the peer, and the peer through `gateway`; or through the gateway themselves, `past` it.
    """

    static: bool = False
    gateway: Ip | None = None
    past: bool = False


@dataclass(slots=True)
class IpsecProfile:
    """`crypto ipsec profile`. Virtual-access interfaces have reverse routes, but for `rri_dvti_disable`."""

    description: str | None = None
    lifetime: Lifetime | None = None
    lifetime_kilobytes: int | str | None = None
    replay_window: str | None = None
    transform_sets: tuple[str, ...] = ()
    pfs: Pfs | None = None
    ikev2_profile: str | None = None
    responder_only: bool | None = None
    dummy: Dummy | None = None
    idle: IdleTime | None = None
    df_bit: str | None = None
    ecn: str | None = None
    reverse_route: ReverseRoute | None = None
    reverse_distance: int | None = None
    reverse_tag: int | None = None
    reverse_gateway: Ip | None = None
    rri_dvti_disable: bool | None = None
    most_flows: int | None = None
    mixed_mode: bool | None = None
    identity: str | None = None
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(slots=True)
class MapPeer:
    """A peer of a crypto map."""

    default: bool = False


@dataclass(slots=True)
class CryptoIdentity:
    """`crypto identity`: the domain names that peers may have as their identity."""

    description: str | None = None
    fqdns: list[str] = field(default_factory=list)
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(slots=True)
class AccessGroup:
    """`set ip access-group`: the list that says which packets pass in one direction."""

    list: str = ""


@dataclass(slots=True)
class MapEntry:
    """`crypto map NAME SEQ ipsec-isakmp`, or an entry of a dynamic map; `dynamic` names one in the place of this entry.

    `form` is "dynamic" for such a one. Peers that were given by name are `named_peers`.
    """

    form: str | None = None
    dynamic: str | None = None
    description: str | None = None
    peers: dict[Ip, MapPeer] = field(default_factory=dict)
    lifetime: Lifetime | None = None
    lifetime_kilobytes: int | str | None = None
    per_host: bool | None = None
    replay_window: str | None = None
    transform_sets: tuple[str, ...] = ()
    pfs: Pfs | None = None
    ikev2_profile: str | None = None
    match_address: str | None = None
    access_groups: dict[str, AccessGroup] = field(default_factory=dict)
    identity: str | None = None
    named_peers: dict[str, MapPeer] = field(default_factory=dict)
    disable: bool | None = None
    reverse_route: ReverseRoute | None = None
    reverse_distance: int | None = None
    reverse_tag: int | None = None
    reverse_gateway: Ip | None = None
    dummy: Dummy | None = None
    idle: IdleTime | None = None
    df_bit: str | None = None
    ecn: str | None = None
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(slots=True)
class DynamicMap:
    """`crypto dynamic-map`: entries for peers of any address."""

    entries: dict[int, MapEntry] = field(default_factory=dict)


@dataclass(slots=True)
class CryptoMap:
    """All entries of a crypto map."""

    local_address: str | None = None
    entries: dict[int, MapEntry] = field(default_factory=dict)
