"""The key exchanges that follow one of CREATE_CHILD_SA in IKE_FOLLOWUP_KE, before its SA is made (RFC 9370 2.2.4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ikecli.boundary.effects import SharedSecret
from ikecli.boundary.events import KeyExchanged
from ikecli.crypto import KeyExchange, generate, reply_size, respond, restore
from ikecli.errors import Malformed, Refused
from ikecli.ike import texts
from ikecli.ike.limits import FOLLOWUP_SECONDS, LINK_SIZE, MAX_FOLLOWUPS
from ikecli.ike.talk import Wait
from ikecli.numbers import ADDITIONAL, Algorithm, NotifyType, TransformType
from ikecli.value import value
from ikecli.wire.payloads import KeyExchange as KeyExchangePayload
from ikecli.wire.payloads import Notify, Payload

if TYPE_CHECKING:
    from ikecli.ike.sa import ChildSa, IkeSa
    from ikecli.ike.talk import Incoming, Outcome, Talk

_LINK = NotifyType.ADDITIONAL_KEY_EXCHANGE


class Finisher(Protocol):
    """A task that makes its SA when all key exchanges are done; a responder's does so under the last one's talk."""

    def finish(self, talk: Talk) -> None:
        """Make the SA."""
        ...

    def write_response(self, talk: Talk) -> Iterable[Payload]:
        """Return the answer: what was agreed, or why there is no SA."""
        ...

    def undone(self, talk: Talk, why: str) -> None:
        """Have no SA after all."""
        ...


@value
class KeptSeries:
    """An initiator's series as it moves to another engine; `private` is of the exchange under way, if one is."""

    left: tuple[Algorithm, ...]
    link: bytes
    secrets: tuple[bytes, ...]
    private: bytes


class Series:
    """The exchanges that are `left` after the first, in either role; `link` is what the responder knows them by."""

    __slots__ = ("_exchange", "_secrets", "left", "link")

    def __init__(self, rows: tuple[Algorithm, ...], secret: bytes) -> None:
        self.left = rows
        self.link = b""
        self._secrets = [secret]
        self._exchange: KeyExchange | None = None

    def keep(self) -> KeptSeries:
        """Return all of it."""
        private = self._exchange.private if self._exchange is not None else b""
        return KeptSeries(self.left, self.link, tuple(self._secrets), private)

    @classmethod
    def recall(cls, kept: KeptSeries) -> Series:
        """Return what was kept; raises Malformed for what can be no series."""
        done = len(kept.secrets)
        if not kept.left or not kept.link or not 0 < done <= len(ADDITIONAL) or len(kept.left) > len(ADDITIONAL):
            raise Malformed("no key exchange follows")
        if any(row.type is not TransformType.KE or not row.served for row in kept.left):
            raise Malformed("key exchanges of algorithms that are none")
        series = cls(kept.left, kept.secrets[0])
        series.link, series._secrets = kept.link, list(kept.secrets)
        series._exchange = restore(kept.left[0].number, kept.private) if kept.private else None
        return series

    @property
    def first(self) -> bytes:
        """The shared secret of CREATE_CHILD_SA itself."""
        return self._secrets[0]

    @property
    def further(self) -> bytes:
        """The shared secrets of all that followed."""
        return b"".join(self._secrets[1:])

    def request(self, talk: Talk) -> tuple[Payload, ...]:
        """Return KEi(n) and the link."""
        row = self.left[0]
        self._exchange = generate(row.number, talk.random)
        return KeyExchangePayload(row.number, self._exchange.public), Notify(_LINK, self.link)

    def read(self, talk: Talk, message: Incoming) -> Outcome:
        """Take the peer's public value; raises Malformed for another than the one that is next."""
        row, public = self.left[0], message.need(KeyExchangePayload)
        if public.group != row.number:
            raise Malformed("another key exchange than the one that is next")
        if not talk.asking:
            self._exchange = respond(row.number, public.public, talk.random)
        elif len(public.public) != reply_size(row.number):
            raise Malformed(f"a public value of {len(public.public)} octets in group {public.group}")
        if self._exchange is None:
            raise Malformed("a public value that nobody asked for")
        if row.slow:
            return Wait(SharedSecret(row.number, self._exchange.private, public.public))
        self.take(talk, self._exchange.shared(public.public))
        return None

    def take(self, talk: Talk, secret: bytes) -> None:
        """Be done with an exchange."""
        sa, row, number = talk.sa, self.left[0], len(self._secrets)
        self._secrets.append(secret)
        self.left = self.left[1:]
        if talk.asking:
            self._exchange = None
        talk.core.tell(KeyExchanged, lambda: KeyExchanged(sa.number, sa.session, number, texts.method(row)))

    def reply(self, row: Algorithm) -> tuple[Payload, ...]:
        """Return KEr(n) of an exchange that is done, and the link to the next."""
        if self._exchange is None:
            return ()
        return KeyExchangePayload(row.number, self._exchange.public), *self.announce()

    def announce(self) -> tuple[Payload, ...]:
        """Return the link to the exchange that is next, if there is one."""
        return (Notify(_LINK, self.link),) if self.left else ()

    def follow(self, message: Incoming) -> bool:
        """Take the link to the next exchange; return whether there is one. Raises Malformed without its link."""
        if not self.left:
            return False
        link = message.notify(_LINK)
        if link is None or not link.data:
            raise Malformed("no link to the next key exchange")
        self.link = link.data
        return True


@dataclass(slots=True)
class Pending:
    """A CREATE_CHILD_SA of the peer that is answered and not done: who goes on with it, and until when."""

    series: Series
    task: Finisher
    replaces: ChildSa | None
    expires: float


def hold(talk: Talk, pending: Pending) -> None:
    """Keep it under a new link; of too many the oldest goes."""
    sa, series = talk.sa, pending.series
    series.link, pending.expires = talk.random(LINK_SIZE), talk.now + FOLLOWUP_SECONDS
    while len(sa.followups) >= MAX_FOLLOWUPS:
        del sa.followups[next(iter(sa.followups))]
    sa.followups[series.link] = pending
    talk.core.touch(sa)


def claim(talk: Talk, message: Incoming) -> Pending:
    """Return what a follow-up is about; raises Refused for one that is not known, or no longer."""
    link = message.notify(_LINK)
    pending = talk.sa.followups.pop(link.data, None) if link is not None else None
    if pending is None or pending.expires <= talk.now:
        raise Refused("a key exchange that follows none that is known", NotifyType.STATE_NOT_FOUND)
    return pending


def forget(sa: IkeSa, now: float) -> None:
    """Let go what has waited too long."""
    for link, pending in list(sa.followups.items()):
        if pending.expires <= now:
            del sa.followups[link]
