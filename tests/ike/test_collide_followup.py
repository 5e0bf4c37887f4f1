"""What meets a CREATE_CHILD_SA whose further key exchanges are under way (RFC 9370 2.2.4): a chart a test.

In each the left end is A, the right one B; A's exchange has two further key exchanges, and B's where it rekeys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ikecli.boundary.events import MessageSent
from ikecli.boundary.notices import Expired
from ikecli.ike.lookup import Lookup
from ikecli.ike.requests import DeleteChild, DeleteIke
from ikecli.ike.window import Want
from ikecli.intent import IkePolicy, IkeProposal
from tests.ike import chart
from tests.ike.chart import (
    NONCES,
    OTHER_GROUP,
    arrive,
    cross,
    give,
    hold,
    loser,
    rekey_child,
    rest,
    said,
    several_groups,
)
from tests.ike.machine import sound
from tests.ike.pair import LEFT, RIGHT, End, Pair, connection, intent
from tests.ike.test_additional import further
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


# Both rekey at once, and the nonces decide


def several(left: tuple[str, ...] = TWO, right: tuple[str, ...] | None = None) -> Pair:
    """Return a pair that is up and rekeys with these further key exchanges."""
    pair = up(pfs(*left), pfs(*(left if right is None else right)), ike=left)
    if right is not None:
        propose(pair.right, further(*right))
    return pair


def propose(end: End, proposal: IkeProposal) -> None:
    """Have an end want another IKE proposal from now on."""
    core = end.engine._core
    core.lookup = Lookup(replace(core.lookup.intent, policies=(IkePolicy("POL", (proposal,)),)))


def exchanges(end: End) -> int:
    """Count the further key exchanges that an end asked for."""
    return sum(one.exchange == "IKE_FOLLOWUP_KE" and not one.response for one in end.events(MessageSent))


ACTS = {"child": rekey_child, "ike": chart.rekey_ike}


def decided(pair: Pair, act: str, lowest: int) -> None:
    """Assert that the SA of the end with the lowest nonce went, and that nothing else is left."""
    rest(pair)
    chart.sound(pair)
    if act == "ike":
        (sa,) = pair.left.engine._core.sas.values()
        assert sa.initiator is (loser(pair, lowest) is pair.right)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("lowest", NONCES)
def test_of_two_series_the_one_with_the_lowest_nonce_goes(lowest: int, act: str) -> None:
    pair = several()
    cross(pair, ACTS[act], lowest)
    for _ in range(12):
        pair.cross()
    decided(pair, act, lowest)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("lowest", NONCES)
@pytest.mark.parametrize("side", [0, 1])
def test_of_two_rekeys_one_is_a_series(side: int, lowest: int, act: str) -> None:
    """The responder's own order decides: the exchange of one end has a further key exchange, that of the other none."""
    kinds = (("mlkem768 none",), ("none mlkem768",))
    pair = several(*(kinds if side == 0 else kinds[::-1]))
    for end in pair.ends:
        end.told.clear()
    cross(pair, ACTS[act], lowest)
    for _ in range(12):
        pair.cross()
    assert [exchanges(end) for end in pair.ends] == ([0, 1] if side == 0 else [1, 0])
    rest(pair)
    chart.sound(pair)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("lowest", NONCES)
@pytest.mark.parametrize("until", range(1, 7))
def test_of_two_series_one_answer_comes_late(until: int, lowest: int, act: str) -> None:
    """B's answer to A's first request comes after that many of the other messages: B's series, and its delete."""
    pair = several()
    cross(pair, ACTS[act], lowest)
    arrive(pair, pair.right, pair.left)
    answer = hold(pair, pair.left)
    for _ in range(until):
        pair.step()
    give(answer)
    rest(pair)
    chart.sound(pair)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("until", range(1, 9))
def test_of_two_series_one_request_comes_late(until: int, act: str) -> None:
    """B has A's request only after that many messages of its own series."""
    pair = several()
    for end in pair.ends:
        ACTS[act](end)
    request = hold(pair, pair.right)
    for _ in range(until):
        pair.step()
    give(request)
    rest(pair)
    chart.sound(pair)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("side", [0, 1])
def test_a_series_begins_anew_with_the_group_that_the_peer_wants(side: int, act: str) -> None:
    pair = several()
    asking, asked = pair.ends[side], pair.ends[1 - side]
    if act == "ike":
        propose(asking, further(*TWO, groups="31 20"))
        propose(asked, further(*TWO, groups="20"))
    else:
        several_groups(asking, "31 20")
        several_groups(asked, "20")
    ACTS[act](asking)
    arrive(pair, asked)
    assert said(asked) == OTHER_GROUP
    rest(pair)
    chart.sound(pair)
    assert exchanges(asking) == len(TWO)


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
