"""One exchange as its tasks see it, and what they may read of a message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from ikecli.boundary.effects import Effect, Question
from ikecli.errors import Malformed
from ikecli.ike.window import Aim, Want
from ikecli.numbers import Exchange
from ikecli.value import value
from ikecli.wire import Header
from ikecli.wire.payloads import Notify, Payload

if TYPE_CHECKING:
    from ikecli.ike.core import Core
    from ikecli.ike.sa import ChildSa, IkeSa
    from ikecli.ike.tasks.base import Task

P = TypeVar("P", bound=Payload)


class Incoming:
    """A message in the clear: its header, all payloads, its notifies among them, and the octets as they came.

    `firsts` has the first payload of each kind.
    """

    __slots__ = ("firsts", "header", "notifies", "octets", "payloads")

    def __init__(self, header: Header, payloads: Sequence[Payload], octets: bytes) -> None:
        self.header = header
        self.payloads = payloads
        self.octets = octets
        self.notifies = [payload for payload in payloads if type(payload) is Notify]
        self.firsts: dict[type[Payload], Any] = {type(payload): payload for payload in reversed(payloads)}

    def one(self, kind: type[P]) -> P | None:
        """Return the first payload of a kind, or None."""
        found: P | None = self.firsts.get(kind)
        return found

    def need(self, kind: type[P]) -> P:
        """Return the payload of a kind; raises Malformed without one."""
        found: P | None = self.firsts.get(kind)
        if found is None:
            raise Malformed(f"no {kind.__name__} payload")
        return found

    def notify(self, type: int) -> Notify | None:
        """Return the first notify of a type, or None."""
        for one in self.notifies:
            if one.type == type:
                return one
        return None

    @property
    def error(self) -> Notify | None:
        """The first notify that reports an error, or None."""
        for one in self.notifies:
            if one.is_error:
                return one
        return None


@value
class Again:
    """A task's answer: another round of the same tasks, in this exchange."""

    exchange: Exchange


@value
class Wait:
    """A task's answer: it needs to know this first, and goes on in `resume`."""

    question: Question


Outcome = Again | Wait | None
"""What a task says after reading: None when it is done."""


@dataclass(slots=True, eq=False)
class Talk:
    """One exchange, request and response: the SA, the shared state, and its tasks.

    `asking` says that the request is ours, `round` counts its rounds from 0, `at` is the task that reads next. A task
    that sets `closing` has the SA gone once the response is sent or read, for the reason it gives. `message` is what is
    read, `want` what it is for, `replaces` the Child SA that is rekeyed, `heir` the IKE SA that a rekey made.
    `rivalled` says that the peer has made one for the same connection meanwhile. `deleted` are SPIs that the peer has
    deleted meanwhile and that we do not know: perhaps of the SA that is being made. `crossed` is the lowest nonce of
    the peer's rekey of the same Child SA, when there is one. `barred`
    says why no Child SA may come of this exchange.
    """

    core: Core
    sa: IkeSa
    exchange: Exchange
    asking: bool
    aim: Aim
    tasks: tuple[Task, ...]
    round: int = 0
    at: int = 0
    closing: str = ""
    message: Incoming | None = None
    replaces: ChildSa | None = None
    rivalled: bool = False
    want: Want | None = None
    heir: IkeSa | None = None
    deleted: list[int] = field(default_factory=list)
    crossed: bytes = b""
    barred: str = ""

    @property
    def message_id(self) -> int:
        """The message id of the request that is served."""
        return self.message.header.message_id if self.message else -1

    def owns(self, kind: int) -> bool:
        """Tell whether some task reads notifies of this type."""
        return any(kind in task.notifies for task in self.tasks)

    @property
    def now(self) -> float:
        """The time."""
        return self.core.now

    def random(self, size: int) -> bytes:
        """Return random octets."""
        return self.core.random(size)

    def do(self, effect: Effect) -> None:
        """Add an effect; those of a responder's tasks come before its response."""
        self.core.do(effect)
