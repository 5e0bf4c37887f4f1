"""Rekeys and deletes of IKE SAs that meet, come late, or get lost (RFC 7296 2.8.2, 2.25.2): a chart a test.

In each the left end is A, the right one B. docs/collisions.md lists them beside the situations they are.
"""

from __future__ import annotations

import pytest

from ikecli.boundary.events import ChildDown, DatagramDropped, GroupRetried, IkeDown
from ikecli.ike.limits import LINGER_SECONDS, RETRANSMISSION, TROUBLE_SECONDS
from ikecli.ike.requests import DeleteChild, DeleteIke
from ikecli.ike.sa import State
from ikecli.ike.window import Want
from tests.ike.chart import (
    NONCES,
    OTHER_GROUP,
    SECOND,
    TEMPORARY,
    arrive,
    cross,
    give,
    hold,
    loser,
    ranked,
    reconfigure,
    rekey_child,
    rekey_ike,
    rest,
    said,
    sound,
    up,
)
from tests.ike.chart import want as begin
from tests.ike.pair import End, Pair


def spi(end: End) -> str:
    """Return the SPI of the IKE SA that carries an end's Child SAs."""
    (sa,) = [sa for sa in end.sas if sa.children]
    return sa.local_spi


def unharmed(pair: Pair) -> None:
    """Assert that one IKE SA stands and that nothing went down on the way to it."""
    rest(pair)
    sound(pair)
    for end in pair.ends:
        assert not end.events(IkeDown)
        assert not end.events(ChildDown)


# One end rekeys


@pytest.mark.parametrize("side", [0, 1])
def test_a_rekey_takes_the_group_that_the_peer_wants(side: int) -> None:
    pair = up(groups="31 19")
    asking, asked = pair.ends[side], pair.ends[1 - side]
    reconfigure(asked, groups="19")
    rekey_ike(asking)
    arrive(pair, asked)
    assert said(asked) == OTHER_GROUP
    unharmed(pair)
    assert pair.left.sas[0].group == 19
    assert len(asking.events(GroupRetried)) == 1


def test_a_group_that_the_peer_wants_again_and_again_is_taken_once() -> None:
    pair = up(groups="31 19")
    reconfigure(pair.right, groups="19")
    rekey_ike(pair.left)
    arrive(pair, pair.right)
    reconfigure(pair.right, groups="31")
    arrive(pair, pair.left, pair.right)
    assert said(pair.right) == OTHER_GROUP
    written = len(pair.left.sent)
    pair.settle()
    assert len(pair.left.sent) == written
    unharmed(pair)


# Both rekey


@pytest.mark.parametrize("lowest", NONCES)
def test_of_two_rekeys_the_one_with_the_lowest_nonce_goes_deleted_by_who_made_it(lowest: int) -> None:
    pair = up()
    cross(pair, rekey_ike, lowest)
    arrive(pair, pair.right, pair.left, pair.left, pair.right)
    goes = loser(pair, lowest)
    assert [said(end) for end in pair.ends] == [("DELETE",), ("DELETE",)]
    stays = pair.right if goes is pair.left else pair.left
    assert [sa.initiator for sa in stays.sas if sa.children] == [True]
    assert [sa.initiator for sa in goes.sas if sa.children] == [False]
    unharmed(pair)


@pytest.mark.parametrize("lowest", NONCES)
def test_of_two_rekeys_one_answer_comes_after_the_peers_delete(lowest: int) -> None:
    """Where B has won it deletes the old IKE SA, and A never gets its answer: B's half of A's goes with time."""
    pair = up()
    cross(pair, rekey_ike, lowest)
    arrive(pair, pair.right, pair.left)
    answer = hold(pair, pair.left)
    arrive(pair, pair.right)
    assert said(pair.right) == ("DELETE",)
    arrive(pair, pair.left, pair.right)
    give(answer)
    unharmed(pair)


@pytest.mark.parametrize("lowest", NONCES)
def test_the_new_ike_sa_is_used_by_one_end_before_the_other_has_its_answer(lowest: int) -> None:
    """Where A has won B goes over to what A does not know yet: A drops the request, and B sends it again."""
    pair = up()
    cross(pair, rekey_ike, lowest)
    arrive(pair, pair.right, pair.left)
    answer = hold(pair, pair.left)
    arrive(pair, pair.right)
    rekey_child(pair.right)
    pair.settle()
    give(answer)
    pair.settle()
    pair.advance(sum(RETRANSMISSION[:3]))
    rest(pair)
    sound(pair)


