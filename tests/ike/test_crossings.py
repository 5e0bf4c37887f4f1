"""Crossings that the state machine found, as message charts."""

from __future__ import annotations

import pytest

from ikecli.boundary.notices import Expired
from ikecli.ike.limits import HALF_OPEN_SECONDS
from ikecli.ike.requests import DeleteChild
from ikecli.intent import Flow, Selector
from tests.ike.pair import LEFT, NETS, RIGHT, End, Pair, connection, intent


def down(window: int = 1) -> Pair:
    """Return a pair whose IKE SA is up, and carries nothing."""
    pair = Pair()
    pair.up()
    pair.left.do(DeleteChild())
    pair.settle()
    pair.agree(1, 0)
    return pair


def take(pair: Pair, end: End) -> tuple[float, End, object]:
    """Take the first datagram to an end off the wire."""
    entry = next(one for one in pair.wire if one[1] is end)
    pair.wire.remove(entry)
    return entry


def test_a_child_sa_that_the_peer_has_set_up_meanwhile_is_not_asked_for() -> None:
    pair = Pair()
    pair.up()
    pair.right.do(DeleteChild())
    pair.step()
    pair.wire.clear()
    pair.right.acquire()
    pair.left.acquire()
    pair.settle()
    assert len(pair.right.sas[0].children) == 2
    pair.advance(3)
    pair.agree(1, 1)


def test_two_requests_for_one_child_sa_leave_one_when_the_later_comes_late() -> None:
    pair = down()
    pair.right.acquire()
    late = take(pair, pair.left)
    pair.left.acquire()
    pair.settle()
    pair.wire.append(late)  # type: ignore[arg-type]
    pair.settle()
    pair.agree(1, 1)
    assert pair.ping(pair.left)


def test_a_rekey_of_a_child_sa_whose_response_is_still_on_its_way_is_tried_again() -> None:
    pair = down()
    pair.right.acquire()
    pair.step()
    response = take(pair, pair.right)
    pair.left.notice(Expired(pair.left.sas[0].children[0].inbound_spi, hard=False))
    pair.settle()
    pair.wire.append(response)  # type: ignore[arg-type]
    pair.settle()
    pair.agree(1, 1)
    before = pair.left.sas[0].children[0].inbound_spi
    pair.advance(20)
    pair.agree(1, 1)
    assert pair.left.sas[0].children[0].inbound_spi != before


@pytest.mark.parametrize("seed", range(1, 9))
@pytest.mark.parametrize("side", [0, 1])
def test_two_ike_sas_begun_at_once_leave_one_when_a_request_comes_late(seed: int, side: int) -> None:
    pair = Pair(seed=seed)
    first, second = pair.ends[side], pair.ends[1 - side]
    first.acquire()
    late = take(pair, second)
    second.acquire()
    pair.settle()
    pair.wire.append(late)  # type: ignore[arg-type]
    pair.advance(HALF_OPEN_SECONDS + 1)
    pair.agree(1, 1)
    assert pair.ping(first)


def test_a_packet_that_another_ike_sa_carries_meanwhile_asks_for_nothing() -> None:
    ends = []
    for here, there in ((LEFT, RIGHT), (RIGHT, LEFT)):
        halves = [list(NETS[end].subnets(new_prefix=25)) for end in (here, there)]
        flows = [Flow(Selector.of(halves[0][at]), Selector.of(halves[1][at])) for at in (0, 1)]
        rows = tuple(connection(here, there, sequence=at, flows=(flow,)) for at, flow in enumerate(flows))
        ends.append(intent(here, there, connections=rows))
    pair = Pair(*ends)
    pair.left.acquire("MAP 0 outside", 5)
    pair.step()
    pair.left.acquire("MAP 1 outside", 133)
    pair.right.acquire("MAP 1 outside", 133)
    pair.settle()
    pair.advance(60)
    assert [child.connection for sa in pair.left.sas for child in sa.children if child.connection == "MAP 1 outside"]
    pair.agree(len(pair.left.sas), 2)
