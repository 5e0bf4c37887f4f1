"""What a configuration of very many tunnels costs: to read, run, show and store it, and how long the loop is ever away.

The engine runs here, its sessions are `ikecli` as a user types it. The loop's gaps are counted in CPU time, of all
threads, from one beat of a timer to the next. As in the daemon no cycles are looked for while a configuration is read.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Final, TypeAlias

from benchmarks import big
from benchmarks.figure import Figure
from benchmarks.responder import PATIENCE, SCRIPT, free_ports
from ikecli.boundary.views import LogLine
from ikecli.config import ConfigReader, Store
from ikecli.config.reader import feed_all
from ikecli.control.replies import Heard
from ikecli.daemon.service import Service, Setup
from ikecli.dataplane.none import NonePlane
from ikecli.ike.engine import Engine
from ikecli.ike.requests import Apply
from ikecli.language import lines_of

TUNNELS: Final = big.TUNNELS
PASTED: Final = 5000
CHANGE: Final = f"configure terminal\ncrypto map M {TUNNELS - 1} ipsec-isakmp\nset peer 192.0.2.1\nend"
BEAT: Final = 0.001
READ_BOUND: Final = 6
MEMORY_BOUND: Final = 40
GAP_BOUND: Final = 50
SHOW_BOUND: Final = 2
PASTE_BOUND: Final = 1
HELP_BOUND: Final = 30


def figures(tunnels: int = TUNNELS) -> Iterator[Figure]:
    """Yield all of them."""
    text = big.text(tunnels)
    yield read(text)
    yield memory(text)
    yield from asyncio.run(_served(text))
    yield asyncio.run(_pasted(text))


def read(text: str) -> Figure:
    """Return the CPU seconds from the text to an engine that runs it."""
    gc.collect()
    gc.disable()
    parts = [time.process_time()]
    store = Store("ios", bytes(32))
    refused = [each for _, each in feed_all(ConfigReader(store, quiet=True), lines_of(text)) if not each.accepted]
    parts.append(time.process_time())
    complaints = store.commit()
    parts.append(time.process_time())
    plane = NonePlane(lambda notice: None)
    plane.configure(store.intent)
    Engine(os.urandom, heard=()).do(Apply(store.intent), 0.0)
    parts.append(time.process_time())
    gc.enable()
    if refused or complaints:
        raise RuntimeError(f"{len(refused)} lines refused, {complaints[:1]}")
    reading, resolving, running = (end - start for start, end in pairwise(parts))
    lines = text.count("\n")
    basis = f"{lines:,} lines; {reading:.1f} s reading, {resolving:.1f} s resolving, {running:.1f} s in the engine"
    return Figure(
        f"{len(store.intent.connections):,} tunnels run", parts[-1] - parts[0], "s", READ_BOUND, basis + ", aim 3"
    )


def memory(text: str) -> Figure:
    """Return what an engine with the configuration has resident above one without, in multiples of the text."""
    whole, empty = (
        int(
            subprocess.run(
                [sys.executable, "-c", _RESIDENT], input=each, text=True, capture_output=True, check=True
            ).stdout
        )
        for each in (text, "hostname R1\n")
    )
    basis = f"{(whole - empty) / 1e6:.0f} MB for {len(text) / 1e6:.1f} MB"
    return Figure("memory of a large configuration", (whole - empty) / len(text), "x the text", MEMORY_BOUND, basis)


_RESIDENT: Final = """
import os, re, sys
from ikecli.daemon.appliance import Appliance
from ikecli.dataplane.none import NonePlane
from ikecli.lab.clock import VirtualClock
from ikecli.lab.lab import MemoryStorage
one = Appliance(dialect="ios", clock=VirtualClock(), random=os.urandom, transmit=lambda datagram: None,
                plane=NonePlane, storage=MemoryStorage(sys.stdin.read(), bytes(32)))
