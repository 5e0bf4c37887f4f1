"""Exchanges that we begin: one at a time in each IKE SA, sent again until answered or given up (RFC 7296 2.1, 2.4)."""

from __future__ import annotations

from typing import Final

from ikecli.boundary.events import GaveUp, NotifyReceived, Retransmitted
from ikecli.errors import Malformed, ProtocolError, Unauthentic
from ikecli.ike import keys, messages, shapes
from ikecli.ike.connect import next_peer
from ikecli.ike.core import Core
from ikecli.ike.lifecycle import close, delete, establish
from ikecli.ike.limits import (
    CONFIRM_RETRANSMISSION,
    DPD_ATTEMPTS,
    HOLD_OFF_SECONDS,
    MAX_INIT_ROUNDS,
    RETRANSMISSION,
    SHOWN_OCTETS,
)
from ikecli.ike.occasions import OCCASIONS
from ikecli.ike.sa import IkeSa, State
from ikecli.ike.talk import Again, Incoming, Outcome, Talk, Wait
from ikecli.ike.window import Aim, Outstanding, Want
from ikecli.numbers import Exchange, NotifyType, label
from ikecli.wire import Header, Sealed
from ikecli.wire.payloads import Authentication

_STATES: Final = {
    Want.CONNECT: (State.CONNECTING,),
    Want.AUTHENTICATE: (State.CONNECTING,),
    Want.DELETE_IKE: (State.DELETING,),
    Want.REFUSE: (State.DELETING,),
    Want.CHILD: (State.ESTABLISHED,),
    Want.REKEY_CHILD: (State.ESTABLISHED,),
    Want.REKEY_IKE: (State.ESTABLISHED,),
    Want.DELETE_CHILD: (State.ESTABLISHED,),
    Want.LIVENESS: (State.ESTABLISHED,),
}
"""The states in which each exchange may begin; it waits in others."""


def pump(core: Core, sa: IkeSa) -> None:
    """Begin exchanges that wait, as far as none is in flight and there are keys."""
    window = sa.window
    while window.queue and window.outstanding is None and sa.state in _STATES[window.queue[0][0]]:
        if window.queue[0][0] is not Want.CONNECT and not _ready(core, sa):
            return
        want, aim = window.queue.popleft()
        occasion = OCCASIONS[want]
        talk = Talk(core, sa, occasion.exchange, True, aim, tuple(task() for task in occasion.tasks))
        window.outstanding = Outstanding(want, talk, window.next_id)
        if want is Want.AUTHENTICATE:
            sa.move(State.AUTHENTICATING)
        _write(core, sa, window.outstanding)


def expects(sa: IkeSa, exchange: int, message_id: int) -> bool:
    """Tell whether a response of this kind is waited for."""
    out = sa.window.outstanding
    return out is not None and not out.parked and (out.talk.exchange, out.message_id) == (exchange, message_id)


def response(core: Core, sa: IkeSa, message: Incoming) -> None:
    """Take the response that is waited for; raises ProtocolError for one that is to be ignored."""
    out = sa.window.outstanding
    if out is None:
        return
    out.talk.message = message
    try:
        shapes.check(message)
        for notify in message.notifies:
            tell_unknown(out.talk, message, notify.type, notify.data)
        _read(core, sa, out)
    except ProtocolError as problem:
        if isinstance(problem, Unauthentic) or (isinstance(problem, Malformed) and sa.state is State.CONNECTING):
            raise
        _fail(core, sa, out, problem)


def sealed_response(core: Core, sa: IkeSa, octets: bytes, header: Header, sealed: Sealed) -> None:
    """Open the response that is waited for and take it; raises Unauthentic when the peer did not send it."""
    out = sa.window.outstanding
    try:
        message = messages.read_sealed(sa, octets, header, sealed)
    except ProtocolError as problem:
        if problem.notify is None or out is None:
            raise
        _fail(core, sa, out, problem)
        return
    messages.note_received(core, sa, message)
    sa.heard, sa.confirmed = core.now, True
    response(core, sa, message)


def resume(core: Core, talk: Talk, reply: object) -> None:
    """Go on with an exchange whose Ask is answered, or will not be."""
    sa, out = talk.sa, talk.sa.window.outstanding
    if out is None or out.talk is not talk:
        return
    out.parked = False
    try:
        if not _goes_on(core, sa, out, talk.tasks[talk.at - 1].resume(talk, reply)):
            _read(core, sa, out)
    except ProtocolError as problem:
        _fail(core, sa, out, problem)


def retransmit(core: Core, sa: IkeSa, out: Outstanding) -> None:
    """Send a request again, or give the peer up."""
    talk, waits = out.talk, _schedule(core, sa, out.want)
    exchange, remote = label(Exchange, talk.exchange), str(sa.remote)
    out.attempt += 1
    if out.attempt < len(waits):
        out.due = core.now + waits[out.attempt]
        event = Retransmitted(sa.number, sa.session, exchange, out.message_id, out.attempt, remote)
        core.tell(Retransmitted, lambda: event)
        messages.send(core, sa, out.octets)
        return
    core.tell(
        GaveUp, lambda: GaveUp(sa.number, sa.session, exchange, out.message_id, out.attempt, remote, str(sa.local))
    )
    aim, peers = (sa.birth.aim, sa.birth.peers) if sa.birth else (Aim(), ())
    close(core, sa, "the peer does not answer", linger=False)
    next_peer(core, aim, peers)


