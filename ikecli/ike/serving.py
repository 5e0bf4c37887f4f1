"""Requests of peers: read once, answered once, the answer kept for repetition (RFC 7296 2.1, 2.21)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import call
from typing import Final

from ikecli.boundary.effects import Datagram, Direction, Endpoint, Update
from ikecli.errors import ProtocolError
from ikecli.ike import access, admission, challenge, heirs, hints, messages, puzzles, shapes
from ikecli.ike.core import Core
from ikecli.ike.exchanges import tell_unknown
from ikecli.ike.lifecycle import close, establish
from ikecli.ike.limits import HALF_OPEN_SECONDS
from ikecli.ike.occasions import SERVED
from ikecli.ike.sa import Birth, IkeSa, State
from ikecli.ike.talk import Incoming, Talk, Wait
from ikecli.ike.tasks.base import Task
from ikecli.ike.window import NO_AIM, Arrival, digest
from ikecli.numbers import Exchange, NotifyType
from ikecli.wire import Header, Message, Sealed
from ikecli.wire.payloads import Notify, Payload

_INIT, _AUTH = Exchange.IKE_SA_INIT, Exchange.IKE_AUTH
_SPARE: Final = State.SPARE
_NO_PROOF, _PUZZLE = challenge.Proof.NOTHING, challenge.Proof.PUZZLE

_EXCHANGES: Final = {int(exchange): exchange for exchange in SERVED}
_GOES_ON: Final = frozenset(
    exchange for exchange, kinds in SERVED.items() if any(kind.answered is not Task.answered for kind in kinds)
)
"""Exchanges with a task that does something once our answer is on its way."""
_BEFORE_AUTH: Final = frozenset({Exchange.IKE_INTERMEDIATE, Exchange.IKE_AUTH})
"""Encrypted exchanges of an IKE SA that is not authenticated."""


def first(core: Core, datagram: Datagram, message: Message) -> None:
    """Take an IKE_SA_INIT request: answer it anew, again, or not at all.

    It is known by all of its octets: one with another group or a cookie is another request (RFC 7296 2.1).
    """
    header, request = message.header, digest(datagram.octets)
    sa = core.by_request.get((datagram.remote.octets, request))
    if sa is not None:
        answer = sa.window.answered(header.message_id)
        if answer is not None and sa.window.arrival(header.message_id, datagram.octets) is Arrival.REPEATED:
            messages.send(core, sa, answer.response)
        else:
            core.drop(datagram, "an IKE_SA_INIT request for an SA that has gone on")
    elif header.initiator_spi in core.by_spi:
        core.drop(datagram, "an IKE_SA_INIT request of our own that came back")
    elif header.message_id or not any(header.initiator_spi) or not header.initiator:
        core.drop(datagram, "an IKE_SA_INIT request with a wrong header")
    elif core.closing:
        core.drop(datagram, "the engine is shutting down")
    else:
        _admit(core, datagram, Incoming(header, message.payloads, datagram.octets), request)


def request(core: Core, sa: IkeSa, datagram: Datagram, header: Header, sealed: Sealed) -> None:
    """Take an encrypted request that is new; raises Unauthentic when the peer did not send it."""
    exchange = _EXCHANGES[header.exchange]
    talk = Talk(core, sa, exchange, False, NO_AIM, tuple(map(call, SERVED[exchange])))
    problem: ProtocolError | None = None
    try:
        talk.message = messages.read_sealed(sa, datagram.octets, header, sealed)
        messages.note_received(core, sa, talk.message)
    except ProtocolError as error:
        if error.notify is None:
            raise
        talk.message, problem = Incoming(header, (), datagram.octets), error
    sa.heard, sa.confirmed = core.now, True
    core.touch(sa)
    sa.window.begin(talk)
    _follow(core, sa, datagram, exchange)
    if sa.state is _SPARE:
        heirs.settled(core, sa, talk.message.payloads)
    if problem is not None:
        _refuse(core, talk, problem)
        return
    _run(core, talk)


def waits(talk: Talk | None) -> bool:
    """Tell whether a request of the peer's is still served."""
    return talk is not None and any(one is talk for one in talk.sa.window.serving)


def resume(core: Core, talk: Talk, reply: object) -> None:
    """Go on with a request whose Ask is answered, or will not be."""
    if not waits(talk):
        return
    try:
        talk.tasks[talk.at - 1].resume(talk, reply)
    except ProtocolError as problem:
        _refuse(core, talk, problem)
        return
    _run(core, talk)


def answer_again(core: Core, talk: Talk) -> None:
    """Answer a request anew whose first answer never left, because an effect before it could not be performed."""
    sa = talk.sa
    if talk.message is None or sa.state is State.CLOSED:
        return
    payloads = [payload for task in talk.tasks for payload in task.write_response(talk)]
    response = messages.write(core, sa, talk.exchange, talk.message_id, True, payloads)
    sa.window.answer(talk.message_id, digest(talk.message.octets), response)
    messages.send(core, sa, response)


