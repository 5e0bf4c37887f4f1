"""Both ends begin at once, and deletes meet what is being made (RFC 7296 1.4.1, 2.8, 2.25): a chart a test.

In each the left end is A, the right one B. docs/collisions.md lists them beside the situations they are.
"""

from __future__ import annotations

import pytest

from ikecli.boundary.events import ChildDown, DatagramDropped, IkeDown, IkeUp
from ikecli.ike import messages
from ikecli.ike.limits import DOUBLE_SECONDS, HALF_OPEN_SECONDS, RETRANSMISSION
from ikecli.ike.requests import DeleteChild, DeleteIke
from ikecli.ike.sa import State
from ikecli.ike.window import Aim, Want
from ikecli.intent import Initiation
from ikecli.numbers import Exchange, Protocol
from ikecli.wire.payloads import Delete, Nonce, SecurityAssociation
from tests.ike.chart import (
    NONCES,
    SECOND,
    TEMPORARY,
    arrive,
    cross,
    give,
    hold,
    intents,
    loser,
    ranked,
    rekey_child,
    rekey_ike,
    rest,
    said,
    sound,
    spis,
    up,
)
from tests.ike.chart import want as begin
from tests.ike.pair import LABEL, End, Pair


def begun(lowest: int, **more: object) -> Pair:
    """Return a pair of which both ends have just begun an IKE SA."""
    pair = Pair(*intents(**more))  # type: ignore[arg-type]
    cross(pair, End.acquire, lowest)
    return pair


def quiet(pair: Pair) -> None:
    """Let all be delivered and forgotten, and doubles be found."""
    rest(pair)
    pair.advance(DOUBLE_SECONDS)
    rest(pair)


# IKE SAs that both ends begin


@pytest.mark.parametrize("lowest", NONCES)
def test_of_two_ike_sas_the_one_with_the_lowest_nonce_goes_deleted_by_who_began_it(lowest: int) -> None:
    """IKE_SA_INIT and IKE_AUTH cross: both stand for a moment."""
    pair = begun(lowest)
    for _ in range(4):
        arrive(pair, pair.right, pair.left)
    assert [len(end.events(IkeUp)) for end in pair.ends] == [2, 2]
    assert said(loser(pair, lowest)) == ("DELETE",)
    rest(pair)
    sound(pair)
    stays = pair.right if loser(pair, lowest) is pair.left else pair.left
    assert stays.sas[0].initiator


@pytest.mark.parametrize("order", ["ABAAB", "ABABA", "ABAAAB", "AABAB", "AAAB", "BABBA", "BABAB", "BBABA", "BBBA"])
@pytest.mark.parametrize("lowest", NONCES)
def test_two_attempts_whose_messages_come_in_this_order(order: str, lowest: int) -> None:
    """Each letter is the end at which the next message arrives; what is left arrives in the end."""
    pair = begun(lowest)
    for letter in order:
        end = pair.left if letter == "A" else pair.right
        if any(flying[1] is end for flying in pair.wire):
            arrive(pair, end)
    pair.settle()
    quiet(pair)
    sound(pair)


@pytest.mark.parametrize("more", [False, True])
def test_an_attempt_is_given_up_when_the_peers_is_up_first(more: bool) -> None:
    """It is not authenticated then: B's half of it ages. What else waited for it goes on in the peer's."""
    pair = begun(0)
    if more:
        pair.left.initiate(SECOND)
    late = [hold(pair, pair.left), hold(pair, pair.right)]
    give(late[0])
    arrive(pair, pair.right, pair.left, pair.right)
    sound_but(pair, 1)
    give(late[1])
    arrive(pair, pair.left)
    assert said(pair.left) == (("SA", "NONCE", "TSi", "TSr") if more else ("IDr", "AUTH", "SA", "TSi", "TSr"))
    pair.settle()
    pair.advance(HALF_OPEN_SECONDS)
    sound(pair, 1 + more)


def sound_but(pair: Pair, established: int) -> None:
    """Assert how many IKE SAs stand at each end, whatever is half open."""
    for end in pair.ends:
        assert sum(sa.state is State.ESTABLISHED for sa in end.engine._core.sas.values()) == established


def test_an_attempt_that_backs_off_ends_when_the_peer_comes_up_and_begins() -> None:
    pair = Pair(*intents())
    pair.weather = lambda datagram: []
    pair.left.acquire()
    pair.advance(RETRANSMISSION[0] + RETRANSMISSION[1] + 1)
    pair.weather = lambda datagram: [0.0]
    pair.right.acquire()
    pair.settle()
    pair.advance(sum(RETRANSMISSION))
    quiet(pair)
    sound(pair)
    assert not pair.right.events(IkeDown)


@pytest.mark.parametrize("answered", range(2, 5))
def test_a_peer_that_restarts_during_the_attempt_and_begins_itself(answered: int) -> None:
    """After the peer has seen IKE_SA_INIT, sent its answer, or seen IKE_AUTH."""
    pair = begun_from_the_left(answered - 2)
    fresh = End(pair, pair.right.address, pair.right.peer, 99)
    pair.right, pair.ends = fresh, (pair.left, fresh)
    pair.wire.clear()
    fresh.apply(intents()[1])
    fresh.acquire()
    pair.settle()
    pair.advance(sum(RETRANSMISSION) + 1)
    quiet(pair)
    sound(pair)


