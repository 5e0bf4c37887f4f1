"""The way out of the log: what waits, what does not, and that the order stays."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest

from ikecli.boundary.events import IkeDown
from ikecli.boundary.views import LogLine
from ikecli.control.replies import Heard
from ikecli.daemon.telling import PAUSE, Teller
from ikecli.main import _logger


def event(number: int) -> Heard:
    return Heard(
        float(number), event=IkeDown(number, 1, "10.0.0.1/500", "10.0.0.2/500", "deleted"), sessions=("ikev2",)
    )


def line(number: int) -> Heard:
    return Heard(float(number), log=LogLine(float(number), 5, "IKECLI", "STARTED", "it runs"))


class Loop(asyncio.AbstractEventLoop):
    """Keeps what is to be called later."""

    def __init__(self) -> None:
        self.later: list[tuple[float, object]] = []

    def call_later(self, delay, callback, *args, context=None):  # type: ignore[no-untyped-def]
        self.later.append((delay, callback))


def test_events_wait_for_each_other_and_go_out_in_order() -> None:
    loop, told = Loop(), []
    teller = Teller(loop, told.extend)
    teller.hear(event(1))
    teller.hear(event(2))
    assert told == []
    ((delay, flush),) = loop.later
    assert delay == PAUSE
    flush()
    assert told == [event(1), event(2)]
    teller.hear(event(3))
    assert len(loop.later) == 2, "whoever comes after a flush is waited for anew"


def test_a_line_of_the_engine_goes_out_at_once_after_what_waits() -> None:
    loop, told = Loop(), []
    teller = Teller(loop, told.extend)
    teller.hear(event(1))
    teller.hear(line(2))
    assert told == [event(1), line(2)]
    (_, flush) = loop.later[0]
    flush()
    assert told == [event(1), line(2)]


def test_lines_go_on_to_others_when_nobody_reads_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", buffering=1) as gone:
        monkeypatch.setattr(sys, "stderr", gone)
        tell = _logger("ios")
        for number in range(0, 4, 2):
            assert tell([line(number), event(9), line(number + 1)])[::2] == [line(number).log, line(number + 1).log]
        monkeypatch.undo()
        os.dup2(os.open(os.devnull, os.O_WRONLY), writing)
