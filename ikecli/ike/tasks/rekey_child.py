"""Which Child SA a new one replaces (RFC 7296 1.3.3, 2.8, 2.25.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ikecli.errors import Refused
from ikecli.ike import rekeying
from ikecli.ike.lifecycle import delete, remove_child
from ikecli.ike.talk import Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.ike.window import Aim, Want
from ikecli.numbers import Exchange, NotifyType, Protocol
from ikecli.wire.payloads import Notify, Payload

_SPI_SIZE: Final = 4


class RekeyChild(Task):
    """Names the Child SA that is rekeyed; the task that sets up the new one goes by `talk.replaces`."""

    __slots__ = ()
    notifies = frozenset({NotifyType.REKEY_SA, NotifyType.CHILD_SA_NOT_FOUND})

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return N(REKEY_SA), or nothing for an SA that is gone or replaced by now, or in what follows."""
        if talk.exchange == Exchange.IKE_FOLLOWUP_KE:
            return ()
        old, talk.replaces = talk.sa.children.get(talk.aim.spis[0]), None
        if old is None or old.deleting or rekeying.is_replaced(talk.sa, old):
            return ()
        if old.connection not in talk.core.lookup.connections:
            return ()
        talk.replaces = old
        return (Notify(NotifyType.REKEY_SA, b"", Protocol.ESP, old.inbound.to_bytes(_SPI_SIZE, "big")),)

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Drop what the peer does not have, and begin anew; end an IKE SA whose peer makes no further SAs."""
        old, sa, core = talk.replaces, talk.sa, talk.core
        if old is None or sa.children.get(old.inbound) is not old or old.deleting:
            return None
        if message.notify(NotifyType.CHILD_SA_NOT_FOUND) is not None:
            anew = not rekeying.is_replaced(sa, old)
            remove_child(core, sa, old, "the peer does not have it")
            if anew:
                core.want(sa, Want.CHILD, Aim(old.connection))
        elif message.notify(NotifyType.NO_ADDITIONAL_SAS) is not None:
            delete(core, sa)
        return None

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Find the SA that the peer wants to replace: one that sends with the SPI that it names."""
        named = message.notify(NotifyType.REKEY_SA)
        if named is None:
            return None
        old = talk.sa.by_outbound(int.from_bytes(named.spi, "big"))
        if named.protocol != Protocol.ESP or len(named.spi) != _SPI_SIZE:
            raise Refused("no Child SA can have the SPI that is to be rekeyed", NotifyType.CHILD_SA_NOT_FOUND)
        if old is None and any(talk.sa.window.under_way(Want.CHILD, Want.REKEY_CHILD)):
            raise Refused("the Child SA may be the one that is being made", NotifyType.TEMPORARY_FAILURE)
        if old is None:
            raise Refused("no Child SA has the SPI that is to be rekeyed", NotifyType.CHILD_SA_NOT_FOUND)
        rekeying.admit(talk, old)
        talk.replaces = old
        return None
