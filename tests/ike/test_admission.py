"""How many SAs are taken on and begun: beyond a bound new ones are refused, and what stands goes on."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, ip_address

import pytest

from ikecli.boundary.effects import Endpoint
from ikecli.boundary.events import ChildFailed, NotAdmitted, NotifyReceived
from ikecli.boundary.notices import Acquire
from ikecli.ike.limits import HOLD_OFF_SECONDS, NOT_ADMITTED_SECONDS
from ikecli.intent import Address, Admission, Authorization, Connection, Flow, Initiation, Intent, Selector
from tests.ike.pair import LABEL, LEFT, NETS, RIGHT, Pair, connection, intent, profile
from tests.ike.test_challenge import forged, request_of

AWAY = ip_address("10.0.0.77")


def second(local: IPv4Address, peer: IPv4Address) -> Connection:
    """Return a further connection of the same peers: their networks plus 100."""
    nets = {end: IPv4Network((int(net.network_address) + (100 << 8), 24)) for end, net in NETS.items()}
    flow = Flow(Selector.of(nets[local]), Selector.of(nets[peer]))
    return connection(local, peer, sequence=20, flows=(flow,))


def two(local: IPv4Address, peer: IPv4Address, **bounds: int) -> Intent:
    rows = connection(local, peer), second(local, peer)
    return intent(local, peer, connections=rows, admission=Admission(**bounds))


def hosts(beside: int) -> tuple[Address, Address, int]:
    """Return a packet's ends and protocol, from networks so far beside those of the peers."""
    source, destination = (net[5] + (beside << 8) for net in (NETS[LEFT], NETS[RIGHT]))
    return source, destination, 1


def failures(pair: Pair) -> list[str]:
    return [event.why for event in pair.left.events(ChildFailed)]


def test_a_peer_is_refused_more_child_sas_than_there_may_be_and_keeps_what_it_has() -> None:
    pair = Pair(two(LEFT, RIGHT), two(RIGHT, LEFT, children=1))
    pair.up()
    pair.left.initiate("MAP 20 outside")
    pair.settle()
    assert failures(pair) == ["the peer answers NO_ADDITIONAL_SAS"]
    assert [event.why for event in pair.right.events(ChildFailed)] == ["there are 1 IPsec SAs, which is the limit"]
    pair.agree(1, 1)
    assert pair.right.engine.stats().children_rejected == (1, 0)


def test_a_rekey_is_no_further_child_sa() -> None:
    pair = Pair(two(LEFT, RIGHT), two(RIGHT, LEFT, children=1))
    pair.up()
    before = pair.right.sas[0].children[0].inbound_spi
    pair.now += 3500
    for end in pair.ends:
        end.wake()
    pair.settle()
    (child,) = pair.right.sas[0].children
    assert child.inbound_spi != before
    assert not failures(pair)


def test_none_is_begun_beyond_the_bound() -> None:
    pair = Pair(two(LEFT, RIGHT, children=1), two(RIGHT, LEFT))
    pair.up()
    sent = len(pair.left.sent)
    pair.left.acquire("MAP 20 outside", host=5)
    assert failures(pair) == ["there are 1 IPsec SAs, which is the limit"]
    pair.left.acquire("MAP 20 outside", host=5)
    assert len(failures(pair)) == 1, "the next packet is not told of at once"
    pair.now += HOLD_OFF_SECONDS
    pair.left.acquire("MAP 20 outside", host=5)
    assert len(failures(pair)) == 2
    assert len(pair.left.sent) == sent


def test_what_waited_for_its_turn_is_not_begun_beyond_the_bound_either() -> None:
    pair = Pair(two(LEFT, RIGHT, children=1), two(RIGHT, LEFT))
    pair.left.acquire()
    pair.left.initiate("MAP 20 outside")
    pair.settle()
    pair.agree(1, 1)
    assert failures(pair) == ["there are 1 IPsec SAs, which is the limit"]


def test_a_connection_has_no_more_flows_than_it_may() -> None:
    wide = connection(LEFT, RIGHT, flows=(*connection(LEFT, RIGHT).flows, *second(LEFT, RIGHT).flows))
    flows = (*connection(RIGHT, LEFT).flows, *second(RIGHT, LEFT).flows)
    row = connection(RIGHT, LEFT, flows=flows, most_flows=1)
    pair = Pair(intent(LEFT, RIGHT, connections=(wide,)), intent(RIGHT, LEFT, connections=(row,)))
    pair.up()
    (flow,) = pair.right.sas[0].children[0].flows
    assert flow.local_first == "192.168.2.0"
    pair.left.notice(Acquire(LABEL, *hosts(100)))
    pair.settle()
    assert failures(pair) == ["the peer answers NO_ADDITIONAL_SAS"]
    pair.agree(1, 1)


