"""Which Child SAs carry which flow of a connection, for the layouts that show one block a flow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ikecli.boundary.views import ChildView, ConnectionView, Counters, FlowView
from ikecli.numbers import IKE_PORT
from ikecli.show import suites, text

KILOBYTE: Final = 1024
_ESP_HEADER, _UDP_HEADER, _TRAILER = 8, 8, 2
_IP_HEADERS: Final = {4: 20, 6: 40}


@dataclass(frozen=True, slots=True)
class Block:
    """One flow of a connection and the Child SAs that carry it, newest last."""

    connection: ConnectionView
    flow: FlowView
    children: tuple[ChildView, ...] = ()

    @property
    def newest(self) -> ChildView | None:
        """The Child SA that sends."""
        return self.children[-1] if self.children else None

    @property
    def counters(self) -> Counters:
        """What all Child SAs of this flow counted, and those before them."""
        return sum((child.totals for child in self.children), start=Counters())

    @property
    def peer(self) -> str:
        """The other end's address: the one in use, else the first configured, else any."""
        newest = self.newest
        return newest.remote if newest is not None else next(iter(self.connection.peers), "0.0.0.0")

    @property
    def local(self) -> str:
        """Our end's address."""
        newest = self.newest
        return newest.local if newest is not None else self.connection.local

    @property
    def port(self) -> int:
        """The peer's IKE port: the one in use, else the first that is tried."""
        newest = self.newest
        return newest.remote_port if newest is not None else IKE_PORT


def blocks(connection: ConnectionView) -> Iterator[Block]:
    """Yield the blocks of a connection: its configured flows in order, narrowed where a peer narrowed them."""
    carried: dict[FlowView, list[ChildView]] = {}
    for child in sorted(connection.children, key=lambda child: -child.age):
        for flow in child.flows:
            carried.setdefault(flow, []).append(child)
    shown: set[FlowView] = set()
    for flow in connection.flows:
        served = [flow] if flow in carried else [other for other in carried if _narrowed(connection, flow, other)]
        for other in served:
            if other not in shown:
                yield Block(connection, other, tuple(carried[other]))
        if not served:
            yield Block(connection, flow)
        shown.update(served)
    for flow, children in carried.items():
        if flow not in shown:
            yield Block(connection, flow, tuple(children))


def _narrowed(connection: ConnectionView, flow: FlowView, other: FlowView) -> bool:
    return other not in connection.flows and _overlap(flow, other)


def _overlap(one: FlowView, two: FlowView) -> bool:
    if 0 not in (one.protocol, two.protocol) and one.protocol != two.protocol:
        return False
    pairs = (
        (text.span(one.local_first, one.local_last), text.span(two.local_first, two.local_last)),
        (text.span(one.remote_first, one.remote_last), text.span(two.remote_first, two.remote_last)),
        (one.local_ports, two.local_ports),
        (one.remote_ports, two.remote_ports),
    )
    return all(left[0] <= right[1] and right[0] <= left[1] for left, right in pairs)


def received_wrong(count: Counters) -> int:
    """Packets that came and were not let in."""
    return count.replays + count.integrity_failures + count.errors_in


def seconds_left(child: ChildView) -> int:
    """Seconds until a Child SA's lifetime is over."""
    return max(0, child.lifetime - child.age)


def kilobytes_left(child: ChildView, octets: int) -> int:
    """Kilobytes until a Child SA's volume is over; 0 where it has no limit."""
    return max(0, child.kilobytes - octets // KILOBYTE)


def _headers(child: ChildView) -> int:
    iv, _, _, _ = suites.sizes(child.encryption, child.integrity)
    outer = _IP_HEADERS[6 if ":" in child.local else 4]
    return outer + (_UDP_HEADER if child.encapsulated else 0) + _ESP_HEADER + iv


def plaintext_mtu(child: ChildView, mtu: int) -> int:
    """The longest packet that still fits into `mtu` octets once it is protected."""
    _, icv, align, _ = suites.sizes(child.encryption, child.integrity)
    room = (mtu - _headers(child) - icv) // align * align - _TRAILER
    return max(0, room + (_IP_HEADERS[6 if ":" in child.local else 4] if child.transport else 0))


def overhead(child: ChildView) -> tuple[int, int]:
    """Octets that protection adds to a packet, at most: in all, and in front of it."""
    _, icv, _, block = suites.sizes(child.encryption, child.integrity)
    front = _headers(child)
    return front + _TRAILER + block + icv, front
