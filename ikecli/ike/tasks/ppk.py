"""Post-quantum preshared keys: whether and where one is used, and its use in IKE_INTERMEDIATE (RFC 8784, RFC 9867)."""

from __future__ import annotations

from collections.abc import Iterable
from hmac import compare_digest
from typing import Final

from ikecli.errors import Refused
from ikecli.ike import intermediate, ppks
from ikecli.ike.sa import PpkUse
from ikecli.ike.talk import Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.intent import Ppk
from ikecli.numbers import NotifyType
from ikecli.wire.payloads import Notify, Payload

_NONE: Final = PpkUse.NONE

_AUTH, _INTERMEDIATE = NotifyType.USE_PPK, NotifyType.USE_PPK_INT
_NAMED, _PROVEN = NotifyType.PPK_IDENTITY, NotifyType.PPK_IDENTITY_KEY
_FAILED = NotifyType.AUTHENTICATION_FAILED


class UsePpk(Task):
    """Agrees in IKE_SA_INIT on the exchange in which a PPK is mixed in: rather the one that protects IKE_AUTH, too."""

    __slots__ = ()
    notifies = frozenset({_AUTH, _INTERMEDIATE})

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Offer both where there is a PPK for the peer."""
        return (Notify(_AUTH), Notify(_INTERMEDIATE)) if ppks.of_gateway(talk) is not None else ()

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Take what the responder chose; raises Refused where it chose none and one is required."""
        ppk, birth = ppks.of_gateway(talk), talk.sa.birth
        if ppk is not None and birth is not None:
            birth.ppk = _chosen(message, birth.intermediate)
            if ppk.required and birth.ppk is _NONE:
                raise ppks.refused(talk, ppk.id, "the peer uses no PPK, and one is required")
        return None

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Choose, where there are PPKs at all."""
        birth = talk.sa.birth
        if birth is not None and talk.core.lookup.quantum:
            birth.ppk = _chosen(message, birth.intermediate)
        return None

    def write_response(self, talk: Talk) -> Iterable[Payload]:
        """Return the one that was chosen."""
        use = talk.sa.birth.ppk if talk.sa.birth is not None else _NONE
        if use is _NONE:
            return ()
        return (Notify(_AUTH if use is PpkUse.AUTH else _INTERMEDIATE),)


class MixPpk(Task):
    """Mixes a PPK in when all additional key exchanges are done (RFC 9867 3.1)."""

    __slots__ = ("_ppk",)
    notifies = frozenset({_NAMED, _PROVEN})

    def __init__(self) -> None:
        self._ppk: Ppk | None = None

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return the PPK_ID and the confirmation that we have its key, once it is the PPK's turn."""
        birth, _, _ = intermediate.material(talk.sa)
        if birth.additional or birth.ppk is not PpkUse.INTERMEDIATE:
            return ()
        self._ppk = ppks.of_gateway(talk)
        if self._ppk is None:
            raise Refused("the PPK for this peer is gone", _FAILED)
        return (Notify(_PROVEN, ppks.named(self._ppk) + ppks.confirmation(talk.sa, self._ppk)),)

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Mix it in where the responder has it; raises Refused where it has not and it is required."""
        ppk, (birth, _, _) = self._ppk, intermediate.material(talk.sa)
        if ppk is None:
            return None
        birth.ppk, answer = _NONE, message.notify(_NAMED)
        if answer is not None and ppks.id_of(answer.data) == ppk.id:
            ppks.mix(talk, ppk)
            intermediate.turn(talk.core, talk.sa)
        elif ppk.required:
            raise ppks.refused(talk, ppk.id, "the peer does not have this PPK, and it is required")
        return None

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Find a PPK that the initiator has, too."""
        birth, _, _ = intermediate.material(talk.sa)
        if birth.ppk is not PpkUse.INTERMEDIATE:
            return None
        shown = [one.data for one in message.notifies if one.type == _PROVEN]
        if not shown:
            return None
        birth.ppk = _NONE
        for data in shown[: ppks.MAX_SHOWN]:
            identity, confirmation = data[: -ppks.CONFIRMATION], data[-ppks.CONFIRMATION :]
            for ppk in ppks.called(talk, ppks.id_of(identity)):
                if compare_digest(confirmation, ppks.confirmation(talk.sa, ppk)):
                    self._ppk = ppk
                    ppks.mix(talk, ppk)
                    return None
        return None

    def write_response(self, talk: Talk) -> Iterable[Payload]:
        """Return the PPK_ID of the one that was found."""
        return (Notify(_NAMED, ppks.named(self._ppk)),) if self._ppk is not None else ()

    def answered(self, talk: Talk) -> None:
        """Go over to the new keys."""
        intermediate.turn(talk.core, talk.sa)


def _chosen(message: Incoming, intermediate: bool) -> PpkUse:
    if intermediate and message.notify(_INTERMEDIATE) is not None:
        return PpkUse.INTERMEDIATE
    return PpkUse.AUTH if message.notify(_AUTH) is not None else _NONE
