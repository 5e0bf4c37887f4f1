"""Cookies and puzzles: the initiator proves its address, and works for an answer (RFC 7296 2.6, RFC 8019 7)."""

from __future__ import annotations

from collections.abc import Iterable

from ikecli.boundary.effects import Puzzle
from ikecli.boundary.events import Challenged
from ikecli.errors import Malformed, Unauthentic
from ikecli.ike import puzzles
from ikecli.ike.limits import MAX_COOKIE, MAX_PUZZLE, OWN_PUZZLE
from ikecli.ike.talk import Again, Incoming, Outcome, Talk, Wait
from ikecli.ike.tasks.base import Task
from ikecli.numbers import Exchange, NotifyType
from ikecli.wire.payloads import Notify, Payload, PuzzleSolution


class Cookie(Task):
    """Sends back the cookie that a responder asks for, with the puzzle solved, before everything else."""

    __slots__ = ("_cookie", "_solution")
    notifies = frozenset({NotifyType.COOKIE, NotifyType.PUZZLE})

    def __init__(self) -> None:
        self._cookie = b""
        self._solution: tuple[bytes, ...] = ()

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return the cookie, once there is one, and the solution, if there is one."""
        if self._cookie:
            yield Notify(NotifyType.COOKIE, self._cookie)
        if self._solution:
            yield PuzzleSolution(self._solution)

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Ask for another round when a new cookie came, after its puzzle."""
        notify, puzzle = message.notify(NotifyType.COOKIE), message.notify(NotifyType.PUZZLE)
        if notify is None:
            return None
        if not 0 < len(notify.data) <= MAX_COOKIE:
            raise Malformed(f"a cookie of {len(notify.data)} octets")
        if notify.data == self._cookie:
            raise Unauthentic("a cookie that was sent back already")
        question = ask(talk, puzzle, notify.data) if puzzle is not None else None
        if puzzle is None:
            talk.core.tell(Challenged, lambda: Challenged(talk.sa.number, talk.sa.session, str(talk.sa.remote)))
        self._cookie, self._solution = notify.data, ()
        return Again(Exchange.IKE_SA_INIT) if question is None else Wait(question)

    def resume(self, talk: Talk, reply: object) -> Outcome:
        """Go on with the solution, or with the cookie alone where there is none."""
        self._solution = reply if isinstance(reply, tuple) else ()
        return Again(Exchange.IKE_SA_INIT)


class PuzzleOfAuth(Task):
    """The puzzle that an IKE_SA_INIT response asks to have solved for IKE_AUTH (RFC 8019 7.2)."""

    __slots__ = ()

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Solve it before IKE_AUTH is written."""
        birth, puzzle = talk.sa.birth, message.notify(NotifyType.PUZZLE)
        if birth is None or puzzle is None:
            return None
        question = ask(talk, puzzle, puzzles.text_of(birth.nr, message.header.responder_spi))
        return None if question is None else Wait(question)

    def resume(self, talk: Talk, reply: object) -> Outcome:
        """Keep the solution."""
        if talk.sa.birth is not None and isinstance(reply, tuple):
            talk.sa.birth.solution = reply
        return None

    def write_response(self, talk: Talk) -> Iterable[Payload]:
        """Return the puzzle for an initiator that has solved one already, unless IKE_INTERMEDIATE comes before."""
        birth, suite = talk.sa.birth, talk.sa.suite
        if birth is not None and birth.intermediate:
            birth.puzzle = 0
        if birth is None or suite is None or not birth.puzzle:
            return ()
        return (Notify(NotifyType.PUZZLE, puzzles.write(suite.prf, birth.puzzle)),)


class Solution(Task):
    """Shows the solution in IKE_AUTH, outside of what is encrypted."""

    __slots__ = ()

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return PS, if there is a solution."""
        solution = talk.sa.birth.solution if talk.sa.birth is not None else ()
        return (PuzzleSolution(solution),) if solution else ()


def ask(talk: Talk, puzzle: Notify, text: bytes) -> Puzzle | None:
    """Return the puzzle as a question, or None for one that we do not solve."""
    sa, (row, bits) = talk.sa, puzzles.read(puzzle.data)
    ours = row is not None and bits <= MAX_PUZZLE
    name = row.name if row is not None else "an unknown PRF"
    talk.core.tell(Challenged, lambda: Challenged(sa.number, sa.session, str(sa.remote), name, bits, ours))
    return Puzzle(row, text, bits or OWN_PUZZLE) if row is not None and ours else None
