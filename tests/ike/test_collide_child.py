"""Rekeys and deletes of Child SAs that meet, come late, or get lost (RFC 7296 2.8.1, 2.25.1): a chart a test.

In each the left end is A, the right one B. docs/collisions.md lists them beside the situations they are.
"""

from __future__ import annotations

import pytest

from ikecli.boundary.events import ChildDown
from ikecli.boundary.notices import Expired
from ikecli.ike.limits import RETRANSMISSION
from ikecli.ike.requests import DeleteChild, DeleteIke
from ikecli.ike.window import Aim, Want
from tests.ike.chart import (
    NONCES,
    NOT_FOUND,
    TEMPORARY,
    arrive,
    cross,
    give,
    hold,
    loser,
    rekey_child,
    rekey_ike,
    rest,
    said,
    sound,
    spis,
    up,
)
from tests.ike.chart import want as begin
from tests.ike.pair import End, Pair


def only(end: End) -> int:
    """Return the inbound SPI of an end's only Child SA."""
    (spi,) = spis(end)
    return spi


def delete(end: End, spi: int) -> None:
    """Have an end delete one Child SA."""
    end.do(DeleteChild(spi=spi))


def downs(end: End) -> list[str]:
    """Return why Child SAs of an end went down."""
    return [event.why for event in end.events(ChildDown)]


def a_rekeys_and_b_answers(pair: Pair) -> int:
    """Have A rekey and B answer; return B's inbound SPI of the new SA."""
    old = only(pair.right)
    rekey_child(pair.left)
    arrive(pair, pair.right)
    (new,) = spis(pair.right) - {old}
    return new


# One end rekeys


def test_a_responder_ignores_that_a_replaced_sa_is_old_too() -> None:
    pair = up()
    old = only(pair.right)
    a_rekeys_and_b_answers(pair)
    written = len(pair.right.sent)
    pair.right.notice(Expired(old, hard=False))
    assert len(pair.right.sent) == written
    pair.settle()
    sound(pair)


def test_an_sa_whose_hard_end_comes_while_our_request_to_replace_it_is_under_way() -> None:
    pair = up()
    old = only(pair.right)
    pair.right.notice(Expired(old, hard=False))
    pair.right.notice(Expired(old, hard=True))
    pair.right.acquire()
    pair.settle()
    sound(pair)
    assert old not in spis(pair.right)
    assert downs(pair.right) == downs(pair.left) == ["rekeyed"]


@pytest.mark.parametrize("late", [False, True])
def test_a_replaced_sa_whose_life_ends_before_its_delete_comes(late: bool) -> None:
    pair = up()
    old = only(pair.right)
    a_rekeys_and_b_answers(pair)
    answer = hold(pair, pair.left)
    pair.right.notice(Expired(old, hard=True))
    if late:
        pair.settle()
    give(answer)
    pair.settle()
    sound(pair)
    assert old not in spis(pair.right)
    assert downs(pair.right) == ["rekeyed"]
    assert len(downs(pair.left)) == 1


def test_a_new_sa_that_the_responder_deletes_while_the_old_waits_for_its_delete() -> None:
    pair = up()
    new = a_rekeys_and_b_answers(pair)
    arrive(pair, pair.left)
    delete(pair.right, new)
    pair.settle()
    sound(pair, 0)


def test_a_new_sa_that_the_responder_deletes_before_its_initiator_has_it() -> None:
    pair = up()
    new = a_rekeys_and_b_answers(pair)
    answer = hold(pair, pair.left)
    delete(pair.right, new)
    arrive(pair, pair.left, pair.right)
    give(answer)
    pair.settle()
    assert new not in spis(pair.right)
    rest(pair)
    sound(pair)


@pytest.mark.parametrize("answered", [False, True])
def test_a_new_sa_that_its_responder_rekeys_before_its_initiator_has_it(answered: bool) -> None:
    """The initiator cannot tell: it says TEMPORARY_FAILURE, for CHILD_SA_NOT_FOUND would have one end lose it."""
    pair = up()
    new = a_rekeys_and_b_answers(pair)
    answer = hold(pair, pair.left)
    begin(pair.right, Want.REKEY_CHILD, Aim(pair.right.sas[0].children[0].connection, spis=(new,)))
    arrive(pair, pair.left)
    assert said(pair.left) == TEMPORARY
    if answered:
        arrive(pair, pair.right)
    give(answer)
    rest(pair)
    sound(pair)


def test_a_new_sa_that_is_old_before_its_initiator_has_it_waits() -> None:
    pair = up()
    new = a_rekeys_and_b_answers(pair)
    written = len(pair.right.sent)
    pair.right.notice(Expired(new, hard=False))
    assert len(pair.right.sent) == written
    pair.settle()
    pair.advance(20)
    sound(pair)
    assert new not in spis(pair.right)


