"""Exchanges that we begin, as many as the peer's window takes: sent until answered or given up (RFC 7296 2.1-2.4)."""

from __future__ import annotations

from functools import partial
from operator import call

from ikecli.boundary.effects import Datagram, Tell
from ikecli.boundary.events import ErrorUnproven, GaveUp, NotifyReceived, Retransmitted, Unsent
from ikecli.errors import Malformed, ProtocolError, Refused, Unauthentic
from ikecli.ike import intermediate, keys, messages, rules, shapes, telling
from ikecli.ike.connect import hold_off, keep_up, next_peer, over
from ikecli.ike.core import Core
from ikecli.ike.lifecycle import close, delete, establish
from ikecli.ike.limits import (
    CONFIRM_RETRANSMISSION,
    DPD_ATTEMPTS,
    LAST_MESSAGE_ID,
    MAX_INIT_ROUNDS,
    PATH_ATTEMPTS,
    RETRANSMISSION,
    SHOWN_OCTETS,
    UNPROVEN_SECONDS,
)
from ikecli.ike.occasions import OCCASIONS
from ikecli.ike.rekeying import note_answer
from ikecli.ike.renewal import renewed
from ikecli.ike.sa import IkeSa, State
from ikecli.ike.talk import Again, Incoming, Outcome, Talk, Wait
from ikecli.ike.window import NO_AIM, UNSENT, Outstanding, Want
from ikecli.numbers import Exchange, NotifyType, label
from ikecli.wire import Header, Sealed, cut
from ikecli.wire.payloads import Authentication


def pump(core: Core, sa: IkeSa) -> None:
    """Send the further rounds that wait and begin exchanges, as far as there are room, keys and rules for them."""
    window = sa.window
    if not (window.open or window.queue):
        return
    for out in [one for one in window.open if one.message_id == UNSENT]:
        if window.room and out in window.open:
            _write(core, sa, out)
    while window.room and (at := rules.turn(sa)) is not None:
        if window.queue[at][0] is not Want.CONNECT and not _ready(core, sa):
            return
        want, aim = window.queue.pop(at)
        occasion = OCCASIONS[want]
        talk = Talk(core, sa, occasion.exchange, True, aim, tuple(map(call, occasion.tasks)), want=want)
        out = Outstanding(want, talk)
        window.open.append(out)
        if want is Want.AUTHENTICATE:
            sa.move(State.AUTHENTICATING)
        _write(core, sa, out)
        if want is Want.CHILD:
            core.begun.ask(sa)


def response(core: Core, sa: IkeSa, out: Outstanding, message: Incoming) -> None:
    """Take the response to a request; raises ProtocolError for one that is to be ignored."""
    out.talk.message = message
    try:
        shapes.check(message)
        tell_unknown(out.talk, message)
        _read(core, sa, out)
    except ProtocolError as problem:
        if isinstance(problem, Unauthentic) or (isinstance(problem, Malformed) and out.want is Want.CONNECT):
            raise
        if out.want is Want.CONNECT and message.error is not None:
            _doubt(core, sa, problem.why)
        else:
            _fail(core, sa, out, problem)


def doubt(core: Core, sa: IkeSa, message: Incoming) -> None:
    """Take an error in the clear that answers IKE_AUTH."""
    error = message.error
    if error is not None:
        _doubt(core, sa, f"the peer answers {label(NotifyType, error.type)}")


def _doubt(core: Core, sa: IkeSa, why: str) -> None:
    """Note an error that anybody may have sent: a genuine answer wins if it comes in time (RFC 7296 2.21.1)."""
    if sa.birth is None or sa.birth.unproven:
        return
    sa.birth.unproven, sa.ends = why, core.now + UNPROVEN_SECONDS
    remote, seconds = str(sa.remote), int(UNPROVEN_SECONDS)
    core.tell(ErrorUnproven, lambda: ErrorUnproven(sa.number, sa.session, remote, why, seconds))
    core.touch(sa)


def believe(core: Core, sa: IkeSa) -> None:
    """Give up for an error in the clear, since nothing better came."""
    why = sa.birth.unproven if sa.birth is not None else ""
    for out in sa.window.under_way(Want.CONNECT, Want.AUTHENTICATE):
        _fail(core, sa, out, Refused(why))
        return


def sealed_response(core: Core, sa: IkeSa, out: Outstanding, octets: bytes, header: Header, sealed: Sealed) -> None:
    """Open the response to a request and take it; raises Unauthentic when the peer did not send it."""
    try:
        message = messages.read_sealed(sa, octets, header, sealed)
    except ProtocolError as problem:
        if problem.notify is None:
            raise
        _fail(core, sa, out, problem)
        return
    messages.note_received(core, sa, message)
    sa.heard, sa.confirmed = core.now, True
    response(core, sa, out, message)


