"""The heap of times, and the states it leads SAs through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikecli.ike.agenda import SLACK, Agenda
from ikecli.ike.core import Numbers
from ikecli.ike.sa import MOVES, State


@given(st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(0, 30))), max_size=60))
def test_it_does_what_a_plain_table_of_least_times_does(steps: list[tuple[int, int | None]]) -> None:
    agenda: Agenda[int] = Agenda()
    model: dict[int, float] = {}
    for now, (key, when) in enumerate(steps):
        if when is None:
            agenda.drop(key)
            model.pop(key, None)
        else:
            agenda.set(key, now + when)
            model[key] = min(model.get(key, now + when), now + when)
        assert agenda.next == min(model.values(), default=None)
        due = {key for key, at in model.items() if at <= now}
        assert set(agenda.due(now)) == due
        model = {key: at for key, at in model.items() if key not in due}


def test_entries_that_were_moved_do_not_pile_up() -> None:
    agenda: Agenda[str] = Agenda()
    for turn in range(10_000):
        agenda.set("far", 1e9)
        agenda.set("far", turn + 0.5)
        assert list(agenda.due(turn + 1)) == ["far"]
    assert len(agenda._heap) <= 2 + SLACK


def test_numbers_are_the_smallest_free_ones() -> None:
    numbers = Numbers()
    assert [numbers.take() for _ in range(3)] == [1, 2, 3]
    numbers.give_back(2)
    numbers.give_back(1)
    assert [numbers.take() for _ in range(3)] == [1, 2, 4]


def test_every_state_leads_to_its_end() -> None:
    assert set(MOVES) == set(State)
    for state in State:
        reached, todo = set(), [state]
        while todo:
            one = todo.pop()
            reached.add(one)
            todo += [after for after in MOVES[one] if after not in reached]
        assert State.CLOSED in reached
    assert not MOVES[State.CLOSED]


@pytest.mark.parametrize("state", list(State))
def test_a_state_cannot_lead_to_itself(state: State) -> None:
    assert state not in MOVES[state]
