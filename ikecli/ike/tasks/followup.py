"""A further key exchange of the peer's CREATE_CHILD_SA (RFC 9370 2.2.4)."""

from __future__ import annotations

from collections.abc import Iterable

from ikecli.errors import Refused
from ikecli.ike.followup import Pending, claim, hold
from ikecli.ike.talk import Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.numbers import Algorithm, NotifyType
from ikecli.wire.payloads import Notify, Payload


class FollowUp(Task):
    """Finds what it follows by its link, and has the SA made once all exchanges are done."""

    __slots__ = ("_done", "_pending", "_row")
    notifies = frozenset({NotifyType.ADDITIONAL_KEY_EXCHANGE})

    def __init__(self) -> None:
        self._pending: Pending | None = None
        self._row: Algorithm | None = None
        self._done = False

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Take KEi(n)."""
        self._pending = pending = claim(talk, message)
        self._row, talk.replaces = pending.series.left[0], pending.replaces
        outcome = pending.series.read(talk, message)
        if outcome is None:
            self._go_on(talk, pending)
        return outcome

    def resume(self, talk: Talk, reply: object) -> Outcome:
        """Go on with the shared secret."""
        if not isinstance(reply, bytes) or self._pending is None:
            raise Refused(f"no shared secret: {reply}", NotifyType.TEMPORARY_FAILURE)
        self._pending.series.take(talk, reply)
        self._go_on(talk, self._pending)
        return None

    def write_response(self, talk: Talk) -> Iterable[Payload]:
        """Return KEr(n) with the link to the next exchange, or why there is no SA."""
        if self._pending is None or self._row is None:
            return ()
        if self._done:
            refusal = [
                one for one in self._pending.task.write_response(talk) if isinstance(one, Notify) and one.is_error
            ]
            if refusal:
                return refusal
        return self._pending.series.reply(self._row)

    def undone(self, talk: Talk, why: str) -> None:
        """Take the SA back."""
        if self._done and self._pending is not None:
            self._pending.task.undone(talk, why)

    def _go_on(self, talk: Talk, pending: Pending) -> None:
        if pending.series.left:
            hold(talk, pending)
            return
        self._done = True
        pending.task.finish(talk)
