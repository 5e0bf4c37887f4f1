"""Replacing Child SAs before their lives are over, and what follows from it (RFC 7296 2.8)."""

from __future__ import annotations

from ikecli.boundary.events import Progress
from ikecli.errors import Refused
from ikecli.ike.core import Core
from ikecli.ike.lifecycle import delete
from ikecli.ike.limits import REKEY_RETRY_SECONDS, REPLACED_SECONDS, RETRANSMISSION, TROUBLE_SECONDS
from ikecli.ike.sa import ChildSa, IkeSa, State
from ikecli.ike.talk import Incoming, Talk
from ikecli.ike.window import Aim, Want
from ikecli.numbers import NotifyType


def retry_at(core: Core) -> float:
    """Draw when a rekey that failed is tried again."""
    return core.now + REKEY_RETRY_SECONDS * (0.5 + core.random(1)[0] / 256)


def rekey_child(core: Core, sa: IkeSa, child: ChildSa) -> None:
    """Have a Child SA replaced, unless it is being replaced or deleted already, and not before the peer has it."""
    child.soft = retry_at(core) if child.held is not None else 0.0
    core.touch(sa)
    going = child.held is not None or child.deleting or is_replaced(sa, child)
    if not going and sa.window.rekeys(child.inbound) is None:
        core.want(sa, Want.REKEY_CHILD, Aim(child.connection, spis=(child.inbound,)))


def is_replaced(sa: IkeSa, child: ChildSa) -> bool:
    """Tell whether there is another Child SA in its place."""
    return child.replaced and any(
        other.replaces == child.inbound and not other.deleting for other in sa.children.values()
    )


def rival(sa: IkeSa, made: ChildSa) -> None:
    """Note at our requests for what the peer has just made that they are in vain, unless we began the IKE SA."""
    for out in () if sa.initiator else sa.window.under_way(Want.CHILD):
        out.talk.rivalled = out.talk.rivalled or out.talk.aim.connection == made.connection


def doubled(talk: Talk, new: ChildSa) -> bool:
    """Tell whether both ends made the same Child SA at once and ours is to go, because the peer began the IKE SA."""
    return any(
        other.connection == new.connection and not other.deleting and set(new.pairs) <= set(other.pairs)
        for other in talk.sa.children.values()
    )


def give_up(core: Core, sa: IkeSa, new: ChildSa) -> None:
    """Have a new Child SA that is one too many deleted; it never sends."""
    new.held, new.deleting = None, True
    core.want(sa, Want.DELETE_CHILD, Aim(spis=(new.inbound,)))


def admit(talk: Talk, old: ChildSa) -> None:
    """Raise Refused where the Child SA that the peer replaces is gone or going."""
    if talk.sa.children.get(old.inbound) is not old or old.deleting or is_replaced(talk.sa, old):
        raise Refused("the Child SA is being deleted or replaced", NotifyType.TEMPORARY_FAILURE)


def lost(talk: Talk, nonces: tuple[bytes, bytes]) -> bool:
    """Tell whether both ends rekeyed at once and ours is to go: the SA with the lowest of the four nonces."""
    return talk.asking and bool(talk.crossed) and min(nonces) < talk.crossed


def succeeded(talk: Talk, old: ChildSa, new: ChildSa, nonces: tuple[bytes, bytes]) -> None:
    """Go on from a new Child SA that stands beside the one it replaces: its initiator deletes that, or the new one."""
    core, sa = talk.core, talk.sa
    old.replaced, old.soft = True, 0.0
    if not talk.asking:
        if (out := sa.window.rekeys(old.inbound)) is not None:
            out.talk.crossed = min(nonces)
        old.expires = old.expires or core.now + REPLACED_SECONDS
        return
    if lost(talk, nonces):
        give_up(core, sa, new)
        return
    for other in sa.children.values():
        if other.replaces == old.inbound and other is not new:
            other.held, other.soft = None, 0.0
            other.expires = core.now + REPLACED_SECONDS
    if sa.children.get(old.inbound) is old:
        core.want(sa, Want.DELETE_CHILD, Aim(spis=(old.inbound,)))


def note_answer(core: Core, sa: IkeSa, message: Incoming) -> None:
    """Give up an IKE SA whose peer answers TEMPORARY_FAILURE again and again for minutes (RFC 7296 2.25)."""
    if message.notify(NotifyType.TEMPORARY_FAILURE) is None:
        sa.trouble = None
        return
    since, last = sa.trouble or (core.now, core.now)
    if last + 2 * REKEY_RETRY_SECONDS + sum(RETRANSMISSION) < core.now:
        since = core.now
    sa.trouble = since, core.now
    if core.now - since < TROUBLE_SECONDS or sa.state is not State.ESTABLISHED:
        return
    text = f"the peer has answered TEMPORARY_FAILURE for {int(core.now - since)} s: the IKE SA is out of step"
    core.tell(Progress, lambda: Progress(sa.number, sa.session, text))
    delete(core, sa)


def failed(talk: Talk, old: ChildSa) -> None:
    """Try again after a while, unless the peer has replaced or deleted the SA meanwhile.

    Where its delete is on its way already, since the new one failed late, another is set up.
    """
    core, sa = talk.core, talk.sa
    if sa.children.get(old.inbound) is not old or is_replaced(sa, old):
        return
    if old.deleting:
        core.want(sa, Want.CHILD, Aim(old.connection))
        return
    old.replaced, old.soft = False, retry_at(core)
    core.touch(sa)
