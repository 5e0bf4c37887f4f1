"""`show crypto ikev2 sa` and `stats`, as an ASA lays them out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from ikecli.boundary.views import ChildView, IkeSaView, StatsView
from ikecli.show import suites, text
from ikecli.show.ios.ikev2 import nat_text, session_status, status_text
from ikecli.show.options import Slots, detailed

_HEADER = f"{'Tunnel-id Local':<62}{'Remote':<56}{'Status':<15}Role"


def sa(views: Iterable[IkeSaView], slots: Slots) -> Iterator[str]:
    """`show crypto ikev2 sa [detail]`: the IKE SAs of each pair of ends, and their Child SAs. By session."""
    yield ""
    head = "IKEv2 SAs:"
    for number, group in groupby(views, key=lambda sa: sa.session):
        if head:
            yield head
            head = ""
        sas = list(group)
        children = sum(len(sa.children) for sa in sas)
        yield ""
        yield f"Session-id:{number}, Status:{session_status(sas)}, IKE count:{len(sas)}, CHILD count:{children}"
        for one in sas:
            yield from _sa(one, detailed(slots))
    if head:
        yield "There are no IKEv2 SAs"


def both_versions(views: Iterable[IkeSaView], slots: Slots) -> Iterator[str]:
    """`show crypto isakmp sa [detail]`: there are no IKEv1 SAs, and these of IKEv2."""
    yield ""
    yield "There are no IKEv1 SAs"
    yield from sa(views, slots)


def _sa(sa: IkeSaView, detail: bool) -> Iterator[str]:
    local, remote = f"{sa.local}/{sa.local_port}", f"{sa.remote}/{sa.remote_port}"
    role = "INITIATOR" if sa.initiator else "RESPONDER"
    yield ""
    yield _HEADER
    yield f"{sa.id:>9} {local:<51} {remote:<51} {sa.status.value:>10}    {role}"
    yield f"      {suites.ike(sa, 'asa')}"
    yield from (f"      {line}" for line in suites.further(sa.additional, "asa"))
    yield f"      Life/Active Time: {sa.lifetime}/{sa.age} sec"
    if detail:
        yield from _detail(sa)
    for child in sa.children:
        yield from _child(child, detail)


def _detail(sa: IkeSaView) -> Iterator[str]:
    yield f"      Session-id: {sa.session}"
    yield f"      Status Description: {status_text(sa)}"
    yield f"      Local spi: {sa.local_spi.upper()}       Remote spi: {sa.remote_spi.upper()}"
    yield f"      Local id: {sa.local_identity}"
    yield f"      Remote id: {sa.remote_identity}"
    for name, ours, theirs in (
        ("req mess id: ", sa.request_id - sa.requests_open, sa.peer_request_id),
        ("next mess id:", sa.request_id, sa.peer_request_id + sa.peer_requests_open),
        ("req queued:  ", sa.request_id + sa.requests_queued, sa.peer_request_id + sa.peer_requests_open),
        ("window:      ", sa.window, sa.peer_window),
    ):
        yield f"      Local {name} {ours:<13} Remote {name} {theirs}"
    yield f"      DPD configured for {sa.dpd_interval} seconds, retry {sa.dpd_retry}"
    yield f"      NAT-T is {nat_text(sa)}"
    yield f"      IKEv2 Fragmentation {'Configured' if sa.fragmentation else 'not configured'}"


def _child(child: ChildView, detail: bool) -> Iterator[str]:
    head = "Child sa:"
    for flow in child.flows:
        local, remote = text.ranges(flow, "asa")
        yield f"{head} local selector  {local}"
        yield f"          remote selector {remote}"
        head = "         "
    yield f"          ESP spi in/out: 0x{child.inbound_spi:x}/0x{child.outbound_spi:x}"
    if detail:
        yield "          AH spi in/out: 0x0/0x0"
        yield "          CPI in/out: 0x0/0x0"
        yield f"          Encr: {suites.cipher(child.encryption)}, esp_hmac: {suites.integrity(child.integrity, 'N/A')}"
        yield f"          ah_hmac: None, comp: IPCOMP_NONE, mode {'transport' if child.transport else 'tunnel'}"


def stats(views: Sequence[StatsView], slots: Slots) -> Iterator[str]:
    """`show crypto ikev2 stats`: SAs and requests, then each exchange and notify that was seen."""
    for view in views:
        yield ""
        yield "Global IKEv2 Statistics"
        for label, number in (
            ("Active Tunnels", view.incoming_active + view.outgoing_active),
            ("In-negotiation Tunnels", view.incoming_negotiating + view.outgoing_negotiating),
            ("Incoming Requests Accepted", view.incoming_accepted),
            ("Incoming Requests Rejected", view.incoming_rejected),
            ("Outgoing Requests Accepted", view.outgoing_accepted),
            ("Outgoing Requests Rejected", view.outgoing_rejected),
            ("In Drop Packets", view.dropped),
            ("In SA_INIT Waiting", view.waiting),
            ("In SA_INIT Dropped, Queue Full", view.waiting_dropped),
            ("In Cookie Challenges", view.cookies_accepted + view.cookies_rejected + view.cookies_missing),
            ("In Cookies Accepted", view.cookies_accepted),
            ("In Cookies Rejected", view.cookies_rejected),
            *(
                (
                    ("In Puzzle Challenges", view.puzzles_asked),
                    ("In Puzzles Solved", view.puzzles_solved),
                    ("In Puzzles Unsolved", view.puzzles_unsolved),
                )
                if view.puzzles_asked
                else ()
            ),
        ):
            yield f"  {label + ':':<40}{number:>10}"
        for title, counts in (("Exchanges", view.exchanges), ("Notifies", view.notifies)):
            if counts:
                yield ""
                yield f"{title + ':':<32}{'Out Req':>10}{'Out Res':>10}{'In Req':>10}{'In Res':>10}"
            for count in counts:
                numbers = (count.sent_requests, count.sent_responses, count.received_requests, count.received_responses)
                yield f"  {count.name:<30}" + "".join(f"{number:>10}" for number in numbers)
