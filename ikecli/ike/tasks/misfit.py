"""ESP that went wrong, told to the end that sent it: INVALID_SELECTORS and INVALID_SPI (RFC 7296 3.10.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ikecli.ike import telling
from ikecli.ike.lifecycle import remove_child
from ikecli.ike.limits import SHOWN_OCTETS
from ikecli.ike.talk import Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.numbers import NotifyType, Protocol
from ikecli.wire.payloads import Notify, Payload

_SPI_SIZE: Final = 4


class Misfit(Task):
    """Says which packet did not fit the selectors of its SA, and hears the same of the peer.

    An SPI that the peer calls invalid in an IKE SA is of a Child SA that it has not: that goes, and traffic sets up
    another.
    """

    __slots__ = ()
    notifies = frozenset({NotifyType.INVALID_SELECTORS, NotifyType.INVALID_SPI})

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return the notify with the packet's start, for the SA that it came by."""
        (spi,) = talk.aim.spis
        return (Notify(NotifyType.INVALID_SELECTORS, talk.aim.octets, Protocol.ESP, spi.to_bytes(_SPI_SIZE, "big")),)

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Tell what the peer complains of, and drop the SAs that it does not have."""
        for notify in message.notifies:
            if notify.type == NotifyType.INVALID_SELECTORS:
                start = notify.data[:SHOWN_OCTETS].hex()
                name = notify.spi[:_SPI_SIZE].hex().upper()
                telling.progress(
                    talk, f"the peer got a packet on SPI 0x{name} that its selectors do not cover: {start}"
                )
            elif notify.type == NotifyType.INVALID_SPI:
                child = talk.sa.by_outbound(int.from_bytes(notify.data, "big"))
                if child is not None and len(notify.data) == _SPI_SIZE:
                    remove_child(talk.core, talk.sa, child, "the peer does not have it")
        return None
