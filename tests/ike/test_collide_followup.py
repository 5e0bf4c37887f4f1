"""What meets a CREATE_CHILD_SA whose further key exchanges are under way (RFC 9370 2.2.4): a chart a test.

In each the left end is A, the right one B; A's exchange has two further key exchanges, and B's where it rekeys.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ikecli.boundary.notices import Expired
from ikecli.ike.requests import DeleteChild, DeleteIke
from ikecli.ike.window import Want
from tests.ike.machine import sound
from tests.ike.pair import LEFT, RIGHT, End, Pair, connection, intent
from tests.ike.test_followup import TWO, pending, pfs, up
from tests.ike.test_moving import want

STEPS = range(8)
"""How many messages arrive before the other end begins: none, up to more than there are."""
rekey_ike = want(Want.REKEY_IKE)


def expire(end: End) -> None:
    """Have the end's newest Child SA be old."""
    newest = [child.inbound_spi for sa in end.sas for child in sa.children][-1]
    end.notice(Expired(newest, hard=False))


Begin = Callable[[End], None]
BEGINNINGS = {"a rekey of the Child SA": expire, "a rekey of the IKE SA": rekey_ike}


def meet(first: Begin, second: Begin, step: int, crossed: bool, seed: int = 1) -> Pair:
    """Have A begin, some messages arrive, and B begin, until all rests; `crossed` has both ends' messages alternate."""
    pair = up(pfs(*TWO), ike=TWO, seed=seed)
    first(pair.left)
    for _ in range(step):
        pair.step()
    second(pair.right)
    for _ in range(20 if crossed else 0):
        pair.cross()
    pair.settle()
    pair.advance(400)
    for end in pair.ends:
        sound(end)
        assert not pending(end)
        assert not any(sa.window.busy for sa in end.engine._core.sas.values())
    return pair


@pytest.mark.parametrize("crossed", [False, True])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("second", BEGINNINGS)
@pytest.mark.parametrize("first", BEGINNINGS)
def test_a_rekey_that_meets_a_series(first: str, second: str, step: int, crossed: bool) -> None:
    for seed in range(3):
        meet(BEGINNINGS[first], BEGINNINGS[second], step, crossed, seed).agree(1, 1)


@pytest.mark.parametrize("crossed", [False, True])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("first", BEGINNINGS)
def test_a_delete_of_the_child_sa_that_meets_a_series(first: str, step: int, crossed: bool) -> None:
    pair = meet(BEGINNINGS[first], lambda end: end.do(DeleteChild()), step, crossed)
    (left,), (right,) = pair.left.sas, pair.right.sas
    assert [(one.inbound_spi, one.outbound_spi) for one in left.children] == [
        (one.outbound_spi, one.inbound_spi) for one in right.children
    ]
    if step < 6 or first != "a rekey of the Child SA":
        assert not left.children


@pytest.mark.parametrize("crossed", [False, True])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("first", BEGINNINGS)
def test_a_delete_of_the_ike_sa_that_meets_a_series(first: str, step: int, crossed: bool) -> None:
    meet(BEGINNINGS[first], lambda end: end.do(DeleteIke()), step, crossed).agree(0, 0)


@pytest.mark.parametrize("crossed", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_a_new_child_sa_that_meets_a_series(step: int, crossed: bool) -> None:
    """Both ask for the same Child SA, A's with two further key exchanges under way."""
    pair = up(pfs(*TWO))
    pair.left.do(DeleteChild())
    pair.settle()
    pair.left.acquire()
    for _ in range(step):
        pair.step()
    pair.right.acquire()
    for _ in range(20 if crossed else 0):
        pair.cross()
    pair.settle()
    pair.advance(400)
    pair.agree(1, 1)


# An IKE SA without a Child SA (RFC 6023)


def childless() -> Pair:
    """Return a pair with such an IKE SA, begun from the left."""
    ends = ((LEFT, RIGHT), (RIGHT, LEFT))
    pair = Pair(*(intent(*each, connections=(connection(*each, per_host=True),)) for each in ends))
    pair.left.initiate()
    pair.settle()
    pair.agree(1, 0)
    return pair


def both(pair: Pair, begin: Begin) -> Pair:
    """Have both ends begin at once."""
    for end in pair.ends:
        begin(end)
    for _ in range(20):
        pair.cross()
    pair.settle()
    pair.advance(400)
    for end in pair.ends:
        sound(end)
    return pair


def test_two_childless_ike_sas_become_one() -> None:
    pair = childless()
    pair.left.do(DeleteIke())
    pair.settle()
    both(pair, lambda end: end.initiate()).agree(1, 0)


def test_of_two_rekeys_of_a_childless_ike_sa_one_stays() -> None:
    for seed in range(4):
        pair = childless()
        pair.right.dice.seed(seed)
        both(pair, rekey_ike).agree(1, 0)


def test_deletes_of_a_childless_ike_sa_cross() -> None:
    both(childless(), lambda end: end.do(DeleteIke())).agree(0, 0)


def test_of_two_first_child_sas_one_stays() -> None:
    both(childless(), lambda end: end.acquire()).agree(1, 1)


def test_a_first_child_sa_meets_the_delete_of_a_childless_ike_sa() -> None:
    pair = childless()
    pair.left.acquire()
    pair.right.do(DeleteIke())
    both(pair, lambda end: None).agree(0, 0)
