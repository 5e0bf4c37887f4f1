"""`show crypto call admission statistics` and `show crypto ikev2 diagnose error`, as IOS lays them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ikecli.boundary.views import FailuresView, StatsView
from ikecli.show.options import Slots

_RULE: Final = "-" * 69


def statistics(views: Sequence[StatsView], slots: Slots) -> Iterator[str]:
    """`show crypto call admission statistics`: how many SAs there are and may be, and what was refused."""
    for view in views:
        yield _RULE
        yield "               Crypto Call Admission Control Statistics"
        yield _RULE
        yield from _ike(view)
        yield ""
        yield from _ipsec(view)
        yield ""
        yield f"Phase1.5 SAs under negotiation:  {0:>8}"


def _ike(view: StatsView) -> Iterator[str]:
    active = view.incoming_active + view.outgoing_active
    negotiating = view.incoming_negotiating + view.outgoing_negotiating
    full = view.full_sas + view.full_negotiating
    yield (f"System Resource Limit: {0:>8} Max IKE SAs: {view.max_sas:>5} Max in nego: {view.max_negotiating:>5}")
    yield f"Total IKE SA Count:    {active + negotiating:>8} active:   {active:>8} negotiating: {negotiating:>5}"
    for way, accepted, rejected in (
        ("Incoming", view.incoming_accepted, view.incoming_rejected),
        ("Outgoing", view.outgoing_accepted, view.outgoing_rejected),
    ):
        yield f"{way} IKE Requests: {accepted + rejected:>8} accepted: {accepted:>8} rejected: {rejected:>8}"
    yield f"Rejected IKE Requests: {full:>8} rsrc low: {0:>8} Active SA limit: {view.full_sas}"
    yield f"{'':<51}In-neg SA limit: {view.full_negotiating}"
    yield f"IKE packets dropped at dispatch: {view.waiting_dropped:>8}"


def _ipsec(view: StatsView) -> Iterator[str]:
    total, negotiating = view.children + view.children_negotiating, view.children_negotiating
    yield f"Max IPSEC SAs: {view.max_children:>5}"
    yield f"Total IPSEC SA Count:    {total:>8} active:   {view.children:>8} negotiating: {negotiating:>5}"
    for way, accepted, rejected in zip(
        ("Incoming", "Outgoing"), view.children_accepted, view.children_rejected, strict=True
    ):
        yield f"{way} IPSEC Requests: {accepted + rejected:>8} accepted: {accepted:>8} rejected: {rejected:>8}"
    incoming, outgoing = view.children_stronger
    yield f"SA Strength Enforcement Rejects:  incoming: {incoming:>8} outgoing: {outgoing:>8}"


def failures(views: Sequence[FailuresView], slots: Slots) -> Iterator[str]:
    """`show crypto ikev2 diagnose error`: what failed, with the reason where a router has a trace of its calls."""
    for view in views:
        status = "enable" if view.enabled else "disable"
        held = f"current entry {len(view.errors)}, deleted {view.forgotten}, max allow {view.most}"
        yield f"Exit Path Table - status: {status}, {held}"
        yield ""
        for number, text in view.errors:
            yield f"Error({number}): {text}"
            yield ""