def _ready(core: Core, sa: IkeSa) -> bool:
    try:
        return keys.ready(core, sa)
    except ProtocolError as problem:
        close(core, sa, problem.why, linger=False)
        return False


def _schedule(core: Core, sa: IkeSa, want: Want) -> tuple[float, ...]:
    profile = core.lookup.profiles.get(sa.profile)
    if want is not Want.LIVENESS:
        return OCCASIONS[want].schedule
    if not sa.confirmed:
        return CONFIRM_RETRANSMISSION
    return (float(profile.dpd.retry),) * DPD_ATTEMPTS if profile and profile.dpd else RETRANSMISSION


def _write(core: Core, sa: IkeSa, out: Outstanding) -> None:
    """Write and send a round's request."""
    talk = out.talk
    try:
        payloads = [payload for task in talk.tasks for payload in task.write_request(talk)]
    except ProtocolError as problem:
        _fail(core, sa, out, problem)
        return
    if not payloads and talk.exchange != Exchange.INFORMATIONAL:
        sa.window.outstanding = None
        return
    out.octets = messages.write(core, sa, talk.exchange, out.message_id, False, payloads)
    if out.want is Want.CONNECT and sa.birth is not None:
        sa.birth.request = out.octets
    out.attempt = 0
    out.due = core.now + _schedule(core, sa, out.want)[0]
    messages.send(core, sa, out.octets)


def _read(core: Core, sa: IkeSa, out: Outstanding) -> None:
    """Have the tasks that have not done so read the response."""
    talk = out.talk
    while talk.at < len(talk.tasks) and talk.message is not None:
        task = talk.tasks[talk.at]
        try:
            outcome = task.read_response(talk, talk.message)
        except ProtocolError:
            talk.at = 0
            raise
        talk.at += 1
        if _goes_on(core, sa, out, outcome):
            return
    sa.window.outstanding = None
    sa.window.next_id = out.message_id + 1
    _finish(core, sa, out)


def _goes_on(core: Core, sa: IkeSa, out: Outstanding, outcome: Outcome) -> bool:
    """Do what a task says that is not done yet; return whether there is such."""
    talk = out.talk
    if isinstance(outcome, Wait):
        out.parked = True
        core.ask(sa, outcome.question, talk)
        return True
    if not isinstance(outcome, Again):
        return False
    talk.at, talk.exchange = 0, outcome.exchange
    talk.round += 1
    if outcome.exchange != Exchange.IKE_SA_INIT:
        out.message_id += 1
    elif talk.round >= MAX_INIT_ROUNDS:
        _fail(core, sa, out, Malformed(f"{MAX_INIT_ROUNDS} rounds of IKE_SA_INIT"))
        return True
    _write(core, sa, out)
    return True


def _finish(core: Core, sa: IkeSa, out: Outstanding) -> None:
    """Go on from a finished exchange."""
    core.touch(sa)
    message = out.talk.message
    if out.want is Want.CONNECT and sa.birth is not None and message is not None:
        sa.birth.response = message.octets
        sa.window.queue.appendleft((Want.AUTHENTICATE, out.talk.aim))
    elif out.want is Want.AUTHENTICATE:
        establish(core, sa)
        if out.talk.closing:
            delete(core, sa)
    elif out.want in (Want.DELETE_IKE, Want.REFUSE):
        close(core, sa, "deleted from here", linger=False)
    elif message is not None and message.notify(NotifyType.INVALID_SYNTAX) is not None:
        close(core, sa, "the peer could not read our message", linger=False)


def _fail(core: Core, sa: IkeSa, out: Outstanding, problem: ProtocolError) -> None:
    """End an exchange that went wrong, and the SA: the peer is told where it believes that both are authenticated."""
    message, sa.window.outstanding = out.talk.message, None
    core.touch(sa)
    if sa.birth is not None:
        core.hold_off[sa.birth.aim.connection] = core.now + HOLD_OFF_SECONDS
    ours = message is not None and (message.error is None or message.one(Authentication) is not None)
    if out.want is not Want.AUTHENTICATE or not ours:
        close(core, sa, problem.why, linger=False)
        return
    sa.window.next_id = out.message_id + 1
    sa.window.queue.clear()
    sa.move(State.DELETING)
    core.want(sa, Want.REFUSE)


def tell_unknown(talk: Talk, message: Incoming, kind: int, data: bytes) -> None:
    if kind in talk.owned:
        return
    sa, exchange = talk.sa, label(Exchange, message.header.exchange)
    shown = data[:SHOWN_OCTETS].hex()
    talk.core.tell(
        NotifyReceived, lambda: NotifyReceived(sa.number, sa.session, exchange, label(NotifyType, kind), shown)
    )
