"""Benchmarks, one line each: all of them, or those that are named. A figure is a ratio within one run."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import Final

from benchmarks import charon, config, esp, flood, gap, handshake, kernel, large, scale, show, stages, start
from benchmarks.figure import Figure
from ikecli.language.language import DIALECTS

FIGURES: Final[dict[str, Callable[[], Iterable[Figure | str]]]] = {
    "handshake": lambda: [handshake.measure()],
    "charon": lambda: [charon.compare()],
    "config": lambda: map(config.measure, DIALECTS),
    "start": lambda: [start.measure()],
    "show": lambda: [show.measure()],
    "esp": esp.measure,
    "stages": stages.measure,
    "kernel": kernel.measure,
    "large": large.figures,
    "gap": lambda: [gap.measure()],
    "flood": lambda: [flood.measure()],
    "scale": scale.figures,
}


def main() -> None:
    """Print each figure when it is there."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(FIGURES))
    names = parser.parse_args().names
    if unknown := set(names) - FIGURES.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}: {', '.join(FIGURES)}")
    for name in names or FIGURES:
        for figure in FIGURES[name]():
            print(figure, flush=True)


if __name__ == "__main__":
    main()
