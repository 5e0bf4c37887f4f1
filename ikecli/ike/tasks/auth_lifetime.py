"""How long a responder holds the initiator's authentication good (RFC 4478)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ikecli.errors import Malformed
from ikecli.ike import telling
from ikecli.ike.limits import RENEWAL_OVERLAP_SECONDS
from ikecli.ike.talk import Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.numbers import Exchange, NotifyType
from ikecli.wire.payloads import Notify, Payload

_IKE_AUTH: Final = Exchange.IKE_AUTH
_SIZE: Final = 4


class AuthLifetime(Task):
    """Notes when to authenticate anew: before the time is over that the responder names, in IKE_AUTH or later, but not
    so soon that the IKE SA before still stands.

    Only the initiator of IKE_AUTH is told so. As responder of it we name the time of the profile, if it has one.
    """

    __slots__ = ()
    notifies = frozenset({NotifyType.AUTH_LIFETIME})

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Note the responder's time."""
        notify, sa = message.notify(NotifyType.AUTH_LIFETIME), talk.sa
        if notify is None:
            return None
        seconds = int.from_bytes(notify.data, "big")
        if len(notify.data) != _SIZE:
            raise Malformed(f"an authentication lifetime of {len(notify.data)} octets")
        sa.renewal = talk.now + max(seconds * talk.core.ike_lives.share(True), RENEWAL_OVERLAP_SECONDS)
        talk.core.touch(sa)
        telling.progress(talk, f"the peer holds our authentication good for {seconds} seconds")
        return None

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Note the time that a responder names later; it names none to a responder."""
        return self.read_response(talk, message) if talk.sa.began else None

    def write_response(self, talk: Talk) -> Iterable[Payload]:
        """Return our time for an initiator that is authenticated just now."""
        profile = talk.core.lookup.profiles.get(talk.sa.profile)
        if talk.exchange != _IKE_AUTH or profile is None or not profile.reauthentication:
            return ()
        return (Notify(NotifyType.AUTH_LIFETIME, profile.reauthentication.to_bytes(_SIZE, "big")),)
