"""Whatever a view holds, every layout is lines of printable text, and a thousand SAs take no time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ikecli.show import RENDERERS
from tests.show.samples import CONNECTION, LONG, SA
from tests.show.strategies import SHOWN

MANY = 1000
SECONDS = 0.1


@pytest.mark.parametrize(("dialect", "command"), RENDERERS)
@settings(max_examples=25)
@given(data=st.data())
def test_any_view_is_lines(dialect: str, command: str, data: st.DataObject) -> None:
    views = data.draw(st.lists(SHOWN[command], max_size=3))
    slots = data.draw(st.sampled_from([{}, LONG, {"exchange": True}]))
    for line in RENDERERS[dialect, command](views, slots):
        assert line.replace("\t", "").isprintable(), line


@pytest.mark.parametrize("slots", [{}, LONG], ids=["short", "long"])
@pytest.mark.parametrize(
    ("dialect", "command"),
    [
        ("ios", "show.ikev2.sa"),
        ("ios", "show.ikev2.session"),
        ("asa", "show.ikev2.sa"),
        ("asa", "show.vpn_sessiondb.l2l"),
    ],
)
def test_a_thousand_ike_sas(dialect: str, command: str, slots: dict[str, object]) -> None:
    sas = [
        replace(SA, id=number, session=number, remote=f"198.51.{number >> 8}.{number & 255}") for number in range(MANY)
    ]
    assert best(lambda: sum(1 for _ in RENDERERS[dialect, command](sas, slots))) < SECONDS


def test_a_thousand_connections() -> None:
    connections = [replace(CONNECTION, sequence=number) for number in range(MANY)]
    assert best(lambda: sum(1 for _ in RENDERERS["ios", "show.ipsec.sa"](connections, {}))) < 2 * SECONDS


def best(run: Callable[[], object]) -> float:
    """Return the CPU seconds of the fastest of three runs."""
    times = []
    for _ in range(3):
        start = process_time()
        run()
        times.append(process_time() - start)
    return min(times)
