"""Algorithms, public values and nonces of a new IKE SA (RFC 7296 1.2, 2.7, 2.14)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ikecli.crypto import Suite, generate, reply_size, respond
from ikecli.errors import Malformed, Refused, Unauthentic
from ikecli.ike import telling
from ikecli.ike.choose import Choice, accepted, choose
from ikecli.ike.limits import NONCE_SIZE
from ikecli.ike.sa import Birth
from ikecli.ike.talk import Again, Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.numbers import GROUP_BITS, Exchange, NotifyType, Protocol, TransformType, label
from ikecli.wire.payloads import KeyExchange as KeyExchangePayload
from ikecli.wire.payloads import Nonce, Notify, Payload, SecurityAssociation

_ENCR, _PRF, _KE, _INTEG = TransformType.ENCR, TransformType.PRF, TransformType.KE, TransformType.INTEG

_GROUP = NotifyType.INVALID_KE_PAYLOAD


class KeyExchange(Task):
    """Agrees on the suite and exchanges public values and nonces; the keys are derived when first needed."""

    __slots__ = ("_choice",)
    notifies = frozenset({_GROUP, NotifyType.NO_PROPOSAL_CHOSEN})

    def __init__(self) -> None:
        self._choice: Choice | None = None

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return SAi1, KEi, Ni."""
        birth, offers = _birth(talk), talk.core.lookup.ike_offers(talk.sa.local.address, talk.sa.vrf, talk.sa.began)
        if not offers.offers:
            raise Refused("no IKE proposal holds at this address", NotifyType.NO_PROPOSAL_CHOSEN)
        group = birth.group or offers.groups[0]
        if birth.exchange is None or birth.group != group:
            birth.group, birth.exchange = group, generate(group, talk.random)
        birth.ni = birth.ni or talk.random(NONCE_SIZE)
        telling.offered(talk, Protocol.IKE, offers.offers)
        return offers.payload, KeyExchangePayload(group, birth.exchange.public), Nonce(birth.ni)

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Take the responder's choice, or try again with the group that it wants."""
        birth, offers = _birth(talk), talk.core.lookup.ike_offers(talk.sa.local.address, talk.sa.vrf, talk.sa.began)
        if (wanted := message.notify(_GROUP)) is not None:
            return self._other_group(talk, birth, offers.groups, wanted)
        if (error := message.error) is not None:
            if error.type == NotifyType.NO_PROPOSAL_CHOSEN and not birth.unproven:
                telling.refused_by_peer(talk, Protocol.IKE, offers.offers)
            raise Refused(f"the peer answers {label(NotifyType, error.type)}", _known(error))
        proposals = message.need(SecurityAssociation).proposals
        choice, public = accepted(offers.offers, proposals), message.need(KeyExchangePayload)
        if public.group in birth.sent:
            birth.group, (birth.exchange, birth.request) = public.group, birth.sent[public.group]
        if choice is None or choice.spi or public.group != birth.group or not any(message.header.responder_spi):
            raise Malformed("a choice that was not offered")
        if choice.algorithms[_KE].number != birth.group:
            raise Malformed("another group than that of the public value")
        birth.nr = message.need(Nonce).data
        if len(public.public) != reply_size(birth.group):
            raise Malformed(f"a public value of {len(public.public)} octets in group {birth.group}")
        telling.chosen(talk, choice, offers.offers, None)
        self._agree(talk, birth, choice, public)
        talk.sa.spi_r = message.header.responder_spi
        return None

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Choose from what the initiator offers."""
        birth, held = _birth(talk), talk.core.lookup.ike_offers(talk.sa.local.address, talk.sa.vrf, talk.sa.began)
        offers = held.offers
        if held.additional and message.notify(NotifyType.INTERMEDIATE_EXCHANGE_SUPPORTED) is None:
            offers = held.plain
        proposals, public = message.need(SecurityAssociation).proposals, message.need(KeyExchangePayload)
        choice = choose(offers, proposals, public.group)
        if choice is None:
            telling.refused(talk, Protocol.IKE, held.offers, proposals)
            raise Refused("none of the offered IKE proposals is configured", NotifyType.NO_PROPOSAL_CHOSEN)
        group = choice.algorithms[_KE].number
        if group != public.group:
            telling.group_retried(talk, public.group, group)
            raise Refused(f"group {group} is wanted, not {public.group}", _GROUP, group.to_bytes(2, "big"))
        random = talk.core.random
        birth.ni, birth.nr = message.need(Nonce).data, random(NONCE_SIZE)
        birth.group, birth.exchange = group, respond(group, public.public, random)
        telling.chosen(talk, choice, held.offers, proposals)
        self._agree(talk, birth, choice, public)
        return None

    def write_response(self, talk: Talk) -> Iterable[Payload]:
        """Return SAr1, KEr, Nr."""
        birth = _birth(talk)
        if self._choice is None or birth.exchange is None:
            return ()
        chosen = SecurityAssociation((self._choice.proposal(b""),))
        return chosen, KeyExchangePayload(birth.group, birth.exchange.public), Nonce(birth.nr)

    def _other_group(self, talk: Talk, birth: Birth, groups: Sequence[int], wanted: Notify) -> Outcome:
        """Go on with the group the responder names, each at most once and only one that we offered."""
        group = int.from_bytes(wanted.data, "big")
        if len(wanted.data) != 2:
            raise Malformed(f"a group of {len(wanted.data)} octets")
        if group == birth.group:
            raise Unauthentic("a request for the group that was sent")
        if group not in groups or group in birth.refused:
            raise Refused(f"the peer wants group {group}, which is not configured or was refused before", _GROUP)
        weaker = GROUP_BITS.get(group, 0) < GROUP_BITS.get(birth.group, 0)
        telling.group_retried(talk, birth.group, group, weaker)
        birth.refused.append(birth.group)
        birth.group, birth.exchange = group, generate(group, talk.random)
        return Again(Exchange.IKE_SA_INIT)

    def _agree(self, talk: Talk, birth: Birth, choice: Choice, public: KeyExchangePayload) -> None:
        rows = choice.algorithms
        encryption, prf, group = rows[_ENCR], rows[_PRF], rows[_KE]
        birth.additional = choice.additional
        talk.sa.suite = Suite(encryption, rows.get(_INTEG), prf, group, birth.additional)
        birth.peer_public = public.public
        self._choice = choice


def _birth(talk: Talk) -> Birth:
    if talk.sa.birth is None:
        raise Malformed("a key exchange for an SA that has its keys")
    return talk.sa.birth


def _known(error: Notify) -> NotifyType | None:
    return NotifyType(error.type) if error.type in NotifyType._value2member_map_ else None
