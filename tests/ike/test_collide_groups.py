"""Rekeys of Child SAs whose groups the peer refuses, while it rekeys too (RFC 7296 1.3, 2.8.1): a chart a test.

In each the left end is A, the right one B: A prefers group 31, B 20, and both take 19. docs/collisions.md lists them
beside the situations they are.
"""

from __future__ import annotations

import pytest

from ikecli.ike.requests import DeleteChild
from tests.ike.chart import (
    NONCES,
    NOT_FOUND,
    OTHER_GROUP,
    TEMPORARY,
    arrive,
    give,
    hold,
    loser,
    ranked,
    rekey_child,
    rest,
    said,
    several_groups,
    sound,
    up,
)
from tests.ike.pair import Pair


def groups_differ(side: int = 2) -> Pair:
    """Return a pair that is up and whose ends want other groups, or only the peer of one of them does."""
    pair = up()
    several_groups(pair.left, "31 19" if side != 1 else "19")
    several_groups(pair.right, "20 19" if side != 0 else "19")
    return pair


@pytest.mark.parametrize("side", [0, 1])
def test_a_rekey_takes_the_group_that_the_peer_wants(side: int) -> None:
    pair = groups_differ(side)
    asking, asked = pair.ends[side], pair.ends[1 - side]
    rekey_child(asking)
    arrive(pair, asked)
    assert said(asked) == OTHER_GROUP
    pair.settle()
    sound(pair)
    assert {end.sas[0].children[0].group for end in pair.ends} == {19}


def refused_groups(pair: Pair, lowest: int) -> None:
    """Have both rekey and be refused; the nonces of the first try are the lowest ones that do not count."""
    for end in pair.ends:
        ranked(end, True)
        rekey_child(end)
    arrive(pair, pair.right, pair.left)
    assert said(pair.left) == said(pair.right) == OTHER_GROUP
    for end, own, answer in ((pair.left, 0, 3), (pair.right, 2, 1)):
        ranked(end, lowest == own)
        arrive(pair, end)
        ranked(end, lowest == answer)


@pytest.mark.parametrize("lowest", NONCES)
def test_of_two_rekeys_both_are_tried_again_with_another_group(lowest: int) -> None:
    pair = groups_differ()
    refused_groups(pair, lowest)
    arrive(pair, pair.right, pair.left, pair.left, pair.right)
    assert [said(end) for end in pair.ends] == [("DELETE",), ("DELETE",)]
    (sa,) = loser(pair, lowest).engine._core.sas.values()
    assert [bool(child.replaces) for child in sa.children.values() if child.deleting] == [True]
    pair.settle()
    sound(pair)


@pytest.mark.parametrize("arrives", range(4))
def test_of_two_second_tries_one_comes_late(arrives: int) -> None:
    """To B it looks as if they had not crossed."""
    pair = groups_differ()
    refused_groups(pair, 0)
    late = hold(pair, pair.right)
    for end in (pair.left, pair.right, pair.left, pair.right)[: arrives + 1]:
        arrive(pair, end)
    give(late)
    assert said(pair.right) == (("SA", "NONCE", "KE", "TSi", "TSr"), TEMPORARY, TEMPORARY, NOT_FOUND)[arrives]
    rest(pair)
    sound(pair)


@pytest.mark.parametrize("lowest", NONCES)
def test_of_two_rekeys_only_one_is_tried_again(lowest: int) -> None:
    pair = groups_differ(0)
    for end in pair.ends:
        rekey_child(end)
    arrive(pair, pair.right)
    assert said(pair.right) == OTHER_GROUP
    theirs = hold(pair, pair.left)
    ranked(pair.left, lowest == 0)
    arrive(pair, pair.left)
    ranked(pair.left, lowest == 3)
    ranked(pair.right, lowest == 1)
    give(theirs)
    pair.settle()
    sound(pair)


def test_a_second_try_is_not_made_for_an_sa_that_the_peer_has_replaced_meanwhile() -> None:
    pair = groups_differ(0)
    for end in pair.ends:
        rekey_child(end)
    arrive(pair, pair.right)
    theirs, refusal = hold(pair, pair.left), hold(pair, pair.left)
    give(theirs)
    arrive(pair, pair.right)
    written = len(pair.left.sent)
    give(refusal)
    assert len(pair.left.sent) == written
    pair.settle()
    sound(pair)
    pair.left.do(DeleteChild())
    pair.settle()
    sound(pair, 0)