def resume(core: Core, talk: Talk, reply: object) -> None:
    """Go on with an exchange whose Ask is answered, or will not be."""
    sa, out = talk.sa, talk.sa.window.of(talk)
    if out is None:
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
        core.tell(
            Retransmitted,
            lambda: Retransmitted(sa.number, sa.session, exchange, out.message_id, out.attempt, remote),
        )
        if out.attempt % PATH_ATTEMPTS == 0 and (shorter := messages.recut(core, sa, out.octets)) is not None:
            out.octets = shorter
            telling.progress(talk, f"no answer: cut anew to fragments of {sa.path} octets")
        messages.send(core, sa, out.octets)
        return
    core.tell(
        GaveUp, lambda: GaveUp(sa.number, sa.session, exchange, out.message_id, out.attempt, remote, str(sa.local))
    )
    aim, peers = (sa.birth.aim, sa.birth.peers) if sa.birth else (NO_AIM, ())
    close(core, sa, "the peer does not answer", linger=False)
    row = core.lookup.connections.get(aim.connection)
    if row is not None and row.optional and not peers:
        hold_off(core, aim.connection)
    next_peer(core, aim, peers)


def unsent(core: Core, datagram: Datagram, why: str) -> None:
    """Tell, once a request, that one of ours does not leave this machine."""
    for sa in core.by_peer.get(datagram.remote.host, ()):
        for out in sa.window.open:
            if out.attempt == 0 and datagram.octets == cut(out.octets)[0]:
                name, ends = label(Exchange, out.talk.exchange), (str(sa.remote), str(sa.local))
                core.tell(Unsent, partial(Unsent, sa.number, sa.session, name, out.message_id, why, *ends))


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
        sa.window.open.remove(out)
        return
    if out.message_id == UNSENT:
        if sa.window.next_id > LAST_MESSAGE_ID:
            close(core, sa, "its message ids are used up", linger=False)
            return
        out.message_id = sa.window.take()
    out.octets = messages.write(core, sa, talk.exchange, out.message_id, False, payloads)
    if out.want is Want.CONNECT and (birth := sa.birth) is not None and birth.exchange is not None:
        birth.request = out.octets
        birth.sent[birth.group] = birth.exchange, out.octets
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
    if out in sa.window.open:
        sa.window.open.remove(out)
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
        out.message_id = UNSENT
        core.touch(sa)
    elif talk.round >= MAX_INIT_ROUNDS:
        _fail(core, sa, out, Malformed(f"{MAX_INIT_ROUNDS} rounds of IKE_SA_INIT"))
    else:
        _write(core, sa, out)
    return True


def _finish(core: Core, sa: IkeSa, out: Outstanding) -> None:
    """Go on from a finished exchange."""
    core.touch(sa)
    message = out.talk.message
    if out.talk.exchange == Exchange.CREATE_CHILD_SA and message is not None:
        note_answer(core, sa, message)
    if out.want is Want.CONNECT and sa.birth is not None and message is not None:
        sa.birth.response, sa.birth.unproven, sa.ends = message.octets, "", 0.0
        further = intermediate.unfinished(sa.birth)
        sa.window.queue.insert(0, (Want.INTERMEDIATE if further else Want.AUTHENTICATE, out.talk.aim))
    elif out.want is Want.INTERMEDIATE:
        sa.window.queue.insert(0, (Want.AUTHENTICATE, out.talk.aim))
    elif out.want is Want.AUTHENTICATE:
        renews = sa.birth.renews if sa.birth is not None else b""
        establish(core, sa)
        renewed(core, sa, renews)
        if out.talk.closing:
            delete(core, sa)
    elif out.want in (Want.DELETE_IKE, Want.REFUSE):
        close(core, sa, "deleted from here", linger=False)
    elif message is not None and message.notify(NotifyType.INVALID_SYNTAX) is not None:
        close(core, sa, "the peer could not read our message", linger=False)


def _fail(core: Core, sa: IkeSa, out: Outstanding, problem: ProtocolError) -> None:
    """End an exchange that went wrong, and the SA: the peer is told where it believes that both are authenticated."""
    message = out.talk.message
    if out in sa.window.open:
        sa.window.open.remove(out)
    core.touch(sa)
    if sa.birth is not None:
        hold_off(core, sa.birth.aim.connection)
    ours = message is not None and (message.error is None or message.one(Authentication) is not None)
    if out.want is not Want.AUTHENTICATE or not ours:
        close(core, sa, problem.why, linger=False)
        if out.want is Want.CHILD:
            keep_up(core, out.talk.aim.connection)
            over(core, out.talk.aim.connection, sa.local.address, sa.remote.address, problem.why)
        return
    sa.window.queue.clear()
    sa.move(State.DELETING)
    core.want(sa, Want.REFUSE)


def tell_unknown(talk: Talk, message: Incoming) -> None:
    """Tell the notifies that no task reads."""
    core, sa = talk.core, talk.sa
    if NotifyReceived not in core.heard:
        return
    exchange = label(Exchange, message.header.exchange)
    for notify in message.notifies:
        if not talk.owns(notify.type):
            kind, shown = label(NotifyType, notify.type), notify.data[:SHOWN_OCTETS].hex()
            core.do(Tell(NotifyReceived(sa.number, sa.session, exchange, kind, shown)))
