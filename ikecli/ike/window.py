"""Message ids, our requests under way, the peer's being served, and answers kept for repetition (RFC 7296 2.1-2.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from ikecli.boundary.notices import Acquire
from ikecli.ike.limits import MAX_ANSWERS, MAX_QUEUED
from ikecli.value import value

if TYPE_CHECKING:
    from ikecli.ike.talk import Talk

UNSENT: Final = -1
"""The message id of a request that waits for room in the peer's window."""


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
    WINDOW = "window"
    INFORM = "configuration set"
    MISFIT = "misfit"


@value
class Aim:
    """What an exchange is about: a connection and the packet that asked for it, or Child SAs by inbound SPI.

    `octets` are the start of a packet that did not fit its SA.
    """

    connection: str = ""
    packet: Acquire | None = None
    spis: tuple[int, ...] = ()
    octets: bytes = b""


NO_AIM: Final = Aim()
"""Of exchanges that their SA says enough about."""
Entry = tuple[Want, Aim]


@dataclass(slots=True, eq=False)
class Outstanding:
    """A request of ours under way. `due` is when it is sent again; if `parked`, it is answered and an Ask is open."""

    want: Want
    talk: Talk
    message_id: int = UNSENT
    octets: bytes = b""
    attempt: int = 0
    due: float = 0.0
    parked: bool = False

    @property
    def waits(self) -> bool:
        """Whether it is sent and not answered."""
        return not self.parked and self.message_id != UNSENT


@dataclass(slots=True)
class Answer:
    """What answered a request of the peer, which is known again by its digest."""

    message_id: int
    request: bytes
    response: bytes


class Arrival(Enum):
    """What a request's message id says."""

    NEW = "new"
    REPEATED = "repeated"
    SERVED = "being worked on"
    OUTSIDE = "outside the window"


_NEW, _OUTSIDE = Arrival.NEW, Arrival.OUTSIDE


@dataclass(slots=True)
class Window:
    """Both directions' message ids of one IKE SA.

    `next_id` is of our next request; `size` is how far the peer lets us go beyond the first that it has not answered,
    `own` how far we let it go. `expected` is the peer's first that we have not answered; `answers` are kept until the
    peer's further requests show that it has them. `open` are our requests under way, `serving` the peer's.
    """

    next_id: int = 0
    size: int = 1
    expected: int = 0
    own: int = 1
    open: list[Outstanding] = field(default_factory=list)
    queue: list[Entry] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    serving: list[Talk] = field(default_factory=list)

    # The peer's requests

    def arrival(self, message_id: int, octets: bytes) -> Arrival:
        """Classify a request; one is repeated only when its octets are (RFC 7296 2.1)."""
        answer = self.answered(message_id)
        if answer is not None:
            known = bool(answer.response) and answer.request == digest(octets)
            return Arrival.REPEATED if known else Arrival.OUTSIDE
        if self.serving and any(talk.message_id == message_id for talk in self.serving):
            return Arrival.SERVED
        return _NEW if self.expected <= message_id < self.expected + self.own else _OUTSIDE

    def answered(self, message_id: int) -> Answer | None:
        """Return what answered a request, unless that is forgotten."""
        for answer in self.answers:
            if answer.message_id == message_id:
                return answer
        return None

    def begin(self, talk: Talk) -> None:
        """Take a new request, which shows that the peer has all answers that are a window before it."""
        self.serving.append(talk)
        self.answers = [answer for answer in self.answers if answer.message_id > talk.message_id - self.own]

    def end(self, talk: Talk) -> None:
        """Be done with a request."""
        if talk in self.serving:
            self.serving.remove(talk)

    def answer(self, message_id: int, request: bytes, response: bytes) -> None:
        """Keep the answer to a request, known by its digest, or another in its place.

        The oldest make room when all are too long.
        """
        known = self.answered(message_id)
        if known is not None:
            known.response = response
            return
        self.answers.append(Answer(message_id, request, response))
        if len(self.answers) == 1:
            self.expected += message_id == self.expected
            return
        while self.answered(self.expected) is not None:
            self.expected += 1
        excess = sum(len(answer.response) for answer in self.answers) - MAX_ANSWERS
        for answer in self.answers[:-1]:
            if excess <= 0:
                return
            excess -= len(answer.response)
            answer.response = b""

    # Ours

    @property
    def room(self) -> bool:
        """Whether the peer takes one more request now (RFC 7296 2.3)."""
        sent = [out.message_id for out in self.open if out.message_id != UNSENT]
        return self.next_id - min(sent, default=self.next_id) < self.size

    @property
    def busy(self) -> bool:
        """Whether an exchange of ours is under way or waits for its turn."""
        return bool(self.open or self.queue)

    @property
    def unanswered(self) -> int:
        """The message id of our first request that is not answered: the next one's where all are."""
        return min((out.message_id for out in self.open if out.message_id != UNSENT), default=self.next_id)

    @property
    def waiting(self) -> int:
        """How many exchanges and further rounds of ours wait for their turn."""
        return len(self.queue) + sum(out.message_id == UNSENT for out in self.open)

    @property
    def after_peer(self) -> int:
        """The message id after the last that the peer has used."""
        seen = (*(talk.message_id for talk in self.serving), *(answer.message_id for answer in self.answers))
        return max(self.expected, max(seen, default=-1) + 1)

    def take(self) -> int:
        """Return the message id of a new request."""
        self.next_id += 1
        return self.next_id - 1

    def want(self, want: Want, aim: Aim) -> bool:
        """Queue an exchange unless it is queued already; return whether there was room."""
        if (want, aim) in self.queue:
            return True
        if len(self.queue) >= MAX_QUEUED:
            return False
        self.queue.append((want, aim))
        return True

    def under_way(self, *wants: Want) -> Iterator[Outstanding]:
        """Yield our requests under way that are for one of these."""
        return (out for out in self.open if out.want in wants)

    def of(self, talk: Talk) -> Outstanding | None:
        """Return our request that an exchange is about, as long as it is under way."""
        return next((out for out in self.open if out.talk is talk), None)

    def awaiting(self, exchange: int, message_id: int) -> Outstanding | None:
        """Return our request that a response of this kind answers, if one is waited for."""
        for out in self.open:
            if out.waits and (out.message_id, out.talk.exchange) == (message_id, exchange):
                return out
        return None

    def rekeys(self, spi: int) -> Outstanding | None:
        """Return our request under way that rekeys the Child SA with this inbound SPI."""
        return next((out for out in self.under_way(Want.REKEY_CHILD) if out.talk.aim.spis == (spi,)), None)

    def wants(self, want: Want) -> bool:
        """Tell whether such an exchange is queued or under way."""
        return any(self.under_way(want)) or any(queued is want for queued, _ in self.queue)

    def drop(self) -> None:
        """Let all exchanges go, both ways; only answers stay."""
        self.queue.clear()
        self.open.clear()
        self.serving.clear()


def digest(octets: bytes) -> bytes:
    """Return what a request is recognised by when it comes again."""
    return sha256(octets).digest()
