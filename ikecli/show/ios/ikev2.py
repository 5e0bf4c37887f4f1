"""`show crypto ikev2 sa`, `session` and `stats`, as IOS lays them out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from ikecli.boundary.views import ChildView, ExchangeCount, IkeSaView, SaStatus, StatsView
from ikecli.numbers import FIRST_STATUS, NotifyType
from ikecli.show import suites, text
from ikecli.show.ios import flexvpn
from ikecli.show.options import Slots, detailed

_HEADER_4 = "Tunnel-id Local                 Remote                fvrf/ivrf            Status "
_HEADER_6 = "Tunnel-id    fvrf/ivrf              Status"


def _by_version(sas: Iterable[IkeSaView]) -> tuple[Iterator[IkeSaView], Iterator[IkeSaView]]:
    """Return those over IPv4, then those over IPv6; all are gone through again only where there are such."""
    six = False

    def old() -> Iterator[IkeSaView]:
        nonlocal six
        for sa in sas:
            if ":" in sa.local:
                six = True
            else:
                yield sa

    def new() -> Iterator[IkeSaView]:
        yield from (sa for sa in sas if ":" in sa.local) if six else ()

    return old(), new()


def sa(views: Iterable[IkeSaView], slots: Slots) -> Iterator[str]:
    """`show crypto ikev2 sa [detailed]`: IPv4 first, then IPv6."""
    old, new = _by_version(views)
    for title, sas in ((" IPv4 Crypto IKEv2  SA ", old), (" IPv6 Crypto IKEv2  SA ", new)):
        yield title
        yield ""
        for one in sas:
            yield from _sa(one, detailed(slots))
            yield ""


def _sa(sa: IkeSaView, detail: bool) -> Iterator[str]:
    vrf = text.vrf(sa.vrf)
    if ":" in sa.local:
        yield _HEADER_6
        yield f"{sa.id:<10} {vrf:<21} {sa.status.value}"
        yield f"Local  {text.address(sa.local)}/{sa.local_port}"
        yield f"Remote  {text.address(sa.remote)}/{sa.remote_port}"
    else:
        yield _HEADER_4
        local, remote = f"{sa.local}/{sa.local_port}", f"{sa.remote}/{sa.remote_port}"
        yield f"{sa.id:<9} {local:<21} {remote:<21} {vrf:<20} {sa.status.value:<6} "
    yield f"      {suites.ike(sa, 'ios')}{', QR' if sa.ppk else ''}"
    yield from (f"      {line}" for line in suites.further(_further(sa), "ios"))
    yield f"      Life/Active Time: {sa.lifetime}/{sa.age} sec"
    yield f"      CE id: 0, Session-id: {sa.session}"
    yield f"      Local spi: {sa.local_spi.upper()}       Remote spi: {sa.remote_spi.upper()}"
    if detail:
        yield from _detail(sa)


def _further(sa: IkeSaView) -> tuple[int, ...]:
    """Return the additional key exchanges, and a post-quantum one that is all there is."""
    return (sa.group, *sa.additional) if suites.is_kem(sa.group) else sa.additional


def status_text(sa: IkeSaView) -> str:
    """Say how far an IKE SA is."""
    if sa.status is SaStatus.READY:
        return "Negotiation done"
    if sa.status is SaStatus.DELETING:
        return "Delete in progress"
    if not sa.initiator:
        return "Responder waiting for AUTH message"
    known = sa.remote_spi.strip("0")
    return "Initiator waiting for AUTH response" if known else "Initiator waiting for INIT response"


def nat_text(sa: IkeSaView) -> str:
    """Say where NAT was found: inside is our end, outside the peer's."""
    ends = [word for word, found in (("inside", sa.nat_local), ("outside", sa.nat_remote)) if found]
    return f"detected  {' and '.join(ends)}" if ends else "not detected  "


