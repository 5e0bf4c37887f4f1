"""A short run of what `make fuzz` does at length."""

from __future__ import annotations

from tests.fuzz import packets
from tests.fuzz.run import run
from tests.fuzz.victims import victims

SEED = 20_261


def test_messages_changed_inside_do_no_harm() -> None:
    report = run(2_000, SEED)
    assert report.handshakes == len(victims())
    assert report.tally.passed > report.tally.sent * 0.4
    assert len(report.tally.states) > 8


def test_packets_changed_inside_do_no_harm() -> None:
    assert packets.run(1_500, SEED) > 500
