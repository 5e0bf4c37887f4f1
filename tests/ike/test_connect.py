"""Who begins, towards whom, how often; and what a new intent touches."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, ip_address

import pytest

from ikecli.boundary.effects import Datagram, Send
from ikecli.boundary.events import ChildFailed, ChildUp, IkeDown, IkeUp, MessageSent
from ikecli.boundary.views import SaStatus
from ikecli.errors import Malformed
from ikecli.ike.apply import STARTS
from ikecli.ike.engine import Engine
from ikecli.ike.limits import HALF_OPEN_SECONDS, HOLD_OFF_SECONDS, RETRANSMISSION, RETRY_LONGEST
from ikecli.ike.requests import Apply, DeleteChild, DeleteIke
from ikecli.ike.tasks.child import Child
from ikecli.ike.tasks.initial_contact import InitialContact
from ikecli.intent import Connection, Credential, Dpd, Flow, IdentityMatch, IkePolicy, Intent, Selector
from ikecli.secret import Secret
from tests.config.reading import counting
from tests.ike.pair import CBC, LABEL, LEFT, RIGHT, Initiation, Pair, connection, ike_proposal, intent, profile

SECOND = "MAP 20 outside"


def second(here: IPv4Address, there: IPv4Address, **more: object) -> Connection:
    """Return another entry of the same map to the same peer."""
    nets = {a: IPv4Network((int(ip_address("172.16.0.0")) + (a is RIGHT) * 256, 24)) for a in (LEFT, RIGHT)}
    flow = Flow(Selector.of(nets[here]), Selector.of(nets[there]))
    return connection(here, there, sequence=20, flows=(flow,), **more)


def two(here: IPv4Address, there: IPv4Address, **more: object) -> Intent:
    return intent(here, there, connections=(connection(here, there, **more), second(here, there, **more)))


def test_acquires_while_it_comes_up_begin_nothing_more() -> None:
    pair = Pair()
    for host in range(1, 9):
        pair.left.acquire(host=host)
        pair.step()
        pair.left.acquire(host=host)
    pair.settle()
    pair.agree(1)
    assert len(pair.left.sent) == 2


def test_connections_to_one_peer_share_the_ike_sa() -> None:
    pair = Pair(two(LEFT, RIGHT), two(RIGHT, LEFT))
    pair.left.acquire()
    pair.left.acquire(SECOND)
    pair.settle()
    pair.agree(1, 2)
    assert [event.connection for event in pair.right.events(ChildUp)] == [LABEL, SECOND]
    assert {sa.connection for sa in pair.left.plane.sas.values()} == {LABEL, SECOND}


def test_a_connection_that_is_always_up_comes_up_and_comes_back() -> None:
    pair = Pair(two(LEFT, RIGHT, initiation=Initiation.START), two(RIGHT, LEFT))
    pair.settle()
    pair.agree(1, 2)
    pair.right.do(DeleteIke())
    pair.settle()
    pair.agree(0)
    pair.advance(3)
    pair.agree(1, 2)


def test_a_connection_that_is_always_up_does_not_give_up() -> None:
    pair = Pair(intent(LEFT, RIGHT, connections=(connection(LEFT, RIGHT, initiation=Initiation.START),)))
    weather, pair.weather = pair.weather, lambda datagram: []
    pair.advance(3 * sum(RETRANSMISSION))
    pair.weather = weather
    pair.advance(sum(RETRANSMISSION) + RETRY_LONGEST)
    pair.agree(1)


def test_a_connection_that_never_begins_waits_for_the_peer() -> None:
    pair = Pair(intent(LEFT, RIGHT, connections=(connection(LEFT, RIGHT, initiation=Initiation.NEVER),)))
    pair.left.acquire()
    assert not pair.wire
    pair.right.acquire()
    pair.settle()
    pair.agree(1)


def test_a_dynamic_map_serves_any_peer_and_begins_nothing() -> None:
    pair = Pair(right=intent(RIGHT, LEFT, connections=(connection(RIGHT, LEFT, peers=()),)))
    pair.right.acquire()
    pair.right.initiate()
    assert not pair.wire
    pair.up()


def test_a_dynamic_map_without_an_access_list_takes_what_the_peer_asks_for() -> None:
    pair = Pair(right=intent(RIGHT, LEFT, connections=(connection(RIGHT, LEFT, peers=(), flows=()),)))
    pair.up()
    assert [flow.remote_first for flow in pair.right.sas[0].children[0].flows] == ["192.168.1.0"]


def test_peers_are_tried_in_order() -> None:
    dead = [ip_address("10.0.0.8"), ip_address("10.0.0.9")]
    profiles = (profile(RIGHT), profile(dead[0], name="A"), profile(dead[1], name="B"))
    row = connection(LEFT, RIGHT, peers=(*dead, RIGHT))
    pair = Pair(intent(LEFT, RIGHT, profiles=profiles, connections=(row,)))

    def carry(datagram: Datagram) -> list[float]:
        return [0.0] if RIGHT in (datagram.local.address, datagram.remote.address) else []

    pair.weather = carry
    pair.left.acquire()
    pair.advance(sum(RETRANSMISSION))
    assert [sa.remote for sa in pair.left.sas] == ["10.0.0.9"]
    pair.advance(sum(RETRANSMISSION))
    pair.agree(1)
    assert pair.now == 2 * sum(RETRANSMISSION)


@pytest.mark.parametrize("seed", range(20))
def test_both_ends_beginning_at_once_keep_the_same_sa(seed: int) -> None:
    pair = Pair(seed=seed)
    pair.left.acquire()
    pair.right.acquire()
    for _ in range(6):
        pair.cross()
    pair.settle()
    pair.agree(1)
    assert len(pair.left.events(IkeUp)) == len(pair.right.events(IkeUp)) == 2
    assert len(pair.left.events(IkeDown)) == len(pair.right.events(IkeDown)) == 1
    assert pair.ping(pair.left)
    assert pair.ping(pair.right)


@pytest.mark.parametrize("seed", range(5))
def test_both_ends_asking_for_one_child_sa_at_once_get_one(seed: int) -> None:
    pair = Pair(seed=seed)
    pair.up()
    pair.left.do(DeleteChild())
    pair.settle()
    pair.left.acquire()
    pair.right.acquire()
    pair.cross()
    pair.settle()
    pair.agree(1, 1)


def test_initial_contact_clears_what_the_peer_has_forgotten() -> None:
    pair = Pair()
    pair.up()
    lost = type(pair.left)(pair, LEFT, RIGHT, 99)
    lost.apply(intent(LEFT, RIGHT))
    pair.left, pair.ends = lost, (lost, pair.right)
    pair.advance(1)
    pair.left.acquire()
    pair.settle()
    pair.agree(1)
    assert pair.right.events(IkeDown)[0].why == "the peer has started anew"


@pytest.mark.parametrize(("sole", "left"), [(True, 1), (False, 2)])
def test_a_new_sa_takes_the_place_of_older_ones_unsaid_where_the_profile_says_so(
    sole: bool, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InitialContact, "write_request", lambda self, talk: ())
    pair = Pair(right=intent(RIGHT, LEFT, profiles=(profile(LEFT, sole=sole),)))
    pair.up()
    lost = type(pair.left)(pair, LEFT, RIGHT, 99)
    lost.apply(intent(LEFT, RIGHT))
    pair.left, pair.ends = lost, (lost, pair.right)
    pair.advance(1)
    pair.left.acquire()
    pair.settle()
    assert len(pair.right.sas) == left
    assert [event.why for event in pair.right.events(IkeDown)] == ["the peer has started anew"] * sole


def test_a_profile_may_be_for_peers_that_begin_alone() -> None:
    rows = (connection(LEFT, RIGHT, profile="PROF"),)
    pair = Pair(intent(LEFT, RIGHT, profiles=(profile(RIGHT, inbound=True),), connections=rows))
    pair.left.acquire()
    assert not pair.left.sent
    assert [event.why for event in pair.left.events(ChildFailed)] == ["profile PROF is for peers that begin alone"]
    pair.right.acquire()
    pair.settle()
    pair.agree(1, 1)


def test_a_policy_may_be_for_ike_sas_that_peers_begin_alone() -> None:
    inbound = replace(intent(LEFT, RIGHT), policies=(IkePolicy("POL", (ike_proposal(),), inbound=True),))
    pair = Pair(inbound)
    pair.left.acquire()
    assert not pair.left.sent
    pair.advance(HOLD_OFF_SECONDS)
    pair.right.acquire()
    pair.settle()
    pair.agree(1, 1)
    (before,) = pair.left.sas
    pair.advance(86_390)
    pair.settle()
    (after,) = [sa for sa in pair.left.sas if sa.status is SaStatus.READY]
    assert after.local_spi != before.local_spi


@pytest.mark.parametrize(("optional", "seconds"), [(0, 0), (600, 600)])
def test_what_is_optional_is_tried_again_later_where_the_peer_does_not_answer(optional: int, seconds: int) -> None:
    pair = Pair(intent(LEFT, RIGHT, connections=(connection(LEFT, RIGHT, optional=optional),)))
    pair.weather = lambda datagram: []
    pair.left.acquire()
    for _ in range(20):
        pair.advance(10)
    assert not pair.left.sas
    sent = len(pair.left.sent)
    for ahead in (0, seconds):
        pair.advance(ahead)
        pair.left.acquire()
        assert (len(pair.left.sent) > sent) is (ahead == seconds)


# A new intent


def changed(new: Intent, side: int = 0) -> Pair:
    """Return a pair of two connections that was up when one end's intent changed."""
    pair = Pair(two(LEFT, RIGHT), two(RIGHT, LEFT))
    pair.left.acquire()
    pair.left.acquire(SECOND)
    pair.settle()
    pair.agree(1, 2)
    pair.ends[side].apply(new)
    pair.settle()
    return pair


