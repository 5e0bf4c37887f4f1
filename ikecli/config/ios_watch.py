"""A router's configuration of what it watches: probes, tracked objects, and the clients that follow them."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface

from ikecli.config.common import Ip
from ikecli.language import Inert


@dataclass(frozen=True, slots=True)
class EchoSource:
    """Where the echoes of a probe come from."""

    kind: str | None = None
    address: Ip | None = None
    interface: str | None = None


@dataclass(slots=True)
class SlaEcho:
    """`icmp-echo` of a probe, and its settings: seconds between echoes, milliseconds, octets."""

    address: Ip | None = None
    source: EchoSource | None = None
    frequency: int | None = None
    timeout: int | None = None
    threshold: int | None = None
    size: int | None = None
    vrf: str | None = None
    tag: str | None = None
    owner: str | None = None
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(slots=True)
class Sla:
    """`ip sla`."""

    echo: SlaEcho | None = None
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrackDelay:
    """Seconds that a change has to last before it counts."""

    up: int | None = None
    down: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """An object of a list; one that is `negated` is to be down."""

    negated: bool = False


@dataclass(slots=True)
class TrackedObject:
    """`track`: the word that it looks at something `on`, and `what` of it."""

    on: str | None = None
    interface: str | None = None
    network: IPv4Address | None = None
    mask: IPv4Address | None = None
    cidr: IPv4Interface | None = None
    prefix: IPv6Interface | None = None
    probe: int | None = None
    what: str | None = None
    vrf: str | None = None
    delay: TrackDelay | None = None
    members: dict[int, Member] = field(default_factory=dict)
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FlexPeer:
    """A hub of a FlexVPN client, by address or by name (its IPv6 addresses with `ipv6`), while an object is so."""

    address: Ip | None = None
    name: str | None = None
    ipv6: bool = False
    track: int | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class FlexSource:
    """An interface that a FlexVPN client may send from, while an object is up."""

    interface: str
    track: int | None = None


@dataclass(frozen=True, slots=True)
class FlexConnect:
    """When a FlexVPN client connects: `auto`, `manual`, or while a `track` object is up or down."""

    kind: str | None = None
    track: int | None = None
    state: str | None = None


@dataclass(slots=True)
class FlexClient:
    """`crypto ikev2 client flexvpn`."""

    peers: dict[int, FlexPeer] = field(default_factory=dict)
    reactivate: bool | None = None
    connect: FlexConnect | None = None
    sources: dict[int, FlexSource] = field(default_factory=dict)
    group: int | str | None = None
    tunnel: str | None = None
    inert: dict[str, Inert] = field(default_factory=dict)