one.boot()
print(1024 * int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]))
"""


Type: TypeAlias = Callable[..., Awaitable[tuple[str, float, float]]]
"""Types lines into a session; gives what it prints, and the seconds until its first screen and its end."""


class Beats:
    """The longest time between two beats of the loop, since the last look."""

    def __init__(self) -> None:
        self._longest = 0.0
        self._last = time.process_time()

    def start(self) -> None:
        """Beat from now on."""
        now = time.process_time()
        self._longest = max(self._longest, now - self._last)
        self._last = now
        asyncio.get_running_loop().call_later(BEAT, self.start)

    def look(self) -> float:
        """Return the longest gap in milliseconds, and begin anew."""
        longest, self._longest = self._longest, 0.0
        return longest * 1e3


@asynccontextmanager
async def _engine(where: Path) -> AsyncIterator[Type]:
    """Run an engine on this loop; gives what types a line into a session of its own."""
    setup = Setup(where / "c", where / "state", dataplane="none", ports=free_ports())
    started = asyncio.Event()

    def begun(heard: list[Heard]) -> list[LogLine]:
        started.set()
        return []

    service = Service(setup, begun)
    running = asyncio.ensure_future(service.run())
    await asyncio.wait_for(started.wait(), PATIENCE)
    await asyncio.sleep(0.1)
    try:
        yield lambda *typed, lines="": _session(where / "c", typed, lines)
    finally:
        service._stop.set()
        await running


async def _session(control: Path, typed: tuple[str, ...], lines: str) -> tuple[str, float, float]:
    """Return what a session prints, and the seconds until its first screen and its end."""
    start = time.perf_counter()
    words = [word for line in typed for word in ("-c", line)]
    process = await asyncio.create_subprocess_exec(
        SCRIPT, "--control", control, *words, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(lines.encode())
    process.stdin.close()
    first = await process.stdout.read(2000)
    shown = time.perf_counter() - start
    rest = await asyncio.wait_for(process.stdout.read(), 10 * PATIENCE)
    await process.wait()
    return (first + rest).decode(), shown, time.perf_counter() - start


async def _served(text: str) -> list[Figure]:
    found: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="ikecli-bench-") as folder:
        where = Path(folder)
        (where / "big.cfg").write_text(text)
        async with _engine(where) as type_:
            beats = Beats()
            beats.start()
            for name, line in (
                ("a commit", f"copy file:{where / 'big.cfg'} running-config"),
                ("show running-config", "show running-config"),
                ("write memory", "write memory"),
                ("a change of one tunnel", CHANGE),
            ):
                beats.look()
                said, first, whole = await type_(*line.split("\n"))
                if "Invalid" in said:
                    raise RuntimeError(said[:500])
                basis = f"{len(said.splitlines()):,} lines printed, {whole:.1f} s"
                found.append(Figure(f"the loop's longest gap during {name}", beats.look(), "ms", GAP_BOUND, basis))
                if line == "show running-config":
                    found.append(
                        Figure("show of a large running-config", whole, "s", SHOW_BOUND, f"first screen {first:.2f} s")
                    )
            seconds = []
            for _ in range(5):
                beats.look()
                await type_("configure terminal", "crypto map M ?")
                seconds.append(beats.look())
            found.append(
                Figure("? in a large configuration", median(seconds), "ms", HELP_BOUND, "the loop's longest gap")
            )
    return found


async def _pasted(text: str) -> Figure:
    lines = "configure terminal\n" + "\n".join(text.splitlines()[:PASTED]) + "\n"
    with tempfile.TemporaryDirectory(prefix="ikecli-bench-") as folder:
        async with _engine(Path(folder)) as type_:
            _, _, empty = await type_("show version")
            _, _, whole = await type_(lines=lines)
    return Figure(
        f"a paste of {PASTED:,} lines", whole - empty, "s", PASTE_BOUND, f"{empty:.2f} s for the session apart"
    )


if __name__ == "__main__":
    for figure in figures(int(sys.argv[1]) if len(sys.argv) > 1 else TUNNELS):
        print(figure, flush=True)
