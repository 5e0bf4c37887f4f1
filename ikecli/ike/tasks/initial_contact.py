"""INITIAL_CONTACT: this is the only SA the initiator knows of, so others are left over (RFC 7296 2.4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ikecli.ike.lifecycle import close, siblings
from ikecli.ike.sa import IkeSa, State
from ikecli.ike.talk import Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.numbers import NotifyType
from ikecli.wire.payloads import Notify, Payload

_CONTACT: Final = NotifyType.INITIAL_CONTACT


class InitialContact(Task):
    """Says so when it is, and drops what the peer has forgotten.

    An SA that came to stand after the peer began this one is spared: the peer may have written its notify before. Both
    ends settle such doubles when the new SA stands.
    """

    __slots__ = ("_leaving",)
    notifies = frozenset({NotifyType.INITIAL_CONTACT})

    def __init__(self) -> None:
        self._leaving: list[IkeSa] = []

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return the notify unless we know another SA with the peer; one that is being deleted does not count."""
        sa, core = talk.sa, talk.core
        others = [other for other in core.by_peer.get(sa.remote.host, ()) if other is not sa]
        if any(one.state is State.ESTABLISHED and one.local_identity == sa.local_identity for one in others):
            return ()
        self._leaving = [one for one in others if one.state is State.DELETING and one.confirmed]
        return (Notify(_CONTACT),)

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Wait no longer for the deletes of older SAs: the peer has dropped those between the same identities."""
        ends = (talk.sa.local_identity, talk.sa.remote_identity)
        for other in self._leaving:
            if (other.local_identity, other.remote_identity) == ends:
                close(talk.core, other, "replaced by a new IKE SA", linger=False)
        return None

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Drop the SAs between the same identities that stood before this one was begun."""
        profile = talk.core.lookup.profiles.get(talk.sa.profile)
        if message.notify(_CONTACT) is not None or (profile is not None and profile.sole):
            for other in siblings(talk.core, talk.sa):
                if other.established_order < talk.sa.order:
                    close(talk.core, other, "the peer has started anew", linger=False)
        return None
