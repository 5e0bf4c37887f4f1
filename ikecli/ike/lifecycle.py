"""How SAs come to stand and how they end: the parts of it that change no message."""

from __future__ import annotations

from ikecli.boundary.effects import Direction, Remove, Tell
from ikecli.boundary.events import ChildDown, IkeDown, IkeUp
from ikecli.ike import access, inner
from ikecli.ike.connect import connect, keep_up, over, usable
from ikecli.ike.core import Core
from ikecli.ike.limits import (
    LINGER_SECONDS,
    MAX_TWINS,
    RETRANSMISSION,
    STRAGGLER_SECONDS,
)
from ikecli.ike.sa import ChildSa, IkeSa, State
from ikecli.ike.window import Aim, Want

_ESTABLISHED, _CONNECTING = State.ESTABLISHED, State.CONNECTING


def establish(core: Core, sa: IkeSa) -> None:
    """Have an authenticated IKE SA stand: its lifetime begins, its birth is over, doubles are settled."""
    core.waiting.discard(sa)
    core.begun.sas.pop(sa, None)
    sa.move(_ESTABLISHED)
    sa.established = sa.heard = core.now
    sa.established_order, sa.first_nonce = core.order, sa.low_nonce
    lasts = inner.session(core, sa)
    sa.until = core.now + lasts if lasts else 0.0
    live(core, sa)
    sa.confirmed = sa.initiator
    core.held -= len(sa.birth.held) if sa.birth else 0
    sa.birth = None
    alike = core.by_identity.setdefault((sa.local_identity, sa.remote_identity), [])
    alike.append(sa)
    core.counts.accepted[sa.initiator] += 1
    inner.settle(core, sa)
    _tell_up(core, sa)
    _give_way(core, sa)
    if len(alike) > 1:
        _settle_doubles(core, sa)
        if len(twins := siblings(core, sa)) >= MAX_TWINS:
            delete(core, min(twins, key=lambda one: one.established_order))
        _end_surplus(core, sa)
    core.touch(sa)


def _end_surplus(core: Core, sa: IkeSa) -> None:
    """Have no more IKE SAs of one identity than its authorization allows: those go that were silent for longest."""
    gives = inner.authorization(core, sa)
    if gives is None or not gives.logins or sa.lease is None or not sa.lease.authorization:
        return
    others = sorted(siblings(core, sa), key=lambda one: (one.heard, one.established_order))
    for other in others[: max(0, len(others) + 1 - gives.logins)]:
        delete(core, other)


def _tell_up(core: Core, sa: IkeSa) -> None:
    if IkeUp in core.heard:
        ends = str(sa.local.address), str(sa.remote.address), str(sa.local_identity), str(sa.remote_identity)
        core.do(Tell(IkeUp(sa.number, sa.session, *ends, sa.profile, sa.initiator)))


def live(core: Core, sa: IkeSa) -> None:
    """Begin an IKE SA's lifetime; it is no longer than what is left of its session."""
    profile = core.lookup.profiles.get(sa.profile)
    lifetime = profile.lifetime if profile else 0
    ends = core.now + lifetime if lifetime else 0.0
    sa.ends = min(filter(None, (ends, sa.until)), default=0.0)
    sa.soft = core.now + lifetime * core.ike_lives.share(sa.initiator) if lifetime else 0.0


def siblings(core: Core, sa: IkeSa) -> list[IkeSa]:
    """Return the other IKE SAs that stand between the same identities at the same address of ours."""
    return [
        other
        for other in core.by_identity.get((sa.local_identity, sa.remote_identity), ())
        if other is not sa and other.state is _ESTABLISHED and other.local.address == sa.local.address
    ]


def close(core: Core, sa: IkeSa, why: str, linger: bool = True) -> None:
    """Have an IKE SA be gone with all it carries; for a while it still repeats its last answer."""
    if sa.state is State.CLOSED:
        return
    drop_held(sa)
    for child in list(sa.children.values()):
        remove_child(core, sa, child, why)
    inner.release(core, sa)
    access.detach(core, sa)
    if sa.established_order:
        core.leave_identity(sa)
        if not sa.quiet:
            core.tell(IkeDown, lambda: IkeDown(sa.number, sa.session, str(sa.local), str(sa.remote), why))
    else:
        core.waiting.discard(sa)
        core.counts.rejected[sa.initiator] += 1
        core.held -= len(sa.birth.held) if sa.birth else 0
    for ask in sa.asking:
        core.asked.pop(ask, None)
    labels = {aim.connection for want, aim in sa.window.queue if want is Want.CHILD}
    labels |= {out.talk.aim.connection for out in sa.window.under_way(Want.CHILD)}
    labels |= {sa.birth.aim.connection} if sa.birth else set()
    sa.move(State.CLOSED)
    core.begun.end(sa)
    sa.birth = sa.keys = None
    sa.asking.clear()
    sa.followups.clear()
    sa.window.drop()
    if linger and sa.window.answers:
        sa.ends = core.now + LINGER_SECONDS
        core.touch(sa)
    else:
        core.remove(sa)
    for label in labels:
        keep_up(core, label)
        over(core, label, sa.local.address, sa.remote.address, why)


