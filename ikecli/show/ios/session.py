"""`show crypto session [detail]`, as IOS lays it out."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from ikecli.boundary.views import ConnectionView, Counters, FlowView, IkeSaView, SaStatus
from ikecli.numbers import IKE_PORT
from ikecli.show import text
from ikecli.show.flows import Block, blocks, kilobytes_left, received_wrong, seconds_left
from ikecli.show.options import Slots, detailed

_CODES = (
    "",
    "Code: C - IKE Configuration mode, D - Dead Peer Detection     ",
    "K - Keepalives, N - NAT-traversal, T - cTCP encapsulation     ",
    "X - IKE Extended Authentication, F - IKE Fragmentation",
    "R - IKE Auto Reconnect, U - IKE Dynamic Route Update",
    "S - SIP VPN",
)


class _Ends(NamedTuple):
    """What tells sessions apart: peers behind one address have ports of their own."""

    local: str
    peer: str
    port: int
    profile: str


@dataclass(frozen=True, slots=True)
class _Session:
    """What an interface has with one peer."""

    interface: str
    peer: str
    profile: str
    sas: tuple[IkeSaView, ...]
    fvrf: str
    ivrf: str
    blocks: tuple[Block, ...]

    @property
    def status(self) -> str:
        ready = any(sa.status is SaStatus.READY for sa in self.sas)
        active = any(block.children for block in self.blocks) or any(sa.children for sa in self.sas)
        if ready or active:
            return "UP-NO-IKE" if not ready else "UP-ACTIVE" if active else "UP-IDLE"
        return "DOWN-NEGOTIATING" if self.sas else "DOWN"

    @property
    def uptime(self) -> int:
        return max((sa.age for sa in self.sas if sa.status is SaStatus.READY), default=0)

    @property
    def port(self) -> int:
        return self.sas[0].remote_port if self.sas else self.blocks[0].port if self.blocks else IKE_PORT


Views: TypeAlias = Iterable[IkeSaView | ConnectionView]


def session(views: Views, slots: Slots) -> Iterator[str]:
    """`show crypto session [detail]`: each peer with its IKE SAs and flows.

    Takes IKE SAs and connections, what belongs together next to each other and the IKE SAs of it first.
    """
    if slots.get("brief"):
        yield from _brief(views)
        return
    detail = detailed(slots)
    yield "Crypto session current status"
    yield from _CODES if detail else ()
    yield ""
    for one in _each(views):
        yield from _session(one, detail)
        yield ""


def summary(views: Iterable[IkeSaView], slots: Slots) -> Iterator[str]:
    """`show crypto session summary`: takes the IKE SAs that have a group, and counts each one's users."""
    groups: dict[str, Counter[str]] = {}
    for view in views:
        groups.setdefault(view.authorization, Counter())[view.remote_identity] += 1
    for name, users in groups.items():
        yield f"Group {name} has {users.total()} connections"
        yield "  User (Logins)"
        yield from (f"  {text.address(user)} ({count})" for user, count in users.items())


_STATUS: Final = {"UP-ACTIVE": "UA", "UP-IDLE": "UI", "UP-NO-IKE": "UK", "DOWN": "D ", "DOWN-NEGOTIATING": "DN"}


def _brief(views: Views) -> Iterator[str]:
    """Yield a line for each peer, by the routing table of what is protected; the views are gone through for each."""
    yield "Status: A- Active, U - Up, D - Down, I - Idle, S - Standby, N - Negotiating"
    yield "        K - No IKE"
    tables = deque([next((one.ivrf for one in _each(views)), "")])
    known = set(tables)
    while tables:
        table = tables.popleft()
        yield f"ivrf = {table or '(none)'}"
        yield f"{'Peer':>15}{'I/F':>9}{'Username':>17}{'Group/Phase1_id':>25}{'Uptime':>16} Status"
        for one in _each(views):
            if one.ivrf not in known:
                known.add(one.ivrf)
                tables.append(one.ivrf)
            if one.ivrf == table:
                identity = text.address(one.sas[0].remote_identity) if one.sas else ""
                uptime = text.elapsed(one.uptime) if one.uptime else "00:00:00"
                name = text.short_interface(one.interface)
                yield f"{text.address(one.peer):>15}{name:>9}{'':>17}{identity:>25}{uptime:>16} {_STATUS[one.status]}"


def _each(views: Views) -> Iterator[_Session]:
    """Yield the sessions; no more views are held at a time than belong together."""
    together: list[IkeSaView | ConnectionView] = []
    places: set[tuple[str, str]] = set()
    for view in views:
        own = {(view.interface, peer) for peer in view.peers} if isinstance(view, ConnectionView) else set()
        goes_on = isinstance(view, ConnectionView) and (view.children or places & own)
        if together and isinstance(together[-1], ConnectionView) and not goes_on:
            yield from _sessions(together)
            together, places = [], set()
        together.append(view)
        places |= own
    yield from _sessions(together)


