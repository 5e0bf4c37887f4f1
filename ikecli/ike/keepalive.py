"""NAT keepalives: one octet for the translation alone, where we are behind one and send nothing else (RFC 3948 2.3, 4).

Only the data plane knows when ESP was sent, and only how much: it is looked at twice an interval, so that what was sent
between two looks counts from the earlier one, and no pause is longer than the interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ikecli.boundary.effects import Datagram, Send, Traffic
from ikecli.ike.core import Core
from ikecli.ike.sa import IkeSa, State
from ikecli.numbers import NAT_PORT

KEEPALIVE: Final = b"\xff"


def due(core: Core, sa: IkeSa) -> float | None:
    """Return when the translation is next to be thought of, if we are behind one."""
    if not sa.nat_local or not (interval := _interval(core, sa)) or sa.asking:
        return None
    end = sa.sent + interval
    return min(end, max(sa.sent, sa.looked) + interval / 2) if sa.children else end


def act(core: Core, sa: IkeSa) -> None:
    """Find out what was sent where ESP may have been; else keep the translation open."""
    if (when := due(core, sa)) is None or when > core.now:
        return
    if sa.children:
        sa.keeping = core.ask(sa, Traffic(tuple(sa.children)), None)
    else:
        _send(core, sa)


def judge(core: Core, sa: IkeSa, reply: object) -> None:
    """Take what the Child SAs carried: where nothing was sent for an interval, keep the translation open."""
    interval = _interval(core, sa)
    if not interval:
        return
    carried = sum(one.packets_out for one in reply.values()) if isinstance(reply, Mapping) else sa.carried
    if carried != sa.carried:
        sa.sent = max(sa.sent, sa.looked)
    sa.carried, sa.looked = carried, core.now
    if sa.sent + interval <= core.now:
        _send(core, sa)


def _interval(core: Core, sa: IkeSa) -> int:
    if not (sa.nat_local and sa.local.port == NAT_PORT and sa.state is State.ESTABLISHED):
        return 0
    profile = core.lookup.profiles.get(sa.profile)
    return profile.nat_keepalive if profile is not None else 0


def _send(core: Core, sa: IkeSa) -> None:
    sa.sent = core.now
    core.do(Send(Datagram(KEEPALIVE, sa.local, sa.remote, bare=True, vrf=sa.vrf)))
