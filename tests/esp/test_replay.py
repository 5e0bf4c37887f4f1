"""The replay window against a set that remembers everything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikecli.esp import ReplayWindow

SIZES = st.sampled_from([64, 100, 128, 1024])


def arrivals(first: int):
    """Sequence numbers as a bad network delivers them: steps of any size, repeats, reordering."""
    steps = st.lists(st.one_of(st.integers(-3, 3), st.integers(-1200, 1200)), max_size=60)
    return steps.map(lambda moves: [max(1, first + sum(moves[:n])) for n in range(1, len(moves) + 1)])


@given(size=SIZES, sequences=arrivals(600))
def test_accepts_once_what_lies_in_the_window_or_ahead(size, sequences):
    window, seen, top = ReplayWindow(size), set(), 0
    for sequence in sequences:
        expected = sequence not in seen and sequence > top - size
        assert window.fresh(sequence) == expected
        if expected:
            window.accept(sequence)
            seen.add(sequence)
            top = max(top, sequence)
    assert window.top == top


@given(size=SIZES, wraps=st.integers(0, 3), sequences=arrivals((1 << 32) - 300))
def test_finds_the_high_half_of_whatever_is_near_the_window(size, wraps, sequences):
    base = wraps << 32
    window = ReplayWindow(size, esn=True, top=base + (1 << 32) - 400)
    for sequence in sequences:
        if window.top - size < base + sequence:
            assert window.expand((base + sequence) & 0xFFFFFFFF) == base + sequence
            if window.fresh(base + sequence):
                window.accept(base + sequence)


@pytest.mark.parametrize(
    ("top", "low", "expected"),
    [
        (0, 1, 1),
        (0, 0xFFFFFFFF, -1),
        (100, 37, 37),
        (100, 36, (1 << 32) + 36),
        ((1 << 32) + 5, 0xFFFFFFFF, 0xFFFFFFFF),
        ((1 << 32) + 5, 0xFFFFFFC0, (1 << 32) + 0xFFFFFFC0),
        ((1 << 32) - 1, 0, 1 << 32),
    ],
)
def test_expands_at_the_edges_of_the_window(top, low, expected):
    assert ReplayWindow(64, esn=True, top=top).expand(low) == expected


def test_nothing_comes_before_the_first_number():
    window = ReplayWindow(64, esn=True)
    assert not window.fresh(window.expand(0xFFFFFFFF))
    assert not window.fresh(0)


def test_nothing_comes_after_the_last_number():
    assert not ReplayWindow(64).fresh(1 << 32)
    last = (1 << 64) - 1
    window = ReplayWindow(64, esn=True, top=last)
    assert not window.fresh(window.expand(5))


def test_turned_off_it_accepts_repeats_but_still_follows_the_high_half():
    window = ReplayWindow(0, esn=True, top=0xFFFFFFFF)
    sequence = window.expand(3)
    assert sequence == (1 << 32) + 3
    for _ in range(2):
        assert window.fresh(sequence)
        window.accept(sequence)
    assert (window.top, window.bitmap) == (sequence, 0)


@pytest.mark.parametrize("size", [1, 63, 1025, -64])
def test_refuses_other_sizes(size):
    with pytest.raises(ValueError, match="choose 0 or 64 to 1024"):
        ReplayWindow(size)