def _admit(core: Core, datagram: Datagram, message: Incoming, known: bytes) -> None:
    """Begin an SA where there is room; where there are many half-open ones, only for a cookie, which makes room."""
    proof = _NO_PROOF
    if challenge.wanted(core, datagram.remote):
        proof, asked = challenge.judge(core, datagram, message)
        if asked:
            core.counts.message(message.header.exchange, False, True, message.notifies)
            hints.answer(core, datagram, message.header, *asked)
            return
        if admission.ike(core, own=False) is not None and (oldest := core.waiting.oldest(proof)) is not None:
            close(core, oldest, "given up for an initiator that returned its cookie", linger=False)
    if (full := admission.ike(core, own=False)) is not None:
        admission.turn_away(core, datagram, full)
    else:
        _first(core, datagram, message, known, proof)


def _first(core: Core, datagram: Datagram, message: Incoming, known: bytes, proof: challenge.Proof) -> None:
    spi, bits = message.header.initiator_spi, puzzles.difficulty(core) if proof is _PUZZLE else 0
    birth = Birth(NO_AIM)
    birth.puzzle = bits
    sa = core.add(False, datagram.local, datagram.remote, spi, birth, known, datagram.vrf)
    core.waiting.add(sa, proof)
    sa.ends = core.now + HALF_OPEN_SECONDS
    tasks = tuple(map(call, SERVED[_INIT]))
    talk = Talk(core, sa, _INIT, False, NO_AIM, tasks)
    talk.message = message
    messages.note_received(core, sa, message)
    try:
        shapes.check(message)
        tell_unknown(talk, message)
        for task in tasks:
            task.read_request(talk, message)
        payloads = [payload for task in tasks for payload in task.write_response(talk)]
    except ProtocolError as problem:
        close(core, sa, problem.why, linger=False)
        hints.refuse_first(core, datagram, message.header, problem)
        return
    response = messages.write(core, sa, _INIT, 0, True, payloads)
    sa.window.answer(0, known, response)
    if sa.birth is not None:
        sa.birth.request, sa.birth.response = message.octets, response
    messages.send(core, sa, response)


def _run(core: Core, talk: Talk) -> None:
    """Have the tasks that have not done so read the request, then answer it."""
    message = talk.message
    if message is None:
        return
    try:
        if talk.at == 0:
            shapes.check(message)
            tell_unknown(talk, message)
        for at, task in enumerate(talk.tasks[talk.at :], talk.at + 1):
            outcome = task.read_request(talk, message)
            if outcome is not None and isinstance(outcome, Wait):
                talk.at = at
                core.ask(talk.sa, outcome.question, talk)
                return
        payloads = [payload for task in talk.tasks for payload in task.write_response(talk)]
    except ProtocolError as problem:
        _refuse(core, talk, problem)
        return
    _answer(core, talk, payloads)
    for task in talk.tasks if talk.exchange in _GOES_ON else ():
        task.answered(talk)
    if talk.closing:
        heirs.bequeath(core, talk.sa)
        close(core, talk.sa, talk.closing)
    elif talk.exchange == _AUTH:
        establish(core, talk.sa)


def _refuse(core: Core, talk: Talk, problem: ProtocolError) -> None:
    """Answer with an error; a malformed message, or any error before authentication, ends the SA."""
    notify = problem.notify or NotifyType.INVALID_SYNTAX
    fatal = talk.exchange in _BEFORE_AUTH or notify is NotifyType.INVALID_SYNTAX
    for task in talk.tasks:
        task.undone(talk, problem.why)
    _answer(core, talk, (Notify(notify, problem.data),))
    if fatal:
        close(core, talk.sa, problem.why)


def _answer(core: Core, talk: Talk, payloads: Sequence[Payload]) -> None:
    sa, message = talk.sa, talk.message
    sa.window.end(talk)
    if message is None:
        return
    number = message.header.message_id
    response = messages.write(core, sa, talk.exchange, number, True, payloads)
    sa.window.answer(number, digest(message.octets), response)
    messages.send(core, sa, response)


def _follow(core: Core, sa: IkeSa, datagram: Datagram, exchange: Exchange) -> None:
    """Note where the peer is now: it may change ports before it is authenticated, a NAT may later (RFC 7296 2.23)."""
    if (datagram.local, datagram.remote) == (sa.local, sa.remote):
        return
    if exchange in _BEFORE_AUTH or (sa.nat_remote and sa.state is State.ESTABLISHED):
        move(core, sa, datagram.local, datagram.remote)


def move(core: Core, sa: IkeSa, local: Endpoint, remote: Endpoint) -> None:
    """Move an IKE SA and what it carries to other endpoints."""
    core.relocate(sa, local, remote)
    access.move(core, sa)
    for child in sa.children.values():
        core.do(Update(Direction.INBOUND, child.inbound, child.outbound, local, remote, child.encapsulated))
        if child.held is not None:
            child.held = replace(child.held, local=local, remote=remote)
        elif child.sends:
            core.do(Update(Direction.OUTBOUND, child.outbound, child.inbound, local, remote, child.encapsulated))
