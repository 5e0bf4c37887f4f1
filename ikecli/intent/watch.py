"""What is watched, and what follows from it: probes, tracked objects, clients that choose among hubs and sources."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ikecli.intent.network import Address, Prefix


@dataclass(frozen=True, slots=True)
class Probe:
    """An echo that is sent again and again (IP SLA icmp-echo).

    From `source`, an address or an interface's name (empty: as routed), in the routing table `vrf`, each `frequency`
    seconds, `packets` at a time, of which one answer will do; `timeout` and `threshold` are milliseconds, `size` octets
    of data. It runs `start` seconds after it was configured (None: never) or, with `daytime`, after midnight UTC, for
    `life` seconds (None: for ever); with `recurring` again each day.
    """

    number: int
    destination: Address
    source: str = ""
    vrf: str = ""
    frequency: int = 60
    timeout: int = 5000
    threshold: int = 5000
    size: int = 28
    start: int | None = None
    daytime: bool = False
    life: int | None = None
    recurring: bool = False
    packets: int = 1


class Kind(Enum):
    """What a tracked object looks at."""

    LINE = "line-protocol"
    ROUTING = "ip routing"
    ROUTING6 = "ipv6 routing"
    ROUTE = "route"
    REACHABILITY = "reachability"
    STATE = "state"
    ALL = "and"
    ANY = "or"


@dataclass(frozen=True, slots=True)
class Track:
    """A tracked object: up as long as what it looks at is so.

    That is an `interface`, a route to `prefix` in the routing table `vrf`, the `probe` of a number, or other objects:
    `members` are their numbers, each with whether it is to be down. A change counts once it has lasted `delay_up` or
    `delay_down` seconds.
    """

    number: int
    kind: Kind
    interface: str = ""
    prefix: Prefix | None = None
    vrf: str = ""
    probe: int = 0
    members: tuple[tuple[int, bool], ...] = ()
    delay_up: int = 0
    delay_down: int = 0


@dataclass(frozen=True, slots=True)
class Gate:
    """What holds as long as the object of a number is `up`, or down; number 0: always."""

    track: int = 0
    up: bool = True


@dataclass(frozen=True, slots=True)
class Hub:
    """A peer of a client: its order, its addresses, as it is called, and while what it may be tried."""

    sequence: int
    addresses: tuple[Address, ...]
    name: str
    gate: Gate = Gate()


@dataclass(frozen=True, slots=True)
class Source:
    """An interface that a client may send from: its order and address, and while what."""

    sequence: int
    interface: str
    address: Address
    gate: Gate = Gate()


class Begins(Enum):
    """When a client sets up its session."""

    AUTO = "auto"
    MANUAL = "manual"
    TRACK = "track"


@dataclass(frozen=True, slots=True)
class Client:
    """A FlexVPN client: it chooses the ends of the tunnel `interface`, which the connection of a label protects.

    Of `hubs` and `sources` (none: the tunnel says) the first that can be used are; with `reactivate` it goes back to a
    better hub when that one's gate opens. Clients of one `group` (0: of none) are never at the same hub. `gate` is for
    Begins.TRACK.
    """

    name: str
    interface: str
    connection: str
    hubs: tuple[Hub, ...]
    sources: tuple[Source, ...] = ()
    begins: Begins = Begins.AUTO
    gate: Gate = Gate()
    group: int = 0
    reactivate: bool = False
