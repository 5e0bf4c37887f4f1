"""Windows of more than one request: announced, honoured, filled and emptied in any order (RFC 7296 2.3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ikecli.boundary.events import MessageReceived, MessageSent
from ikecli.boundary.notices import Expired
from ikecli.ike.limits import MAX_ANSWERS, RETRANSMISSION
from ikecli.ike.requests import DeleteChild, DeleteIke
from ikecli.ike.rules import EXCLUSIVE, STATES, exclude
from ikecli.ike.window import Aim, Arrival, Want, Window, digest
from ikecli.intent import Flow, Selector
from ikecli.numbers import TransformType
from ikecli.show.ios import ikev2 as show
from tests.ike.pair import LEFT, NETS, RIGHT, End, Pair, connection, intent, row

COUNT = 6
ANNOUNCED = "NOTIFY(SET_WINDOW_SIZE)"


def labels() -> list[str]:
    return [f"MAP {number} outside" for number in range(COUNT)]


def up(left: int = 5, right: int = 5, **more: object) -> Pair:
    """Return a pair of these windows that is up with one of its connections, each of which has a network for itself."""
    ends = []
    for here, there in ((LEFT, RIGHT), (RIGHT, LEFT)):
        nets = [list(NETS[end].subnets(new_prefix=27)) for end in (here, there)]
        rows = tuple(
            connection(
                here,
                there,
                sequence=number,
                flows=(Flow(Selector.of(nets[0][number]), Selector.of(nets[1][number])),),
                **more,
            )
            for number in range(COUNT)
        )
        ends.append(intent(here, there, connections=rows, window=left if here is LEFT else right))
    pair = Pair(*ends)
    pair.left.initiate(labels()[0])
    pair.settle()
    pair.agree(1)
    return pair


def in_flight(pair: Pair, end: End) -> list[int]:
    """Return the message ids of the requests on the wire to an end."""
    return [int.from_bytes(one.octets[20:24], "big") for _, to, one in pair.wire if to is end]


def test_both_ends_announce_their_windows_and_show_them() -> None:
    pair = up(5, 20)
    assert ANNOUNCED in pair.left.events(MessageSent)[-1].payloads
    assert ANNOUNCED in pair.left.events(MessageReceived)[-1].payloads
    assert [(sa.window, sa.peer_window) for end in pair.ends for sa in end.sas] == [(5, 20), (20, 5)]


def test_a_window_of_one_is_not_announced() -> None:
    pair = up(1, 5)
    assert ANNOUNCED not in pair.left.events(MessageSent)[-1].payloads
    assert [(sa.window, sa.peer_window) for end in pair.ends for sa in end.sas] == [(1, 5), (5, 1)]


@pytest.mark.parametrize(("window", "together"), [(1, 1), (3, 3), (5, 5), (200, 5)])
def test_as_many_requests_are_under_way_as_the_peer_takes(window: int, together: int) -> None:
    pair = up(right=window)
    for label in labels()[1:]:
        pair.left.initiate(label)
    assert in_flight(pair, pair.right) == list(range(2, 2 + together))
    pair.settle()
    pair.agree(1, COUNT)
    assert [one.message_id for one in pair.left.events(MessageSent)] == list(range(COUNT + 1))


def test_requests_and_answers_in_the_wrong_order_are_each_taken() -> None:
    pair = up()
    for label in labels()[1:]:
        pair.left.initiate(label)
    for _ in range(2):
        pair.wire.reverse()
        pair.cross()
    pair.agree(1, COUNT)


def test_the_window_moves_with_the_first_request_that_is_answered() -> None:
    pair = up(right=2)
    for label in labels()[1:]:
        pair.left.initiate(label)
    first = pair.wire.pop(0)
    pair.settle()
    (ours,), (theirs,) = pair.left.sas, pair.right.sas
    assert (ours.request_id, ours.requests_open, ours.requests_queued) == (4, 2, COUNT - 3)
    assert (theirs.peer_request_id, theirs.peer_requests_open) == (2, 2)
    shown = [" ".join(line.split()) for line in show.sa([ours], {"detailed": True})]
    assert "Local req msg id: 2 Remote req msg id: 0" in shown
    assert "Local next msg id: 4 Remote next msg id: 0" in shown
    assert f"Local req queued: {4 + COUNT - 3} Remote req queued: 0" in shown
    (shown,) = [line for line in map(str.strip, show.sa([theirs], {"detailed": True})) if "next msg" in line]
    assert shown.split()[-1] == "4"
    pair.wire.append(first)
    pair.settle()
    pair.agree(1, COUNT)


@pytest.mark.parametrize("lost", range(10))
def test_each_request_is_sent_again_by_itself(lost: int) -> None:
    pair = up()
    for label in labels()[1:]:
        pair.left.initiate(label)
    while lost >= len(pair.wire):
        lost -= len(pair.wire)
        pair.cross()
    del pair.wire[lost]
    sent = len(pair.left.sent)
    pair.settle()
    assert len(pair.left.sas[0].children) == COUNT - 1
    pair.advance(RETRANSMISSION[0])
    assert len(pair.left.sent) == sent + 1
    pair.agree(1, COUNT)


def test_a_request_that_waits_for_an_ask_does_not_hold_up_the_others() -> None:
    pair = up(pfs=row(TransformType.KE, "16"))
    pair.right.answer_asks = False
    pair.left.initiate(labels()[1])
    pair.left.initiate(labels()[2])
    pair.settle()
    assert len(pair.right.asks) == 2
    pair.left.do(DeleteChild(connection=labels()[0]))
    pair.settle()
    pair.agree(1, 0)
    pair.right.asks.reverse()
    pair.right.answer_asks = True
    pair.settle()
    pair.agree(1, 2)


def test_the_ike_sa_is_rekeyed_when_its_child_exchanges_are_over_and_later_ones_go_to_the_new() -> None:
    pair = up()
    (sa,) = pair.left.engine._core.sas.values()
    pair.left.initiate(labels()[1])
    pair.left.engine._core.want(sa, Want.REKEY_IKE)
    pair.left.initiate(labels()[2])
    assert in_flight(pair, pair.right) == [2]
    pair.settle()
    pair.advance(1)
    pair.agree(1, 3)
    assert pair.left.sas[0].local_spi != sa.own_spi.hex().upper()
    assert [(one.window, one.peer_window) for end in pair.ends for one in end.sas] == [(5, 5), (5, 5)]


def test_a_delete_of_the_ike_sa_overtakes_what_waits() -> None:
    pair = up()
    pair.left.initiate(labels()[1])
    pair.left.do(DeleteIke())
    assert in_flight(pair, pair.right) == [2, 3]
    pair.wire.reverse()
    pair.settle()
    pair.agree(0)
    assert not pair.left.plane.sas
    assert not pair.right.plane.sas


def test_a_child_sa_is_not_rekeyed_while_it_is_deleted() -> None:
    pair = up()
    child = pair.left.sas[0].children[0].inbound_spi
    pair.left.do(DeleteChild())
    pair.left.notice(Expired(child, hard=False))
    assert len(pair.wire) == 1
    pair.settle()
    pair.agree(1, 0)


def test_a_larger_window_is_announced_in_an_ike_sa_that_stands() -> None:
    pair = up(1, 5)
    pair.left.apply(replace(pair.left.engine._core.lookup.intent, window=7))
    pair.settle()
    assert [(sa.window, sa.peer_window) for end in pair.ends for sa in end.sas] == [(7, 5), (5, 7)]
    assert pair.left.events(MessageSent)[-1].payloads == (ANNOUNCED,)


def test_every_exchange_has_its_states_and_a_rule_that_holds_both_ways() -> None:
    assert set(STATES) == set(Want)
    for one in Want:
        for other in Want:
            ours, theirs = (one, Aim("C", spis=(1,))), (other, Aim("C", spis=(1,)))
            assert exclude(ours, theirs) is exclude(theirs, ours)
    assert all(len(pair) <= 2 for pair in EXCLUSIVE)


def test_answers_are_kept_as_long_as_the_peer_may_ask_again() -> None:
    window = Window(own=3)

    class Request:
        def __init__(self, message_id: int) -> None:
            self.message_id = message_id

    for message_id in (1, 0, 2, 3):
        assert window.arrival(message_id, b"%d" % message_id) is Arrival.NEW
        window.begin(Request(message_id))  # type: ignore[arg-type]
        assert window.arrival(message_id, b"%d" % message_id) is Arrival.SERVED
        window.serving.clear()
        window.answer(message_id, digest(b"%d" % message_id), b"answer")
    assert [answer.message_id for answer in window.answers] == [1, 2, 3]
    assert window.arrival(0, b"0") is Arrival.OUTSIDE
    assert window.arrival(1, b"1") is Arrival.REPEATED
    assert (window.expected, window.arrival(6, b"6"), window.arrival(7, b"7")) == (4, Arrival.NEW, Arrival.OUTSIDE)


def test_answers_are_bounded_in_octets_and_no_request_is_taken_twice() -> None:
    window = Window(own=200)
    for message_id in range(1, 101):
        window.answer(message_id, digest(b"%d" % message_id), bytes(MAX_ANSWERS // 10))
    assert sum(len(answer.response) for answer in window.answers) <= MAX_ANSWERS
    assert window.arrival(1, b"1") is Arrival.OUTSIDE
    assert window.arrival(100, b"100") is Arrival.REPEATED
    assert window.arrival(0, b"0") is Arrival.NEW
