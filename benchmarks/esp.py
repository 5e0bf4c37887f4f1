"""TCP through userspace ESP (AES-256-GCM), against strongSwan's own, each between two network namespaces.

Ours is measured UDP-encapsulated and raw, in both directions; strongSwan's kernel-libipsec always encapsulates. Runs
take turns. Throughput means something on an idle machine only; what the processes that carry ESP cost for a gigabyte
does on a busy one, too. It needs root, iperf3, and for the comparison strongSwan; what is missing is said.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.figure import Figure
from benchmarks.strongswan import charons, found
from ikecli.dataplane.base import Plane
from ikecli.dataplane.userspace.plane import UserspacePlane
from tests.dataplane.pairs import Pair
from tests.dataplane.rigs import INSIDE, rig

ROUNDS: Final = 5
SECONDS: Final = 4
TIMES: Final = 4.0
"""How many times strongSwan's throughput is wanted, and how much less of the processor."""
GIGABITS: Final = {"udp": 2.0, "raw": 1.0}
TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass
class Way:
    """A tunnel to measure: its two namespaces, and the processes that carry ESP; what was measured by direction."""

    namespaces: tuple[str, str]
    processes: tuple[int, ...]
    gigabits: dict[bool, list[float]] = field(default_factory=lambda: {False: [], True: []})
    costs: dict[bool, list[float]] = field(default_factory=lambda: {False: [], True: []})

    def run(self, reverse: bool) -> None:
        """Measure once: Gbit/s, and seconds of the processors for a gigabyte."""
        before = self._used()
        octets, seconds = iperf(self.namespaces, INSIDE["R"], reverse)
        self.gigabits[reverse].append(octets * 8 / seconds / 1e9)
        self.costs[reverse].append((self._used() - before) / octets * 1e9)

    def _used(self) -> float:
        stats = (Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split() for one in self.processes)
        return sum(int(user) + int(system) for user, system in (stat[11:13] for stat in stats)) / TICKS


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
    with ExitStack() as stack:
        state = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ways = {name: stack.enter_context(ours(state / name, name == "udp")) for name in GIGABITS}
        if (programs := found()) is not None:
            names = stack.enter_context(charons(programs))
            ways["strongswan"] = Way(names, tuple(charon_in(name) for name in names))
        yield from figures(ways, rounds)
        if "strongswan" not in ways:
            yield "esp: not compared: strongSwan is not installed, nor kept by the live tests"


def figures(ways: dict[str, Way], rounds: int) -> Iterator[str]:
    """Measure all ways in turn; yield a line for each that has a bound."""
    idle = idleness()
    for _ in range(rounds):
        for way in ways.values():
            for reverse in (False, True):
                way.run(reverse)
    for reverse in (False, True):
        basis = f"TCP {'reverse' if reverse else 'forward'}, median of {rounds}, {idle:.0%} of the machine idle before"
        speeds = {name: median(way.gigabits[reverse]) for name, way in ways.items()}
        costs = {name: median(way.costs[reverse]) for name, way in ways.items()}
        for name, bound in GIGABITS.items():
            cost = f"{costs[name]:.1f} s of the processors a gigabyte"
            yield str(Figure(f"esp {name}", speeds[name], "Gbit/s", bound, f"{basis}, {cost}", least=True))
        if "strongswan" in ways:
            unit = f"x strongSwan's {speeds['strongswan']:.2f} Gbit/s"
            yield str(Figure("esp speed", speeds["udp"] / speeds["strongswan"], unit, TIMES, basis, least=True))
            unit = f"x less of the processors than strongSwan's {costs['strongswan']:.1f} s a gigabyte"
            yield str(Figure("esp cost", costs["strongswan"] / costs["udp"], unit, TIMES, basis, least=True))


@contextmanager
def ours(state: Path, encapsulated: bool) -> Iterator[Way]:
    """Two of our planes with an SA each way."""
    state.mkdir()
    with rig("userspace", state) as made:
        pair = Pair(made)
        pair.connect(encapsulated=encapsulated)
        if pair.ping() != "!":
            raise RuntimeError("no ping passes")
        left, right = (made.nodes[name] for name in "LR")
        yield Way((left.namespace, right.namespace), tuple(worker_of(one.plane) for one in (left, right)))


def worker_of(plane: Plane) -> int:
    """Return the process of a plane's worker."""
    assert isinstance(plane, UserspacePlane)
    return plane.worker


def charon_in(namespace: str) -> int:
    """Return the daemon of a namespace."""
    found = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True, check=True).stdout
    return next(int(one) for one in found.split() if Path(f"/proc/{one}/comm").read_text().strip() == "charon")


def iperf(namespaces: tuple[str, str], server: str, reverse: bool) -> tuple[int, float]:
    """Send one TCP stream from the first namespace to the second, or back; return octets and seconds."""
    left, right = (["ip", "netns", "exec", name, "iperf3"] for name in namespaces)
    with subprocess.Popen([*right, "-s", "-1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as serving:
        try:
            command = [*left, "-c", server, "-B", INSIDE["L"], "-t", str(SECONDS), "-J", *(["-R"] if reverse else [])]
            for _ in range(20):
                result = json.loads(subprocess.run(command, capture_output=True, text=True).stdout)
                if "refused" not in result.get("error", ""):
                    break
            if "error" in result:
                raise RuntimeError(f"iperf3: {result['error']}")
        finally:
            serving.terminate()
    total = result["end"]["sum_received"]
    return int(total["bytes"]), float(total["seconds"])


def idleness(seconds: float = 1.0) -> float:
    """Return which share of the processors' time is idle."""

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
