"""NAT detection, and the move to port 4500 (RFC 7296 2.23)."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha1

from ikecli.boundary.effects import Endpoint
from ikecli.ike import telling
from ikecli.ike.talk import Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.numbers import NAT_PORT, NotifyType
from ikecli.wire.payloads import Notify, Payload

_SOURCE, _DESTINATION = NotifyType.NAT_DETECTION_SOURCE_IP, NotifyType.NAT_DETECTION_DESTINATION_IP


class NatDetection(Task):
    """Tells the peer which addresses we see, and compares what it sees."""

    __slots__ = ()
    notifies = frozenset({_SOURCE, _DESTINATION})

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return a hash of each end, if translations are looked for.

        Where ESP is to go in UDP in any case, that of our own is one that no peer can see.
        """
        sa = talk.sa
        if not _looked_for(talk):
            return ()
        source = Endpoint(sa.local.address, 0) if _forced(talk) else sa.local
        return (
            Notify(_SOURCE, _hash(sa.spi_i, sa.spi_r, source)),
            Notify(_DESTINATION, _hash(sa.spi_i, sa.spi_r, sa.remote)),
        )

    write_response = write_request

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Note which end is behind a NAT; the initiator changes ports, we follow."""
        self._compare(talk, message)
        return None

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Note which end is behind a NAT, and go on from port 4500 if one is."""
        sa = talk.sa
        self._compare(talk, message)
        if sa.nat:
            talk.core.relocate(sa, Endpoint(sa.local.address, NAT_PORT), Endpoint(sa.remote.address, NAT_PORT))
        return None

    def _compare(self, talk: Talk, message: Incoming) -> None:
        sa, header = talk.sa, message.header
        sources = [one.data for one in message.notifies if one.type == _SOURCE]
        destination = message.notify(_DESTINATION)
        if not sources or destination is None or not _looked_for(talk):
            return
        spi_i, spi_r = header.initiator_spi, header.responder_spi
        theirs, ours = _hash(spi_i, spi_r, sa.remote), _hash(spi_i, spi_r, sa.local)
        sa.nat_remote = theirs not in sources
        sa.nat_local = _forced(talk) or ours != destination.data
        telling.nat_checked(talk)


def _looked_for(talk: Talk) -> bool:
    lookup = talk.core.lookup
    if not lookup.some_direct:
        return lookup.intent.nat_traversal
    return lookup.intent.nat_traversal and not lookup.direct(talk.sa.remote.address, talk.aim.connection)


def _forced(talk: Talk) -> bool:
    lookup = talk.core.lookup
    return lookup.encapsulating and lookup.encapsulates(talk.sa.remote.address)


def _hash(spi_i: bytes, spi_r: bytes, end: Endpoint) -> bytes:
    return sha1(spi_i + spi_r + end.octets, usedforsecurity=False).digest()
