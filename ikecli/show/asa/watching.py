"""`show track` and `show sla monitor operational-state`, as an ASA lays them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ikecli.boundary.watching import ProbeView, TrackView
from ikecli.show import text
from ikecli.show.options import Slots


def track(views: Sequence[TrackView], slots: Slots) -> Iterator[str]:
    """`show track [N]`."""
    if slots.get("number") and not views:
        yield f"ERROR: tracked object {slots['number']} is not there"
    for view in views:
        yield f"Track {view.number}"
        yield f"  Response Time Reporter {view.instance} {view.parameter}"
        yield f"  Reachability is {'Up' if view.up else 'Down'}"
        yield f"  {view.changes} change{'s' if view.changes != 1 else ''}, last change {text.hms(int(view.seconds))}"
        yield f"  Latest operation return code: {view.code}"
        if view.rtt is not None:
            yield f"  Latest RTT (millisecs) {view.rtt}"
        if view.by:
            yield "  Tracked by:"
            yield "    STATIC-IP-ROUTING 0"


def operations(views: Sequence[ProbeView], slots: Slots) -> Iterator[str]:
    """`show sla monitor operational-state [N]`."""
    if slots.get("number") and not views:
        yield f"ERROR: sla monitor {slots['number']} is not there"
    for view in views:
        yield f"Entry number: {view.number}"
        yield f"Number of operations attempted: {view.successes + view.failures}"
        yield f"Current seconds left in Life: {'Forever' if view.forever else int(view.left or 0)}"
        yield f"Operational state of entry: {view.state.capitalize()}"
        yield f"Connection loss occurred: {_word(view.code == 'No connection')}"
        yield f"Timeout occurred: {_word(view.code == 'Timeout')}"
        yield f"Over thresholds occurred: {_word(view.code == 'Over threshold')}"
        yield f"Latest RTT (milliseconds): {'NoConnection/Busy/Timeout' if view.rtt is None else view.rtt}"
        if view.started is not None:
            yield f"Latest operation start time: {text.clock(view.started)}"
        yield f"Latest operation return code: {view.code}"
        yield ""


def _word(so: bool) -> str:
    return "TRUE" if so else "FALSE"
