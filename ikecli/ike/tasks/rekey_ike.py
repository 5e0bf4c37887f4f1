"""A new IKE SA in the place of one (RFC 7296 1.3.2, 2.18, 2.25.2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ikecli.boundary.effects import SharedSecret
from ikecli.boundary.events import GroupRetried
from ikecli.crypto import KeyExchange, Suite, generate, reply_size, respond, restore
from ikecli.errors import Malformed, ProtocolError, Refused
from ikecli.ike import heirs, rules, telling
from ikecli.ike.choose import Choice, Offer, accepted, choose
from ikecli.ike.followup import KeptSeries, Series
from ikecli.ike.limits import NONCE_SIZE
from ikecli.ike.talk import Again, Incoming, Outcome, Talk, Wait
from ikecli.ike.tasks.series import SeriesTask
from ikecli.ike.window import Want
from ikecli.numbers import Exchange, NotifyType, Protocol, TransformType
from ikecli.value import value
from ikecli.wire.payloads import KeyExchange as KeyExchangePayload
from ikecli.wire.payloads import Nonce, Notify, Payload, SecurityAssociation

_SPI_SIZE: Final = 8
_GROUP: Final = NotifyType.INVALID_KE_PAYLOAD


@value
class AskedIke:
    """What a request for a new IKE SA keeps until the answer comes."""

    spi: bytes
    ni: bytes
    group: int
    private: bytes
    refused: frozenset[int]
    choice: Choice | None
    nr: bytes
    series: KeptSeries | None


class RekeyIke(SeriesTask):
    """Agrees on suite, SPIs and keys of the new IKE SA; a failure leaves the old one standing."""

    __slots__ = ("_exchange", "_group", "_ni", "_nr", "_offers", "_refused", "_spi")
    notifies = frozenset({_GROUP, NotifyType.ADDITIONAL_KEY_EXCHANGE, NotifyType.STATE_NOT_FOUND})
    kept = AskedIke

    def __init__(self) -> None:
        super().__init__()
        self._exchange: KeyExchange | None = None
        self._offers: tuple[Offer, ...] = ()
        self._group = 0
        self._refused: set[int] = set()
        self._spi = self._ni = self._nr = b""

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return SA, Ni, KEi, or of a further key exchange KEi(n); nothing where the peer was first."""
        if self._series is not None:
            return self._series.request(talk)
        sa, offers = talk.sa, talk.core.lookup.ike_offers(talk.sa.local.address, talk.sa.vrf, talk.sa.began)
        if sa.heir or sa.suite is None or not offers.groups:
            return ()
        current = sa.suite.group.number
        self._group = self._group or (current if current in offers.groups else offers.groups[0])
        self._offers, self._exchange = offers.offers, generate(self._group, talk.random)
        self._spi, self._ni = self._spi or talk.core.draw_ike_spi(), talk.random(NONCE_SIZE)
        telling.offered(talk, Protocol.IKE, self._offers)
        proposals = tuple(offer.proposal(at, self._spi) for at, offer in enumerate(self._offers, 1))
        public = KeyExchangePayload(self._group, self._exchange.public)
        return SecurityAssociation(proposals), Nonce(self._ni), public

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Go over to the new SA, or try again: at once with the group that the peer wants, else later."""
        if (wanted := message.notify(_GROUP)) is not None and self._other_group(talk, wanted):
            return Again(Exchange.CREATE_CHILD_SA)
        if message.error is not None:
            heirs.failed(talk.core, talk.sa)
            return None
        try:
            if self._series is not None:
                return self._followed(talk, self._series, message)
            proposals = message.need(SecurityAssociation).proposals
            self._choice, self._nr = accepted(self._offers, proposals), message.need(Nonce).data
            if self._choice is not None:
                telling.chosen(talk, self._choice, self._offers, None)
            return self._agree(talk, message)
        except ProtocolError:
            heirs.failed(talk.core, talk.sa)
            return None

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Choose from what the peer offers, unless this is no time for it."""
        offered = message.one(SecurityAssociation)
        if offered is None or not any(one.protocol == Protocol.IKE for one in offered.proposals):
            return None
        self._admit(talk)
        self._offers = talk.core.lookup.ike_offers(talk.sa.local.address, talk.sa.vrf, talk.sa.began).offers
        public = message.need(KeyExchangePayload)
        self._choice = choice = choose(self._offers, offered.proposals, public.group)
        if choice is None:
            telling.refused(talk, Protocol.IKE, self._offers, offered.proposals)
            raise Refused("none of the offered IKE proposals is configured", NotifyType.NO_PROPOSAL_CHOSEN)
        self._group = choice.algorithms[TransformType.KE].number
        if self._group != public.group:
            raise Refused(f"group {self._group} is wanted", _GROUP, self._group.to_bytes(2, "big"))
        telling.chosen(talk, choice, self._offers, offered.proposals)
        self._ni, self._nr = message.need(Nonce).data, talk.random(NONCE_SIZE)
        self._exchange, self._spi = respond(self._group, public.public, talk.random), talk.core.draw_ike_spi()
        return self._agree(talk, message)

    def write_response(self, talk: Talk) -> Iterable[Payload]:
        """Return SA, Nr, KEr and the link to the next key exchange."""
        if self._choice is None or self._exchange is None:
            return ()
        chosen = SecurityAssociation((self._choice.proposal(self._spi),))
        link = self._series.announce() if self._series else ()
        return chosen, Nonce(self._nr), KeyExchangePayload(self._group, self._exchange.public), *link

    def resume(self, talk: Talk, reply: object) -> Outcome:
        """Go on with the shared secret."""
        if isinstance(reply, bytes):
            if not talk.asking:
                self._admit(talk)
            return self._shared(talk, reply)
        if talk.asking:
            heirs.failed(talk.core, talk.sa)
        else:
            raise Refused(f"no shared secret: {reply}", NotifyType.TEMPORARY_FAILURE)
        return None

    def keep(self) -> AskedIke:
        """Return SPI, nonce and private value."""
        private = self._exchange.private if self._exchange else b""
        asked = self._spi, self._ni, self._group, private, frozenset(self._refused)
        return AskedIke(*asked, self._choice, self._nr, self._kept())

    def recall(self, talk: Talk, kept: AskedIke) -> None:
        """Go on with them, and with what is configured here."""
        self._spi, self._ni, self._group, self._refused = kept.spi, kept.ni, kept.group, set(kept.refused)
        self._offers = talk.core.lookup.ike_offers(talk.sa.local.address, talk.sa.vrf, talk.sa.began).offers
        self._exchange = restore(kept.group, kept.private) if kept.private else None
        self._nr = kept.nr
        if kept.choice is not None and len(kept.choice.spi) != _SPI_SIZE:
            raise Malformed("an IKE SPI of another length")
        self._recall(talk, self._offers, kept.choice, kept.series)

    def _admit(self, talk: Talk) -> None:
        rules.admit(talk, Want.REKEY_IKE)
        if talk.sa.heir:
            raise Refused("the IKE SA is rekeyed already", NotifyType.TEMPORARY_FAILURE)

    def _other_group(self, talk: Talk, wanted: Notify) -> bool:
        """Take another group that we offered, each at most once."""
        group = int.from_bytes(wanted.data, "big")
        self._refused.add(self._group)
        allowed = {row.number for offer in self._offers for row in offer.groups}
        if group in self._refused or group not in allowed:
            return False
        sa, offered = talk.sa, self._group
        talk.core.tell(GroupRetried, lambda: GroupRetried(sa.number, sa.session, offered, group))
        self._group = group
        return True

    def _agree(self, talk: Talk, message: Incoming) -> Outcome:
        """Find the shared secret; raises Malformed for a choice that is none."""
        choice, public, exchange = self._choice, message.need(KeyExchangePayload), self._exchange
        if choice is None or exchange is None or len(choice.spi) != _SPI_SIZE or not any(choice.spi):
            raise Malformed("a choice of no IKE SA that was offered")
        group = choice.algorithms[TransformType.KE]
        if (public.group, group.number) != (self._group, self._group):
            raise Malformed("a public value of another group")
        if talk.asking and len(public.public) != reply_size(self._group):
            raise Malformed(f"a public value of {len(public.public)} octets in group {self._group}")
        if group.slow:
            return Wait(SharedSecret(group.number, exchange.private, public.public))
        return self._shared(talk, exchange.shared(public.public))

    def make(self, talk: Talk, series: Series) -> None:
        """Make the new SA."""
        if self._choice is None:
            return
        rows, core, old = self._choice.algorithms, talk.core, talk.sa
        integrity, group = rows.get(TransformType.INTEG), rows[TransformType.KE]
        suite = Suite(rows[TransformType.ENCR], integrity, rows[TransformType.PRF], group, self._choice.additional)
        if not talk.asking:
            self._admit(talk)
        spis, nonces = (self._spi, self._choice.spi), (self._ni, self._nr)
        new = heirs.make(core, old, talk.asking, spis, suite, nonces, (series.first, series.further))
        talk.heir = new
        if talk.asking:
            heirs.answered(core, old, new)
            return
        old.heir = new.own_spi
        if not any(old.window.under_way(Want.REKEY_IKE)):
            heirs.adopt(core, new)