def _detail(sa: IkeSaView) -> Iterator[str]:
    yield f"      Status Description: {status_text(sa)}"
    yield f"      Local id: {text.address(sa.local_identity)}"
    yield f"      Remote id: {text.address(sa.remote_identity)}"
    for name, ours, theirs in (
        ("req msg id: ", sa.request_id - sa.requests_open, sa.peer_request_id),
        ("next msg id:", sa.request_id, sa.peer_request_id + sa.peer_requests_open),
        ("req queued: ", sa.request_id + sa.requests_queued, sa.peer_request_id + sa.peer_requests_open),
        ("window:     ", sa.window, sa.peer_window),
    ):
        yield f"      Local {name} {ours:<14} Remote {name} {theirs:<9} "
    yield f"      DPD configured for {sa.dpd_interval} seconds, retry {sa.dpd_retry}"
    yield f"      {'IETF Std Fragmentation ' if sa.fragmentation else 'Fragmentation not '} configured."
    told = sa.authorization or sa.pushed or sa.remote_subnets
    if quantum := [number for number in _further(sa) if suites.is_kem(number)]:
        yield f"      Quantum-safe Encryption using PQC: {suites.methods(quantum)}"
    yield f"      Dynamic Route Update: {'enabled' if told else 'disabled'}"
    yield "      Extended Authentication not configured."
    yield f"      NAT-T is {nat_text(sa)}"
    yield "      Cisco Trust Security SGT is disabled"
    for address in sa.assigned:
        yield f"      Assigned host addr: {text.address(address)}"
    yield f"      Initiator of SA : {'Yes' if sa.initiator else 'No'}"
    for address in sa.pushed:
        yield f"      Pushed IP address: {text.address(address)}"
    yield from (f"      {line}" for line in flexvpn.told(sa.told))
    if sa.remote_subnets:
        yield "      Remote subnets:"
        yield from (f"      {text.prefix(prefix)}" for prefix in sa.remote_subnets)
    if sa.ppk:
        yield "      Quantum-safe Encryption using Manual PPK"


def session(views: Iterable[IkeSaView], slots: Slots) -> Iterator[str]:
    """`show crypto ikev2 session [detailed]`: the IKE SAs of each pair of ends, and their Child SAs. By session."""
    old, new = _by_version(views)
    for title, sas in ((" IPv4 Crypto IKEv2 Session ", old), (" IPv6 Crypto IKEv2 Session ", new)):
        yield title
        yield ""
        for number, group in groupby(sas, key=lambda sa: sa.session):
            yield from _session(number, list(group), detailed(slots))
            yield ""


def session_status(sas: Iterable[IkeSaView]) -> str:
    """Say whether a session carries traffic, is idle, or is coming up."""
    ready = [sa for sa in sas if sa.status is SaStatus.READY]
    if any(sa.children for sa in ready):
        return "UP-ACTIVE"
    return "UP-IDLE" if ready else "DOWN-NEGOTIATING"


def _session(number: int, sas: list[IkeSaView], detail: bool) -> Iterator[str]:
    children = sum(len(sa.children) for sa in sas)
    yield f"Session-id:{number}, Status:{session_status(sas)}, IKE count:{len(sas)}, CHILD count:{children}"
    for sa in sas:
        yield ""
        yield from _sa(sa, detail)
        for child in sa.children:
            yield from _child(child, detail)


def _child(child: ChildView, detail: bool) -> Iterator[str]:
    yield "Child sa:"
    yield "          local selector       ->      remote selector"
    for flow in child.flows:
        local, remote = text.ranges(flow)
        yield f"          {local}    ->    {remote}"
    yield f"          ESP spi in/out: 0x{child.inbound_spi:X}/0x{child.outbound_spi:X}  "
    if detail:
        yield "          AH spi in/out: 0x0/0x0  "
        yield "          CPI in/out: 0x0/0x0  "
        check = suites.integrity(child.integrity, "None")
        yield f"          Encr: {suites.cipher(child.encryption)}, esp_hmac: {check}"
        yield f"          ah_hmac: None, comp: IPCOMP_NONE, mode {'transport' if child.transport else 'tunnel'}"


_RULE = "-" * 80


