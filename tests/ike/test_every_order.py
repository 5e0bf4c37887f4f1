"""Whatever both ends begin at once, in whatever order the messages arrive: both ends agree, and nothing is left over.

Orders are tried one after another, also with one message lost; a failure names the choices that led to it.
IKECLI_ORDERS sets how many orders of each meeting are tried at most.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import combinations, product
from typing import Final

import pytest

from ikecli.ike.limits import DOUBLE_SECONDS, RETRANSMISSION
from ikecli.ike.requests import DeleteChild, DeleteIke
from tests.ike.chart import (
    NONCES,
    SECOND,
    Letter,
    give,
    intents,
    ranked,
    rekey_child,
    rekey_ike,
    rest,
    several_groups,
    sound,
    up,
)
from tests.ike.pair import LABEL, End, Pair

ORDERS: Final = int(os.environ.get("IKECLI_ORDERS", "12"))
MOST_STEPS: Final = 100
ACTS: Final[dict[str, Callable[[End], None]]] = {
    "rekey child": rekey_child,
    "rekey ike": rekey_ike,
    "create": lambda end: end.initiate(SECOND),
    "delete child": lambda end: end.do(DeleteChild()),
    "delete ike": lambda end: end.do(DeleteIke()),
}
LEFT_OVER: Final = {
    frozenset(("rekey child",)): {(1, 1)},
    frozenset(("rekey child", "rekey ike")): {(1, 1)},
    frozenset(("rekey child", "create")): {(1, 2)},
    frozenset(("rekey child", "delete child")): {(1, 0)},
    frozenset(("rekey ike",)): {(1, 1)},
    frozenset(("rekey ike", "create")): {(1, 2)},
    frozenset(("rekey ike", "delete child")): {(1, 0)},
    frozenset(("create",)): {(1, 2)},
    frozenset(("create", "delete child")): {(1, 1)},
    frozenset(("delete child",)): {(1, 0)},
    frozenset(("create", "delete ike")): {(0, 0), (1, 1)},
}
"""How many IKE SAs and Child SAs stand in the end; none where an IKE SA is deleted, unless a new one is wanted."""


def play(make: Callable[[], Pair], choices: tuple[int, ...], lossy: bool) -> tuple[Pair, list[tuple[int, ...]]]:
    """Play a meeting by choices, then always the first; return it and the choices that were not taken on the way."""
    pair, others, lost = make(), list[tuple[int, ...]](), False
    for step in range(MOST_STEPS):
        if not pair.wire:
            return pair, others
        ways: list[tuple[bool, Letter]] = [(True, letter) for letter in pair.wire]
        if lossy and not lost:
            ways += [(False, letter) for letter in pair.wire]
        choice = choices[step] if step < len(choices) else 0
        if step >= len(choices):
            others += [(*choices, *(0,) * (step - len(choices)), other) for other in range(1, len(ways))]
        arrives, letter = ways[choice]
        pair.wire.remove(letter)
        if arrives:
            give(letter)
        lost = lost or not arrives
    raise AssertionError("the wire does not come to rest")


def every_order(make: Callable[[], Pair], lossy: bool = False) -> Iterator[tuple[Pair, tuple[int, ...]]]:
    """Yield a meeting as each order of its messages leaves it, and its choices."""
    left = [()]
    for _ in range(ORDERS):
        if not left:
            return
        choices = left.pop(len(left) // 2)
        pair, others = play(make, choices, lossy)
        left += others
        yield pair, choices


def settle(pair: Pair) -> tuple[int, int]:
    """Let what was lost be sent again and what is gone be forgotten; return how many SAs stand."""
    pair.advance(sum(RETRANSMISSION) + 1)
    rest(pair)
    pair.advance(DOUBLE_SECONDS + 1)
    rest(pair)
    return len(pair.left.sas), sum(len(sa.children) for sa in pair.left.sas)


@pytest.mark.parametrize("lossy", [False, True])
@pytest.mark.parametrize(("left", "right"), tuple(product(ACTS, ACTS)))
def test_what_both_ends_begin_at_once(left: str, right: str, lossy: bool) -> None:
    wanted = LEFT_OVER.get(frozenset((left, right)), {(0, 0)})
    for lowest in NONCES if left == right and "rekey" in left else (0,):

        def make(lowest: int = lowest) -> Pair:
            pair = up()
            for end, act, own, answer in ((pair.left, left, 0, 3), (pair.right, right, 2, 1)):
                ranked(end, lowest == own)
                ACTS[act](end)
                ranked(end, lowest == answer)
            return pair

        for pair, choices in every_order(make, lossy):
            stand = settle(pair)
            assert stand in wanted, choices
            sound(pair, stand[1], stand[0])


@pytest.mark.parametrize("left", tuple(combinations(ACTS, 2)))
@pytest.mark.parametrize("right", [*ACTS, "rekey both"])
def test_several_begun_at_once_in_wide_windows(left: tuple[str, str], right: str) -> None:
    def make() -> Pair:
        pair = up(window=5)
        assert pair.left.sas[0].peer_window == 5
        for end, acts in (
            (pair.left, left),
            (pair.right, ("rekey child", "rekey ike") if " both" in right else (right,)),
        ):
            for act in acts:
                ACTS[act](end)
        return pair

    for pair, choices in every_order(make, True):
        ikes, children = settle(pair)
        connections = [child.connection for sa in pair.left.sas for child in sa.children]
        assert ikes <= 1, choices
        assert len(set(connections)) == children, choices
        sound(pair, children, ikes)


@pytest.mark.parametrize("lossy", [False, True])
@pytest.mark.parametrize("lowest", NONCES)
@pytest.mark.parametrize("labels", [(LABEL, LABEL), (LABEL, SECOND)])
def test_both_ends_begin_an_ike_sa_at_once(labels: tuple[str, str], lowest: int, lossy: bool) -> None:
    """All orders of IKE_SA_INIT and IKE_AUTH of two attempts, for the same connection and for two of them."""

    def make() -> Pair:
        pair = Pair(*intents())
        for end, label, own, answer in ((pair.left, labels[0], 0, 3), (pair.right, labels[1], 2, 1)):
            ranked(end, lowest == own)
            end.initiate(label)
            ranked(end, lowest == answer)
        return pair

    for pair, choices in every_order(make, lossy):
        stand = settle(pair)
        assert stand == (1, len(set(labels))), choices
        sound(pair, stand[1], stand[0])


@pytest.mark.parametrize("lowest", NONCES)
def test_rekeys_whose_groups_are_refused(lowest: int) -> None:
    def make() -> Pair:
        pair = up()
        several_groups(pair.left, "31 19")
        several_groups(pair.right, "20 19")
        for end, own, answer in ((pair.left, 0, 3), (pair.right, 2, 1)):
            ranked(end, lowest == own)
            rekey_child(end)
            ranked(end, lowest == answer)
        return pair

    for pair, choices in every_order(make):
        assert settle(pair) == (1, 1), choices
        sound(pair)
