"""INITIAL_CONTACT: this is the only SA the initiator knows of, so others are left over (RFC 7296 2.4)."""

from __future__ import annotations

from collections.abc import Iterable

from ikecli.ike.lifecycle import close, siblings
from ikecli.ike.sa import State
from ikecli.ike.talk import Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.numbers import NotifyType
from ikecli.wire.payloads import Notify, Payload


class InitialContact(Task):
    """Says so when it is, and drops what the peer has forgotten.

    An SA that came to stand after the peer began this one is spared: the peer may have written its notify before. Both
    ends settle such doubles when the new SA stands.
    """

    __slots__ = ()
    notifies = frozenset({NotifyType.INITIAL_CONTACT})

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return the notify unless we know another SA with the peer; one that is being deleted does not count."""
        sa, core = talk.sa, talk.core
        for other in core.by_peer.get(sa.remote.address, ()):
            if other.state is State.ESTABLISHED and other.local_identity == sa.local_identity:
                return ()
        return (Notify(NotifyType.INITIAL_CONTACT),)

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Drop the SAs between the same identities that stood before this one was begun."""
        if message.notify(NotifyType.INITIAL_CONTACT) is not None:
            for other in siblings(talk.core, talk.sa):
                if other.established_order < talk.sa.order:
                    close(talk.core, other, "the peer has started anew", linger=False)
        return None
