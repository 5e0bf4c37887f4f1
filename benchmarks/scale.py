"""What very many SAs cost an appliance: memory, one more handshake, liveness checks, and rekeys that come together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from resource import getpagesize
from statistics import median
from typing import Final

from benchmarks.crowd import Crowd
from benchmarks.figure import Figure
from benchmarks.initiator import open_sas
from benchmarks.responder import Responder

SAS: Final = 10_000
FEW: Final = 10
PAUSE: Final = 0.002
"""Virtual seconds from one SA to the next."""
WATCHED: Final = 120
CHECKS: Final = 60
"""Seconds of the checks' interval."""
MEMORY_BOUND: Final = 20
MORE_BOUND: Final = 1.2
CHECK_BOUNDS: Final = {"on-demand": 1, "periodic": 5}
"""Percent of a core."""
REKEY_BOUND: Final = 2
REKEY_LIFETIME: Final = 3600
ROUNDS: Final = 9


def figures(sas: int = SAS) -> Iterator[Figure]:
    """Yield all of them."""
    yield memory(sas)
    yield one_more(sas)
    for query in CHECK_BOUNDS:
        yield checks(query, sas)
    yield rekeys(sas)


def memory(sas: int = SAS) -> Figure:
    """Return what a pair of an IKE SA and its Child SA adds to the responder's resident memory."""
    with Responder(sas + FEW) as responder:
        open_sas(responder, FEW)
        before = _resident(responder.process_id)
        open_sas(responder, sas)
        each = (_resident(responder.process_id) - before) / sas / 1000
    return Figure("memory of an IKE and a Child SA", each, "kB", MEMORY_BOUND, f"{sas:,} at a responder, aim 10")


def one_more(sas: int = SAS, rounds: int = ROUNDS, handshakes: int = 50) -> Figure:
    """Return what a handshake costs with many SAs against one with few, measured in turn."""
    many, few = Crowd(sas + rounds * handshakes), Crowd(FEW + rounds * handshakes)
    many.open(sas)
    few.open(FEW)
    pairs = [(many.open(handshakes), few.open(handshakes)) for _ in range(rounds)]
    return Figure(
        f"one more handshake at {sas:,} SAs",
        median(one / other for one, other in pairs),
        f"x at {FEW}",
        MORE_BOUND,
        f"median of {rounds} rounds of {handshakes}; the appliance's CPU",
    )


def checks(query: str, sas: int = SAS) -> Figure:
    """Return what liveness checks of idle SAs cost: percent of a core."""
    crowd = Crowd(sas, f"crypto ikev2 dpd {CHECKS} 5 {query}")
    crowd.open(sas, PAUSE)
    crowd.clock.advance(2 * CHECKS)
    before = crowd.meter.spent
    crowd.clock.advance(WATCHED)
    share = (crowd.meter.spent - before) / WATCHED * 100
    return Figure(f"{query} checks of {sas:,} idle SAs", share, "% of a core", CHECK_BOUNDS[query], f"every {CHECKS} s")


def rekeys(sas: int = SAS, lifetime: int = REKEY_LIFETIME) -> Figure:
    """Return how much more Child SAs are rekeyed in the busiest second than in the mean one."""
    crowd = Crowd(sas, f"crypto ipsec security-association lifetime seconds {lifetime}")
    crowd.open(sas, PAUSE)
    opened = int(crowd.clock.now())
    crowd.clock.advance(lifetime)
    seconds = {second: count for second, count in crowd.plane.installed.items() if second > opened}
    span = max(seconds) - min(seconds) + 1
    mean = sum(seconds.values()) / span
    return Figure(
        "rekeys in the busiest second",
        max(seconds.values()) / mean,
        "x the mean",
        REKEY_BOUND,
        f"{sum(seconds.values()):,} Child SAs of {sas * PAUSE:.0f} s, rekeyed over {span} s, mean {mean:.1f}",
    )


def _resident(process: int) -> int:
    """Return a process's resident memory in octets."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * getpagesize()


if __name__ == "__main__":
    for figure in figures():
        print(figure, flush=True)