def begun_from_the_left(steps: int) -> Pair:
    pair = Pair(*intents())
    pair.left.acquire()
    for end in (pair.right, pair.left, pair.right)[: steps + 1]:
        arrive(pair, end)
    return pair


@pytest.mark.parametrize("lowest", NONCES)
def test_two_ike_sas_for_two_connections_become_one(lowest: int) -> None:
    """What only the loser carries is set up in the other."""
    pair = Pair(*intents())
    for end, label, own, answer in ((pair.left, LABEL, 0, 3), (pair.right, SECOND, 2, 1)):
        ranked(end, lowest == own)
        end.initiate(label)
        ranked(end, lowest == answer)
    for _ in range(4):
        arrive(pair, pair.right, pair.left)
    quiet(pair)
    sound(pair, 2)


def test_two_ike_sas_of_which_one_has_lost_its_child_sa_become_one() -> None:
    """A's has won, but its Child SA was deleted before B's attempt brought the next."""
    pair = begun(2)
    arrive(pair, pair.right, pair.left, pair.left, pair.right)
    arrive(pair, pair.right)
    theirs = hold(pair, pair.left)
    arrive(pair, pair.left)
    pair.right.do(DeleteChild())
    arrive(pair, pair.left)
    give(theirs)
    pair.settle()
    quiet(pair)
    sound(pair)


def test_an_attempt_that_is_being_deleted_carries_nothing_new() -> None:
    pair = up()
    pair.left.do(DeleteIke())
    pair.left.initiate(SECOND)
    pair.settle()
    rest(pair)
    sound(pair)
    assert pair.left.sas[0].children[0].connection == SECOND


# Child SAs that both ends make


@pytest.mark.parametrize("slow", [False, True])
def test_of_two_child_sas_that_both_ask_for_that_of_who_began_the_ike_sa_stays(slow: bool) -> None:
    pair = up(groups="14" if slow else "31")
    for end in pair.ends:
        end.initiate(SECOND)
    arrive(pair, pair.right, pair.left)
    assert (said(pair.left), said(pair.right)) == (TEMPORARY, ("SA", "NONCE", "TSi", "TSr"))
    pair.settle()
    sound(pair, 2)
    rest(pair)
    sound(pair, 2)


@pytest.mark.parametrize("answer_late", [False, True])
def test_of_two_child_sas_that_both_ask_for_the_second_is_deleted_by_who_asked(answer_late: bool) -> None:
    """A has its own when B's request comes late; B knows that both asked."""
    pair = up()
    for end in pair.ends:
        end.initiate(SECOND)
    late = hold(pair, pair.left)
    arrive(pair, pair.right)
    if answer_late:
        answer = hold(pair, pair.left)
        give(late)
        assert said(pair.left) == TEMPORARY
        give(answer)
    else:
        arrive(pair, pair.left)
        give(late)
        assert said(pair.left) == ("SA", "NONCE", "TSi", "TSr")
        arrive(pair, pair.right)
        assert said(pair.right) == ("DELETE",)
    pair.settle()
    rest(pair)
    sound(pair, 2)


def test_a_child_sa_that_waits_for_its_turn_is_not_made_when_the_peer_has_made_it() -> None:
    pair = up()
    begin(pair.left, Want.LIVENESS)
    pair.left.initiate(SECOND)
    check = hold(pair, pair.right)
    pair.right.initiate(SECOND)
    pair.settle()
    give(check)
    pair.settle()
    sound(pair, 2)


def test_a_connection_that_is_up_is_not_made_again() -> None:
    pair = up()
    written = len(pair.left.sent)
    for end in pair.ends:
        end.initiate()
        end.acquire()
    pair.settle()
    assert len(pair.left.sent) == written
    sound(pair)


@pytest.mark.parametrize("side", [0, 1])
def test_a_new_child_sa_that_is_refused_for_now_is_asked_for_again(side: int) -> None:
    pair = up()
    rekey_ike(pair.ends[side])
    pair.ends[1 - side].initiate(SECOND)
    pair.cross()
    assert said(pair.ends[side]) == TEMPORARY
    pair.settle()
    sound(pair)
    rest(pair)
    sound(pair, 2)


