"""Probes: when the next echo is due, and what became of the last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ikecli.boundary.watching import ProbeView
from ikecli.intent.watch import Probe

UNKNOWN: Final = "Unknown"
OK: Final = "OK"
OVER: Final = "Over threshold"
TIMEOUT: Final = "Timeout"
UNROUTED: Final = "No connection"
DAY: Final = 86400


@dataclass(slots=True)
class Run:
    """One probe: when its next echo is due (None: it does not run), when it ends, and what it found."""

    probe: Probe
    due: float | None
    ends: float | None
    sent: float | None = None
    code: str = UNKNOWN
    rtt: int | None = None
    successes: int = 0
    failures: int = 0
    waits: bool = False

    def alive(self, now: float) -> bool:
        """Tell whether its life is not over."""
        return self.due is not None and (self.ends is None or now < self.ends)


class Probes:
    """The probes by number."""

    def __init__(self) -> None:
        self._runs: dict[int, Run] = {}

    def configure(self, probes: Iterable[Probe], now: float, wall: float) -> None:
        """Take what probes there are at a time and wall time; those that are as they were go on."""
        old = self._runs
        self._runs = {}
        for one in probes:
            held = old.get(one.number)
            if held is None or held.probe != one:
                due = None if one.start is None else now + _after(one, one.start, wall)
                held = Run(one, due, None if due is None or one.life is None else due + one.life)
            self._runs[one.number] = held

    @property
    def due(self) -> float | None:
        """When the next echo is to leave, if any is."""
        return min((run.due for run in self._runs.values() if run.due is not None and not run.waits), default=None)

    def take(self, now: float) -> Iterator[Probe]:
        """Yield the probes whose echo is to leave now; each waits for what becomes of it."""
        for run in self._runs.values():
            if run.due is None or run.waits or run.due > now:
                continue
            if not run.alive(now) and run.probe.recurring and run.ends is not None and run.probe.life is not None:
                run.due = run.ends - run.probe.life + DAY
                run.ends = run.due + run.probe.life
                continue
            if not run.alive(now):
                run.due = None
                continue
            run.due, run.sent, run.waits = max(run.due + run.probe.frequency, now), now, True
            yield run.probe

    def found(self, probe: Probe, mark: str, milliseconds: float) -> None:
        """Take what became of an echo: `!` for an answer, `U` where there is no way, anything else for none."""
        run = self._runs.get(probe.number)
        if run is None or run.probe != probe or not run.waits:
            return
        run.waits = False
        if mark == "!":
            run.rtt, run.successes = max(1, round(milliseconds)), run.successes + 1
            run.code = OVER if milliseconds > probe.threshold else OK
        else:
            run.rtt, run.failures = None, run.failures + 1
            run.code = UNROUTED if mark == "U" else TIMEOUT

    def last(self, number: int) -> tuple[str, int | None]:
        """Return what the last echo of a probe came to, and its milliseconds."""
        run = self._runs.get(number)
        return (UNKNOWN, None) if run is None else (run.code, run.rtt)

    def views(self, now: float, wall: float) -> Iterator[ProbeView]:
        """Yield what `show` sees, by number."""
        for number, run in sorted(self._runs.items()):
            begun = run.due is not None and (run.sent is not None or run.due <= now)
            state = ("active" if begun else "pending") if run.alive(now) else "inactive"
            if run.probe.start is None:
                state = "pending"
            ago = None if run.sent is None else now - run.sent
            yield ProbeView(
                number,
                str(run.probe.destination),
                state,
                run.code,
                run.rtt,
                run.successes,
                run.failures,
                ago,
                None if run.ends is None else max(0.0, run.ends - now),
                run.probe.start is not None and run.ends is None,
                None if ago is None else wall - ago,
            )


def _after(probe: Probe, start: int, wall: float) -> float:
    """Return in how many seconds a probe starts."""
    return (start - wall) % DAY if probe.daytime else start
