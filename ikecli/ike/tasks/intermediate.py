"""Whether exchanges may come between IKE_SA_INIT and IKE_AUTH: both ends say so (RFC 9242 3.1)."""

from __future__ import annotations

from collections.abc import Iterable

from ikecli.errors import Malformed
from ikecli.ike import ppks
from ikecli.ike.talk import Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.numbers import NotifyType
from ikecli.wire.payloads import Notify, Payload

_SUPPORTED = NotifyType.INTERMEDIATE_EXCHANGE_SUPPORTED


class Intermediate(Task):
    """Offers IKE_INTERMEDIATE where what is configured needs it, and takes it up where the peer offers it."""

    __slots__ = ()
    notifies = frozenset({_SUPPORTED})

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return the offer, if there is use for it."""
        wanted = (
            talk.core.lookup.ike_offers(talk.sa.local.address, talk.sa.vrf, talk.sa.began).additional
            or ppks.of_gateway(talk) is not None
        )
        return (Notify(_SUPPORTED),) if wanted else ()

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Note whether the peer knows the exchange; it must where it chose additional key exchanges."""
        birth = talk.sa.birth
        if birth is not None:
            birth.intermediate = message.notify(_SUPPORTED) is not None
            if birth.additional and not birth.intermediate:
                raise Malformed("additional key exchanges without IKE_INTERMEDIATE")
        return None

    read_request = read_response

    def write_response(self, talk: Talk) -> Iterable[Payload]:
        """Return our word on it to an initiator that offered."""
        return (Notify(_SUPPORTED),) if talk.sa.birth is not None and talk.sa.birth.intermediate else ()
