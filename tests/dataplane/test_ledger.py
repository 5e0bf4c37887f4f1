"""The ledger of what was put into the kernel."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ikecli.dataplane.linux import ledger as module
from ikecli.dataplane.linux.ledger import LEAST_LINES, NAME, Ledger
from ikecli.errors import Unavailable

SA, ROUTE = ("sa", "c0000201", "00001001"), ("route", "10.2.0.0/16", "192.0.2.2", "")


def test_what_a_killed_engine_had_put_in_is_known_to_the_next(tmp_path: Path) -> None:
    first = Ledger(tmp_path, 5)
    first.add(SA)
    first.add(ROUTE)
    first.drop(SA)
    second = Ledger(tmp_path, 99)
    assert list(second) == [ROUTE]
    assert second.owner == first.owner


def test_it_is_the_owners_alone(tmp_path: Path) -> None:
    Ledger(tmp_path, 5).add(SA)
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600


def test_another_boot_or_namespace_has_nothing_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Ledger(tmp_path, 5)
    first.add(SA)
    monkeypatch.setattr(module, "_where", lambda: ["another boot", "net:[1]"])
    second = Ledger(tmp_path, 99)
    assert list(second) == []
    assert second.owner == first.owner


def test_a_line_torn_by_a_full_disk_takes_no_other_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(tmp_path, 5)
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda handle, octets: write(handle, octets[:9]))
        with pytest.raises(Unavailable, match="No space left"):
            ledger.add(SA)
    ledger.add(ROUTE)
    assert list(Ledger(tmp_path, 5)) == [ROUTE]


def test_what_ends_by_itself_goes_in_with_a_full_disk(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, 5)
    ledger._file = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(Unavailable, match="No space left"):
        ledger.add(ROUTE)
    ledger.add(SA, passing=True)
    assert list(ledger) == [SA]
    ledger.drop(SA)
    assert list(ledger) == list(Ledger(tmp_path, 5)) == []


def test_a_full_disk_leaves_the_file_as_it_is_where_it_was_to_be_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is room for its next lines, but not for another file."""
    ledger = Ledger(tmp_path, 5)
    ledger.add(ROUTE)
    with monkeypatch.context() as patch:
        opened = os.open
        patch.setattr(os, "open", lambda path, *more: opened("/dev/full" if path.suffix == ".new" else path, *more))
        for number in range(LEAST_LINES):
            ledger.add(("sa", "c0000201", str(number)))
            ledger.drop(("sa", "c0000201", str(number)))
        assert len((tmp_path / NAME).read_text().splitlines()) > 2 * LEAST_LINES
    assert list(Ledger(tmp_path, 5)) == [ROUTE]


def test_it_does_not_grow_with_what_came_and_went(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, 5)
    for number in range(3 * LEAST_LINES):
        thing = ("sa", "c0000201", str(number))
        ledger.add(thing)
        ledger.drop(thing)
    ledger.add(ROUTE)
    assert len((tmp_path / NAME).read_text().splitlines()) < LEAST_LINES + 10
    assert list(Ledger(tmp_path, 5)) == [ROUTE]
