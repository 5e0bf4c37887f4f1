"""Answers to what was asked: late, twice, or for something gone they do nothing."""

from __future__ import annotations

from typing import Final

from ikecli.boundary.effects import Datagram
from ikecli.ike import exchanges, keys, serving
from ikecli.ike.core import Core
from ikecli.ike.lifecycle import close
from ikecli.ike.limits import MAX_HELD, MAX_HELD_IN_ALL
from ikecli.ike.sa import IkeSa

_TOO_LATE: Final = "no answer in time"


def answer(core: Core, ask: int, reply: object) -> list[Datagram]:
    """Go on with what waited for an Ask; return the messages that were held until there are keys."""
    asked = core.asked.get(ask)
    if asked is not None and asked.sa.asking[ask] < core.now:
        reply = _TOO_LATE
    core.asked.pop(ask, None)
    if asked is None:
        return []
    sa, talk = asked.sa, asked.talk
    sa.asking.pop(ask, None)
    core.touch(sa)
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
