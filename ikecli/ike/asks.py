"""Answers to what was asked: late, twice, or for something gone they do nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ikecli.boundary.effects import Datagram, GiveBack, Lent, Traffic
from ikecli.ike import exchanges, idleness, keepalive, keys, serving
from ikecli.ike.core import Core
from ikecli.ike.lifecycle import close
from ikecli.ike.limits import MAX_HELD, MAX_HELD_IN_ALL
from ikecli.ike.sa import IkeSa, State
from ikecli.ike.window import Want

_TOO_LATE: Final = "no answer in time"


def answer(core: Core, ask: int, reply: object) -> list[Datagram]:
    """Go on with what waited for an Ask; return the messages that were held until there are keys."""
    asked = core.asked.pop(ask, None)
    late = asked is None or asked.sa.asking[ask] < core.now
    if isinstance(reply, Lent) and (late or asked is None or not serving.waits(asked.talk)):
        core.do(GiveBack(reply.address))
    if asked is None:
        return []
    sa, talk = asked.sa, asked.talk
    sa.asking.pop(ask)
    if late:
        reply = _TOO_LATE
    core.touch(sa)
    if isinstance(asked.question, Traffic):
        keepalive.judge(core, sa, reply)
        idleness.judge(core, sa, reply)
        if ask != sa.keeping:
            _traffic(core, sa, reply)
        return []
    if talk is not None:
        (exchanges.resume if talk.asking else serving.resume)(core, talk, reply)
        return []
    if sa.birth is None:
        return []
    if not isinstance(reply, bytes):
        close(core, sa, f"no shared secret: {reply}", linger=False)
        return []
    keys.derive(core, sa, sa.birth, reply)
    held, sa.birth.held = sa.birth.held, []
    core.held -= len(held)
    return held


def _traffic(core: Core, sa: IkeSa, reply: object) -> None:
    """Judge by what the data plane counted whether the peer is there; ask it where that does not tell."""
    profile = core.lookup.profiles.get(sa.profile)
    if sa.state is not State.ESTABLISHED or profile is None or profile.dpd is None:
        return
    wanted, sa.checked = True, core.now
    if isinstance(reply, Mapping):
        out, into = sa.traffic
        sa.traffic = (sum(one.packets_out for one in reply.values()), sum(one.packets_in for one in reply.values()))
        if sa.traffic[1] > into:
            sa.heard, wanted = core.now, False
        else:
            wanted = profile.dpd.periodic or sa.traffic[0] > out
    if wanted:
        core.want(sa, Want.LIVENESS)


def expire(core: Core, ask: int) -> None:
    """End what waited for an Ask that nobody answered."""
    answer(core, ask, _TOO_LATE)


def hold(core: Core, sa: IkeSa, datagram: Datagram) -> None:
    """Keep a message until there are keys to read it with, if there is room."""
    birth = sa.birth
    if birth is None or not birth.ask:
        core.drop(datagram, "a message before there are keys")
    elif any(known.octets == datagram.octets for known in birth.held):
        core.drop(datagram, "a message that is held already")
    elif len(birth.held) >= MAX_HELD or core.held >= MAX_HELD_IN_ALL:
        core.drop(datagram, "too many messages wait for keys")
    else:
        birth.held.append(datagram)
        core.held += 1