def test_the_same_intent_touches_nothing() -> None:
    pair = changed(two(LEFT, RIGHT))
    pair.agree(1, 2)
    assert not [event for end in pair.ends for event in end.events(IkeDown)]


def test_what_has_no_sa_touches_none() -> None:
    more = connection(LEFT, RIGHT, sequence=30, interface="inside", peers=(IPv4Address("10.0.0.77"),))
    new = two(LEFT, RIGHT)
    pair = changed(replace(new, hostname="R9", connections=(*new.connections, more), profiles=(*new.profiles,)))
    pair.agree(1, 2)


def test_a_changed_connection_takes_its_child_sas_only() -> None:
    new = intent(LEFT, RIGHT, connections=(connection(LEFT, RIGHT, proposals=(CBC,)), second(LEFT, RIGHT)))
    pair = changed(new)
    pair.agree(1, 1)
    assert pair.left.sas[0].children[0].connection == SECOND
    assert pair.right.events(MessageSent)[-1].payloads == ("DELETE",)


def test_no_connection_left_means_no_ike_sa() -> None:
    pair = changed(intent(LEFT, RIGHT, connections=()))
    pair.agree(0)


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("what", ["profile", "policy"])
def test_a_changed_profile_or_policy_takes_the_ike_sa(what: str, side: int) -> None:
    here, there = (LEFT, RIGHT) if side == 0 else (RIGHT, LEFT)
    new = two(here, there)
    if what == "profile":
        new = replace(new, profiles=(profile(there, dpd=Dpd(10, 2)),))
    else:
        new = replace(new, policies=(replace(new.policies[0], proposals=(ike_proposal(groups="19 31"),)),))
    pair = changed(new, side)
    pair.agree(0)


