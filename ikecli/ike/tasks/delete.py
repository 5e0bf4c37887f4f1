"""Deleting SAs, at both ends (RFC 7296 1.4.1)."""

from __future__ import annotations

from collections.abc import Iterable

from ikecli.ike.lifecycle import remove_child, siblings, stop_sending
from ikecli.ike.limits import MAX_CHILDREN
from ikecli.ike.talk import Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.ike.window import Want
from ikecli.numbers import NotifyType, Protocol
from ikecli.wire.payloads import Delete, Notify, Payload


class DeleteIke(Task):
    """Deletes the IKE SA that the exchange runs in."""

    __slots__ = ()

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return D for the IKE SA."""
        return (Delete(Protocol.IKE),)

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Have the SA closed once the response is out."""
        if any(isinstance(one, Delete) and one.protocol == Protocol.IKE for one in message.payloads):
            talk.closing = "deleted by the peer"
        return None


class DeleteChild(Task):
    """Deletes Child SAs: each end names the direction that it receives on."""

    __slots__ = ("_spis",)

    def __init__(self) -> None:
        self._spis: list[bytes] = []

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return D with our inbound SPIs."""
        for spi in talk.aim.spis:
            if (child := talk.sa.children.get(spi)) is not None:
                stop_sending(talk.core, talk.sa, child)
        return (Delete(Protocol.ESP, tuple(spi.to_bytes(4, "big") for spi in talk.aim.spis)),)

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Take the SAs out; what the peer names in return is their other direction."""
        for spi in talk.aim.spis:
            if (child := talk.sa.children.get(spi)) is not None:
                remove_child(talk.core, talk.sa, child, "deleted from here")
        return None

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Take the SAs out, and note our directions of those that we are not deleting ourselves."""
        for payload in message.payloads:
            if not isinstance(payload, Delete) or payload.protocol != Protocol.ESP:
                continue
            for octets in payload.spis:
                self._remove(talk, int.from_bytes(octets, "big"))
        return None

    def write_response(self, talk: Talk) -> Iterable[Payload]:
        """Return D with our directions."""
        return (Delete(Protocol.ESP, tuple(self._spis)),) if self._spis else ()

    def _remove(self, talk: Talk, spi: int) -> None:
        """Remove one SA. The peer names one of another IKE SA when it has lost that, which is then looked into."""
        for sa in (talk.sa, *siblings(talk.core, talk.sa)):
            if (child := sa.by_outbound(spi)) is None:
                continue
            if sa is not talk.sa:
                sa.confirmed = False
                talk.core.want(sa, Want.LIVENESS)
            elif not child.deleting:
                self._spis.append(child.inbound.to_bytes(4, "big"))
            remove_child(talk.core, sa, child, "deleted by the peer")
            return
        for out in talk.sa.window.open:
            if len(out.talk.deleted) < MAX_CHILDREN:
                out.talk.deleted.append(spi)


class Refuse(Task):
    """Ends an IKE SA whose responder did not prove its identity (RFC 7296 2.21.2)."""

    __slots__ = ()
    notifies = frozenset({NotifyType.AUTHENTICATION_FAILED})

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return the notify."""
        return (Notify(NotifyType.AUTHENTICATION_FAILED),)

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Have the SA closed once the response is out."""
        if message.notify(NotifyType.AUTHENTICATION_FAILED) is not None:
            talk.closing = "the peer refused our authentication"
        return None
