"""`show vpn-sessiondb [detail] ra-ikev2-ipsec`, as an ASA lays it out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ikecli.boundary.views import IkeSaView
from ikecli.show import text
from ikecli.show.asa.vpn_sessiondb import l2l, listed, pair, suite_lines
from ikecli.show.options import Slots, detailed


def sessions(views: Iterable[object], slots: Slots) -> Iterator[str]:
    """`show vpn-sessiondb [detail] ra-ikev2-ipsec`: takes a SystemView for login times, then IKE SAs."""
    detail = detailed(slots)
    title = "Generic Remote-Access IKEv2 IPsec"
    yield from listed(views, title, slots, lambda sa, wall: _session(sa, wall, detail) if sa.authorization else None)


def one(views: Iterable[object], slots: Slots) -> Iterator[str]:
    """`show vpn-sessiondb [detail] index N`: of whichever type it is."""
    found = list(views)
    travels = any(isinstance(view, IkeSaView) and view.authorization for view in found)
    yield from (sessions if travels else l2l)(found, slots)


def _session(sa: IkeSaView, wall: float | None, detail: bool) -> Iterator[str]:
    four = next((one for one in sa.assigned if ":" not in one), "")
    six = next((one for one in sa.assigned if ":" in one), "")
    yield pair(("Username", sa.remote_identity), ("Index", sa.id))
    yield pair(("Assigned IP", four or six), ("Public IP", sa.remote))
    if four and six:
        yield f"Assigned IPv6: {six}"
    yield from suite_lines(sa)
    counts = [child.totals for child in sa.children]
    sent, received = (sum(getattr(one, f"octets_{way}") for one in counts) for way in ("out", "in"))
    yield pair(("Bytes Tx", sent), ("Bytes Rx", received))
    if detail:
        sent, received = (sum(getattr(one, f"packets_{way}") for one in counts) for way in ("out", "in"))
        yield pair(("Pkts Tx", sent), ("Pkts Rx", received))
    yield pair(("Group Policy", sa.authorization), ("Tunnel Group", sa.profile))
    if wall is not None:
        yield f"Login Time   : {text.login(wall - sa.age)}"
    yield f"Duration     : {text.duration(sa.age)}"
