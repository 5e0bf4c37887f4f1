"""`show vpn-sessiondb [detail] ra-ikev2-ipsec`, as an ASA lays it out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ikecli.boundary.views import IkeSaView, SaStatus, SystemView
from ikecli.show import text
from ikecli.show.asa.vpn_sessiondb import details, pair, suite_lines
from ikecli.show.options import Slots, detailed


def sessions(views: Sequence[object], slots: Slots) -> Iterator[str]:
    """`show vpn-sessiondb [detail] ra-ikev2-ipsec`: takes IKE SAs, and a SystemView for login times."""
    wall = next((view.clock for view in views if isinstance(view, SystemView)), None)
    sas = [view for view in views if isinstance(view, IkeSaView) and remote_access(view)]
    if not sas:
        yield "INFO: There are presently no active sessions of the type specified"
        return
    yield ""
    yield f"Session Type: Generic Remote-Access IKEv2 IPsec{' Detailed' if detailed(slots) else ''}"
    for sa in sas:
        yield ""
        yield from _session(sa, wall, detailed(slots))
        if detailed(slots):
            yield ""
            yield from details(sa)


def remote_access(sa: IkeSaView) -> bool:
    """Tell whether an IKE SA that stands is a traveller's."""
    return sa.status is SaStatus.READY and bool(sa.authorization)


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
