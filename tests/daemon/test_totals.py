"""What is shown of a flow goes on over its rekeys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_address, ip_network

from ikecli.boundary.effects import Direction, Endpoint, EspKeys, Install, Remove, Update
from ikecli.boundary.views import Counters, IpsecTotalsView
from ikecli.daemon.totals import Totals
from ikecli.intent import Selector
from ikecli.lab.clock import VirtualClock
from ikecli.numbers import ALGORITHMS

HERE, THERE, ELSEWHERE = (Endpoint(ip_address(f"192.0.2.{at}"), 500) for at in (1, 2, 3))
FLOWS = ((Selector.of(ip_network("10.1.0.0/16")), Selector.of(ip_network("10.2.0.0/16"))),)
OTHER = ((FLOWS[0][0], Selector.of(ip_network("10.3.0.0/16"))),)
GCM = next(row for row in ALGORITHMS if row.name == "ENCR_AES_GCM_16")


class Node:
    """A data plane's counters, as they are set, and the totals beside them. SPIs to us are odd, the peer's even."""

    def __init__(self) -> None:
        self.clock, self.counted = VirtualClock(), dict[int, Counters]()
        self.totals = Totals(self.clock, self.counters)

    def counters(self, spis: Iterable[int]) -> dict[int, Counters]:
        return {spi: self.counted[spi] for spi in spis if spi in self.counted}

    def put(self, spi: int, flows: tuple[tuple[Selector, Selector], ...] = FLOWS, peer: Endpoint = THERE) -> None:
        into = Install(
            Direction.INBOUND, spi, spi + 1, HERE, peer, GCM, None, EspKeys(b"", b""), flows, "MAP 10 outside"
        )
        self.totals.put(into)
        self.totals.put(replace(into, direction=Direction.OUTBOUND, spi=spi + 1, peer_spi=spi))

    def leave(self, spi: int, after: float = 0.0, peer: Endpoint = THERE) -> None:
        self.totals.leave(Remove(Direction.OUTBOUND, spi + 1, peer))
        if spi in self.counted:
            self.counted[spi] = replace(self.counted[spi], packets_out=0)
        self.totals.leave(Remove(Direction.INBOUND, spi, peer, after))


def test_an_sa_that_replaces_another_has_what_that_counted_also_of_late_packets() -> None:
    node = Node()
    node.put(1)
    node.counted[1] = Counters(packets_out=10, packets_in=20, replays=1)
    node.put(3)
    assert node.totals.past(3) == Counters()
    node.leave(1, after=5)
    assert node.totals.past(3) == Counters(packets_out=10, packets_in=20, replays=1)
    node.counted[1] = Counters(packets_in=23, replays=1)
    node.clock.run(10)
    assert node.totals.past(3) == Counters(packets_out=10, packets_in=23, replays=1)
    node.counted[3] = Counters(packets_out=1)
    node.put(5)
    node.leave(3)
    assert node.totals.past(5) == Counters(packets_out=11, packets_in=23, replays=1)


def test_another_flow_another_peer_and_a_tunnel_that_comes_again_begin_at_zero() -> None:
    node = Node()
    node.put(1)
    node.counted[1] = Counters(packets_out=10)
    node.put(3, OTHER)
    node.put(5, peer=ELSEWHERE)
    node.leave(1)
    node.put(7)
    assert [node.totals.past(spi) for spi in (3, 5, 7)] == [Counters()] * 3


def test_a_peer_that_moved_is_still_the_same() -> None:
    node = Node()
    node.put(1)
    for way, spi, other in ((Direction.INBOUND, 1, 2), (Direction.OUTBOUND, 2, 1)):
        node.totals.move(Update(way, spi, other, HERE, ELSEWHERE, encapsulated=True))
    node.counted[1] = Counters(packets_out=10)
    node.put(3, peer=ELSEWHERE)
    node.leave(1, peer=ELSEWHERE)
    assert node.totals.past(3) == Counters(packets_out=10)


def test_a_reset_begins_anew_also_for_those_that_leave() -> None:
    node = Node()
    node.put(1)
    node.counted[1] = Counters(packets_in=10)
    node.put(3)
    node.leave(1, after=5)
    node.totals.reset()
    node.counted[1] = Counters(packets_in=2)
    node.clock.run(10)
    assert node.totals.past(3) == Counters(packets_in=2)


def test_nothing_is_kept_of_sas_that_are_gone() -> None:
    node = Node()
    for spi in (1, 3, 5):
        node.put(spi)
    node.leave(1)
    node.leave(3, after=5)
    node.totals.forget([5])
    node.clock.run(10)
    assert not any((node.totals._lines, node.totals._places, node.totals._outbound, node.totals._ends))


def test_the_sum_of_all_goes_on_when_nothing_takes_an_sas_place() -> None:
    node = Node()
    node.put(1)
    node.counted[1] = Counters(packets_out=10, packets_in=20)
    node.leave(1, after=5)
    assert node.totals.view() == IpsecTotalsView(1, 0, Counters(packets_out=10, packets_in=20))
    node.counted[1] = Counters(packets_in=23)
    node.clock.run(10)
    del node.counted[1]
    node.put(3)
    node.counted[3] = Counters(packets_out=1)
    assert node.totals.view() == IpsecTotalsView(1, 1, Counters(packets_out=11, packets_in=23))
    node.put(5)
    node.leave(3)
    del node.counted[3]
    assert node.totals.view() == IpsecTotalsView(1, 1, Counters(packets_out=11, packets_in=23))
    node.totals.reset()
    assert node.totals.view() == IpsecTotalsView(1, 0, Counters())
