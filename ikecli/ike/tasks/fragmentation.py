"""Whether messages may be cut: both ends say so in IKE_SA_INIT (RFC 7383 2.3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ikecli.ike.talk import Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.numbers import NotifyType
from ikecli.wire.payloads import Notify, Payload

_SUPPORTED = NotifyType.IKEV2_FRAGMENTATION_SUPPORTED
_OFFER: Final = (Notify(_SUPPORTED),)


class Fragmentation(Task):
    """Offers fragments where they are configured, and takes them up where the peer offers them, too."""

    __slots__ = ()
    notifies = frozenset({_SUPPORTED})

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return the offer, if there is one."""
        return _OFFER if talk.core.lookup.intent.fragment_mtu else ()

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Note whether both ends know fragments."""
        ours = talk.core.lookup.intent.fragment_mtu is not None
        talk.sa.fragmentation = ours and message.notify(_SUPPORTED) is not None
        return None

    read_request = read_response

    def write_response(self, talk: Talk) -> Iterable[Payload]:
        """Return our word on it to an initiator that offered."""
        return _OFFER if talk.sa.fragmentation else ()
