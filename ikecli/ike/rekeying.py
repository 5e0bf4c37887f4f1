"""Replacing Child SAs before their lives are over, and what follows from it (RFC 7296 2.8)."""

from __future__ import annotations

from ikecli.errors import Refused
from ikecli.ike.core import Core
from ikecli.ike.limits import REKEY_RETRY_SECONDS, REPLACED_SECONDS
from ikecli.ike.sa import ChildSa, IkeSa
from ikecli.ike.talk import Talk
from ikecli.ike.window import Aim, Want
from ikecli.numbers import NotifyType


def retry_at(core: Core) -> float:
    """Draw when a rekey that failed is tried again."""
    return core.now + REKEY_RETRY_SECONDS * (0.5 + core.random(1)[0] / 256)


def rekey_child(core: Core, sa: IkeSa, child: ChildSa) -> None:
    """Have a Child SA replaced, unless it is being replaced or deleted already."""
    child.soft = 0.0
    if not child.deleting and not is_replaced(sa, child) and sa.window.rekeys(child.inbound) is None:
        core.want(sa, Want.REKEY_CHILD, Aim(child.connection, spis=(child.inbound,)))


def is_replaced(sa: IkeSa, child: ChildSa) -> bool:
    """Tell whether there is another Child SA in its place."""
    return child.replaced and any(
        other.replaces == child.inbound and not other.deleting for other in sa.children.values()
    )


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
        new.held, new.deleting = None, True
        core.want(sa, Want.DELETE_CHILD, Aim(spis=(new.inbound,)))
        return
    for other in sa.children.values():
        if other.replaces == old.inbound and other is not new:
            other.held, other.soft = None, 0.0
            other.expires = core.now + REPLACED_SECONDS
    if sa.children.get(old.inbound) is old:
        core.want(sa, Want.DELETE_CHILD, Aim(spis=(old.inbound,)))


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
