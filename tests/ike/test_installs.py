"""Installs that the data plane refuses, each in turn: the peer is never left with an SA that is not there."""

from __future__ import annotations

import pytest

from ikecli.boundary.effects import Direction, Install
from ikecli.boundary.events import ChildFailed, ChildUp, IkeUp
from ikecli.ike.limits import HOLD_OFF_SECONDS
from ikecli.ike.requests import DeleteChild
from tests.ike.pair import Pair


class Refuse:
    """Refuses the first install in one direction."""

    def __init__(self, direction: Direction) -> None:
        self.direction, self.done = direction, False

    def __call__(self, install: Install) -> bool:
        refused = not self.done and install.direction is self.direction
        self.done = self.done or refused
        return refused


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("later", [False, True], ids=["IKE_AUTH", "CREATE_CHILD_SA"])
def test_a_refused_install_leaves_no_child_sa_at_either_end(direction: Direction, side: int, later: bool) -> None:
    pair = Pair()
    if later:
        pair.up()
        pair.left.do(DeleteChild())
        pair.settle()
        for end in pair.ends:
            end.told.clear()
    end, other = pair.ends[side], pair.ends[1 - side]
    refuse = end.plane.refuse = Refuse(direction)
    pair.left.acquire()
    pair.settle()
    assert refuse.done
    pair.agree(1, 0)
    assert not end.events(ChildUp)
    assert end.events(ChildFailed)[0].why == "no room"
    assert len(end.events(IkeUp)) == len(other.events(IkeUp)) == int(not later)
    if side == 1:
        assert not other.events(ChildUp)
        assert other.events(ChildFailed)[0].why == "the peer answers TEMPORARY_FAILURE"
    pair.advance(HOLD_OFF_SECONDS)
    pair.left.acquire()
    pair.settle()
    pair.agree(1, 1)
    assert pair.ping(pair.left)
