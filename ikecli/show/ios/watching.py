"""`show track` and `show ip sla`, as IOS lays them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ikecli.boundary.watching import ProbeView, TrackedRouteView, TrackView
from ikecli.show import text
from ikecli.show.options import Slots

_SIGNS: Final = {"active": "*", "inactive": "^", "pending": "~"}
_HEADS: Final = {"interface": "Interface", "ip route": "IP route", "ipv6 route": "IPv6 route", "ip sla": "IP SLA",
                 "list": "List"}  # fmt: skip
_WORDS: Final = {"line-protocol": "Line protocol", "ip routing": "IP routing", "ipv6 routing": "IPv6 routing"}


def track(views: Sequence[TrackView], slots: Slots) -> Iterator[str]:
    """`show track [N] [brief]`."""
    if slots.get("number") and not views:
        yield f"% Tracking object {slots['number']} is not there"
    elif slots.get("brief"):
        yield "Track Type        Instance                   Parameter        State Last Change"
        for view in views:
            row = f"{view.number:<5} {view.kind:<11} {view.instance:<26} {view.parameter:<16}"
            yield f"{row} {_state(view.up):<5} {text.hms(int(view.seconds))}"
    else:
        for view in views:
            yield from _track(view)


def _track(view: TrackView) -> Iterator[str]:
    yield f"Track {view.number}"
    yield f"  {_HEADS[view.kind]} {view.instance} {view.parameter}"
    if view.vrf:
        yield f'  VPN Routing/Forwarding table "{view.vrf}"'
    what = _WORDS.get(view.parameter, view.parameter.capitalize())
    if view.kind == "list":
        what = f"Boolean {view.parameter.upper()}"
    yield f"  {what} is {_state(view.up)}" + (f" ({view.why})" if view.why else "")
    yield f"    {view.changes} change{'s' if view.changes != 1 else ''}, last change {text.hms(int(view.seconds))}"
    for number, negated, up in view.members:
        yield f"    object {number}{' not' if negated else ''} {_state(up)}"
    if view.delay_up or view.delay_down:
        delays = [f"{word} {seconds} sec{'s' if seconds != 1 else ''}" for word, seconds in
                  (("up", view.delay_up), ("down", view.delay_down)) if seconds]  # fmt: skip
        yield f"  Delay {', '.join(delays)}"
    if view.code:
        yield f"  Latest operation return code: {view.code}"
        if view.rtt is not None:
            yield f"  Latest RTT (millisecs) {view.rtt}"
    if view.kind.endswith("route"):
        yield f"  First-hop interface is {view.first_hop or 'unknown'}"
    if view.by:
        yield "  Tracked by:"
        yield from (f"    {one}" for one in view.by)


def _state(up: bool) -> str:
    return "Up" if up else "Down"


def routes(views: Sequence[TrackedRouteView], slots: Slots) -> Iterator[str]:
    """`show ip route track-table`."""
    for view in views:
        four = ":" not in view.prefix
        head = ("ip route" if four else "ipv6 route") + (f" vrf {view.vrf}" if view.vrf else "")
        network, _, length = view.prefix.partition("/")
        shown = f"{network} {text.mask(int(length))}" if four else text.prefix(view.prefix)
        way = " ".join(filter(None, (view.interface, text.address(view.gateway) if view.gateway else "")))
        yield f" {head} {shown} {way} track {view.track} state is [{'up' if view.up else 'down'}]"


def statistics(views: Sequence[ProbeView], slots: Slots) -> Iterator[str]:
    """`show ip sla statistics [N]`."""
    if slots.get("number") and not views:
        yield f"% IP SLA {slots['number']} is not there"
        return
    yield "IPSLAs Latest Operation Statistics"
    yield ""
    for view in views:
        yield f"IPSLA operation id: {view.number}"
        yield f"        Latest RTT: {_rtt(view)}"
        if view.started is not None:
            yield f"Latest operation start time: {text.clock(view.started)}"
        yield f"Latest operation return code: {view.code}"
        yield f"Number of successes: {view.successes}"
        yield f"Number of failures: {view.failures}"
        left = "Forever" if view.forever else str(int(view.left or 0))
        yield f"Operation time to live: {left}"
        yield ""


def _rtt(view: ProbeView) -> str:
    if view.rtt is not None:
        return f"{view.rtt} millisecond{'s' if view.rtt != 1 else ''}"
    return "Unknown" if view.code == "Unknown" else "NoConnection/Busy/Timeout"


def summary(views: Sequence[ProbeView], slots: Slots) -> Iterator[str]:
    """`show ip sla summary`."""
    yield "IPSLAs Latest Operation Summary"
    yield "Codes: * active, ^ inactive, ~ pending"
    yield "All Stats are in milliseconds. Stats with u are in microseconds"
    yield ""
    yield "ID           Type        Destination       Stats       Return        Last"
    yield "                                                       Code          Run"
    yield "-" * 77
    for view in views:
        stats = "-" if view.rtt is None else f"RTT={view.rtt}"
        ago = "-" if view.ago is None else f"{int(view.ago)} second{'s' if int(view.ago) != 1 else ''} ago"
        mark = f"{_SIGNS[view.state]}{view.number}"
        yield f"{mark:<12} {'icmp-echo':<11} {view.destination:<17} {stats:<11} {view.code:<13} {ago}"
