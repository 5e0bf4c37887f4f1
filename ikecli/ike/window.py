"""Message ids, the request in flight and the answers kept for repetition: a window of one (RFC 7296 2.1-2.3)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from typing import TYPE_CHECKING

from ikecli.boundary.notices import Acquire
from ikecli.ike.limits import MAX_QUEUED

if TYPE_CHECKING:
    from ikecli.ike.talk import Talk


class Want(Enum):
    """What one of our exchanges is begun for; `occasions` says what each consists of."""

    CONNECT = "connect"
    INTERMEDIATE = "exchange further keys"
    AUTHENTICATE = "authenticate"
    REFUSE = "refuse"
    CHILD = "child"
    REKEY_CHILD = "rekey Child SA"
    REKEY_IKE = "rekey IKE SA"
    DELETE_IKE = "delete IKE SA"
    DELETE_CHILD = "delete Child SA"
    LIVENESS = "liveness"


@dataclass(frozen=True, slots=True)
class Aim:
    """What an exchange is about: a connection and the packet that asked for it, or Child SAs by inbound SPI."""

    connection: str = ""
    packet: Acquire | None = None
    spis: tuple[int, ...] = ()


@dataclass(slots=True)
class Outstanding:
    """A request of ours that waits for its answer. `due` is when it is sent again; if `parked`, an Ask is open.

    `deleted` are SPIs that the peer deleted meanwhile and that we do not know: perhaps of the SA that is being made.
    `crossed` is the lowest nonce of the peer's rekey of the same Child SA, when there is one.
    """

    want: Want
    talk: Talk
    message_id: int
    octets: bytes = b""
    attempt: int = 0
    due: float = 0.0
    parked: bool = False
    deleted: list[int] = field(default_factory=list)
    crossed: bytes = b""


class Arrival(Enum):
    """What a request's message id says."""

    NEW = "new"
    REPEATED = "repeated"
    OUTSIDE = "outside the window"


@dataclass(slots=True)
class Window:
    """Both directions' message ids of one IKE SA.

    `next_id` is of our next request, `expected` of the peer's; `response` answers the request before, whose digest is
    `answered`. `serving` is a request whose answer waits for an Ask.
    """

    next_id: int = 0
    expected: int = 0
    outstanding: Outstanding | None = None
    queue: deque[tuple[Want, Aim]] = field(default_factory=deque)
    answered: bytes = b""
    response: bytes = b""
    serving: Talk | None = None

    def arrival(self, message_id: int, octets: bytes) -> Arrival:
        """Classify a request; one is repeated only when its octets are (RFC 7296 2.1)."""
        if message_id == self.expected:
            return Arrival.NEW
        if message_id == self.expected - 1 and self.response and digest(octets) == self.answered:
            return Arrival.REPEATED
        return Arrival.OUTSIDE

    def answer(self, request: bytes, response: bytes) -> None:
        """Keep the answer to a new request, and expect the next."""
        self.expected += 1
        self.answered, self.response = digest(request), response

    def want(self, want: Want, aim: Aim) -> bool:
        """Queue an exchange unless it is queued already; return whether there was room."""
        if (want, aim) in self.queue:
            return True
        if len(self.queue) >= MAX_QUEUED:
            return False
        self.queue.append((want, aim))
        return True

    def rekeys(self, spi: int) -> Outstanding | None:
        """Return our request in flight that rekeys the Child SA with this inbound SPI."""
        out = self.outstanding
        return out if out is not None and out.want is Want.REKEY_CHILD and out.talk.aim.spis == (spi,) else None

    def wants(self, want: Want) -> bool:
        """Tell whether such an exchange is queued or in flight."""
        in_flight = self.outstanding is not None and self.outstanding.want is want
        return in_flight or any(queued is want for queued, _ in self.queue)


def digest(octets: bytes) -> bytes:
    """Return what a request is recognised by when it comes again."""
    return sha256(octets).digest()
