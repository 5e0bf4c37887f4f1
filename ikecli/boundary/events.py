"""What the engine tells: debug, log, counters and tests hear the same events.

`sa` is the IKE SA's number in this engine (the show commands' Tunnel-id), `session` that of the peer pair. Octets that
came from a peer pass `intent.printable` before they become a field. `local` and `remote` are address:port where known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ikecli.numbers import Algorithm
from ikecli.value import value


@value
class Event:
    """The root of all events."""


@value
class SaEvent(Event):
    """Something about one IKE SA."""

    sa: int
    session: int


@value
class MessageSent(SaEvent):
    """A message left: endpoints as address:port, SPIs as 16 hex digits, payload names in order, encrypted ones too."""

    local: str
    remote: str
    initiator_spi: str
    responder_spi: str
    exchange: str
    response: bool
    message_id: int
    payloads: tuple[str, ...]
    length: int
    attempt: int = 0


@value
class MessageReceived(MessageSent):
    """A message came and parsed; the fields are those of MessageSent."""


@value
class DatagramDropped(Event):
    """Octets that are not acted upon: malformed, unknown SPI, wrong window, over a limit."""

    local: str
    remote: str
    why: str


@value
class ProposalOffered(SaEvent):
    """What we offer: protocol "IKE" or "ESP", one text a proposal ("AES-CBC-256 SHA256 SHA256 Group 14")."""

    protocol: str
    offered: tuple[str, ...]


@value
class ProposalChosen(SaEvent):
    """What was agreed, and from what: `offered` by the initiator, `configured` here."""

    protocol: str
    offered: tuple[str, ...]
    configured: tuple[str, ...]
    chosen: str


@value
class ProposalRefused(SaEvent):
    """No proposal fits; `differing` names the transform types without a common value ("encryption", "group", ...).

    When the peer refused ours (`by_peer`), `configured` is empty: what it has is not known. `interface` is what an ASA
    calls the interface that the request came to, if nothing is configured there.
    """

    protocol: str
    offered: tuple[str, ...]
    configured: tuple[str, ...]
    differing: tuple[str, ...]
    local: str = ""
    remote: str = ""
    by_peer: bool = False
    interface: str = ""


@value
class GroupRetried(SaEvent):
    """The responder wants another key-exchange group (INVALID_KE_PAYLOAD); `weaker` says that its security is less."""

    offered: int
    wanted: int
    weaker: bool = False


@value
class ErrorUnproven(SaEvent):
    """An error came that anybody may have sent: for so many seconds the genuine answer is waited for."""

    remote: str
    error: str
    seconds: int


@value
class HintReceived(SaEvent):
    """Somebody says in the clear that the peer knows an SA no longer: it is asked under the keys."""

    remote: str
    notify: str


@value
class Challenged(SaEvent):
    """The responder wants a cookie back, or with `prf` a puzzle of `bits` solved; `taken` says that we do."""

    remote: str
    prf: str = ""
    bits: int = 0
    taken: bool = True


@value
class NatChecked(SaEvent):
    """NAT detection's result: which ends are behind one."""

    local: bool
    remote: bool


@value
class KeysDerived(SaEvent):
    """Keys exist. The one event with keys in it; only the key log hears it, and its repr hides them."""

    initiator_spi: bytes
    responder_spi: bytes
    encryption: Algorithm
    integrity: Algorithm | None
    keys: tuple[bytes, ...]

    def __repr__(self) -> str:
        return f"KeysDerived(sa={self.sa})"


@value
class KeyExchanged(SaEvent):
    """An additional key exchange is done, and the keys are new: its number from 1, and its method ("ML-KEM-768")."""

    number: int
    method: str


@value
class ProfileChosen(SaEvent):
    """The peer's identity found its profile."""

    profile: str
    identity: str


@value
class ProfileMissing(SaEvent):
    """No profile is for this peer; `profiles` are those looked at and what each wants."""

    identity: str
    identity_type: str
    remote: str
    profiles: tuple[str, ...]
    local: str = ""


@value
class Authenticated(SaEvent):
    """The peer proved its identity with `method` ("PSK")."""

    profile: str
    identity: str
    method: str


@value
class PpkUsed(SaEvent):
    """A post-quantum preshared key is mixed into the keys: its PPK_ID, and in which exchange."""

    id: str
    exchange: str


@value
class AuthenticationFailed(SaEvent):
    """The peer did not prove its identity here, or refused our proof (`by_peer`); `ppk` where it is about PPKs."""

    profile: str
    identity: str
    why: str
    by_peer: bool = False
    local: str = ""
    remote: str = ""
    ppk: bool = False


@value
class SelectorsChosen(SaEvent):
    """Traffic selectors agreed: each text "local -> remote"."""

    offered: tuple[str, ...]
    chosen: tuple[str, ...]


@value
class SelectorsRefused(SaEvent):
    """No connection covers what the peer wants to protect, or the peer's none what we want (`by_peer`)."""

    offered: tuple[str, ...]
    configured: tuple[str, ...]
    local: str = ""
    remote: str = ""
    by_peer: bool = False


