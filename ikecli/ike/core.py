"""What all SAs of an engine share: its tables, its dice, the current time, and the batch of effects being made."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Final

from ikecli.boundary.effects import Access, Ask, Datagram, Effect, Endpoint, Question, Standing, Tell
from ikecli.boundary.events import DatagramDropped, Event
from ikecli.ike.admission import Begun
from ikecli.ike.agenda import Agenda
from ikecli.ike.challenge import HalfOpen, Jar
from ikecli.ike.counts import Counts
from ikecli.ike.fragments import Assemblies
from ikecli.ike.hints import Ration
from ikecli.ike.limits import (
    ASK_SECONDS,
    CLEAR_ANSWERS,
    CLEAR_ANSWERS_OF_PREFIX,
    FIRST_ESP_SPI,
    FIRST_REFUSALS,
    FIRST_REFUSALS_OF_PREFIX,
    TOLD_REFUSALS,
)
from ikecli.ike.lookup import Lookup
from ikecli.ike.pools import Pools
from ikecli.ike.sa import Birth, ChildSa, IkeSa, State
from ikecli.ike.spread import Spread
from ikecli.ike.window import NO_AIM, Aim, Want
from ikecli.intent import Address, Identity, Intent
from ikecli.value import value

if TYPE_CHECKING:
    from ikecli.ike.talk import Talk

_HALF_OPEN, _CONNECTING = State.HALF_OPEN, State.CONNECTING

Random = Callable[[int], bytes]
Kinds = Container[type[Event]]


@value
class Asked:
    """Who waits for an Ask and for what: an SA, or with `talk` one of its exchanges."""

    sa: IkeSa
    question: Question
    talk: Talk | None


class Numbers:
    """Hands out the smallest numbers that are free."""

    __slots__ = ("_free", "_next")

    def __init__(self) -> None:
        self._free: list[int] = []
        self._next = 1

    def take(self) -> int:
        """Return a number."""
        if self._free:
            return heappop(self._free)
        self._next += 1
        return self._next - 1

    def claim(self, number: int) -> None:
        """Take a number that was chosen elsewhere; raises ValueError for one in use."""
        while self._next <= number:
            heappush(self._free, self._next)
            self._next += 1
        self._free.remove(number)
        heapify(self._free)

    def give_back(self, number: int) -> None:
        """Make a number free again."""
        heappush(self._free, number)


class Core:
    """Shared state; `now`, `order` and `effects` belong to the input being worked on.

    What `touch` is called with is looked at when the input is done: its queue, its next time.
    `installing` holds, by inbound SPI, the exchanges whose Installs are in the batch that was returned last. `wishes`
    are the inner addresses that each connection had last, `backups` the further gateways that its peer told of,
    `starting` those that wait to be begun, `leases` counts what Configuration payloads settled.
    """

    def __init__(self, random: Random, heard: Kinds, intent: Intent) -> None:
        self.random: Final = random
        self.heard: Final = heard
        self.lookup = Lookup(intent)
        self.order = -1
        self.begin(0.0)
        self.touched: dict[IkeSa, None] = {}
        self.touch: Final[Callable[[IkeSa], None]] = self.touched.setdefault
        self.sas: Final[dict[int, IkeSa]] = {}
        self.by_spi: Final[dict[bytes, IkeSa]] = {}
        self.by_request: Final[dict[tuple[bytes, bytes], IkeSa]] = {}
        self.by_peer: Final[dict[bytes, dict[IkeSa, None]]] = {}
        self.by_identity: Final[dict[tuple[Identity | None, Identity | None], list[IkeSa]]] = {}
        self.children: Final[dict[int, IkeSa]] = {}
        self._outbound: Final[dict[int, set[int]]] = {}
        self.asked: Final[dict[int, Asked]] = {}
        self.installing: Final[dict[int, Talk]] = {}
        self.agenda: Final[Agenda[int | str]] = Agenda()
        self.counts: Final = Counts()
        self.waiting: Final = HalfOpen()
        self.begun: Final = Begun()
        self.jar: Final = Jar(random)
        self.assemblies: Final = Assemblies()
        self.ike_lives: Final = Spread(random)
        self.child_lives: Final = Spread(random)
        self.child_volumes: Final = Spread(random)
        self.rations: Final = Ration(CLEAR_ANSWERS, CLEAR_ANSWERS_OF_PREFIX)
        self.refusals_of_first: Final = Ration(FIRST_REFUSALS, FIRST_REFUSALS_OF_PREFIX)
        self.held = 0
        self.closing = False
        self.refusals = (0, 0)
        self.hold_off: Final[dict[str, float]] = {}
        self.pauses: Final[dict[str, float]] = {}
        self.starting: Final[deque[str]] = deque()
        self.recovered: Final[dict[Address, float]] = {}
        self.pools: Final = Pools(intent.pools, lambda: self.now)
        self.wishes: Final[dict[str, tuple[Address, ...]]] = {}
        self.backups: Final[dict[str, tuple[Address, ...]]] = {}
        self.leases = 0
        self.accesses: Final[dict[str, Access]] = {}
        self.access_numbers: Final = Numbers()
        self._numbers: Final = Numbers()
        self._session_numbers: Final = Numbers()
        self._sessions: Final[dict[tuple[bytes, bytes], int]] = {}
        self._session_use: Final[dict[int, tuple[tuple[bytes, bytes], int]]] = {}
        self._asks = 0

    def begin(self, now: float) -> None:
        """Begin a batch of effects at a time; `do` adds one to it."""
        self.now = now
        self.order += 1
        self.effects: list[Effect] = []
        self.do = self.effects.append

    def tell(self, kind: type[Event], build: Callable[[], Event]) -> None:
        """Tell an event, if anybody hears its kind."""
        if kind in self.heard:
            self.effects.append(Tell(build()))

    def may_tell(self) -> bool:
        """Tell whether one more refusal of a stranger may be told in this second."""
        second, told = self.refusals
        told = told + 1 if second == int(self.now) else 1
        self.refusals = (int(self.now), told)
        return told <= TOLD_REFUSALS

    def drop(self, datagram: Datagram, why: str) -> None:
        """Count a datagram that is not acted upon."""
        self.counts.dropped += 1
        self.tell(DatagramDropped, lambda: DatagramDropped(str(datagram.local), str(datagram.remote), why))

    def want(self, sa: IkeSa, want: Want, aim: Aim | None = None) -> bool:
        """Queue an exchange of ours; return whether there was room."""
        self.touch(sa)
        return sa.window.want(want, aim or NO_AIM)

    def ask(self, sa: IkeSa, question: Question, talk: Talk | None) -> int:
        """Ask something on behalf of an SA; return the question's id."""
        self._asks += 1
        deadline = self.now + ASK_SECONDS
        self.asked[self._asks] = Asked(sa, question, talk)
        sa.asking[self._asks] = deadline
        self.touch(sa)
        self.do(Ask(self._asks, question, deadline))
        return self._asks

    def draw_ike_spi(self) -> bytes:
        """Return an SPI for an IKE SA."""
        while True:
            spi = self.random(8)
            if any(spi) and spi not in self.by_spi:
                return spi

    def draw_esp_spi(self) -> int:
        """Return an SPI for receiving ESP."""
        while True:
            spi = int.from_bytes(self.random(4), "big")
            if spi >= FIRST_ESP_SPI and spi not in self.children:
                return spi

    def add(
        self,
        initiator: bool,
        local: Endpoint,
        remote: Endpoint,
        peer_spi: bytes,
        birth: Birth,
        request: bytes = b"",
        vrf: str = "",
    ) -> IkeSa:
        """Put a new IKE SA into all tables; `request` is the digest of the message that a peer began it with."""
        own = self.draw_ike_spi()
        sa = IkeSa(
            self._numbers.take(),
            self._enter_session(local, remote),
            initiator,
            local,
            remote,
            remote,
            own if initiator else peer_spi,
            peer_spi if initiator else own,
            _CONNECTING if initiator else _HALF_OPEN,
            self.now,
            self.order,
            request,
        )
        sa.birth, sa.began, sa.vrf = birth, initiator, vrf
        self._enter(sa)
        if not initiator:
            self.by_request[(remote.octets, request)] = sa
        return sa

    def add_heir(self, old: IkeSa, initiator: bool, own: bytes, peer_spi: bytes) -> IkeSa:
        """Put an IKE SA that is rekeyed from another into all tables, without keys yet."""
        sa = IkeSa(
            number=self._numbers.take(),
            session=self._enter_session(old.local, old.remote),
            initiator=initiator,
            local=old.local,
            remote=old.remote,
            origin=old.origin,
            spi_i=own if initiator else peer_spi,
            spi_r=peer_spi if initiator else own,
            state=State.SPARE,
            created=self.now,
            order=self.order,
            ancestor=old.own_spi,
            fragmentation=old.fragmentation,
            path=old.path,
            began=old.began,
            vrf=old.vrf,
        )
        self._enter(sa)
        return sa

    def enter(self, sa: IkeSa) -> None:
        """Put an IKE SA that was moved here into all tables."""
        sa.number = self._numbers.take()
        sa.session = self._enter_session(sa.local, sa.remote)
        self._enter(sa)
        if sa.request:
            self.by_request[(sa.origin.octets, sa.request)] = sa

    def leave_identity(self, sa: IkeSa) -> None:
        """Take an IKE SA out of those between its identities."""
        key = (sa.local_identity, sa.remote_identity)
        left = [other for other in self.by_identity[key] if other is not sa]
        if left:
            self.by_identity[key] = left
        else:
            del self.by_identity[key]

    def _enter(self, sa: IkeSa) -> None:
        self.sas[sa.number] = self.by_spi[sa.own_spi] = sa
        self.by_peer.setdefault(sa.remote.host, {})[sa] = None
        self.touch(sa)

    def remove(self, sa: IkeSa) -> None:
        """Take an IKE SA out of all tables."""
        del self.sas[sa.number], self.by_spi[sa.own_spi]
        self.by_request.pop((sa.origin.octets, sa.request), None)
        self.begun.end(sa)
        self.assemblies.forget(sa)
        self._leave_peer(sa)
        self._leave_session(sa.session)
        self._numbers.give_back(sa.number)
        self.agenda.drop(sa.number)
        self.touched.pop(sa, None)

    def relocate(self, sa: IkeSa, local: Endpoint, remote: Endpoint) -> None:
        """Move an IKE SA to other endpoints."""
        if remote.address != sa.remote.address:
            self._leave_peer(sa)
            self.by_peer.setdefault(remote.host, {})[sa] = None
        sa.local, sa.remote = local, remote

    def enter_child(self, sa: IkeSa, child: ChildSa) -> None:
        """Put a new Child SA into all tables."""
        sa.children[child.inbound] = child
        self.children[child.inbound] = sa
        self._outbound.setdefault(child.outbound, set()).add(child.inbound)
        if child.connection in self.lookup.clients:
            self.do(Standing(child.connection, sa.local.address, sa.remote.address, True))

    def leave_child(self, sa: IkeSa, child: ChildSa) -> None:
        """Take a Child SA out of all tables, if it is in them."""
        if sa.children.pop(child.inbound, None) is None:
            return
        del self.children[child.inbound]
        self._outbound[child.outbound].discard(child.inbound)
        if not self._outbound[child.outbound]:
            del self._outbound[child.outbound]

    def sends_to(self, address: Address, spi: int) -> bool:
        """Tell whether a Child SA sends with `spi` to an address: there it names that SA (RFC 4301 4.1)."""
        used = self._outbound.get(spi)
        return used is not None and any(self.children[inbound].remote.address == address for inbound in used)

    def _leave_peer(self, sa: IkeSa) -> None:
        sas = self.by_peer[sa.remote.host]
        del sas[sa]
        if not sas:
            del self.by_peer[sa.remote.host]

    def _enter_session(self, local: Endpoint, remote: Endpoint) -> int:
        hosts = local.host, remote.host
        number = self._sessions.get(hosts)
        if number is None:
            number = self._sessions[hosts] = self._session_numbers.take()
            self._session_use[number] = (hosts, 1)
        else:
            self._session_use[number] = (hosts, self._session_use[number][1] + 1)
        return number

    def _leave_session(self, number: int) -> None:
        hosts, use = self._session_use.pop(number)
        if use > 1:
            self._session_use[number] = (hosts, use - 1)
        else:
            del self._sessions[hosts]
            self._session_numbers.give_back(number)
