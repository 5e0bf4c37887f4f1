"""How long `ikecli -c "show version"` takes with a running engine, against importing what everything here imports."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from statistics import median
from typing import Final

from benchmarks.figure import Figure
from benchmarks.responder import Responder

ROUNDS: Final = 15
BOUND: Final = 3
IMPORTS: Final = "import asyncio, pyparsing"


def measure(rounds: int = ROUNDS) -> Figure:
    """Return the ratio of the medians of alternating runs, after one of each that leaves its bytecode."""
    pairs = []
    with Responder(1) as responder:
        for _ in range(1 + rounds):
            text, whole = responder.show("show version")
            if "ikecli" not in text:
                raise RuntimeError(f"show version says:\n{text}")
            pairs.append((whole, _imports_seconds(responder.environment)))
    ours, bare = median(one for one, _ in pairs[1:]), median(one for _, one in pairs[1:])
    return Figure(
        "start",
        ours / bare,
        f'x python -c "{IMPORTS}"',
        BOUND,
        f'ikecli -c "show version" {ours * 1e3:.0f} ms, the imports {bare * 1e3:.0f} ms, median of {rounds} in turn',
    )


def _imports_seconds(environment: Mapping[str, str]) -> float:
    """Return the seconds that Python takes to start with these imports, and to end."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", IMPORTS], check=True, env=environment)
    return time.perf_counter() - start


if __name__ == "__main__":
    print(measure())
