"""IKE SAs that are set up without a Child SA (RFC 6023)."""

from __future__ import annotations

from collections.abc import Iterable

from ikecli.ike.talk import Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.numbers import NotifyType
from ikecli.wire.payloads import Notify, Payload

_SUPPORTED = NotifyType.CHILDLESS_IKEV2_SUPPORTED
_OURS = (Notify(_SUPPORTED),)


class Childless(Task):
    """Says that we take such, and notes whether the responder does: only then IKE_AUTH may ask for no Child SA."""

    __slots__ = ()
    notifies = frozenset({_SUPPORTED})

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Note the responder's word."""
        if talk.sa.birth is not None:
            talk.sa.birth.childless = message.notify(_SUPPORTED) is not None
        return None

    def write_response(self, talk: Talk) -> Iterable[Payload]:
        """Return the notify."""
        return _OURS
