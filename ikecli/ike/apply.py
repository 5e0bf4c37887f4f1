"""A new intent: which SAs it touches, and what is to come up."""

from __future__ import annotations

from functools import cache
from typing import Final

from ikecli.ike import access, inner
from ikecli.ike.connect import connect
from ikecli.ike.core import Core
from ikecli.ike.lifecycle import close, delete
from ikecli.ike.lookup import Lookup
from ikecli.ike.sa import IkeSa, State
from ikecli.ike.window import Aim, Want
from ikecli.intent import Address, Initiation

START: Final = ""
"""What the agenda calls the connections that are to come up by themselves; no connection has this label."""
STARTS: Final = 10
"""Connections that are begun at a time."""
START_PAUSE: Final = 0.04
"""Seconds between these."""
LOOKED_AT: Final = 500
"""Connections that are looked at at a time; most of them may be up."""


def apply(core: Core, lookup: Lookup, anew: bool = True) -> None:
    """Take a new intent. SAs whose policy, profile and connection rows did not change stay.

    With `anew` no connection waits any longer, else only those whose rows are others now do not.
    """
    intent = lookup.intent
    access.renew(core, lookup)
    old, change = core.lookup, _Change(core.lookup, lookup)
    core.lookup = change.new
    for waits in (core.hold_off, core.pauses):
        for label in list(waits) if anew else change.connections:
            waits.pop(label, None)
    if core.pools.apply(intent.pools):
        inner.repool(core)
    for known in (core.wishes, core.backups):
        for label in known.keys() - change.new.connections.keys():
            del known[label]
    for label in core.backups.keys() & change.connections:
        if old.connections[label].peers != lookup.connections[label].peers:
            del core.backups[label]
    for sa in list(core.sas.values()):
        if sa.state is State.ESTABLISHED:
            _revise(core, sa, change)
            if intent.window > sa.window.own:
                core.want(sa, Want.WINDOW)
        elif sa.negotiating and change.concerns(sa):
            close(core, sa, "the configuration changed", linger=False)
    rows = change.new.connections
    labels = rows if anew else sorted(change.connections & rows.keys())
    if anew:
        core.starting.clear()
    for label in change.connections:
        core.agenda.drop(label)
    core.starting.extend(label for label in labels if rows[label].initiation is Initiation.START)
    start(core)


def start(core: Core) -> None:
    """Begin some of the connections that are to come up by themselves; the others follow, so that nobody waits long."""
    room = len(core.sas) + STARTS
    for _ in range(min(LOOKED_AT, len(core.starting))):
        if len(core.sas) >= room:
            break
        connect(core, core.starting.popleft())
    if core.starting:
        core.agenda.set(START, core.now + START_PAUSE)


class _Change:
    """What differs between two intents."""

    def __init__(self, old: Lookup, new: Lookup) -> None:
        self.new = new
        self.profiles = {name for name, row in old.profiles.items() if new.profiles.get(name) != row}
        self.connections = {
            label
            for label, row in old.connections.items()
            if (now := new.connections.get(label)) is not row and now != row
        }
        self.connections |= new.connections.keys() - old.connections.keys()
        moved = [(old.connections.get(label), new.connections.get(label)) for label in old.clients | new.clients]
        self.left = {peer for was, row in moved if was for peer in was.peers if row is None or peer not in row.peers}

        @cache
        def other_policy(local: Address, vrf: str, own: bool) -> bool:
            return old.proposals(local, vrf, own) != new.proposals(local, vrf, own)

        self.other_policy = other_policy

    def concerns(self, sa: IkeSa) -> bool:
        """Tell whether a row that an IKE SA stands on is another now."""
        connection = sa.birth.aim.connection if sa.birth else ""
        return (
            sa.profile in self.profiles
            or connection in self.connections
            or self.other_policy(sa.local.address, sa.vrf, sa.began)
        )


def _revise(core: Core, sa: IkeSa, change: _Change) -> None:
    """Delete what of an established IKE SA stands on a changed row."""
    gone = tuple(spi for spi, child in sa.children.items() if child.connection in change.connections)
    empty = not sa.children and sa.remote.address in change.left
    if change.concerns(sa) or empty or (gone and len(gone) == len(sa.children)):
        delete(core, sa)
    elif gone:
        core.want(sa, Want.DELETE_CHILD, Aim(spis=gone))
