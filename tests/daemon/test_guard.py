"""The pace of password tries: one slow queue for all sessions, open again after a right one."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ikecli.daemon.guard import SLOWEST, WAITING, Guard
from ikecli.errors import Rejected
from ikecli.lab.clock import VirtualClock


def test_wrong_passwords_are_tried_ever_more_slowly_whoever_asks() -> None:
    clock, answers = VirtualClock(), list[tuple[float, bool]]()
    guard = Guard(clock)
    for who in range(8):
        guard.try_password(who, lambda: False, lambda right: answers.append((clock.now(), right)))
    clock.advance(200)
    times = [when for when, _ in answers]
    assert len(times) == 8
    assert [later - earlier for earlier, later in pairwise(times)] == [1, 2, 4, 8, 16, 30, 30]
    assert SLOWEST == 30


def test_a_guess_waits_before_it_is_verified() -> None:
    clock, verified = VirtualClock(), list[float]()
    guard = Guard(clock)
    guard.try_password("one", lambda: None, lambda level: None)
    guard.try_password("other", lambda: verified.append(clock.now()), lambda level: None)
    assert verified == []
    clock.advance(5)
    assert verified == [1.0]


def test_a_right_password_opens_the_gate() -> None:
    clock, found = VirtualClock(), list[int | None]()
    guard = Guard(clock)
    guard.try_password("one", lambda: None, found.append)
    clock.advance(1)
    guard.try_password("one", lambda: 0, found.append)
    guard.try_password("one", lambda: 15, found.append)
    assert found == [None, 0, 15]


def test_a_session_has_one_try_open_and_few_wait_at_all() -> None:
    guard = Guard(VirtualClock())
    for who in range(WAITING + 1):
        guard.try_password(who, lambda: False, lambda right: None)
    for another in (WAITING, "another"):
        with pytest.raises(Rejected, match="% Access denied"):
            guard.try_password(another, lambda: True, lambda right: None)


def test_a_try_whose_session_closed_is_dropped_and_nobody_waits_for_it() -> None:
    clock, answers = VirtualClock(), list[str]()
    guard = Guard(clock)
    for who in ("first", "closed", "last"):
        guard.try_password(who, lambda: False, lambda right, who=who: answers.append(who))  # type: ignore[misc]
    guard.forget("closed")
    clock.advance(1)
    assert answers == ["first", "last"]
