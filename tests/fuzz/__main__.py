"""make fuzz: so many datagrams by as many processes as there are cores, what passed, what it reached, what it cost.

With `--reach` a shorter run in one process only measures which branches of ikecli/wire and ikecli/ike it takes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tests.fuzz import packets
from tests.fuzz.run import Report, run, together

GROWTH = 0.02
"""Part of the memory of the first fifth of the datagrams that the rest may add."""
SHARE = 0.5
"""Part of the datagrams that must have been changed inside and have passed the integrity check."""
REACH = 40_000
"""Datagrams of the run whose branches are counted."""
_SOURCES = ("ikecli/wire", "ikecli/ike")


def main() -> int:
    """Run; return 1 where something does not hold."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--reach", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.reach:
        run(chosen.count, chosen.seed)
        return 0
    os.environ["PYTHONMALLOC"] = "malloc"  # which gives free pages back, so that memory tells a leak
    began, each = time.monotonic(), -(-chosen.count // chosen.processes)
    with ProcessPoolExecutor(chosen.processes, get_context("spawn")) as pool:
        seeds = range(chosen.seed, chosen.seed + chosen.processes)
        reports = list(pool.map(partial(run, each), seeds))
        opened = sum(pool.map(partial(packets.run, max(2_000, each // 20)), seeds))
    return _told(reports, opened, _reached(min(REACH, chosen.count), chosen.seed), time.monotonic() - began)


def _told(reports: list[Report], packets: int, reached: str, seconds: float) -> int:
    tally = together([one.tally for one in reports])
    growth, share = max(one.growth for one in reports), tally.passed / tally.sent
    print(f"fuzz: {tally.sent} datagrams, seeds {[one.seed for one in reports]}, {seconds:.0f} s")
    print(f"  changed inside and sealed again {tally.inside / tally.sent:.0%}, passed the integrity check {share:.0%}")
    for state, count in tally.states.most_common():
        print(f"  {count:8} {state}")
    for one in reports:
        print(f"  memory of seed {one.seed}: {one.filled / 1e6:.1f} MB after a fifth, {one.memory[-1] / 1e6:.1f} MB")
    print(f"  ESP packets into the memory plane {packets}")
    print(f"  branches taken of {' and '.join(_SOURCES)}: {reached}")
    print(f"  handshakes afterwards {sum(one.handshakes for one in reports)}")
    failed = [
        f"{what}: {value:.1%}"
        for what, value, bad in (
            ("memory grew", growth, growth > GROWTH),
            ("too few passed the integrity check", share, share < SHARE),
        )
        if bad
    ]
    print(f"  {'; '.join(failed) or 'all holds'}")
    return bool(failed)


def _reached(count: int, seed: int) -> str:
    """Return which part of the branches a run of its own takes, as coverage.py counts them."""
    with tempfile.TemporaryDirectory() as folder:
        data, found = f"--data-file={folder}/data", Path(folder, "reach.json")
        tool = [sys.executable, "-m", "coverage"]
        options = ["--branch", f"--source={','.join(_SOURCES)}", "-m", "tests.fuzz", "--reach"]
        subprocess.run([*tool, "run", data, *options, f"--count={count}", f"--seed={seed}"], check=True)
        subprocess.run([*tool, "json", data, "-q", "-o", str(found)], check=True)
        totals = json.loads(found.read_text())["totals"]
    return f"{totals['covered_branches'] / totals['num_branches']:.0%} of {totals['num_branches']}"


if __name__ == "__main__":
    sys.exit(main())
