"""Child SAs that carry nothing for long are deleted (RFC 7296 1.4.1), where the connection says for how long.

Only the data plane knows when packets went, and only how many: it is looked at twice in that time. A change counts from
the later look, so that no SA goes early; it goes at most half of its time late.
"""

from __future__ import annotations

from collections.abc import Mapping

from ikecli.boundary.effects import Traffic
from ikecli.ike.core import Core
from ikecli.ike.sa import ChildSa, IkeSa
from ikecli.ike.window import Aim, Want


def inherited(replaced: ChildSa | None, now: float) -> float:
    """Return since when a new Child SA counts as idle: a rekey is no traffic, but some may have gone just before."""
    if replaced is None or not replaced.idle:
        return now
    return min(now, replaced.used + replaced.idle / 2)


def due(sa: IkeSa) -> float | None:
    """Return when the Child SAs of an IKE SA are next to be looked at; not while an answer is awaited."""
    return None if sa.asking else min((child.looked + child.idle / 2 for child in _watched(sa)), default=None)


def act(core: Core, sa: IkeSa) -> None:
    """Look at what the Child SAs carried when it is time."""
    if (when := due(sa)) is not None and when <= core.now:
        sa.keeping = core.ask(sa, Traffic(tuple(sa.children)), None)


def judge(core: Core, sa: IkeSa, reply: object) -> None:
    """Delete what has carried nothing for its time; what the data plane does not tell of stays."""
    gone = []
    for child in _watched(sa):
        counts = reply.get(child.inbound) if isinstance(reply, Mapping) else None
        carried = child.carried if counts is None else counts.packets_in + counts.packets_out
        if counts is None or carried != child.carried:
            child.used = core.now
        child.carried, child.looked = carried, core.now
        if child.used + child.idle <= core.now:
            gone.append(child)
    if gone and core.want(sa, Want.DELETE_CHILD, Aim(spis=tuple(child.inbound for child in gone))):
        for child in gone:
            child.idle = 0


def _watched(sa: IkeSa) -> list[ChildSa]:
    return [child for child in sa.children.values() if child.idle and not child.deleting and not child.replaced]
