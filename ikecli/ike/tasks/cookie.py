"""Cookies: the proof that the initiator receives at its address (RFC 7296 2.6)."""

from __future__ import annotations

from collections.abc import Iterable

from ikecli.errors import Malformed, Unauthentic
from ikecli.ike.limits import MAX_COOKIE
from ikecli.ike.talk import Again, Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.numbers import Exchange, NotifyType
from ikecli.wire.payloads import Notify, Payload


class Cookie(Task):
    """Sends back the cookie that a responder asks for, before everything else."""

    __slots__ = ("_cookie",)
    notifies = frozenset({NotifyType.COOKIE})

    def __init__(self) -> None:
        self._cookie = b""

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return the cookie, once there is one."""
        return (Notify(NotifyType.COOKIE, self._cookie),) if self._cookie else ()

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Ask for another round when a new cookie came."""
        notify = message.notify(NotifyType.COOKIE)
        if notify is None:
            return None
        if not 0 < len(notify.data) <= MAX_COOKIE:
            raise Malformed(f"a cookie of {len(notify.data)} octets")
        if notify.data == self._cookie:
            raise Unauthentic("a cookie that was sent back already")
        self._cookie = notify.data
        return Again(Exchange.IKE_SA_INIT)