def test_before_authentication_no_child_sa_is_made_and_nothing_is_deleted() -> None:
    """Only IKE_AUTH may come."""
    pair = Pair(*intents())
    pair.left.acquire()
    arrive(pair, pair.right, pair.left)
    (ours,) = pair.left.engine._core.sas.values()
    hold(pair, pair.right)
    offers = pair.left.engine._core.lookup.esp_offers(pair.left.engine._core.lookup.intent.connections[0], None)
    child = (SecurityAssociation((offers[0].proposal(1, b"\1\2\3\4"),)), Nonce(bytes(32)))
    core = pair.left.engine._core
    core.begin(core.now)
    for exchange, payloads in (
        (Exchange.CREATE_CHILD_SA, child),
        (Exchange.INFORMATIONAL, ()),
        (Exchange.INFORMATIONAL, (Delete(Protocol.IKE),)),
    ):
        for message_id in (0, 1, 2):
            messages.send(core, ours, messages.write(core, ours, exchange, message_id, False, payloads))
    sent = len(pair.right.sent)
    pair.left.perform(list(core.effects))
    pair.settle()
    assert len(pair.right.sent) == sent
    assert len(pair.right.events(DatagramDropped)) == 9
    assert not spis(pair.right)
    assert pair.right.engine._core.sas[1].state is State.HALF_OPEN


# Deletes


@pytest.mark.parametrize("lost", [False, True])
def test_deletes_of_one_child_sa_that_cross(lost: bool) -> None:
    pair = up()
    for end in pair.ends:
        end.do(DeleteChild())
    if lost:
        hold(pair, pair.right)
        arrive(pair, pair.left)
    pair.settle()
    pair.advance(RETRANSMISSION[0] + 1)
    sound(pair, 0)
    assert [len(end.events(ChildDown)) for end in pair.ends] == [1, 1]


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("side", [0, 1])
def test_several_child_sas_are_deleted_in_one_or_in_several_payloads(side: int, several: bool) -> None:
    pair = up()
    pair.left.initiate(SECOND)
    pair.settle()
    end, other = pair.ends[side], pair.ends[1 - side]
    if not several:
        end.do(DeleteChild())
        arrive(pair, other)
    else:
        core = end.engine._core
        (sa,) = core.sas.values()
        core.begin(core.now)
        deletes = tuple(Delete(Protocol.ESP, (spi.to_bytes(4, "big"),)) for spi in (*spis(end), 4711, *spis(end)))
        messages.send(core, sa, messages.write(core, sa, Exchange.INFORMATIONAL, sa.window.next_id, False, deletes))
        end.perform(list(core.effects))
        arrive(pair, other)
    assert said(other) == ("DELETE",)
    assert not spis(other)
    assert [event.why for event in other.events(ChildDown)] == ["deleted by the peer"] * 2


def test_a_delete_that_comes_twice_is_answered_twice_and_done_once() -> None:
    pair = up()
    pair.left.do(DeleteChild())
    letter = hold(pair, pair.right)
    give(letter)
    give(letter)
    assert len(pair.right.events(ChildDown)) == 1
    assert pair.right.sent[-1] == pair.right.sent[-2]
    pair.settle()
    sound(pair, 0)


def test_a_delete_of_what_there_is_not_is_answered_with_nothing() -> None:
    pair = up()
    begin(pair.left, Want.DELETE_CHILD, Aim(spis=(4711,)))
    arrive(pair, pair.right)
    assert said(pair.right) == ()
    pair.settle()
    sound(pair)


def test_a_connection_that_is_always_up_comes_back_after_the_peer_deletes_it() -> None:
    """Whichever of its SAs goes, and also where both ends want it at once."""
    pair = Pair(*intents(left={"initiation": Initiation.START}, right={"initiation": Initiation.START}))
    pair.settle()
    quiet(pair)
    for what in (DeleteIke(), DeleteChild(), DeleteIke()):
        pair.right.do(what)
        pair.settle()
        pair.advance(30)
        quiet(pair)
        sound(pair, 2)


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("delete_first", [False, True])
def test_a_new_child_sa_that_meets_the_delete_of_the_ike_sa(side: int, delete_first: bool) -> None:
    """It is refused. Who asked asks again, in a new IKE SA, unless the delete came first."""
    pair = up()
    end, other = pair.ends[side], pair.ends[1 - side]
    end.initiate(SECOND)
    other.do(DeleteIke())
    delete = hold(pair, end)
    arrive(pair, other)
    assert said(other) == TEMPORARY
    if delete_first:
        give(delete)
    arrive(pair, end)
    if not delete_first:
        give(delete)
    rest(pair)
    sound(pair, int(not delete_first), int(not delete_first))


@pytest.mark.parametrize("lowest", NONCES)
def test_of_two_ike_sas_one_is_rekeyed_before_the_other_stands(lowest: int) -> None:
    """What it becomes counts as what it was: the nonces of the first decide, and who began it."""
    pair = begun(lowest)
    arrive(pair, pair.right, pair.left, pair.left, pair.right, pair.right)
    theirs = hold(pair, pair.left)
    arrive(pair, pair.left)
    begin(pair.left, Want.REKEY_IKE)
    arrive(pair, pair.right, pair.left, pair.right)
    give(theirs)
    quiet(pair)
    sound(pair)


def test_of_two_child_sas_one_is_rekeyed_before_the_other_is_asked_for() -> None:
    pair = up()
    for end in pair.ends:
        end.initiate(SECOND)
    late = hold(pair, pair.left)
    pair.settle()
    rekey_child(pair.left)
    pair.settle()
    give(late)
    rest(pair)
    sound(pair, 2)