@pytest.mark.parametrize("arrives", range(3))
def test_of_two_rekeys_one_request_never_arrives_in_time(arrives: int) -> None:
    """B never sees that they crossed: it goes over to its own and deletes the old IKE SA."""
    pair = up()
    cross(pair, rekey_ike, 0)
    late = hold(pair, pair.right)
    arrive(pair, pair.left, pair.right)
    assert said(pair.right) == ("DELETE",)
    if arrives == 0:
        give(late)
        assert said(pair.right) == TEMPORARY
        refusal = hold(pair, pair.left, newest=True)
        arrive(pair, pair.left)
        give(refusal)
        assert pair.left.events(DatagramDropped)
    elif arrives == 1:
        give(late)
        give(hold(pair, pair.left, newest=True))
        arrive(pair, pair.left)
    else:
        arrive(pair, pair.left, pair.right)
        give(late)
        assert pair.right.events(DatagramDropped)
    unharmed(pair)
    assert not pair.left.sas[0].initiator


@pytest.mark.parametrize("lowest", NONCES)
def test_of_two_rekeys_both_are_tried_again_with_another_group(lowest: int) -> None:
    pair = refused_groups(lowest)
    arrive(pair, pair.right, pair.left, pair.left, pair.right)
    assert [said(end) for end in pair.ends] == [("DELETE",), ("DELETE",)]
    goes = loser(pair, lowest)
    assert [sa.initiator for sa in goes.sas if sa.children] == [False]
    unharmed(pair)
    assert pair.left.sas[0].group == 19


@pytest.mark.parametrize("arrives", range(3))
def test_of_two_second_tries_one_comes_late(arrives: int) -> None:
    pair = refused_groups(0)
    late = hold(pair, pair.right)
    for end in (pair.left, pair.right, pair.left, pair.right)[: arrives + 1]:
        arrive(pair, end)
    give(late)
    rest(pair)
    sound(pair)
    assert pair.left.sas[0].group == 19


def refused_groups(lowest: int) -> Pair:
    """Have both rekey and be refused: A wants 31 or 19, B 20 or 19. Only the nonces of the second try count."""
    pair = up(groups="14 19")
    reconfigure(pair.left, groups="31 19")
    reconfigure(pair.right, groups="20 19")
    for end in pair.ends:
        ranked(end, True)
        rekey_ike(end)
    arrive(pair, pair.right, pair.left)
    assert said(pair.left) == said(pair.right) == OTHER_GROUP
    for end, own, answer in ((pair.left, 0, 3), (pair.right, 2, 1)):
        ranked(end, lowest == own)
        arrive(pair, end)
        assert said(end) == ("SA", "NONCE", "KE")
        ranked(end, lowest == answer)
    return pair


# A rekey and a delete


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("late", [False, True])
def test_a_rekey_that_meets_the_delete_is_refused_and_all_ends(side: int, late: bool) -> None:
    pair = up()
    end, other = pair.ends[side], pair.ends[1 - side]
    rekey_ike(end)
    other.do(DeleteIke())
    delete = hold(pair, end)
    arrive(pair, other)
    assert said(other) == TEMPORARY
    if late:
        arrive(pair, end)
    give(delete)
    rest(pair)
    sound(pair, 0, 0)
    assert len(end.events(IkeDown)) == len(other.events(IkeDown)) == 1


@pytest.mark.parametrize("side", [0, 1])
def test_a_rekey_that_is_refused_is_not_tried_again_in_an_ike_sa_that_is_gone(side: int) -> None:
    pair = up()
    end, other = pair.ends[side], pair.ends[1 - side]
    rekey_ike(end)
    other.do(DeleteIke())
    hold(pair, end)
    arrive(pair, other, end)
    pair.advance(RETRANSMISSION[0] - 0.1)
    assert said(end) == ("SA", "NONCE", "KE")
    rest(pair)
    sound(pair, 0, 0)


@pytest.mark.parametrize("crossing", [False, True])
@pytest.mark.parametrize("side", [0, 1])
def test_deletes_of_the_ike_sa(side: int, crossing: bool) -> None:
    pair = up()
    pair.ends[side].do(DeleteIke())
    if crossing:
        pair.ends[1 - side].do(DeleteIke())
        arrive(pair, *pair.ends)
    pair.settle()
    assert not pair.left.sas + pair.right.sas
    rest(pair)
    sound(pair, 0, 0)