def test_an_attempt_of_a_changed_connection_is_dropped() -> None:
    pair = Pair()
    pair.left.acquire()
    assert pair.left.sas[0].status is SaStatus.NEGOTIATING
    pair.left.apply(intent(LEFT, RIGHT, connections=(connection(LEFT, RIGHT, proposals=(CBC,)),)))
    assert not pair.left.sas
    pair.settle()
    pair.left.acquire()
    pair.settle()
    pair.advance(HALF_OPEN_SECONDS)
    pair.agree(1, 0)


def test_a_new_sa_ends_the_wait_for_an_old_ones_delete() -> None:
    pair = Pair()
    pair.up()
    pair.left.do(DeleteIke())
    pair.wire.clear()
    pair.left.acquire()
    pair.settle()
    pair.agree(1)
    assert pair.left.events(IkeDown)[0].why == "replaced by a new IKE SA"
    assert pair.ping(pair.right)


def test_many_connections_that_are_always_up_are_begun_some_at_a_time() -> None:
    peers = [RIGHT + 1 + at for at in range(3 * STARTS)]
    each = [
        connection(LEFT, RIGHT, sequence=at, peers=(one,), initiation=Initiation.START) for at, one in enumerate(peers)
    ]
    anybody = replace(
        profile(RIGHT), remotes=(IdentityMatch(),), credentials=(Credential("K", Secret("k"), Secret("k")),)
    )
    engine = Engine(counting(), heard=())
    batches = [engine.do(Apply(intent(LEFT, RIGHT, profiles=(anybody,), connections=tuple(each))), 0.0)]
    batches += [engine.wake(engine.next_wake or 0.0) for _ in range(2)]
    sent = [sorted(one.datagram.remote.address for one in batch if isinstance(one, Send)) for batch in batches]
    assert sent == [peers[:STARTS], peers[STARTS : 2 * STARTS], peers[2 * STARTS :]]


@pytest.mark.parametrize("dead", [True, False], ids=["no answer", "no answer that can be read"])
def test_what_is_always_to_be_up_is_tried_again_though_only_its_request_was_under_way(
    dead: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> None:
        raise Malformed("it is no message")

    pair = Pair(intent(LEFT, RIGHT, connections=(connection(LEFT, RIGHT, initiation=Initiation.START),)))
    pair.settle()
    pair.right.do(DeleteChild(spi=pair.right.sas[0].children[0].inbound_spi))
    pair.settle()
    assert [len(sa.children) for sa in pair.left.sas] == [0]
    pair.now += 2
    pair.left.wake()
    if dead:
        pair.wire.clear()
        while pair.left.sas:
            pair.now += 1
            pair.left.wake()
            pair.wire.clear()
    else:
        with monkeypatch.context() as patched:
            patched.setattr(Child, "read_response", unreadable)
            pair.settle()
    assert not pair.left.sas
    pair.advance(120)
    assert [len(sa.children) for sa in pair.left.sas] == [1]
