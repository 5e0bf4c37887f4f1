"""What comes due in an IKE SA, and when (RFC 7296 2.1, 2.4, 2.8)."""

from __future__ import annotations

from typing import Final

from ikecli.boundary.effects import Traffic
from ikecli.ike import exchanges, followup, idleness, keepalive, renewal
from ikecli.ike.asks import expire
from ikecli.ike.core import Core
from ikecli.ike.lifecycle import close, delete, siblings
from ikecli.ike.limits import CONFIRM_SECONDS, DOUBLE_SECONDS
from ikecli.ike.rekeying import rekey_child
from ikecli.ike.sa import IkeSa, State
from ikecli.ike.window import Aim, Want
from ikecli.intent import Dpd

_ESTABLISHED: Final = State.ESTABLISHED


def due(core: Core, sa: IkeSa) -> float | None:
    """Return when an SA is next to be looked at."""
    times = [*sa.asking.values()] if sa.asking else []
    if sa.window.open:
        times += [out.due for out in sa.window.open if out.waits]
    if sa.ends:
        times.append(sa.ends)
    if sa.followups:
        times += [pending.expires for pending in sa.followups.values()]
    if sa.state is _ESTABLISHED:
        times += filter(None, (sa.soft, sa.renewal, _check_at(core, sa), keepalive.due(core, sa), idleness.due(sa)))
        for child in sa.children.values():
            if not child.deleting:
                times += filter(None, (child.soft, child.expires))
    return min(times) if times else None


def act(core: Core, sa: IkeSa) -> None:
    """Do all that is due in an SA."""
    now = core.now
    core.touch(sa)
    for ask, deadline in list(sa.asking.items()):
        if deadline <= now:
            expire(core, ask)
    followup.forget(sa, now)
    if sa.ends and sa.ends <= now:
        _end(core, sa)
    for out in [one for one in sa.window.open if one.waits and one.due <= now]:
        if out in sa.window.open:
            exchanges.retransmit(core, sa, out)
    if sa.state is not _ESTABLISHED:
        return
    if sa.soft and sa.soft <= now:
        sa.soft = 0.0
        core.want(sa, Want.REKEY_IKE)
    if sa.renewal and sa.renewal <= now:
        renewal.renew(core, sa)
    for child in sa.children.values():
        if child.soft and child.soft <= now:
            rekey_child(core, sa, child)
    old = tuple(c.inbound for c in sa.children.values() if c.expires and c.expires <= now and not c.deleting)
    if old:
        for spi in old:
            sa.children[spi].expires = 0.0
        core.want(sa, Want.DELETE_CHILD, Aim(spis=old))
    if (check := _check_at(core, sa)) is not None and check <= now:
        if sa.confirmed and sa.children and _dpd(core, sa) is not None:
            core.ask(sa, Traffic(tuple(sa.children)), None)
        else:
            core.want(sa, Want.LIVENESS)
    keepalive.act(core, sa)
    idleness.act(core, sa)


def _end(core: Core, sa: IkeSa) -> None:
    """End an SA whose time is over."""
    if sa.state is State.CLOSED:
        core.remove(sa)
    elif sa.state is State.HALF_OPEN:
        close(core, sa, "not authenticated in time", linger=False)
    elif sa.state in (State.CONNECTING, State.AUTHENTICATING):
        exchanges.believe(core, sa)
    elif sa.state in (State.SPARE, State.REPLACED):
        close(core, sa, "replaced", linger=False)
    elif sa.state is _ESTABLISHED:
        delete(core, sa)


def _check_at(core: Core, sa: IkeSa) -> float | None:
    """Return when the peer is to be asked for a sign of life, if at all; a request in flight asks already."""
    if sa.window.busy or sa.asking:
        return None
    dpd, quiet_since = _dpd(core, sa), max(sa.heard, sa.checked)
    when = None
    if dpd is None and siblings(core, sa):
        when = quiet_since + DOUBLE_SECONDS
    elif dpd is not None and (dpd.periodic or sa.children):
        when = quiet_since + dpd.interval
    if sa.confirmed:
        return when
    confirm = sa.established + CONFIRM_SECONDS
    return confirm if when is None else min(when, confirm)


def _dpd(core: Core, sa: IkeSa) -> Dpd | None:
    profile = core.lookup.profiles.get(sa.profile)
    return profile.dpd if profile else None
