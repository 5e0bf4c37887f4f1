"""What the engine wants done. Effects are performed in order; a batch stops at the first that fails."""

from __future__ import annotations

from enum import Enum
from ipaddress import IPv4Address

from ikecli.boundary.events import Event
from ikecli.intent import Address, Carrier, Outer, Route, Screen, Selector, Tfc
from ikecli.numbers import Algorithm
from ikecli.value import value


class _Octets:
    """What an end is compared by: addresses alone would take longer than all else that is done with it."""

    __slots__ = ("host", "octets")
    host: bytes
    octets: bytes


@value
class Endpoint(_Octets):
    """A UDP end: address and port; `octets` are both in network order, `host` those of the address."""

    address: Address
    port: int

    def __post_init__(self) -> None:
        self.host = self.address.packed
        self.octets = self.host + self.port.to_bytes(2, "big")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Endpoint) and self.octets == other.octets

    def __hash__(self) -> int:
        return hash(self.octets)

    def __str__(self) -> str:
        return f"{self.address}/{self.port}"


@value
class Datagram:
    """IKE octets (without the non-ESP marker) between two ends; `local` is ours in both directions.

    One that is `bare` leaves without a marker, also from the NAT port: a NAT keepalive. `vrf` is the routing table that
    the ends are in.
    """

    octets: bytes
    local: Endpoint
    remote: Endpoint
    bare: bool = False
    vrf: str = ""


class Direction(Enum):
    """Which way an ESP SA carries packets, seen from here."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


@value
class EspKeys:
    """The keys of one ESP SA: octets as RFC 7296 2.17 cuts them (an AEAD's salt at the end of `encryption`)."""

    encryption: bytes
    integrity: bytes = b""

    def __repr__(self) -> str:
        return "EspKeys(*****)"


@value
class Lifetime:
    """When an SA should be replaced (soft) and must be gone (hard): seconds, octets and packets, 0 for never."""

    soft_seconds: float = 0
    hard_seconds: float = 0
    soft_octets: int = 0
    hard_octets: int = 0
    soft_packets: int = 0
    hard_packets: int = 0


@value
class Send:
    """Send a datagram."""

    datagram: Datagram


@value
class Install:
    """Put one direction of a Child SA into the data plane.

    `spi` is the receiver's (ours when inbound). `peer_spi` is the other direction's SPI. `flows` are (local, remote)
    selector pairs as negotiated; `connection` is the label of the Connection it serves; `encapsulated` means
    UDP-encapsulated ESP between the endpoints (RFC 3948); `tfc` what hides the traffic, outbound; with `fragments` it
    carries also those without ports of flows with ports; `outer` is how its own IP header is made, `vrf` the routing
    table of the endpoints. Of the packets that it carries those that `screen` says pass; with `own_errors` an ICMP
    error must quote a packet that its selectors are for.
    """

    direction: Direction
    spi: int
    peer_spi: int
    local: Endpoint
    remote: Endpoint
    encryption: Algorithm
    integrity: Algorithm | None
    keys: EspKeys
    flows: tuple[tuple[Selector, Selector], ...]
    connection: str
    transport: bool = False
    encapsulated: bool = False
    esn: bool = False
    replay_window: int = 64
    lifetime: Lifetime = Lifetime()
    tfc: Tfc | None = None
    fragments: bool = False
    outer: Outer = Outer()
    vrf: str = ""
    screen: Screen = Screen()
    own_errors: bool = False


@value
class Update:
    """Move an ESP SA to other endpoints (RFC 7296 2.23); `peer_spi` is the other direction's, as in Install."""

    direction: Direction
    spi: int
    peer_spi: int
    local: Endpoint
    remote: Endpoint
    encapsulated: bool


@value
class Remove:
    """Take one direction of a Child SA out of the data plane; `remote` qualifies an outbound SPI.

    One that was rekeyed goes `after` so many seconds: packets that its peer has sent may still be under way.
    """

    direction: Direction
    spi: int
    remote: Endpoint
    after: float = 0.0


@value
class Reach:
    """Have inner addresses that a peer lent be ours, and routes stand to what a connection to that peer reaches.

    The addresses are on the connection's interface. Both stand until a Reach of the same id takes their place; one with
    neither ends it.
    """

    id: int
    connection: str
    remote: Address
    addresses: tuple[Address, ...] = ()
    routes: tuple[Route, ...] = ()


@value
class Access:
    """A virtual-access interface `name`, made of the interface `template` for one peer.

    It is a tunnel from `local` to `remote` in the routing table `vrf`, protected by the connection of this label.
    `routes` are what is reached through it besides its own network.
    """

    name: str
    template: str
    carrier: Carrier
    local: Address
    remote: Address
    connection: str
    vrf: str = ""
    routes: tuple[Route, ...] = ()


@value
class Attach:
    """Put in a virtual-access interface, or have the one of this name be so from now on."""

    access: Access


@value
class Detach:
    """Take out a virtual-access interface."""

    name: str


@value
class Ask:
    """Something slow or secret to find out; answered with `engine.answer(id, reply, now)`, ignored after `deadline`."""

    id: int
    question: Question
    deadline: float


@value
class Question:
    """The root of what may be asked; later issues add RADIUS, revocation, DNS, signatures."""


@value
class SharedSecret(Question):
    """A key exchange's result: group, our private value, the peer's public value. The reply is the octets."""

    group: int
    private: bytes
    peer: bytes

    def __repr__(self) -> str:
        return f"SharedSecret(group={self.group})"


@value
class Puzzle(Question):
    """A client puzzle (RFC 8019 4): keys under which the PRF of `text` ends in `difficulty` zero bits.

    The reply is the keys as a tuple.
    """

    prf: Algorithm
    text: bytes
    difficulty: int


@value
class Traffic(Question):
    """What Child SAs carried so far, by inbound SPI. The reply is a mapping from SPI to views.Counters."""

    spis: tuple[int, ...]


@value
class Inner(Question):
    """An inner address of IPv4 that one of some DHCP servers is to lend.

    `relay` is the address of ours that they answer, `timeout` how many seconds each is given, `owner` who is to have
    the address: octets that are always the same for one, `wish` which one would be welcome. With `link` it is to be of
    that network: told as `link_option` (RFC 3527), else as a subnet selection (RFC 3011). The reply is a Lent, or an
    exception that says why there is none.
    """

    servers: tuple[IPv4Address, ...]
    relay: IPv4Address
    timeout: int
    owner: bytes
    wish: IPv4Address | None = None
    link: IPv4Address | None = None
    link_option: bool = True


@value
class Lent:
    """An address that a DHCP server lends until it is given back, with the mask that the server says."""

    address: IPv4Address
    mask: IPv4Address | None
    server: IPv4Address


@value
class GiveBack:
    """Tell the DHCP server that an address that was Lent is free."""

    address: IPv4Address


@value
class Tell:
    """Something happened that listeners may want to hear."""

    event: Event


@value
class Standing:
    """The connection of a client came to stand between two ends, or does not: it failed, or is over, and why."""

    connection: str
    local: Address
    remote: Address
    up: bool
    why: str = ""


@value
class Gateways:
    """A client was told of further gateways where it is: the last that it goes to."""

    connection: str
    remote: Address
    further: tuple[Address, ...]


@value
class Failed:
    """The reply to a batch whose effect could not be performed: which one, why, and what was left undone."""

    effect: Effect
    why: str
    undone: tuple[Effect, ...] = ()


Effect = Send | Install | Update | Remove | Reach | Attach | Detach | Ask | GiveBack | Tell | Standing | Gateways
