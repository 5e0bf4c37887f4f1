"""Which exchanges may run beside which: the one place that decides it, for ours and for the peer's (RFC 7296 2.25).

Nothing deadlocks: a request of ours waits only for others of ours, which the peer answers or we give up; and a request
of the peer waits for none of ours, but is answered at once, with TEMPORARY_FAILURE where it must not run now, or when
its Ask is over.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from ikecli.errors import Refused
from ikecli.ike.sa import IkeSa, State
from ikecli.ike.talk import Talk
from ikecli.ike.window import Entry, Want
from ikecli.numbers import NotifyType

_CARRIED: Final = (Want.CHILD, Want.REKEY_CHILD, Want.DELETE_CHILD)


class Over(Enum):
    """What two exchanges must have in common to exclude each other."""

    IKE_SA = "the IKE SA"
    CHILD_SA = "a Child SA"
    CONNECTION = "a connection"


STATES: Final = {
    Want.CONNECT: (State.CONNECTING,),
    Want.INTERMEDIATE: (State.CONNECTING,),
    Want.AUTHENTICATE: (State.CONNECTING,),
    Want.DELETE_IKE: (State.DELETING,),
    Want.REFUSE: (State.DELETING,),
    Want.CHILD: (State.ESTABLISHED,),
    Want.REKEY_CHILD: (State.ESTABLISHED,),
    Want.REKEY_IKE: (State.ESTABLISHED,),
    Want.DELETE_CHILD: (State.ESTABLISHED,),
    Want.LIVENESS: (State.ESTABLISHED,),
    Want.WINDOW: (State.ESTABLISHED,),
    Want.INFORM: (State.ESTABLISHED,),
    Want.MISFIT: (State.ESTABLISHED,),
}
"""The states in which each exchange may begin; it waits in others."""

ALONE: Final = frozenset({Want.CONNECT, Want.INTERMEDIATE, Want.AUTHENTICATE, Want.REFUSE})
"""Exchanges of ours that run beside no other."""

EXCLUSIVE: Final[dict[frozenset[Want], Over]] = {
    frozenset({Want.CHILD}): Over.CONNECTION,
    frozenset({Want.REKEY_CHILD}): Over.CHILD_SA,
    frozenset({Want.DELETE_CHILD}): Over.CHILD_SA,
    frozenset({Want.REKEY_CHILD, Want.DELETE_CHILD}): Over.CHILD_SA,
    **{frozenset({Want.REKEY_IKE, other}): Over.IKE_SA for other in (*_CARRIED, Want.DELETE_IKE, Want.REKEY_IKE)},
    frozenset({Want.DELETE_IKE}): Over.IKE_SA,
    frozenset({Want.LIVENESS}): Over.IKE_SA,
    frozenset({Want.WINDOW}): Over.IKE_SA,
    frozenset({Want.INFORM}): Over.IKE_SA,
}
"""Pairs of ours, or one with its like, that wait for each other; all others run at the same time."""

REFUSED: Final[dict[Want, tuple[Want, ...]]] = {
    Want.CHILD: (Want.REKEY_IKE,),
    Want.REKEY_CHILD: (Want.REKEY_IKE,),
    Want.REKEY_IKE: (*_CARRIED, Want.REFUSE),
}
"""Requests of the peer, and what of ours under way has them refused for now."""

NOT_TOGETHER: Final = {
    Want.CHILD: (Want.REKEY_IKE,),
    Want.REKEY_CHILD: (Want.REKEY_IKE,),
    Want.REKEY_IKE: (Want.CHILD, Want.REKEY_CHILD, Want.REKEY_IKE),
}
"""Requests of the peer, and which of its own still being served has them refused for now."""


def exclude(one: Entry, other: Entry) -> bool:
    """Tell whether two exchanges of ours wait for each other."""
    if one[0] in ALONE or other[0] in ALONE:
        return True
    match EXCLUSIVE.get(frozenset({one[0], other[0]})):
        case Over.IKE_SA:
            return True
        case Over.CHILD_SA:
            return not set(one[1].spis).isdisjoint(other[1].spis)
        case Over.CONNECTION:
            return one[1].connection == other[1].connection
    return False


def turn(sa: IkeSa) -> int | None:
    """Return which queued exchange may begin now: it overtakes only those that it does not exclude."""
    queue, running = sa.window.queue, [(out.want, out.talk.aim) for out in sa.window.open]
    for at, entry in enumerate(queue):
        if sa.state in STATES[entry[0]] and not any(exclude(entry, other) for other in running + queue[:at]):
            return at
    return None


def admit(talk: Talk, want: Want) -> None:
    """Begin or go on with what a request of the peer is for; raises Refused while that must not be."""
    sa, talk.want = talk.sa, want
    others = [one.want for one in sa.window.serving if one is not talk and one.want in NOT_TOGETHER[want]]
    others += [out.want for out in sa.window.under_way(*REFUSED[want])]
    why = ""
    if sa.state is not State.ESTABLISHED:
        why = f"the IKE SA is {sa.state.value}"
    elif talk.core.closing:
        why = "the engine is shutting down"
    elif others and others[0] is not None:
        why = f"{others[0].value} is under way"
    if why:
        raise Refused(why, NotifyType.TEMPORARY_FAILURE)


def win(talk: Talk, label: str) -> None:
    """Where both ends ask for a Child SA of a connection at once, have the request of the IKE SA's initiator win."""
    if not talk.sa.initiator:
        return
    if label in (out.talk.aim.connection for out in talk.sa.window.under_way(Want.CHILD)):
        raise Refused("it is being set up from here", NotifyType.TEMPORARY_FAILURE)
