"""`show vpn-sessiondb ratio`, as an ASA lays it out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from ikecli.boundary.views import IkeSaView, SaStatus, StatsView
from ikecli.show import suites
from ikecli.show.asa.vpn_sessiondb import carrier
from ikecli.show.options import Slots


def ratio(views: Iterable[object], slots: Slots) -> Iterator[str]:
    """Take a StatsView and IKE SAs: each IKE SA and each Child SA is a tunnel that something encrypts and carries."""
    stats, sessions = StatsView(), 0
    found = Counter[str]()
    by_encryption = slots.get("of") != "protocol"
    for view in views:
        if isinstance(view, StatsView):
            stats = view
        elif isinstance(view, IkeSaView) and view.status is SaStatus.READY:
            sessions += 1
            found[suites.brief_cipher(view.encryption) if by_encryption else "IKEv2"] += 1
            for child in view.children:
                found[suites.brief_cipher(child.encryption) if by_encryption else carrier(child)] += 1
    yield f"Filter Group         : {slots.get('group') or 'All'}"
    yield f"Total Active Sessions: {sessions}"
    yield f"Cumulative Sessions  : {max(sessions, stats.incoming_accepted + stats.outgoing_accepted)}"
    yield ""
    yield f"{'Encryption' if by_encryption else 'Protocol':<24} Sessions       Percent"
    total = max(1, sum(found.values()))
    for name, number in sorted(found.items()):
        yield f"{name:<24} {number:>8}{f'{100 * number // total}%':>14}"
