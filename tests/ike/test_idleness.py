"""Child SAs that carry nothing for their idle time are deleted, whichever end has one; the IKE SA stays."""

from __future__ import annotations

from ikecli.boundary.events import ChildDown, IkeDown
from ikecli.boundary.views import Counters
from tests.ike.chart import rest, sound, spis, up


def test_an_sa_without_traffic_is_deleted_at_its_time_and_the_ike_sa_stays() -> None:
    pair = up(left={"idle": 60})
    pair.advance(59)
    assert spis(pair.left)
    assert not pair.left.events(ChildDown)
    pair.advance(2)
    assert not spis(pair.left)
    assert not spis(pair.right)
    assert [event.why for event in pair.right.events(ChildDown)] == ["deleted by the peer"]
    assert not pair.left.events(IkeDown)
    sound(pair, children=0)


def test_a_packet_either_way_puts_it_off() -> None:
    pair = up(right={"idle": 60})
    for packets in range(1, 9):
        pair.advance(40)
        pair.right.counters = Counters(packets_in=packets)
    assert spis(pair.right)
    pair.advance(59)
    assert spis(pair.right)
    pair.advance(90)
    assert not spis(pair.left)


def test_a_rekey_is_no_traffic() -> None:
    pair = up(left={"idle": 120, "lifetime": 120}, right={"lifetime": 120})
    pair.advance(400)
    assert not spis(pair.left)
    assert not pair.left.events(IkeDown)


def test_without_an_idle_time_an_sa_stays() -> None:
    pair = up()
    pair.advance(3000)
    rest(pair)
    assert spis(pair.left)
