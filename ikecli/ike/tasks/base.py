"""What a task is: one feature's part in an exchange.

The initiator of an exchange writes its request and reads the response, the responder reads and writes the reverse. A
task lives as long as its exchange. Message ids, retransmission and encryption are none of its business.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from ikecli.ike.talk import Incoming, Outcome, Talk
from ikecli.wire.payloads import Notify, Payload


class Task:
    """A task without effect, to be overridden where it has one.

    Reading raises Refused or Malformed to end the exchange with that error, and Unauthentic to have a message ignored
    that need not be the peer's. `notifies` are the types it reads; others are told as unknown. `kept` is the type of
    what `keep` returns, None for a task that carries nothing from its request to the response.
    """

    __slots__ = ()
    notifies: ClassVar[frozenset[int]] = frozenset()
    kept: ClassVar[Any] = None

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return its payloads of our request."""
        return ()

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Read the answer to our request."""
        return None

    def spurned(self, talk: Talk, error: Notify) -> None:
        """Tell of an error that this task reads, for which the peer ends the handshake instead of this task's part."""

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Read the peer's request."""
        return None

    def write_response(self, talk: Talk) -> Iterable[Payload]:
        """Return its payloads of our answer; called again with other results after `undone`."""
        return ()

    def resume(self, talk: Talk, reply: object) -> Outcome:
        """Go on with the reply to what it waited for: octets, or an exception or Failed that says why there is none."""
        return None

    def answered(self, talk: Talk) -> None:
        """Go on from our answer, which is sealed and on its way."""

    def keep(self) -> object:
        """Return as plain values what reading the response will need, for an exchange that moves to another engine."""
        return None

    def recall(self, talk: Talk, kept: Any) -> None:
        """Go on from what `keep` returned."""

    def undone(self, talk: Talk, why: str) -> None:
        """Take back what it installed, if it did: an effect of this exchange could not be performed."""
