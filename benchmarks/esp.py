"""TCP through userspace ESP (AES-256-GCM), against strongSwan's own, each between two network namespaces.

Ours is measured UDP-encapsulated and raw, in both directions; strongSwan's kernel-libipsec always encapsulates. Runs
take turns. It needs root, iperf3, and for the comparison strongSwan; what is missing is said.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.charon import CHARON, charons
from benchmarks.figure import Figure
from tests.dataplane.rigs import INSIDE, rig
from tests.dataplane.test_contract import Pair

ROUNDS: Final = 5
SECONDS: Final = 4
TIMES: Final = 4.0
"""How many times strongSwan's throughput is wanted."""
GIGABITS: Final = {"udp": 2.0, "raw": 1.0}
IDLE: Final = 0.8
"""Share of the processors that must have been idle before a figure means anything."""

Run = Callable[[bool], float]
"""Measures once, forward or in reverse; returns Gbit/s."""


def missing() -> str:
    """Return what keeps this from being measured, or nothing."""
    if os.geteuid():
        return "esp: not measured: it needs root"
    return "" if shutil.which("iperf3") else "esp: not measured: iperf3 is not installed"


def measure(rounds: int = ROUNDS) -> Iterator[str]:
    """Yield the figures as lines."""
    if why := missing():
        yield why
        return
    with tempfile.TemporaryDirectory() as state, ours(Path(state), True) as udp, ours(Path(state), False) as raw:
        ways: dict[str, Run] = {"udp": udp, "raw": raw}
        if CHARON.exists():
            with charons() as theirs:
                yield from figures(ways | {"strongswan": lambda reverse: iperf(theirs, INSIDE["R"], reverse)}, rounds)
        else:
            yield from figures(ways, rounds)
            yield "esp: not compared: strongSwan (charon, kernel-libipsec, openssl plugin) is not installed"


def figures(ways: dict[str, Run], rounds: int) -> Iterator[str]:
    """Measure all ways in turn; yield a line for each that has a bound."""
    found: dict[tuple[str, bool], list[float]] = {}
    idle = idleness()
    for _ in range(rounds):
        for name, run in ways.items():
            for reverse in (False, True):
                found.setdefault((name, reverse), []).append(run(reverse))
    for reverse in (False, True):
        way = "reverse" if reverse else "forward"
        medians = {name: median(found[name, reverse]) for name in ways}
        basis = f"TCP {way}, median of {rounds}, {idle:.0%} of the machine idle before"
        for name, bound in GIGABITS.items():
            yield str(Figure(f"esp {name}", medians[name], "Gbit/s", bound, basis, least=True))
        if "strongswan" in medians:
            theirs = medians["strongswan"]
            ratio = medians["udp"] / theirs
            yield str(Figure("esp ratio", ratio, f"x strongSwan's {theirs:.2f} Gbit/s", TIMES, basis, least=True))


@contextmanager
def ours(state: Path, encapsulated: bool) -> Iterator[Run]:
    """Two of our planes with an SA each way."""
    where = state / ("udp" if encapsulated else "raw")
    where.mkdir()
    with rig("userspace", where) as made:
        pair = Pair(made)
        pair.connect(encapsulated=encapsulated, replay_window=64)
        if pair.ping() != "!":
            raise RuntimeError("no ping passes")
        namespaces = made.nodes["L"].namespace, made.nodes["R"].namespace
        yield lambda reverse: iperf(namespaces, INSIDE["R"], reverse)


def iperf(namespaces: tuple[str, str], server: str, reverse: bool) -> float:
    """Return the Gbit/s of one TCP stream from the first namespace to the second, or back."""
    left, right = (["ip", "netns", "exec", name, "iperf3"] for name in namespaces)
    with subprocess.Popen([*right, "-s", "-1"], stdout=subprocess.DEVNULL) as serving:
        try:
            command = [*left, "-c", server, "-B", INSIDE["L"], "-t", str(SECONDS), "-J", *(["-R"] if reverse else [])]
            for _ in range(20):
                ran = subprocess.run(command, capture_output=True, text=True)
                result = json.loads(ran.stdout)
                if "refused" not in result.get("error", ""):
                    break
            if "error" in result:
                raise RuntimeError(f"iperf3: {result['error']}")
        finally:
            serving.terminate()
    return float(result["end"]["sum_received"]["bits_per_second"]) / 1e9


def idleness(seconds: float = 1.0) -> float:
    """Return which share of the processors' time is idle."""
    import time

    def sample() -> tuple[int, int]:
        numbers = [int(one) for one in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return numbers[3], sum(numbers)

    before = sample()
    time.sleep(seconds)
    after = sample()
    return (after[0] - before[0]) / max(after[1] - before[1], 1)


if __name__ == "__main__":
    for line in measure():
        print(line, flush=True)
