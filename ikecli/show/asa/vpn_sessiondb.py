"""`show vpn-sessiondb` and `show vpn-sessiondb [detail] l2l`, as an ASA lays them out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from ikecli.boundary.views import ChildView, IkeSaView, SaStatus, StatsView, SystemView
from ikecli.numbers import TransformType
from ikecli.show import suites, text
from ikecli.show.flows import KILOBYTE, seconds_left
from ikecli.show.options import Slots, detailed

_AUTH = {"PSK": "preSharedKeys", "RSA": "rsaCertificate", "ECDSA": "ecdsaCertificate"}


def l2l(views: Iterable[object], slots: Slots) -> Iterator[str]:
    """`show vpn-sessiondb [detail] l2l`: takes a SystemView for login times, then IKE SAs."""
    title = "LAN-to-LAN"
    yield from listed(views, title, slots, lambda sa, wall: None if sa.authorization else _session(sa, wall))


def listed(
    views: Iterable[object], title: str, slots: Slots, lines: Callable[[IkeSaView, float | None], Iterator[str] | None]
) -> Iterator[str]:
    """Yield the sessions of a type as they come; `lines` of those that are none of it are None."""
    wall: float | None = None
    begun = False
    for view in _ordered(views, slots):
        if isinstance(view, SystemView):
            wall = view.clock
        if not isinstance(view, IkeSaView) or view.status is not SaStatus.READY or not _asked_for(view, slots):
            continue
        found = lines(view, wall)
        if found is None:
            continue
        if not begun:
            yield ""
            yield f"Session Type: {title}{' Detailed' if detailed(slots) else ''}"
        begun = True
        yield ""
        yield from found
        if detailed(slots):
            yield ""
            yield from details(view)
    if not begun:
        yield "INFO: There are presently no active sessions of the type specified"


_KEYS: Final[dict[str, Callable[[IkeSaView], Any]]] = {
    "name": lambda sa: sa.remote_identity,
    "ipaddress": lambda sa: text.span(sa.remote, sa.remote),
    "p-ipaddress": lambda sa: text.span(sa.remote, sa.remote),
    "a-ipaddress": lambda sa: [text.span(one, one) for one in sa.assigned],
    "duration": lambda sa: sa.age,
    "encryption": lambda sa: sorted(_ciphers(sa)),
    "protocol": lambda sa: sorted(_carriers(sa)),
}
"""What sessions are sorted by."""


def _ordered(views: Iterable[object], slots: Slots) -> Iterable[object]:
    """Return views with the SAs among them last, in the order that was asked for: these are then held all at once."""
    key = _KEYS.get(str(slots.get("sort")))
    if key is None:
        return views
    sas: list[IkeSaView] = []
    others: list[object] = []
    for view in views:
        if isinstance(view, IkeSaView):
            sas.append(view)
        else:
            others.append(view)
    return [*others, *sorted(sas, key=key)]


def _ciphers(sa: IkeSaView) -> set[str]:
    return {suites.brief_cipher(one).lower() for one in (sa.encryption, *(child.encryption for child in sa.children))}


def _carriers(sa: IkeSaView) -> set[str]:
    return {"ikev2", *(carrier(child).lower() for child in sa.children)}


def _asked_for(sa: IkeSaView, slots: Slots) -> bool:
    """Tell whether a session is one that the filters ask for which are about its layout's words."""
    version = "v6" if ":" in sa.remote else "v4"
    return (
        slots.get("version") in (None, version)
        and slots.get("encryption") in (None, *_ciphers(sa))
        and slots.get("protocol") in (None, *_carriers(sa))
    )


def pair(left: tuple[str, object], right: tuple[str, object]) -> str:
    return f"{left[0]:<13}: {left[1]!s:<23}{right[0]:<13}: {right[1]}"


def carrier(child: ChildView) -> str:
    """Return what carries a Child SA, in an ASA's words."""
    return "IPsecOverNatT" if child.encapsulated else "IPsec"


def _counts(names: Iterable[str]) -> str:
    return " ".join(f"({number}){name}" for name, number in Counter(names).items())


def suite_lines(sa: IkeSaView) -> Iterator[str]:
    """Yield protocol, encryption and hashing of a session."""
    protocol = carrier(sa.children[0]) if sa.children else ""
    ciphers = _counts(suites.brief_cipher(child.encryption) for child in sa.children)
    hashes = _counts(suites.brief_hash(child.integrity) for child in sa.children)
    under = (f"  {protocol}: {ciphers}", f"  {protocol}: {hashes}") if sa.children else ("", "")
    yield f"Protocol     : {f'IKEv2 {protocol}'.strip()}"
    yield f"Encryption   : IKEv2: (1){suites.brief_cipher(sa.encryption)}{under[0]}"
    yield f"Hashing      : IKEv2: (1){suites.brief_hash(sa.integrity)}{under[1]}"


def _session(sa: IkeSaView, wall: float | None) -> Iterator[str]:
    yield f"Connection   : {sa.profile or sa.remote}"
    yield pair(("Index", sa.id), ("IP Addr", sa.remote))
    yield from suite_lines(sa)
    sent = sum(child.totals.octets_out for child in sa.children)
    received = sum(child.totals.octets_in for child in sa.children)
    yield pair(("Bytes Tx", sent), ("Bytes Rx", received))
    if wall is not None:
        yield f"Login Time   : {text.login(wall - sa.age)}"
    yield f"Duration     : {text.duration(sa.age)}"