def delete(core: Core, sa: IkeSa) -> None:
    """Delete an IKE SA at the peer and, once it answers or is given up, here; what is not authenticated just ends."""
    if sa.negotiating:
        close(core, sa, "given up from here", linger=False)
    if sa.state is not _ESTABLISHED:
        return
    sa.move(State.DELETING)
    sa.ends = 0.0
    drop_held(sa)
    for child in sa.children.values():
        stop_sending(core, sa, child)
    waiting = [aim.connection for want, aim in sa.window.queue if want is Want.CHILD]
    sa.window.queue.clear()
    core.want(sa, Want.DELETE_IKE)
    for label in waiting:
        keep_up(core, label)


def start_sending(core: Core, child: ChildSa) -> None:
    """Put in the direction to the peer, if it was held back until the peer has it, too."""
    if child.held is not None:
        core.do(child.held)
        child.held, child.sends = None, True


def stop_sending(core: Core, sa: IkeSa, child: ChildSa) -> None:
    """Take out the direction to the peer, after what replaces it has gone in; ours stays until the peer knows."""
    if child.deleting:
        return
    child.deleting = True
    if child.replaced:
        for other in sa.children.values():
            if other.replaces == child.inbound:
                start_sending(core, other)
    if child.sends:
        core.do(Remove(Direction.OUTBOUND, child.outbound, sa.remote))
    child.held, child.sends = None, False


def drop_held(sa: IkeSa) -> None:
    """Have no Child SA go on to another, since all of them end."""
    for child in sa.children.values():
        child.held = None


def remove_child(core: Core, sa: IkeSa, child: ChildSa, why: str, told: bool = True) -> None:
    """Take a Child SA out of the data plane and out of the tables."""
    stop_sending(core, sa, child)
    after = STRAGGLER_SECONDS if child.replaced else 0.0
    core.do(Remove(Direction.INBOUND, child.inbound, sa.remote, after))
    core.leave_child(sa, child)
    if sa.state is _ESTABLISHED:
        inner.settle(core, sa)
    if child.replaced:
        why = "rekeyed"
    if told:
        core.tell(
            ChildDown,
            lambda: ChildDown(sa.number, sa.session, child.connection, child.inbound, child.outbound, why),
        )
    keep_up(core, child.connection)
    over(core, child.connection, sa.local.address, sa.remote.address, why)


def _settle_doubles(core: Core, sa: IkeSa) -> None:
    """Where both ends began an SA at once, have the one with the lowest nonce deleted by who began it.

    Both ends compare the same nonces, and only one of them acts, so that they end with the same SA; what only that one
    carries is set up in the other. A request that was long on its way was sent at once, too: a peer that began anew
    would have said INITIAL_CONTACT. An older SA for which that is not ours to do is asked whether it is alive: the peer
    may have given it up unheard.
    """
    for other in siblings(core, sa):
        if other.remote.address != sa.remote.address:
            continue
        loser, winner = (sa, other) if sa.first_nonce < other.first_nonce else (other, sa)
        young = core.now - other.established <= sum(RETRANSMISSION)
        at_once = other.began != sa.began and (other.established_order >= sa.order or young)
        if at_once and loser.began and _moves(core, loser, winner):
            delete(core, loser)
        else:
            core.want(other, Want.LIVENESS)


def _moves(core: Core, loser: IkeSa, winner: IkeSa) -> bool:
    """Have the winner set up what only the loser carries; tell whether it can."""
    more = _served(loser) - _served(winner)
    if any((row := core.lookup.connections.get(label)) is None or row.wildcard_peer for label in more):
        return False
    return all(core.want(winner, Want.CHILD, Aim(label)) for label in sorted(more))


def _give_way(core: Core, sa: IkeSa) -> None:
    """Give up attempts that are not authenticated yet, where the peer's was faster; what they are for goes there."""
    for other in [] if sa.initiator else list(core.by_peer.get(sa.remote.host, ())):
        if other.state is not _CONNECTING or other.birth is None:
            continue
        aims = [other.birth.aim, *(aim for want, aim in other.window.queue if want is Want.CHILD)]
        connection = core.lookup.connections.get(aims[0].connection)
        if connection is not None and usable(sa, connection):
            close(core, other, "the peer has set one up", linger=False)
            for aim in aims:
                connect(core, aim.connection, aim.packet)


def _served(sa: IkeSa) -> set[str]:
    return {child.connection for child in sa.children.values() if not child.deleting}