def stats(views: Sequence[StatsView], slots: Slots) -> Iterator[str]:
    """`show crypto ikev2 stats [exchange | priority-queue]`."""
    for view in views:
        if slots.get("queue"):
            yield from _queues(view)
        else:
            yield from (_exchanges(view) if slots.get("exchange") else _stats(view))


def _queues(view: StatsView) -> Iterator[str]:
    """Yield the queues of a router; all but that of IKE_SA_INIT requests are one here, and are served at once."""
    yield "-" * 52
    yield f"{'IKEV2 PRIORITY QUEUE':<30}{'SIZE':>10}{'PEAK':>12}"
    yield "-" * 52
    for name in ("HIGHEST", "HIGHER", "HIGH", "NORMAL", "LOW", "LOWER", "LOWEST"):
        size, peak = (view.waiting, view.waiting_peak) if name == "LOW" else (0, 0)
        yield f"{name:<30}{size:>10}{peak:>12}"


def _stats(view: StatsView) -> Iterator[str]:
    yield _RULE
    yield "                          Crypto IKEv2 SA Statistics"
    yield _RULE
    yield (
        f"System Resource Limit:   0        Max IKEv2 SAs: {view.max_sas:<8} "
        f"Max in nego(in/out): {view.max_half_open}/{view.max_beginning}"
    )
    for way, active, negotiating in (
        ("incoming", view.incoming_active, view.incoming_negotiating),
        ("outgoing", view.outgoing_active, view.outgoing_negotiating),
    ):
        total = active + negotiating
        yield f"Total {way} IKEv2 SA Count:    {total:<8} active:        {active:<8} negotiating: {negotiating:<5} "
    for word, accepted, rejected in (
        ("Incoming", view.incoming_accepted, view.incoming_rejected),
        ("Outgoing", view.outgoing_accepted, view.outgoing_rejected),
    ):
        total = accepted + rejected
        yield f"{word} IKEv2 Requests: {total:<8} accepted:      {accepted:<8} rejected:    {rejected:<7} "
    full = view.full_sas + view.full_negotiating
    yield f"Rejected IKEv2 Requests: {full:<8} rsrc low:      0        SA limit:    {full:<7} "
    yield f"IKEv2 packets dropped at dispatch: {view.dropped:<7} "
    yield f"Incoming Requests dropped as LOW Q limit reached : {view.waiting_dropped:<7} "
    good, bad, none = view.cookies_accepted, view.cookies_rejected, view.cookies_missing
    yield f"Incoming IKEV2 Cookie Challenged Requests: {good + bad + none:<7} "
    yield f"    accepted: {good:<8} rejected: {bad:<8} rejected no cookie: {none:<7} "
    if view.puzzles_asked:
        yield f"Incoming IKEV2 Puzzle Challenged Requests: {view.puzzles_asked:<7} "
        yield f"    solved:   {view.puzzles_solved:<8} unsolved: {view.puzzles_unsolved:<8} "
    yield "Total Deleted sessions of Cert Revoked Peers: 0       "


def _exchanges(view: StatsView) -> Iterator[str]:
    yield "EXCHANGE/NOTIFY                   TX(REQ)    TX(RES)    RX(REQ)    RX(RES)"
    errors = [count for count in view.notifies if _is_error(count.name)]
    others = [count for count in view.notifies if not _is_error(count.name)]
    for title, counts in (("EXCHANGES", view.exchanges), ("ERROR NOTIFY", errors), ("OTHER NOTIFY", others)):
        yield ""
        yield title
        yield ""
        for count in counts:
            yield _count(count)
    for title in ("CONFIG PAYLOAD TYPE                    TX         RX", "OTHER COUNTERS"):
        yield ""
        yield title


def _is_error(name: str) -> bool:
    number = int(name) if name.isdecimal() else NotifyType[name] if name in NotifyType.__members__ else FIRST_STATUS
    return number < FIRST_STATUS


def _count(count: ExchangeCount) -> str:
    return (
        f"{count.name:<30}{count.sent_requests:>11}{count.sent_responses:>11}"
        f"{count.received_requests:>11}{count.received_responses:>11}"
    )
