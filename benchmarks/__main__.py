"""All benchmarks, one line each. A figure is a ratio within one run, so that a slow or busy machine matters little."""

from __future__ import annotations

from benchmarks import charon, config, esp, gap, handshake, scale, show, start
from ikecli.language.language import DIALECTS


def main() -> None:
    """Print each figure when it is there."""
    print(handshake.measure(), flush=True)
    print(charon.compare(), flush=True)
    for dialect in DIALECTS:
        print(config.measure(dialect), flush=True)
    print(start.measure(), flush=True)
    print(show.measure(), flush=True)
    for line in esp.measure():
        print(line, flush=True)
    print(gap.measure(), flush=True)
    for figure in scale.figures():
        print(figure, flush=True)


if __name__ == "__main__":
    main()