def _sessions(views: Sequence[IkeSaView | ConnectionView]) -> Iterator[_Session]:
    sas: dict[_Ends, list[IkeSaView]] = {}
    for view in views:
        if isinstance(view, IkeSaView):
            sas.setdefault(_Ends(view.local, view.remote, view.remote_port, view.profile), []).append(view)
    grouped: dict[tuple[str, _Ends], tuple[ConnectionView, list[Block]]] = {}
    for view in views:
        if isinstance(view, ConnectionView):
            for block in blocks(view):
                ends = _ends(view, block, sas)
                grouped.setdefault((view.interface, ends), (view, []))[1].append(block)
    for (interface, ends), (view, found) in grouped.items():
        mine = _own(interface, sas.get(ends, []))
        sas[ends] = [sa for sa in sas.get(ends, []) if sa not in mine]
        profile = mine[0].profile if mine else view.profile
        yield _Session(interface, ends.peer, profile, tuple(mine), view.vrf, view.inner_vrf, tuple(found))
    for ends, rest in sas.items():
        if rest:
            interface = next((child.interface for sa in rest for child in sa.children), "(unknown)")
            fvrf, _, ivrf = ("" if one == "none" else one for one in rest[0].vrf.partition("/"))
            yield _Session(interface, ends.peer, rest[0].profile, tuple(rest), fvrf, ivrf, ())


def _own(interface: str, sas: list[IkeSaView]) -> list[IkeSaView]:
    """Return of the IKE SAs between two ends those of an interface: peers behind one address have several."""
    own = [sa for sa in sas if not sa.children or any(child.interface == interface for child in sa.children)]
    return own or sas


def _ends(view: ConnectionView, block: Block, sas: Mapping[_Ends, Sequence[IkeSaView]]) -> _Ends:
    """Return the session that a flow belongs to: that of the IKE SA which carries it, or others of its connection."""
    spis = {child.inbound_spi for child in block.children or view.children}
    for ends, held in sas.items():
        if any(child.inbound_spi in spis for sa in held for child in sa.children):
            return ends
    wanted = (block.peer,) if block.children else view.peers
    profiles = ("", view.profile)
    for ends in sas:
        if ends.local == block.local and ends.peer in wanted and (not view.profile or ends.profile in profiles):
            return ends
    return _Ends(block.local, block.peer, block.port, view.profile)


def _session(session: _Session, detail: bool) -> Iterator[str]:
    yield f"Interface: {session.interface}"
    if session.profile:
        yield f"Profile: {session.profile}"
    for sa in session.sas:
        if sa.authorization:
            yield f"Group: {sa.authorization}"
        yield from (f"Assigned address: {text.address(address)}" for address in sa.assigned)
    if detail and session.uptime:
        yield f"Uptime: {text.elapsed(session.uptime)}"
    yield f"Session status: {session.status}     "
    peer = f"Peer: {text.address(session.peer)} port {session.port} "
    if detail:
        yield f"{peer}fvrf: {session.fvrf or '(none)'} ivrf: {session.ivrf or '(none)'}"
        identity = text.address(session.sas[0].remote_identity) if session.sas else ""
        yield f"      Phase1_id: {identity or '(none)'}"
        yield "      Desc: (none)"
    else:
        yield peer
    for sa in session.sas:
        yield from _ike(sa, detail)
    for block in session.blocks:
        yield from _flow(block, detail)


def _ike(sa: IkeSaView, detail: bool) -> Iterator[str]:
    active = "Active" if sa.status is SaStatus.READY else "Inactive"
    local, remote = f"{text.address(sa.local)}/{sa.local_port}", f"{text.address(sa.remote)}/{sa.remote_port}"
    yield f"  Session ID: {sa.session}  "
    if ":" in sa.local:
        yield f"  IKEv2 SA: local {local} "
        yield f"          remote {remote} {active} "
    else:
        yield f"  IKEv2 SA: local {local} remote {remote} {active} "
    if detail:
        marks = (
            ("D", bool(sa.dpd_interval)),
            ("F", sa.fragmentation),
            ("N", sa.nat_local or sa.nat_remote),
            ("U", bool(sa.remote_subnets)),
        )
        able = "".join(letter for letter, on in marks if on) or "(none)"
        left = text.hms(max(0, sa.lifetime - sa.age)) if sa.status is SaStatus.READY else "0"
        yield f"          Capabilities:{able} connid:{sa.id} lifetime:{left}"


def _end(first: str, last: str, ports: tuple[int, int]) -> str:
    port = "" if text.ports(*ports) == "0" else f" port {text.ports(*ports)}"
    if first == last:
        return f"host {text.address(first)}{port}"
    return f"{text.subnet(first, last)}{port}"


def flow_text(flow: FlowView) -> str:
    """Print a flow as a session has it: permit ip 10.0.0.0/255.0.0.0 host 10.3.3.4."""
    protocol = str(flow.protocol) if flow.protocol else "ipv6" if ":" in flow.local_first else "ip"
    local = _end(flow.local_first, flow.local_last, flow.local_ports)
    return f"permit {protocol} {local} {_end(flow.remote_first, flow.remote_last, flow.remote_ports)}"


def _flow(block: Block, detail: bool) -> Iterator[str]:
    yield f"  IPSEC FLOW: {flow_text(block.flow)} "
    yield f"        Active SAs: {2 * len(block.children)}, origin: crypto map"
    if not detail:
        return
    newest, count = block.newest, block.counters if block.children else Counters()
    drops = received_wrong(count)
    for line, octets in (
        (f"        Inbound:  #pkts dec'ed {count.packets_in} drop {drops} life (KB/Sec)", count.octets_in),
        (f"        Outbound: #pkts enc'ed {count.packets_out} drop {count.errors_out} life (KB/Sec)", count.octets_out),
    ):
        if newest is None:
            yield f"{line} 0/0"
        else:
            volume = kilobytes_left(newest, octets) if newest.kilobytes else "KB Vol Rekey Disabled"
            yield f"{line} {volume}/{seconds_left(newest)}"
