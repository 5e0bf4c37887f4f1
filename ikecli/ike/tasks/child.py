"""A Child SA: what protects it, what it protects, and its keys (RFC 7296 1.2, 1.3.1, 2.9, 2.17)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ikecli.boundary.effects import SharedSecret
from ikecli.crypto import KeyExchange, child_keys, generate, respond, restore
from ikecli.errors import Malformed, ProtocolError, Refused
from ikecli.ike import access, admission, coverage, granting, rekeying, rules, telling, transport
from ikecli.ike import child as children
from ikecli.ike.choose import Additional, Offer, accepted, choose
from ikecli.ike.connect import hold_off, keep_up, over
from ikecli.ike.followup import Series
from ikecli.ike.lease import narrowed
from ikecli.ike.lifecycle import remove_child
from ikecli.ike.limits import NONCE_SIZE
from ikecli.ike.sa import ChildSa, State
from ikecli.ike.selectors import Grain, Pair, all_within, from_wire, narrow, sides, to_wire
from ikecli.ike.talk import Again, Incoming, Outcome, Talk, Wait
from ikecli.ike.tasks.series import SeriesTask
from ikecli.ike.window import Aim, Want
from ikecli.intent import Connection, Selector, Transport
from ikecli.numbers import ADDITIONAL, Algorithm, Exchange, NotifyType, Protocol, TransformType, label
from ikecli.wire.payloads import KeyExchange as KeyExchangePayload
from ikecli.wire.payloads import Nonce, Notify, Payload, SecurityAssociation, TsInitiator, TsResponder

_CREATE_CHILD, _IKE_AUTH = Exchange.CREATE_CHILD_SA, Exchange.IKE_AUTH
_ENCR, _INTEG, _KE = TransformType.ENCR, TransformType.INTEG, TransformType.KE
_REQUIRED, _DELETING, _IKE = Transport.REQUIRED, State.DELETING, Protocol.IKE
_TRANSPORT: Final = NotifyType.USE_TRANSPORT_MODE
_UNPADDED: Final = NotifyType.ESP_TFC_PADDING_NOT_SUPPORTED
_FRAGMENTS: Final = NotifyType.NON_FIRST_FRAGMENTS_ALSO
_LATER: Final = frozenset({NotifyType.TEMPORARY_FAILURE, NotifyType.STATE_NOT_FOUND})
_GROUP_SIZE: Final = 2
_NO_KE: Final = frozenset({TransformType.KE, *ADDITIONAL})
_FINER: Final[dict[int, Grain]] = {
    NotifyType.SINGLE_PAIR_REQUIRED: Grain.HOSTS,
    NotifyType.TS_UNACCEPTABLE: Grain.LINE,
}


class Child(SeriesTask):
    """Sets up one Child SA, in IKE_AUTH or in an exchange of its own. A refusal leaves the IKE SA standing."""

    __slots__ = (
        "_asked",
        "_child",
        "_connection",
        "_exchange",
        "_fragments",
        "_group",
        "_local",
        "_more",
        "_ni",
        "_nr",
        "_offers",
        "_pairs",
        "_refusal",
        "_refused",
        "_remote",
        "_spi",
        "_transport",
        "_unpadded",
    )
    notifies = frozenset(
        {
            _TRANSPORT,
            NotifyType.REKEY_SA,
            _UNPADDED,
            _FRAGMENTS,
            NotifyType.ADDITIONAL_TS_POSSIBLE,
            NotifyType.NO_PROPOSAL_CHOSEN,
            NotifyType.TS_UNACCEPTABLE,
            NotifyType.NO_ADDITIONAL_SAS,
            NotifyType.TEMPORARY_FAILURE,
            NotifyType.INVALID_KE_PAYLOAD,
            NotifyType.SINGLE_PAIR_REQUIRED,
            NotifyType.ADDITIONAL_KEY_EXCHANGE,
            NotifyType.STATE_NOT_FOUND,
        }
    )
    kept = children.AskedChild

    def __init__(self) -> None:
        super().__init__()
        self._connection: Connection | None = None
        self._offers: tuple[Offer, ...] = ()
        self._spi = 0
        self._group: Algorithm | None = None
        self._asked: transport.Ends = (), ()
        self._local: tuple[Selector, ...] = ()
        self._remote: tuple[Selector, ...] = ()
        self._pairs: tuple[Pair, ...] = ()
        self._transport = self._more = self._unpadded = self._fragments = False
        self._ni = self._nr = b""
        self._exchange: KeyExchange | None = None
        self._refused: set[Algorithm | None] = set()
        self._refusal: Notify | None = None
        self._child: ChildSa | None = None

    # Our request

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return SA, TSi, TSr, in an exchange of its own also Ni and with PFS KEi; of what follows it KEi(n).

        Nothing for a rekey of none.
        """
        if self._series is not None:
            return self._series.request(talk)
        connection = talk.core.lookup.connections.get(talk.aim.connection)
        if talk.aim.spis and talk.replaces is None:
            return ()
        if connection is None or coverage.superfluous(talk, connection):
            return ()
        if talk.want is Want.CHILD and talk.round == 0 and (why := admission.exchange(talk.core, connection)):
            self._fail(talk, f"there are {why}")
            return ()
        if not (flows := coverage.wanted(talk, connection)[: admission.room(talk.core, connection, talk.replaces)]):
            return ()
        self._connection = connection
        groups = self._groups(talk, connection)
        self._group = pfs = next(iter(groups), None)
        further = self._further(talk, connection) if pfs else ()
        self._offers = granting.allowed(talk, talk.core.lookup.esp_offers(connection, groups, further))
        if not self._offers:
            talk.core.counts.stronger[True] += 1
            self._fail(talk, "all its ciphers are stronger than that of the IKE SA, and strength is enforced")
            self._connection = None
            return ()
        self._spi = talk.core.draw_esp_spi()
        self._local, self._remote = sides(flows)
        telling.offered(talk, Protocol.ESP, self._offers)
        spi = self._spi.to_bytes(4, "big")
        proposals = tuple(offer.proposal(at, spi) for at, offer in enumerate(self._offers, 1))
        payloads: list[Payload] = [SecurityAssociation(proposals), *self._own_keys(talk, pfs)]
        if connection.transport:
            payloads.append(Notify(_TRANSPORT))
        if children.wants_fragments(talk, self._local, self._remote):
            payloads.append(Notify(_FRAGMENTS))
        return [*payloads, TsInitiator(to_wire(self._local)), TsResponder(to_wire(self._remote))]

    def _further(self, talk: Talk, connection: Connection) -> Additional:
        """Return the additional key exchanges to offer: the connection's, else those of the SA that is rekeyed."""
        if connection.pfs is not None or talk.replaces is None:
            return connection.pfs_additional
        return tuple((row,) for row in talk.replaces.additional)

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Take what the responder chose and install it; what cannot be taken is deleted at the peer."""
        if self._connection is None:
            return None
        if talk.barred:
            self._fail(talk, talk.barred)
            return None
        answer = message.one(SecurityAssociation)
        if (error := message.error) is not None or (answer is None and self._series is None):
            if error is not None and error.type == NotifyType.INVALID_KE_PAYLOAD and self._other_group(talk, error):
                return Again(_CREATE_CHILD)
            self._refused_by_peer(talk, error)
            return None
        try:
            if self._series is not None:
                return self._followed(talk, self._series, message)
            return self._accept(talk, message)
        except ProtocolError as problem:
            self._end(talk, problem.why)
            return None

    def keep(self) -> children.AskedChild:
        """Return what was asked for, the SPI, and what keys will need."""
        private = self._exchange.private if self._exchange else b""
        agreed = self._choice, self._nr, self._pairs, self._transport, self._unpadded, self._fragments, self._kept()
        asked = self._connection, self._spi, self._ni, self._group, private, self._local, self._remote
        return children.AskedChild(*asked, *agreed)

    def recall(self, talk: Talk, kept: children.AskedChild) -> None:
        """Go on with it; what was offered follows from the connection."""
        self._connection, self._spi, self._ni, self._group = kept.connection, kept.spi, kept.ni, kept.group
        self._local, self._remote = kept.local, kept.remote
        self._nr, self._pairs = kept.nr, kept.pairs
        self._transport, self._unpadded, self._fragments = kept.transport, kept.unpadded, kept.fragments
        if kept.connection is None:
            return
        groups = self._groups(talk, kept.connection)
        pfs = next(iter(groups), None)
        further = self._further(talk, kept.connection) if pfs else ()
        self._offers = granting.allowed(talk, talk.core.lookup.esp_offers(kept.connection, groups, further))
        self._exchange = restore(pfs.number, kept.private) if pfs and kept.private else None
        self._recall(talk, self._offers, kept.choice, kept.series)

    def _groups(self, talk: Talk, connection: Connection) -> tuple[Algorithm, ...]:
        """Return the groups to offer in an exchange of keys of its own, first that of the public value that is sent.

        That is what the peer wants, the configured one, or that of the SA before. Where none is configured and the peer
        told us to do PFS, it has a choice.
        """
        if talk.exchange == _IKE_AUTH:
            return ()
        had = granting.served(talk.replaces.group if talk.replaces else None)
        told = granting.told(talk) if connection.pfs is None else ()
        return tuple(dict.fromkeys(filter(None, (self._group or connection.pfs or had, *told))))

    def _other_group(self, talk: Talk, wanted: Notify) -> bool:
        """Take another group that we offered, each at most once, or any where we sent none."""
        group = granting.served(int.from_bytes(wanted.data, "big")) if len(wanted.data) == _GROUP_SIZE else None
        offered, sent = {row for offer in self._offers for row in offer.groups}, self._group
        self._refused.add(sent)
        if talk.exchange != _CREATE_CHILD:
            return False
        if group is None or group in self._refused or (sent is not None and group not in offered):
            return False
        self._group = group
        return True

    def spurned(self, talk: Talk, error: Notify) -> None:
        """Tell what was refused, and that there is no IKE SA either, which RFC 7296 1.2 would have."""
        telling.child_refused_by_peer(talk, error.type, self._offers, self._local, self._remote)
        why = f"the peer answers {label(NotifyType, error.type)} and sets up no IKE SA without it"
        telling.child_failed(talk, talk.aim.connection, why, 0)

    def _refused_by_peer(self, talk: Talk, error: Notify | None) -> None:
        """Tell of it; what is only no good now is tried again."""
        if error is not None:
            telling.child_refused_by_peer(talk, error.type, self._offers, self._local, self._remote)
        if error is not None and self._asks_for_less(talk, error.type):
            return
        self._fail(
            talk,
            f"the peer answers {label(NotifyType, error.type)}" if error else "the peer does not answer it",
            error.type if error else 0,
        )
        if error is not None and error.type in _LATER and talk.replaces is None:
            talk.core.agenda.set(talk.aim.connection, rekeying.retry_at(talk.core))

    def _asks_for_less(self, talk: Talk, error: int) -> bool:
        """Ask again for less where the peer takes but one pair of hosts, or perhaps but one line, in a Child SA."""
        label, grains = talk.aim.connection, talk.sa.grains
        finer = _FINER.get(error)
        several = len(talk.core.lookup.flows.get(label, ())) > 1 or finer is Grain.HOSTS
        if finer is None or not several or talk.replaces is not None or grains.get(label) in (finer, Grain.HOSTS):
            return False
        grains[label] = finer
        if talk.aim.packet is None:
            return False
        talk.core.want(talk.sa, Want.CHILD, talk.aim)
        telling.progress(talk, f"the peer takes {finer.value} in a Child SA: asked again for that of the packet")
        return True

    def _accept(self, talk: Talk, message: Incoming) -> Outcome:
        choice, connection = accepted(self._offers, message.need(SecurityAssociation).proposals), self._connection
        if choice is None or connection is None or choice.algorithms.get(_KE) != self._group:
            raise Malformed("the peer chose what was not offered")
        if not connection.admits(talk.sa.remote_identity):
            raise Refused(f"its peers may not be {talk.sa.remote_identity}")
        local, remote = from_wire(message.need(TsInitiator)), from_wire(message.need(TsResponder))
        own = talk.replaces.pairs if talk.replaces else talk.core.lookup.flows.get(connection.label, ())
        pairs = narrow(narrowed(talk.sa, own), local, remote)
        if not pairs or not (all_within(local, self._local) and all_within(remote, self._remote)):
            raise Malformed("the peer chose traffic selectors that were not offered")
        coverage.check_packet(talk, connection, pairs, message.notify(NotifyType.ADDITIONAL_TS_POSSIBLE) is not None)
        self._choice, self._pairs = choice, pairs
        self._unpadded = message.notify(_UNPADDED) is not None
        self._fragments = children.takes_fragments(talk, message)
        telling.chosen(talk, choice, self._offers, None)
        telling.selectors(talk, self._local, self._remote, pairs)
        self._settle_mode(connection, message)
        return self._read_keys(talk, message)

    def _settle_mode(self, connection: Connection, message: Incoming) -> None:
        """Settle transport mode, which takes both ends (RFC 7296 1.3.1); raises Refused where only that will do."""
        self._transport = bool(connection.transport) and message.notify(_TRANSPORT) is not None
        if connection.transport is _REQUIRED and not self._transport:
            raise Refused("the peer does not take transport mode", NotifyType.NO_PROPOSAL_CHOSEN)

    # The peer's request

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Find the connection that covers what the peer wants, narrow it, and install the SA."""
        offered = message.one(SecurityAssociation)
        if talk.barred or offered is None or any(one.protocol == _IKE for one in offered.proposals):
            return None
        try:
            self._admit(talk)
            self._find(talk, message, offered)
            return self._read_keys(talk, message)
        except Refused as problem:
            self._refuse(talk, problem)
            return None

    def write_response(self, talk: Talk) -> Iterable[Payload]:
        """Return SA, TSi, TSr and what keys need, or the error."""
        if self._refusal is not None:
            return (self._refusal,)
        if self._choice is None:
            return ()
        proposal = self._choice.proposal(self._spi.to_bytes(4, "big"))
        payloads: list[Payload] = [SecurityAssociation((proposal,))]
        if talk.exchange == _CREATE_CHILD:
            payloads.append(Nonce(self._nr))
        if self._exchange is not None:
            payloads.append(KeyExchangePayload(self._choice.algorithms[_KE].number, self._exchange.public))
        if self._series is not None:
            payloads += self._series.announce()
        if self._transport:
            payloads.append(Notify(_TRANSPORT))
        if self._fragments:
            payloads.append(Notify(_FRAGMENTS))
        if self._more:
            payloads.append(Notify(NotifyType.ADDITIONAL_TS_POSSIBLE))
        ends = sides(self._pairs)
        local, remote = transport.named(talk.sa, ends, (self._local, self._remote)) if self._transport else ends
        return [*payloads, TsInitiator(to_wire(remote)), TsResponder(to_wire(local))]

    def _admit(self, talk: Talk) -> None:
        if talk.exchange == _CREATE_CHILD:
            rules.admit(talk, Want.CHILD if talk.replaces is None else Want.REKEY_CHILD)
        if talk.replaces is not None:
            rekeying.admit(talk, talk.replaces)
        else:
            granting.check_room(talk)

    def _find(self, talk: Talk, message: Incoming, offered: SecurityAssociation) -> None:
        sa, lookup = talk.sa, talk.core.lookup
        self._local, self._remote = from_wire(message.need(TsResponder)), from_wire(message.need(TsInitiator))
        candidates = [row for row in access.candidates(talk.core, sa) if row.admits(sa.remote_identity)]
        if talk.replaces is not None:
            candidates = [row for row in candidates if row.label == talk.replaces.connection]
        public = message.one(KeyExchangePayload)
        self._asked = self._local, self._remote
        if message.notify(_TRANSPORT) is not None:
            self._asked = transport.seen(sa, self._asked)
        grants = granting.grants(talk, candidates, self._asked, (self._local, self._remote))
        for connection, pairs in grants:
            group = granting.group(talk, connection, public)
            further = granting.further(talk, connection, offered) if group else ()
            offers = lookup.esp_offers(connection, (group,) if group else (), further)
            ignore = _NO_KE if talk.exchange == _IKE_AUTH else frozenset[int]()
            allowed = granting.allowed(talk, offers)
            sent = public.group if public else None
            choice = choose(allowed, offered.proposals, sent, ignore)
            if choice is not None and len(choice.spi) == 4:
                rules.win(talk, connection.label)
                self._connection, self._offers, self._choice, self._pairs = connection, allowed, choice, pairs
                self._more = talk.replaces is None and self._leaves_more(talk, candidates)
                self._settle_mode(connection, message)
                self._unpadded = message.notify(_UNPADDED) is not None
                self._fragments = children.takes_fragments(talk, message)
                self._spi = talk.core.draw_esp_spi()
                if sa.lease is not None:
                    sa.lease.connection = sa.lease.connection or connection.label
                telling.chosen(talk, choice, offers, offered.proposals)
                telling.selectors(talk, self._local, self._remote, pairs)
                return
            stronger = allowed != offers and choose(offers, offered.proposals, sent, ignore) is not None
            talk.core.counts.stronger[False] += stronger
            telling.refused(talk, Protocol.ESP, offers, offered.proposals, stronger)
        if grants:
            raise Refused("no ESP proposal fits", NotifyType.NO_PROPOSAL_CHOSEN)
        telling.uncovered(talk, candidates, self._local, self._remote)
        raise Refused("no connection covers the traffic selectors", NotifyType.TS_UNACCEPTABLE)

    def _leaves_more(self, talk: Talk, candidates: list[Connection]) -> bool:
        """Tell whether what the peer asked for and does not get could be had by another Child SA.

        Of its own connection it gets all, but where hosts have SAs of their own or are known by other addresses.
        """
        for row in candidates:
            if row is not self._connection or row.per_host or row.transport:
                pairs = narrow(granting.flows(talk, row), self._local, self._remote)
                if coverage.beyond(pairs, self._pairs):
                    return True
        return False

    # Keys, in both roles

    def _own_keys(self, talk: Talk, pfs: Algorithm | None) -> list[Payload]:
        if talk.exchange != _CREATE_CHILD:
            return []
        self._ni = talk.random(NONCE_SIZE)
        if pfs is None:
            return [Nonce(self._ni)]
        self._exchange = generate(pfs.number, talk.random)
        return [Nonce(self._ni), KeyExchangePayload(pfs.number, self._exchange.public)]

    def _read_keys(self, talk: Talk, message: Incoming) -> Outcome:
        """Take nonce and public value where the exchange has its own, and install."""
        birth, choice = talk.sa.birth, self._choice
        if talk.exchange != _CREATE_CHILD or choice is None:
            self._ni, self._nr = (birth.ni, birth.nr) if birth else (b"", b"")
            self._install(talk, b"")
            return None
        nonce = message.need(Nonce).data
        self._ni, self._nr = (self._ni, nonce) if talk.asking else (nonce, talk.random(NONCE_SIZE))
        group = choice.algorithms.get(_KE)
        if group is None:
            return self._shared(talk, b"")
        public = message.one(KeyExchangePayload)
        if public is None or public.group != group.number:
            wanted = group.number.to_bytes(2, "big")
            raise Refused(f"group {group.number} is wanted", NotifyType.INVALID_KE_PAYLOAD, wanted)
        if self._exchange is None:
            self._exchange = respond(group.number, public.public, talk.random)
        if group.slow:
            return Wait(SharedSecret(group.number, self._exchange.private, public.public))
        return self._shared(talk, self._exchange.shared(public.public))

    def finish(self, talk: Talk) -> None:
        """Install, all key exchanges being done; a refusal is for the answer."""
        try:
            self._admit(talk)
            super().finish(talk)
        except Refused as problem:
            self._refuse(talk, problem)

    def make(self, talk: Talk, series: Series) -> None:
        """Install."""
        self._install(talk, series.first, series.further)

    def resume(self, talk: Talk, reply: object) -> Outcome:
        """Install with the shared secret that was waited for."""
        try:
            if not isinstance(reply, bytes):
                raise Refused(f"no shared secret: {reply}", NotifyType.TEMPORARY_FAILURE)
            if not talk.asking:
                self._admit(talk)
            return self._shared(talk, reply)
        except ProtocolError as problem:
            self._end(talk, problem.why)
        return None

    # Installing and taking back

    def _install(self, talk: Talk, shared: bytes, further: bytes = b"") -> None:
        sa, connection, choice = talk.sa, self._connection, self._choice
        if sa.keys is None or sa.suite is None or connection is None or choice is None:
            raise Malformed("a Child SA without an IKE SA")
        if sa.state is _DELETING:
            raise Refused("the IKE SA is being deleted")
        if talk.asking and int.from_bytes(choice.spi, "big") in talk.deleted:
            raise Refused("the peer deleted it before it was up")
        known = talk.core.lookup.connections.get(connection.label)
        if known is not connection and known != connection:
            raise Refused("the configuration changed")
        rows = choice.algorithms
        encryption, integrity = rows[_ENCR], rows.get(_INTEG)
        keys = child_keys(sa.suite.prf, sa.keys.d, encryption, integrity, self._ni, self._nr, shared, further)
        ways = self._transport, not self._unpadded, self._fragments
        self._child = child = children.agreed(talk, connection, choice, self._spi, self._pairs, *ways)
        nonces, old = (self._ni, self._nr), talk.replaces
        doubled = talk.rivalled and rekeying.doubled(talk, child)
        held = doubled or (old is not None and (not talk.asking or rekeying.lost(talk, nonces)))
        children.install(talk, child, keys, held)
        telling.child_up(talk, child)
        if old is not None:
            rekeying.succeeded(talk, old, child, nonces)
        elif doubled:
            rekeying.give_up(talk.core, sa, child)
        elif not talk.asking and sa.window.open:
            rekeying.rival(sa, child)

    def undone(self, talk: Talk, why: str) -> None:
        """Take the SA back out of tables and data plane."""
        if self._child is not None:
            remove_child(talk.core, talk.sa, self._child, why, told=False)
            self._child = None
            self._end(talk, why)

    def _end(self, talk: Talk, why: str) -> None:
        """Have no SA after all: a responder refuses it, an initiator has it deleted at the peer."""
        if talk.asking:
            self._fail(talk, why)
            talk.core.want(talk.sa, Want.DELETE_CHILD, Aim(spis=(self._spi,)))
        else:
            self._refuse(talk, Refused(why, NotifyType.TEMPORARY_FAILURE))
            if talk.replaces is not None:
                rekeying.failed(talk, talk.replaces)

    def _fail(self, talk: Talk, why: str, notify: int = 0) -> None:
        name = self._connection.label if self._connection else talk.aim.connection
        if talk.replaces is not None:
            rekeying.failed(talk, talk.replaces)
        else:
            hold_off(talk.core, name)
            keep_up(talk.core, name)
            over(talk.core, name, talk.sa.local.address, talk.sa.remote.address, why, refused=True)
        talk.core.counts.spurned[True] += 1
        telling.child_failed(talk, name, why, notify)

    def _refuse(self, talk: Talk, problem: Refused) -> None:
        name = self._connection.label if self._connection else ""
        talk.core.counts.spurned[False] += 1
        self._refusal = Notify(problem.notify or NotifyType.TEMPORARY_FAILURE, problem.data)
        telling.child_failed(talk, name, problem.why, problem.notify or 0)
