"""The additional key exchanges of a new IKE SA (RFC 9370 2.2.2)."""

from __future__ import annotations

from collections.abc import Iterable

from ikecli.boundary.effects import SharedSecret
from ikecli.boundary.events import KeyExchanged
from ikecli.crypto import KeyExchange, generate, reply_size, respond
from ikecli.errors import Malformed, Refused
from ikecli.ike import intermediate, texts
from ikecli.ike.limits import MAX_INTERMEDIATE
from ikecli.ike.sa import Birth
from ikecli.ike.talk import Again, Incoming, Outcome, Talk, Wait
from ikecli.ike.tasks.base import Task
from ikecli.numbers import Algorithm, Exchange, NotifyType, label
from ikecli.wire.payloads import KeyExchange as KeyExchangePayload
from ikecli.wire.payloads import Payload


class AdditionalKeys(Task):
    """One key exchange in each IKE_INTERMEDIATE; the keys that it gives protect what follows."""

    __slots__ = ("_exchange", "_row")

    def __init__(self) -> None:
        self._exchange: KeyExchange | None = None
        self._row: Algorithm | None = None

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return KEi(n), while there is an exchange to do."""
        self._exchange, birth = None, _birth(talk)
        if not birth.additional:
            return ()
        row = birth.additional[0]
        self._exchange = generate(row.number, talk.random)
        return (KeyExchangePayload(row.number, self._exchange.public),)

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Take KEr(n), and go on to the next round."""
        if (error := message.error) is not None:
            raise Refused(f"the peer answers {label(NotifyType, error.type)} to IKE_INTERMEDIATE")
        if self._exchange is None:
            return None
        row, public = _birth(talk).additional[0], message.need(KeyExchangePayload)
        if (public.group, len(public.public)) != (row.number, reply_size(row.number)):
            raise Malformed(f"a public value of {len(public.public)} octets in group {public.group}")
        return self._agree(talk, public.public)

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Take KEi(n): the next exchange that was agreed on, and no other."""
        birth, public = _birth(talk), message.one(KeyExchangePayload)
        if not birth.intermediate:
            raise Malformed("IKE_INTERMEDIATE where it was not agreed on")
        if birth.rounds > MAX_INTERMEDIATE:
            raise Malformed(f"more than {MAX_INTERMEDIATE} rounds of IKE_INTERMEDIATE")
        if public is None and not birth.additional:
            return None
        if public is None or not birth.additional or public.group != birth.additional[0].number:
            raise Malformed("another key exchange than the one that is next")
        self._exchange = respond(public.group, public.public, talk.random)
        return self._agree(talk, public.public)

    def write_response(self, talk: Talk) -> Iterable[Payload]:
        """Return KEr(n)."""
        if self._exchange is None:
            return ()
        return (KeyExchangePayload(_birth(talk).additional[0].number, self._exchange.public),)

    def resume(self, talk: Talk, reply: object) -> Outcome:
        """Go on with the shared secret."""
        if not isinstance(reply, bytes):
            raise Refused(f"no shared secret: {reply}", NotifyType.TEMPORARY_FAILURE)
        return self._take(talk, reply)

    def answered(self, talk: Talk) -> None:
        """Go over to the new keys, once the old ones have protected our answer."""
        if self._row is not None:
            _done(talk, self._row)

    def _agree(self, talk: Talk, peer: bytes) -> Outcome:
        row, exchange = _birth(talk).additional[0], self._exchange
        if exchange is None:
            return None
        if row.slow:
            return Wait(SharedSecret(row.number, exchange.private, peer))
        return self._take(talk, exchange.shared(peer))

    def _take(self, talk: Talk, shared: bytes) -> Outcome:
        intermediate.renew(talk.sa, shared)
        self._row = _birth(talk).additional[0]
        if not talk.asking:
            return None
        _done(talk, self._row)
        return Again(Exchange.IKE_INTERMEDIATE) if intermediate.unfinished(_birth(talk)) else None


def _birth(talk: Talk) -> Birth:
    if talk.sa.birth is None:
        raise Malformed("IKE_INTERMEDIATE in an SA that is authenticated")
    return talk.sa.birth


def _done(talk: Talk, row: Algorithm) -> None:
    """Go over to the keys of an exchange that is done."""
    sa, birth = talk.sa, _birth(talk)
    number = len(sa.suite.additional) - len(birth.additional) + 1 if sa.suite else 0
    birth.additional = birth.additional[1:]
    talk.core.tell(KeyExchanged, lambda: KeyExchanged(sa.number, sa.session, number, texts.method(row)))
    intermediate.turn(talk.core, sa)