@pytest.mark.parametrize("again", [False, True])
def test_a_child_sa_that_the_peer_has_lost_is_made_anew(again: bool) -> None:
    pair = up()
    (sa,), spi = pair.right.engine._core.sas.values(), only(pair.right)
    del sa.children[spi], pair.right.engine._core.children[spi]
    pair.right.plane.sas.clear()
    rekey_child(pair.left)
    if again:
        hold(pair, pair.right)
        pair.advance(RETRANSMISSION[0])
    else:
        arrive(pair, pair.right)
        assert said(pair.right) == NOT_FOUND
        arrive(pair, pair.left)
        assert said(pair.left) == ("SA", "NONCE", "TSi", "TSr")
    pair.settle()
    sound(pair)


def test_a_responder_that_deletes_the_old_sa_itself_before_its_answer_arrives() -> None:
    """It need not, since who rekeys deletes (2.8); it does no harm."""
    pair = up()
    old = only(pair.right)
    a_rekeys_and_b_answers(pair)
    answer = hold(pair, pair.left)
    delete(pair.right, old)
    arrive(pair, pair.left)
    give(answer)
    pair.settle()
    sound(pair)
    assert (downs(pair.left), downs(pair.right)) == (["deleted by the peer"], ["rekeyed"])


def test_a_delete_that_is_never_answered_takes_the_ike_sa_and_each_child_sa_goes_down_once() -> None:
    pair = up()
    a_rekeys_and_b_answers(pair)
    arrive(pair, pair.left)
    pair.weather = lambda datagram: []
    pair.wire.clear()
    pair.advance(sum(RETRANSMISSION) + 1)
    assert not pair.left.sas
    assert sorted(downs(pair.left)) == ["rekeyed", "the peer does not answer"]


# Both rekey


@pytest.mark.parametrize("lowest", NONCES)
def test_of_two_rekeys_the_one_with_the_lowest_nonce_goes_deleted_by_who_made_it(lowest: int) -> None:
    pair = up()
    before = spis(pair.left)
    cross(pair, rekey_child, lowest)
    arrive(pair, pair.right, pair.left, pair.left, pair.right)
    made = {end: spis(end) - before for end in pair.ends}
    assert [said(end) for end in pair.ends] == [("DELETE",), ("DELETE",)]
    assert all(len(new) >= 2 for new in made.values())
    ours = loser(pair, lowest).engine._core
    (sa,) = ours.sas.values()
    assert {child.replaces != 0 for child in sa.children.values() if child.deleting} == {True}
    pair.settle()
    sound(pair)
    assert [downs(end).count("rekeyed") for end in pair.ends] == [1, 1]
    assert [len(downs(end)) for end in pair.ends] == [2, 2]


@pytest.mark.parametrize("lowest", NONCES)
def test_of_two_rekeys_one_answer_comes_after_the_peers_delete(lowest: int) -> None:
    pair = up()
    cross(pair, rekey_child, lowest)
    arrive(pair, pair.right, pair.left)
    answer = hold(pair, pair.left)
    arrive(pair, pair.right)
    assert said(pair.right) == ("DELETE",)
    arrive(pair, pair.left, pair.right)
    give(answer)
    assert said(pair.left) == ("DELETE",)
    pair.settle()
    sound(pair)


@pytest.mark.parametrize("lowest", NONCES)
def test_of_two_rekeys_one_answer_comes_after_the_new_sa_is_deleted_too(lowest: int) -> None:
    pair = up()
    cross(pair, rekey_child, lowest)
    arrive(pair, pair.right, pair.left)
    answer = hold(pair, pair.left)
    arrive(pair, pair.right, pair.left, pair.right)
    pair.right.do(DeleteChild())
    arrive(pair, pair.left, pair.right)
    give(answer)
    pair.settle()
    rest(pair)
    sound(pair, 0)


@pytest.mark.parametrize("refusal_first", [False, True])
def test_a_rekey_that_comes_while_the_replaced_sa_is_deleted_is_refused(refusal_first: bool) -> None:
    """B never saw that they crossed: it has replaced the SA and deletes it."""
    pair = up()
    cross(pair, rekey_child, 0)
    late = hold(pair, pair.right)
    arrive(pair, pair.left, pair.right)
    assert said(pair.right) == ("DELETE",)
    delete_ = hold(pair, pair.left)
    give(late)
    assert said(pair.right) == TEMPORARY
    refusal = hold(pair, pair.left)
    for letter in (refusal, delete_) if refusal_first else (delete_, refusal):
        give(letter)
    pair.settle()
    rest(pair)
    sound(pair)


def test_a_rekey_that_comes_after_the_replaced_sa_is_deleted_finds_none() -> None:
    pair = up()
    cross(pair, rekey_child, 0)
    late = hold(pair, pair.right)
    arrive(pair, pair.left, pair.right, pair.left, pair.right)
    give(late)
    assert said(pair.right) == NOT_FOUND
    arrive(pair, pair.left)
    pair.settle()
    rest(pair)
    sound(pair)
    assert downs(pair.left) == downs(pair.right) == ["rekeyed"]


