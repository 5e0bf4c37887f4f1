"""Runs of the fuzzer: sieges of several victims in turn, by as many processes as there are cores."""

from __future__ import annotations

import gc
import os
import random
import sys
from collections import Counter
from contextlib import suppress
from ctypes import CDLL
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.siege import Siege, Tally, counting
from tests.fuzz.victims import victims

_PAGE = os.sysconf("SC_PAGE_SIZE")
_CAMPAIGN = 60
_TENTHS = 10
_REST = 100
"""Campaigns after which a victim is left alone until all has aged."""


@dataclass
class Report:
    """What a run found out: resident octets after each tenth of it, and what was sent."""

    seed: int
    tally: Tally
    memory: list[int] = field(default_factory=list)
    handshakes: int = 0

    @property
    def filled(self) -> int:
        """Resident octets after a fifth, by when the bounded caches are full: 100,000 of a million on two cores."""
        return self.memory[min(1, len(self.memory) - 1)]

    @property
    def growth(self) -> float:
        """Which part of the memory after a fifth came later."""
        return self.memory[-1] / self.filled - 1 if self.memory else 0.0


def run(count: int, seed: int) -> Report:
    """Send `count` datagrams; raises AssertionError, or what the engine let out, naming the seed."""
    dice, tally = random.Random(seed), Tally()
    sieges = [Siege(one, dice, tally) for one in victims()]
    report, end = Report(seed, tally), counting(tally)
    try:
        campaigns = 0
        while tally.sent < count:
            dice.choice(sieges).campaign(min(_CAMPAIGN, count - tally.sent))
            campaigns += 1
            if campaigns % _REST == 0:
                for one in sieges:
                    one.rest()
                gc.collect()
            if tally.sent * _TENTHS >= count * (len(report.memory) + 1):
                report.memory.append(_resident(sieges))
                print(f"seed {seed}: {tally.sent} datagrams, {report.memory[-1] / 1e6:.1f} MB", file=sys.stderr)
        report.handshakes = sum(one.shakes_hands() for one in sieges)
    except BaseException as problem:
        problem.add_note(f"make fuzz SEED={seed}, datagram {tally.sent}")
        raise
    finally:
        end()
    return report


def _resident(sieges: list[Siege]) -> int:
    """Return the octets of memory that the process has, once all is quiet and what is free was given back."""
    for one in sieges:
        one.rest()
    gc.collect()
    with suppress(AttributeError, OSError):
        CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def together(tallies: list[Tally]) -> Tally:
    """Return the sum of what several processes sent."""
    states: Counter[str] = Counter()
    for one in tallies:
        states.update(one.states)
    return Tally(
        sum(one.sent for one in tallies),
        sum(one.inside for one in tallies),
        sum(one.passed for one in tallies),
        states=states,
    )
