"""Message ids, repetition and retransmission."""

from __future__ import annotations

import pytest

from ikecli.boundary.events import DatagramDropped, GaveUp, IkeDown, Retransmitted
from ikecli.ike.limits import AUTH_RETRANSMISSION, LINGER_SECONDS, MAX_QUEUED, RETRANSMISSION
from ikecli.ike.requests import DeleteChild, DeleteIke
from ikecli.ike.window import Aim, Arrival, Want, Window, digest
from tests.ike.pair import LEFT, RIGHT, Dpd, Pair, intent, profile


@pytest.mark.parametrize("lost", range(4))
def test_each_lost_message_is_made_up_for(lost: int) -> None:
    pair = Pair()
    pair.left.acquire()
    for _ in range(lost):
        pair.step()
    pair.wire.clear()
    pair.advance(RETRANSMISSION[0])
    pair.agree(1)
    assert len(pair.left.events(Retransmitted)) == 1


def test_a_request_that_comes_again_is_answered_with_the_same_octets() -> None:
    pair = Pair()
    pair.weather = lambda datagram: [0.0, 0.0]
    pair.up()
    answers = [datagram.octets for datagram in pair.right.sent]
    assert len(answers) == 4
    assert len(set(answers)) == 2
    requests = [datagram.octets for datagram in pair.left.sent]
    assert len(requests) == len(set(requests)) == 2


def test_only_the_same_octets_are_a_repetition() -> None:
    window = Window()
    assert window.arrival(0, b"one") is Arrival.NEW
    window.answer(0, digest(b"one"), b"answer")
    assert window.arrival(0, b"one") is Arrival.REPEATED
    assert window.arrival(0, b"other") is Arrival.OUTSIDE
    assert window.arrival(1, b"two") is Arrival.NEW
    assert window.arrival(2, b"three") is Arrival.OUTSIDE


def test_the_queue_is_bounded_and_holds_each_wish_once() -> None:
    window = Window()
    assert all(window.want(Want.DELETE_CHILD, Aim(spis=(spi,))) for spi in range(MAX_QUEUED))
    assert window.want(Want.DELETE_CHILD, Aim(spis=(0,)))
    assert not window.want(Want.LIVENESS, Aim())
    assert len(window.queue) == MAX_QUEUED


def test_a_silent_peer_is_given_up_after_the_schedule() -> None:
    pair = Pair()
    pair.weather = lambda datagram: []
    pair.left.acquire()
    times = []
    while pair.left.sas:
        times.append(pair.now)
        wake = pair.left.engine.next_wake
        assert wake is not None
        pair.advance(wake - pair.now)
    assert times == [sum(RETRANSMISSION[:n]) for n in range(len(RETRANSMISSION))]
    assert pair.now == sum(RETRANSMISSION)
    assert len({datagram.octets for datagram in pair.left.sent}) == 1
    assert pair.left.events(GaveUp)[0].attempts == len(RETRANSMISSION)
    assert pair.left.engine.next_wake is None


def test_authentication_is_given_up_when_the_responder_has_forgotten() -> None:
    pair = Pair()
    pair.left.acquire()
    pair.step()
    pair.step()
    pair.weather = lambda datagram: []
    pair.wire.clear()
    pair.advance(sum(AUTH_RETRANSMISSION))
    pair.agree(0)


def test_messages_out_of_order_and_late_ones_change_nothing() -> None:
    pair = Pair()
    pair.up()
    old = [(pair.right, d) for d in pair.left.sent] + [(pair.left, d) for d in pair.right.sent]
    pair.left.do(DeleteChild())
    pair.settle()
    before = (pair.left.sas, pair.right.sas)
    for end, datagram in old * 2:
        end.receive(type(datagram)(datagram.octets, datagram.remote, datagram.local))
    pair.settle()
    assert (pair.left.sas, pair.right.sas) == before
    assert pair.right.events(DatagramDropped)


def test_both_ends_may_ask_at_the_same_time() -> None:
    pair = Pair()
    pair.up()
    pair.left.do(DeleteChild())
    pair.right.do(DeleteChild())
    pair.cross()
    pair.settle()
    pair.agree(1, 0)
    assert [sa.request_id for end in pair.ends for sa in end.sas] == [3, 1]


def test_a_lost_answer_to_a_delete_comes_again_from_an_sa_that_is_gone() -> None:
    pair = Pair()
    pair.up()
    pair.left.do(DeleteIke())
    pair.step()
    assert not pair.right.sas
    pair.wire.clear()
    pair.advance(RETRANSMISSION[0])
    pair.agree(0)
    assert pair.left.events(IkeDown)[0].why == "deleted from here"
    pair.advance(LINGER_SECONDS)
    assert pair.right.engine.next_wake is None


def test_a_dead_peer_takes_its_sas_with_it() -> None:
    dpd = Dpd(10, 2, periodic=True)
    pair = Pair(intent(LEFT, RIGHT, profiles=(profile(RIGHT, dpd=dpd),)))
    pair.up()
    pair.weather = lambda datagram: []
    pair.advance(60)
    assert not pair.left.sas
    assert not pair.left.plane.sas
    assert pair.left.events(IkeDown)[0].why == "the peer does not answer"