def test_a_connection_begins_no_more_flows_than_it_may() -> None:
    flows = (*connection(LEFT, RIGHT).flows, *second(LEFT, RIGHT).flows)
    pair = Pair(
        intent(LEFT, RIGHT, connections=(connection(LEFT, RIGHT, flows=flows, most_flows=1),)),
        intent(RIGHT, LEFT, connections=(connection(RIGHT, LEFT), second(RIGHT, LEFT))),
    )
    pair.up()
    pair.left.notice(Acquire(LABEL, *hosts(100)))
    assert failures(pair) == ["there are 1 flows of it, which is the limit"]
    pair.now += 3500
    for end in pair.ends:
        end.wake()
    pair.settle()
    pair.agree(1, 1)
    assert len(failures(pair)) == 1, "a rekey keeps its flow"


def test_a_peer_has_no_more_child_sas_than_its_authorization_says() -> None:
    lent = profile(LEFT, authorization=Authorization("SPOKES", most_children=1))
    pair = Pair(two(LEFT, RIGHT), replace(two(RIGHT, LEFT), profiles=(lent,)))
    pair.up()
    pair.left.initiate("MAP 20 outside")
    pair.settle()
    assert failures(pair) == ["the peer answers NO_ADDITIONAL_SAS"]
    (event,) = pair.right.events(ChildFailed)
    assert event.why == "there are 1 IPsec SAs of this peer, which is the limit"


def test_own_ike_sas_in_negotiation_are_bounded_and_tried_again_once_there_is_room() -> None:
    rows = [connection(LEFT, RIGHT, initiation=Initiation.START)]
    rows += [replace(second(LEFT, RIGHT), peers=(AWAY,), initiation=Initiation.START)]
    both = (profile(RIGHT), profile(AWAY, name="OTHER"))
    left = intent(LEFT, RIGHT, connections=tuple(rows), profiles=both, admission=Admission(beginning=1))
    pair = Pair(left)
    assert [datagram.remote.address for datagram in pair.left.sent] == [RIGHT]
    assert failures(pair) == ["there are 1 IKE SAs in negotiation that were begun here, which is the limit"]
    stats = pair.left.engine.stats()
    assert (stats.outgoing_rejected, stats.full_negotiating, stats.max_beginning) == (1, 1, 1)
    pair.settle()
    assert pair.left.sas[0].children
    pair.now += 2
    pair.left.wake()
    assert pair.left.sent[-1].remote.address == AWAY


def test_ike_sas_in_negotiation_of_both_directions_count_together() -> None:
    pair = Pair(right=intent(RIGHT, LEFT, admission=Admission(negotiating=2)))
    request = request_of(pair)
    pair.right.initiate()
    for number in range(1, 4):
        pair.right.receive(forged(request, number, Endpoint(AWAY + number, 500)))
    stats = pair.right.engine.stats()
    assert (stats.incoming_negotiating, stats.outgoing_negotiating) == (1, 1)
    assert (stats.incoming_rejected, stats.full_negotiating) == (2, 2)


def test_the_log_hears_of_one_of_many_that_are_not_admitted() -> None:
    pair = Pair(right=intent(RIGHT, LEFT, max_half_open=1))
    request = request_of(pair)
    for number in range(1, 9):
        pair.right.receive(forged(request, number, Endpoint(AWAY + number, 500)))
    (told,) = pair.right.events(NotAdmitted)
    assert told.why == "1 half-open IKE SAs, which is the limit"
    assert pair.right.engine.stats().full_negotiating == 7
    pair.now += NOT_ADMITTED_SECONDS
    pair.right.receive(forged(request, 10, Endpoint(AWAY, 500)))
    assert len(pair.right.events(NotAdmitted)) == 2


def test_child_sas_in_negotiation_count_where_all_are_bounded() -> None:
    pair = Pair(replace(two(LEFT, RIGHT), admission=Admission(negotiating_all=1)), two(RIGHT, LEFT))
    pair.up()
    pair.left.initiate("MAP 20 outside")
    request = request_of(Pair())
    pair.left.receive(replace(forged(request, 5, Endpoint(AWAY, 500)), local=pair.left.sent[0].local))
    assert pair.left.engine.stats().full_negotiating == 1
    pair.settle()
    pair.agree(1, 2)
    assert not pair.left.events(NotifyReceived)


@pytest.mark.parametrize("threshold", [2, 100])
def test_forged_requests_that_reach_a_bound_keep_nobody_out(threshold: int) -> None:
    """One of ours towards a dead peer is enough to keep half-open SAs below the threshold of cookies for ever."""
    rows = connection(RIGHT, LEFT), replace(second(RIGHT, LEFT), peers=(AWAY,))
    bounds = {"admission": Admission(negotiating=2), "cookie_threshold": threshold}
    both = (profile(LEFT), profile(AWAY, name="OTHER"))
    pair = Pair(right=intent(RIGHT, LEFT, connections=rows, profiles=both, **bounds))
    pair.right.initiate("MAP 20 outside")
    pair.wire.clear()
    request = request_of(pair)
    for number in range(1, 9):
        pair.right.receive(forged(request, number, Endpoint(AWAY + number, 500)))
    pair.wire.clear()
    pair.now += 2
    pair.left.wake()
    pair.settle()
    assert [len(sa.children) for sa in pair.left.sas] == [1]
    assert pair.right.engine.stats().incoming_negotiating == 0