def details(sa: IkeSaView) -> Iterator[str]:
    """Yield the tunnels of a session: IKE's and each Child SA's."""
    yield "IKEv2 Tunnels: 1"
    for protocol, number in Counter(carrier(child) for child in sa.children).items():
        yield f"{protocol} Tunnels: {number}"
    yield ""
    yield "IKEv2:"
    yield f"  Tunnel ID    : {sa.id}.1"
    yield "  " + pair(("UDP Src Port", sa.local_port), ("UDP Dst Port", sa.remote_port))
    for word, number in (("Rem", sa.auth_remote), ("Loc", sa.auth_local)):
        yield f"  {word} Auth Mode: {_AUTH.get(suites.method(number), suites.method(number))}"
    yield "  " + pair(("Encryption", suites.brief_cipher(sa.encryption)), ("Hashing", suites.brief_hash(sa.integrity)))
    yield "  " + _rekey("T", sa.lifetime, max(0, sa.lifetime - sa.age), "Seconds")
    yield "  " + pair(("PRF", suites.shown(TransformType.PRF, sa.prf)), ("D/H Group", sa.group))
    yield "  Filter Name  : "
    for number, child in enumerate(sa.children, start=2):
        yield ""
        yield from _tunnel(sa, number, child)


def _rekey(letter: str, interval: int, left: int, unit: str) -> str:
    return pair((f"Rekey Int ({letter})", f"{interval} {unit}"), (f"Rekey Left({letter})", f"{left} {unit}"))


def _tunnel(sa: IkeSaView, number: int, child: ChildView) -> Iterator[str]:
    count = child.totals
    yield f"{carrier(child)}:"
    yield f"  Tunnel ID    : {sa.id}.{number}"
    for flow in child.flows:
        local, remote = text.idents(flow, "asa")
        yield f"  Local Addr   : {local[1:-1]}"
        yield f"  Remote Addr  : {remote[1:-1]}"
    yield "  " + pair(
        ("Encryption", suites.brief_cipher(child.encryption)), ("Hashing", suites.brief_hash(child.integrity))
    )
    mode = "Transport" if child.transport else "Tunnel"
    if child.group is None:
        yield f"  Encapsulation: {mode}"
    else:
        yield "  " + pair(("Encapsulation", mode), ("PFS Group", child.group))
    yield "  " + _rekey("T", child.lifetime, seconds_left(child), "Seconds")
    if child.kilobytes:
        used = max(count.octets_in, count.octets_out) // KILOBYTE
        yield "  " + _rekey("D", child.kilobytes, max(0, child.kilobytes - used), "K-Bytes")
    yield "  " + pair(("Idle Time Out", "0 Minutes"), ("Idle TO Left", "0 Minutes"))
    yield "  " + pair(("Bytes Tx", count.octets_out), ("Bytes Rx", count.octets_in))
    yield "  " + pair(("Pkts Tx", count.packets_out), ("Pkts Rx", count.packets_in))


_RULE = "-" * 75
_UNDER = " " * 29 + "-" * 46


def summary(views: Iterable[object], slots: Slots) -> Iterator[str]:
    """`show vpn-sessiondb`: takes IKE SAs, and a StatsView for what was before; the rest is passed over."""
    stats, active, travellers = StatsView(), 0, 0
    for view in views:
        if isinstance(view, StatsView):
            stats = view
        elif isinstance(view, IkeSaView) and view.status is SaStatus.READY:
            active += 1
            travellers += bool(view.authorization)
    total = max(active, stats.incoming_accepted + stats.outgoing_accepted)
    peak = max(active, stats.peak)
    yield from (_RULE, "VPN Session Summary", _RULE)
    yield f"{'Active : Cumulative : Peak Concur : Inactive':>75}"
    yield _UNDER
    if travellers:
        for name in ("IKEv2 Generic IPsec Client", "  IKEv2 IPsec"):
            yield f"{name:<29}: {travellers:>6} : {travellers:>10} : {travellers:>11}"
    for name in ("Site-to-Site VPN", "  IKEv2 IPsec"):
        yield f"{name:<29}: {active - travellers:>6} : {total - travellers:>10} : {peak - travellers:>11}"
    yield _RULE
    yield f"{'Total Active and Inactive':<29}: {active:>6}             Total Cumulative : {total:>6}"
    yield f"{'Device Total VPN Capacity':<29}: {stats.max_sas:>6}"
    yield f"{'Device Load':<29}: {100 * active // stats.max_sas if stats.max_sas else 0:>5}%"
    yield _RULE
    yield ""
    yield from (_RULE, "Tunnels Summary", _RULE)
    yield f"{'Active : Cumulative : Peak Concurrent':>68}   "
    yield _UNDER
    yield f"{'IKEv2':<29}: {active:>6} : {total:>10} : {peak:>15}"
    yield _RULE
    yield f"{'Totals':<29}: {active:>6} : {total:>10}"
    yield _RULE