# The IKE SA and its Child SAs


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("first", [0, 1])
def test_a_rekey_that_meets_a_new_child_sa_has_both_refused_and_tried_again(side: int, first: int) -> None:
    pair = up()
    end, other = pair.ends[side], pair.ends[1 - side]
    before = pair.left.sas[0].local_spi
    end.initiate(SECOND)
    rekey_ike(other)
    arrive(pair, *(end, other)[:: 1 - 2 * first])
    assert said(end) == said(other) == TEMPORARY
    pair.settle()
    sound(pair)
    assert pair.left.sas[0].local_spi == before
    rest(pair)
    sound(pair, 2)
    assert pair.left.sas[0].local_spi != before


@pytest.mark.parametrize("side", [0, 1])
def test_a_rekey_that_meets_the_delete_of_a_child_sa_is_refused_and_tried_again(side: int) -> None:
    """The delete is answered as ever (2.25.2)."""
    pair = up()
    end, other = pair.ends[side], pair.ends[1 - side]
    before = pair.left.sas[0].local_spi
    end.do(DeleteChild())
    rekey_ike(other)
    arrive(pair, other, end)
    assert (said(other), said(end)) == (("DELETE",), TEMPORARY)
    pair.settle()
    sound(pair, 0)
    rest(pair)
    sound(pair, 0)
    assert pair.left.sas[0].local_spi != before


@pytest.mark.parametrize("side", [0, 1])
def test_a_delete_of_a_child_sa_that_meets_that_of_the_ike_sa(side: int) -> None:
    pair = up()
    end, other = pair.ends[side], pair.ends[1 - side]
    end.do(DeleteChild())
    other.do(DeleteIke())
    arrive(pair, other)
    assert said(other) in (("DELETE",), ())
    rest(pair)
    sound(pair, 0, 0)
    assert len(end.events(ChildDown)) == len(other.events(ChildDown)) == 1


def test_what_waited_in_the_old_ike_sa_goes_on_in_the_new() -> None:
    pair = up()
    rekey_ike(pair.left)
    pair.left.initiate(SECOND)
    pair.settle()
    sound_after(pair, 2)


@pytest.mark.parametrize("seed", range(4))
def test_a_child_sa_that_is_wanted_while_the_rekey_has_no_answer(seed: int) -> None:
    pair = up(seed)
    rekey_ike(pair.left)
    arrive(pair, pair.right)
    pair.right.initiate(SECOND)
    answer = hold(pair, pair.left)
    pair.settle()
    give(answer)
    pair.advance(sum(RETRANSMISSION[:3]))
    sound_after(pair, 2)


def sound_after(pair: Pair, children: int) -> None:
    rest(pair)
    sound(pair, children)


def test_an_old_ike_sa_whose_delete_never_comes_goes_with_time() -> None:
    pair = up()
    rekey_ike(pair.left)
    arrive(pair, pair.right, pair.left)
    assert said(pair.left) == ("DELETE",)
    old = next(sa for sa in pair.right.engine._core.sas.values() if sa.state is State.REPLACED)
    pair.weather = lambda datagram: [] if datagram.octets[:8] == old.spi_i else [0.0]
    pair.wire.clear()
    pair.advance(sum(RETRANSMISSION) + LINGER_SECONDS + 10)
    sound(pair)
    assert not pair.left.events(IkeDown) + pair.right.events(IkeDown)


# Trouble


def test_a_peer_that_answers_temporary_failure_for_minutes_is_given_up() -> None:
    """It is asked again every few seconds and not at once; then both begin anew (RFC 7296 2.25)."""
    pair = up()
    (stuck,) = pair.right.engine._core.sas.values()
    stuck.heir = b"12345678"
    rekey_ike(pair.left)
    pair.settle()
    assert said(pair.right) == TEMPORARY
    sent = len(pair.left.sent)
    pair.advance(2)
    assert len(pair.left.sent) == sent
    pair.advance(TROUBLE_SECONDS - 5)
    sound(pair)
    assert 20 < len(pair.left.sent) - sent < 120
    pair.advance(15)
    assert [event.why for event in pair.left.events(IkeDown)] == ["deleted from here"]
    pair.left.acquire()
    pair.settle()
    pair.advance(LINGER_SECONDS)
    sound(pair)


def test_trouble_that_ends_is_forgotten() -> None:
    pair = up()
    (stuck,) = pair.right.engine._core.sas.values()
    for _ in range(3):
        stuck.heir = b"12345678"
        rekey_child(pair.right)
        begin(pair.left, Want.REKEY_IKE)
        pair.advance(TROUBLE_SECONDS - 20)
        stuck.heir = b""
        pair.advance(30)
        rest(pair)
        sound(pair)
        (stuck,) = pair.right.engine._core.sas.values()
    assert not pair.left.events(IkeDown)
