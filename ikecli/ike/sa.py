"""The state of IKE SAs and Child SAs: plain values, nothing that cannot be written down.

An IKE SA moves through the states of MOVES. What only matters until it is authenticated is its `birth`, dropped then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from ikecli.boundary.effects import Datagram, Endpoint, Install
from ikecli.crypto import IkeKeys, KeyExchange, Suite
from ikecli.ike.followup import Pending
from ikecli.ike.lease import Lease
from ikecli.ike.selectors import Grain, Pair
from ikecli.ike.window import Aim, Window
from ikecli.intent import Address, Identity, Outer, Tfc
from ikecli.numbers import Algorithm


class State(Enum):
    """How far an IKE SA is."""

    __hash__ = object.__hash__

    CONNECTING = "IKE_SA_INIT sent"
    HALF_OPEN = "IKE_SA_INIT answered"
    AUTHENTICATING = "IKE_AUTH sent"
    ESTABLISHED = "established"
    SPARE = "made by a rekey of the peer that crossed ours"
    REPLACED = "replaced, and to be deleted by the peer"
    DELETING = "being deleted from here"
    CLOSED = "gone, but still answers repeated requests"


MOVES: Final = {
    State.CONNECTING: frozenset({State.AUTHENTICATING, State.CLOSED}),
    State.HALF_OPEN: frozenset({State.ESTABLISHED, State.CLOSED}),
    State.AUTHENTICATING: frozenset({State.ESTABLISHED, State.DELETING, State.CLOSED}),
    State.SPARE: frozenset({State.ESTABLISHED, State.REPLACED, State.CLOSED}),
    State.ESTABLISHED: frozenset({State.REPLACED, State.DELETING, State.CLOSED}),
    State.REPLACED: frozenset({State.CLOSED}),
    State.DELETING: frozenset({State.CLOSED}),
    State.CLOSED: frozenset(),
}
"""Where each state may lead."""
_BEFORE_AUTH: Final = State.CONNECTING, State.HALF_OPEN, State.AUTHENTICATING


@dataclass(slots=True)
class ChildSa:
    """A Child SA: a pair of ESP SAs of the data plane.

    `soft` is when it is to be replaced, `expires` when it must be gone, 0 for never; `deleting` once we asked the peer.
    `replaces` is the inbound SPI of the one it was made for, which then is `replaced`. `held` is the direction to the
    peer as long as the peer may not be ready for it; `sends` says that it is in. Until `silent` the peer
    is told of no further packet that did not fit it. It goes when it has carried nothing for `idle` seconds (0: never):
    `used` is when it last may have, `carried` its packets both ways when that was `looked` at.
    """

    connection: str
    inbound: int
    outbound: int
    encryption: Algorithm
    integrity: Algorithm | None
    group: int | None
    esn: bool
    transport: bool
    encapsulated: bool
    pairs: tuple[Pair, ...]
    created: float
    lifetime: int
    kilobytes: int
    packets: int
    replay_window: int
    expires: float = 0.0
    deleting: bool = False
    soft: float = 0.0
    replaces: int = 0
    replaced: bool = False
    held: Install | None = None
    sends: bool = True
    silent: float = 0.0
    additional: tuple[Algorithm, ...] = ()
    tfc: Tfc | None = None
    fragments: bool = False
    outer: Outer = Outer()
    idle: int = 0
    used: float = 0.0
    looked: float = 0.0
    carried: int = 0


class PpkUse(Enum):
    """Where a post-quantum preshared key is mixed in: nowhere, or in one of these exchanges (RFC 8784, RFC 9867)."""

    NONE = ""
    AUTH = "IKE_AUTH"
    INTERMEDIATE = "IKE_INTERMEDIATE"


@dataclass(slots=True)
class Birth:
    """What an IKE SA needs until it is authenticated.

    `childless` says that the responder takes an IKE_AUTH without a Child SA, `renews` is our SPI of the IKE SA in whose
    place it is authenticated anew. `request` and `response` are the IKE_SA_INIT messages that AUTH covers; `peers` are
    still to be tried after this one; `refused` are groups that the responder did not want; `held` are messages that
    came before the keys.
    `intermediate` says that both ends know IKE_INTERMEDIATE, `additional` are the key exchanges still to do in it,
    `rounds` counts its requests, and `covered` are the IntAuth of the initiator and of the responder (RFC 9242 3.3.2).
    `renewed` are keys to go over to once our answer is sealed; `earlier` those left then, with the last message id
    under them. `ppk` is where both ends would use one.
    `puzzle` is what the initiator has to solve before its IKE_AUTH is read (RFC 8019 7.2):
    bits of the PRF agreed on, 0 for none; `solution` what it shows. `sent` are our public values and requests by group:
    the answer to an earlier one is as good. `unproven` is the first error that came in the clear.
    """

    aim: Aim
    ni: bytes = b""
    nr: bytes = b""
    request: bytes = b""
    response: bytes = b""
    exchange: KeyExchange | None = None
    peer_public: bytes = b""
    group: int = 0
    refused: list[int] = field(default_factory=list)
    peers: tuple[Address, ...] = ()
    renews: bytes = b""
    childless: bool = False
    ask: int = 0
    held: list[Datagram] = field(default_factory=list)
    intermediate: bool = False
    additional: tuple[Algorithm, ...] = ()
    rounds: int = 0
    covered: tuple[bytes, bytes] = (b"", b"")
    renewed: IkeKeys | None = None
    earlier: tuple[int, IkeKeys] | None = None
    ppk: PpkUse = PpkUse.NONE
    puzzle: int = 0
    sent: dict[int, tuple[KeyExchange, bytes]] = field(default_factory=dict)
    unproven: str = ""
    solution: tuple[bytes, ...] = ()


@dataclass(slots=True, eq=False)
class IkeSa:
    """An IKE SA. `origin` is where the peer was at first, `request` the digest of its first message.

    `order` numbers the engine's inputs: which one began it; `established_order` which authenticated it. `ends` is when
    it has lived its life, or in a passing state its time, `until` when what was authenticated ends (0: never).
    `sealed` counts the messages sealed, `fragmentation` says that they may be cut (RFC 7383), `path` how long those are
    that get through as far as is known, 0 where it is not. `asking` holds the deadlines of its Asks. `confirmed` says
    that the peer knows it, too. `heard` is when the peer last gave a sign of life, `checked` when its packets were last
    counted:
    `traffic` of them, out and in. `began` says that we authenticated first, `renewal` when we do so anew, `first_nonce`
    is the lowest nonce of that first one. `soft` is when it is to be rekeyed; `heir` and `ancestor` are our SPIs of the
    IKE SAs that a rekey made of it, and it of; `quiet` that its end ends nothing. `trouble` is since when the peer
    answers nothing but TEMPORARY_FAILURE, and when it did last. `deaf` is until when hints in the clear are not heard.
    Of NAT keepalives: `sent` is when something surely was, `carried` the packets out when that was `looked` at last,
    `keeping` the Ask that looks, or looks for idle Child SAs. `grains` are the connections of
    which the peer takes less than all in one Child SA. `vrf` is the routing table of its ends, `access` the name of its
    virtual-access interface. `followups` are the peer's exchanges of which further key exchanges are awaited, by
    link. `ppk` is the PPK_ID of the key that was mixed in, empty for none. `lease` is what
    Configuration payloads settled; with `routed` the peer routes into its tunnel, so that what was lent does not narrow
    ours.
    """

    number: int
    session: int
    initiator: bool
    local: Endpoint
    remote: Endpoint
    origin: Endpoint
    spi_i: bytes
    spi_r: bytes
    state: State
    created: float
    order: int
    request: bytes = b""
    window: Window = field(default_factory=Window)
    birth: Birth | None = None
    suite: Suite | None = None
    keys: IkeKeys | None = None
    sealed: int = 0
    fragmentation: bool = False
    path: int = 0
    profile: str = ""
    local_identity: Identity | None = None
    remote_identity: Identity | None = None
    nat_local: bool = False
    nat_remote: bool = False
    established: float = 0.0
    established_order: int = 0
    low_nonce: bytes = b""
    first_nonce: bytes = b""
    heard: float = 0.0
    checked: float = 0.0
    traffic: tuple[int, int] = (0, 0)
    sent: float = 0.0
    looked: float = 0.0
    carried: int = 0
    keeping: int = 0
    ends: float = 0.0
    until: float = 0.0
    ppk: bytes = b""
    followups: dict[bytes, Pending] = field(default_factory=dict)
    confirmed: bool = False
    soft: float = 0.0
    began: bool = False
    renewal: float = 0.0
    heir: bytes = b""
    ancestor: bytes = b""
    quiet: bool = False
    deaf: float = 0.0
    trouble: tuple[float, float] | None = None
    vrf: str = ""
    access: str = ""
    lease: Lease | None = None
    routed: bool = False
    asking: dict[int, float] = field(default_factory=dict)
    children: dict[int, ChildSa] = field(default_factory=dict)
    grains: dict[str, Grain] = field(default_factory=dict)

    def move(self, state: State) -> None:
        """Go on to `state`; raises ValueError for a way that MOVES does not have."""
        if state not in MOVES[self.state]:
            raise ValueError(f"an IKE SA cannot go from {self.state.name} to {state.name}")
        self.state = state

    def keys_of(self, message_id: int) -> IkeKeys | None:
        """Return the keys that messages of a message id are sealed under; before IKE_AUTH they may be renewed."""
        earlier = self.birth.earlier if self.birth is not None else None
        return earlier[1] if earlier is not None and earlier[0] == message_id else self.keys

    @property
    def own_spi(self) -> bytes:
        """The SPI by which messages to us name it."""
        return self.spi_i if self.initiator else self.spi_r

    @property
    def negotiating(self) -> bool:
        """Whether it is not authenticated yet."""
        return self.state in _BEFORE_AUTH

    @property
    def nat(self) -> bool:
        """Whether there is a NAT in between."""
        return self.nat_local or self.nat_remote

    def by_outbound(self, spi: int) -> ChildSa | None:
        """Return the Child SA that sends with `spi`."""
        return next((child for child in self.children.values() if child.outbound == spi), None)


def newest(sas: Iterable[IkeSa]) -> IkeSa | None:
    """Return the SA that was begun last."""
    return max(sas, key=lambda sa: sa.order, default=None)