@value
class SettingsTold(SaEvent):
    """A Configuration payload left (`sent`) or came: its kind ("CFG_REQUEST") and a text for each attribute.

    The text is its name or number, how many octets its value has, and the value ("INTERNAL_IP4_ADDRESS 4 10.0.0.1").
    """

    sent: bool
    kind: str
    attributes: tuple[str, ...]


@value
class AddressRefused(SaEvent):
    """The peer is lent no inner address, or none by the peer (`by_peer`), so that no Child SA is set up.

    `authorization` is what the peer is lent from, with its pools and what they have free.
    """

    profile: str
    identity: str
    why: str
    authorization: str = ""
    pools: tuple[str, ...] = ()
    by_peer: bool = False
    local: str = ""
    remote: str = ""


@value
class IkeUp(SaEvent):
    """An IKE SA is established."""

    local: str
    remote: str
    local_identity: str
    remote_identity: str
    profile: str
    initiator: bool


@value
class IkeDown(SaEvent):
    """An IKE SA is gone, and why."""

    local: str
    remote: str
    why: str


@value
class ChildUp(SaEvent):
    """A Child SA carries traffic."""

    connection: str
    inbound_spi: int
    outbound_spi: int
    suite: str
    flows: tuple[str, ...]


@value
class ChildDown(SaEvent):
    """A Child SA is gone, and why."""

    connection: str
    inbound_spi: int
    outbound_spi: int
    why: str


@value
class ChildFailed(SaEvent):
    """A Child SA was not set up, and why; the IKE SA stays.

    `told` says that another event told the same with its reasons, `lacks` ("profile", "key") what is not configured for
    the peer, in which `profile`; or ("room") that a bound on SAs is reached.
    """

    connection: str
    why: str
    local: str = ""
    remote: str = ""
    told: bool = False
    lacks: str = ""
    profile: str = ""


@value
class NotifyReceived(SaEvent):
    """A notify that no task owns: its name or number, and its octets in hex, bounded."""

    exchange: str
    notify: str
    data: str


@value
class Retransmitted(SaEvent):
    """No answer yet: the request went out again."""

    exchange: str
    message_id: int
    attempt: int
    remote: str


@value
class Unsent(SaEvent):
    """A request did not leave this machine, and why; it will be tried again."""

    exchange: str
    message_id: int
    why: str
    remote: str
    local: str = ""


@value
class NotAdmitted(Event):
    """There is no room for the IKE SA that a peer begins, and why; told of one of many."""

    local: str
    remote: str
    why: str


@value
class GaveUp(SaEvent):
    """No answer after all attempts."""

    exchange: str
    message_id: int
    attempts: int
    remote: str
    local: str = ""


@value
class LivenessChecked(SaEvent):
    """A liveness check went out after idle seconds."""

    remote: str


@value
class LineProtocol(Event):
    """A tunnel's line protocol went up or down; `recursive` because its own packets would go through itself."""

    interface: str
    up: bool
    recursive: bool = False


@value
class AccessMade(SaEvent):
    """A virtual-access interface was made of a template for a peer."""

    interface: str
    template: str
    carrier: str


@value
class Progress(SaEvent):
    """A step for a human to read in a debug, where no other event says it."""

    text: str


def _every(root: type[Event]) -> Iterator[type[Event]]:
    """Yield all events below `root`."""
    for one in root.__subclasses__():
        yield one
        yield from _every(one)


EVERY: Final = frozenset(_every(Event))
"""All kinds of events."""
CATEGORIES: Final[dict[str, frozenset[type[Event]]]] = {
    "ikev2": EVERY - {Event, SaEvent, DatagramDropped, KeysDerived, LineProtocol},
    "ikev2.packet": frozenset({MessageSent, MessageReceived, Retransmitted, DatagramDropped}),
    "ikev2.error": frozenset(
        {
            ProposalRefused,
            ProfileMissing,
            AuthenticationFailed,
            SelectorsRefused,
            AddressRefused,
            ChildFailed,
            Unsent,
            GaveUp,
            NotAdmitted,
            DatagramDropped,
            NotifyReceived,
        }
    ),
    "ipsec": frozenset({SelectorsChosen, SelectorsRefused, ChildUp, ChildDown, ChildFailed, LineProtocol}),
}
"""The debug categories and the events each shows."""

SESSIONS: Final[frozenset[type[Event]]] = frozenset({IkeUp, IkeDown})
LOGGED: Final[frozenset[type[Event]]] = frozenset(
    {
        IkeUp,
        IkeDown,
        ChildFailed,
        ProposalRefused,
        ProfileMissing,
        AuthenticationFailed,
        SelectorsRefused,
        AddressRefused,
        Unsent,
        GaveUp,
        NotAdmitted,
        LineProtocol,
    }
)
"""Events that the log keeps whether or not a debug is on."""
