"""How long it takes to show many SAs: `ikecli -c "show crypto ikev2 sa"` as a user types it, process and all."""

from __future__ import annotations

from statistics import median
from typing import Final

from benchmarks.figure import Figure
from benchmarks.initiator import open_sas
from benchmarks.responder import Responder

SAS: Final = 1000
ROUNDS: Final = 5
BOUND: Final = 0.3
LINE: Final = "show crypto ikev2 sa"


def measure(sas: int = SAS, rounds: int = ROUNDS) -> Figure:
    """Return the median of some runs; besides the SAs they take what the line took before there were any."""
    with Responder(sas) as responder:
        responder.show(LINE)
        empty = median(responder.show(LINE)[1] for _ in range(rounds))
        open_sas(responder, sas)
        before, seconds = responder.cpu(), []
        for _ in range(rounds):
            text, took = responder.show(LINE)
            if (shown := text.count("READY")) != sas:
                raise RuntimeError(f"{shown} of {sas} SAs are shown")
            seconds.append(took)
        engine = (responder.cpu() - before) / rounds
    full = median(seconds)
    return Figure(
        f"show of {sas:,} SAs",
        full,
        "s",
        BOUND,
        f"{empty:.2f} s of it without any SA, {engine:.2f} s in the engine, median of {rounds}",
    )


if __name__ == "__main__":
    print(measure())
