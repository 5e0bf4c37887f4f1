"""Liveness: an empty exchange asks whether the peer is there (RFC 7296 2.4)."""

from __future__ import annotations

from collections.abc import Iterable

from ikecli.boundary.events import LivenessChecked
from ikecli.ike.talk import Talk
from ikecli.ike.tasks.base import Task
from ikecli.wire.payloads import Payload


class Liveness(Task):
    """Asks nothing; that an answer comes is the answer."""

    __slots__ = ()

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return no payload."""
        sa = talk.sa
        talk.core.tell(LivenessChecked, lambda: LivenessChecked(sa.number, sa.session, str(sa.remote)))
        return ()
