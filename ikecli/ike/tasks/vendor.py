"""Vendor IDs: Cisco's mark of ends that route into their tunnels, whatever the addresses inside are (RFC 7296 3.12)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ikecli.ike.talk import Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.wire.payloads import Payload, VendorId

FLEXVPN: Final = b"FLEXVPN-SUPPORTED"


class Vendor(Task):
    """Says so where a connection asks for settings, and where the peer said so first."""

    __slots__ = ()

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return the mark of a connection that asks for settings."""
        connection = talk.core.lookup.connections.get(talk.aim.connection)
        return (VendorId(FLEXVPN),) if connection is not None and connection.asks is not None else ()

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Note whether the peer is such an end."""
        talk.sa.routed = _marked(message)
        return None

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Note whether the peer is such an end."""
        talk.sa.routed = _marked(message)
        return None

    def write_response(self, talk: Talk) -> Iterable[Payload]:
        """Return the mark to a peer that has it, where peers get tunnels of their own."""
        return (VendorId(FLEXVPN),) if talk.sa.routed and talk.core.lookup.intent.templates else ()


def _marked(message: Incoming) -> bool:
    if message.one(VendorId) is None:
        return False
    return any(isinstance(one, VendorId) and one.data == FLEXVPN for one in message.payloads)