def test_a_rekey_that_comes_after_all_is_deleted_brings_nothing_back() -> None:
    pair = up()
    cross(pair, rekey_child, 0)
    late = hold(pair, pair.right)
    arrive(pair, pair.left, pair.right, pair.left, pair.right)
    pair.right.do(DeleteChild())
    arrive(pair, pair.left, pair.right)
    give(late)
    assert said(pair.right) == NOT_FOUND
    rest(pair)
    sound(pair, 0)


@pytest.mark.parametrize("lowest", NONCES)
def test_a_loser_that_deletes_the_old_sa_too_does_no_harm(lowest: int) -> None:
    """The answer to A's rekey comes after the delete of what it replaces, which is not for B to send."""
    pair = up()
    old = only(pair.right)
    cross(pair, rekey_child, lowest)
    arrive(pair, pair.right, pair.left)
    answer = hold(pair, pair.left)
    arrive(pair, pair.right)
    delete(pair.right, old)
    arrive(pair, pair.left, pair.right)
    while any(letter[1] is pair.left for letter in pair.wire):
        arrive(pair, pair.left)
    give(answer)
    rest(pair)
    sound(pair)


# A rekey and a delete


@pytest.mark.parametrize("side", [0, 1])
def test_a_rekey_that_meets_the_delete_of_its_sa_is_refused(side: int) -> None:
    pair = up()
    end, other = pair.ends[side], pair.ends[1 - side]
    rekey_child(end)
    other.do(DeleteChild())
    arrive(pair, other, end)
    assert said(other) == TEMPORARY
    assert said(end) == ("DELETE",)
    rest(pair)
    sound(pair, 0)


@pytest.mark.parametrize("side", [0, 1])
def test_a_rekey_that_is_refused_before_the_delete_comes_is_not_tried_again(side: int) -> None:
    pair = up()
    end, other = pair.ends[side], pair.ends[1 - side]
    rekey_child(end)
    other.do(DeleteChild())
    late = hold(pair, end)
    arrive(pair, other, end)
    give(late)
    rest(pair)
    sound(pair, 0)
    assert len(end.sent) == len(other.sent) == 4


@pytest.mark.parametrize("side", [0, 1])
def test_a_rekey_that_comes_after_the_delete_finds_none(side: int) -> None:
    pair = up()
    end, other = pair.ends[side], pair.ends[1 - side]
    rekey_child(end)
    other.do(DeleteChild())
    late = hold(pair, other)
    arrive(pair, end, other)
    give(late)
    assert said(other) == NOT_FOUND
    rest(pair)
    sound(pair, 0)


@pytest.mark.parametrize("side", [0, 1])
def test_a_rekey_that_waits_for_its_turn_while_its_sa_goes_comes_to_nothing(side: int) -> None:
    """Not to a new Child SA either."""
    pair = up()
    end, other = pair.ends[side], pair.ends[1 - side]
    begin(end, Want.LIVENESS)
    rekey_child(end)
    answer = hold(pair, other)
    other.do(DeleteChild())
    arrive(pair, end)
    give(answer)
    rest(pair)
    sound(pair, 0)


def test_a_rekey_that_waits_for_its_turn_while_the_peer_rekeys_comes_to_nothing() -> None:
    pair = up()
    begin(pair.left, Want.LIVENESS)
    rekey_child(pair.left)
    check = hold(pair, pair.right)
    rekey_child(pair.right)
    arrive(pair, pair.left)
    give(check)
    pair.settle()
    sound(pair)


# A rekey and the IKE SA


@pytest.mark.parametrize("side", [0, 1])
def test_a_rekey_that_meets_one_of_the_ike_sa_has_both_refused_and_tried_again(side: int) -> None:
    pair = up()
    end, other = pair.ends[side], pair.ends[1 - side]
    before = pair.left.sas[0].local_spi, spis(pair.left)
    rekey_child(end)
    rekey_ike(other)
    arrive(pair, other, end)
    assert said(end) == said(other) == TEMPORARY
    pair.settle()
    sound(pair)
    assert (pair.left.sas[0].local_spi, spis(pair.left)) == before
    rest(pair)
    sound(pair)
    assert pair.left.sas[0].local_spi != before[0]
    assert not spis(pair.left) & before[1]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("side", [0, 1])
def test_a_rekey_that_meets_the_delete_of_the_ike_sa_ends_with_it(side: int, late: bool) -> None:
    pair = up()
    end, other = pair.ends[side], pair.ends[1 - side]
    rekey_child(end)
    other.do(DeleteIke())
    arrive(pair, other)
    assert said(other) == TEMPORARY
    refusal = hold(pair, end, newest=True) if late else None
    pair.settle()
    if refusal:
        give(refusal)
    rest(pair)
    sound(pair, 0, 0)
