"""What the probes of both dialects have in common: their defaults, and when they run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_PROBES: Final = 1000
"""Probes that run."""
FREQUENCY: Final = 60
TIMEOUT: Final = 5000
THRESHOLD: Final = 5000
SIZE: Final = 28
LIFE: Final = 3600


@dataclass(frozen=True, slots=True)
class SlaStart:
    """When a probe starts: `now`, `after` a time, or at a time of the day (no kind)."""

    kind: str | None = None
    time: str | None = None


@dataclass(frozen=True, slots=True)
class SlaSchedule:
    """`ip sla schedule`: how long a probe runs, in seconds or for ever, and from when on."""

    life: int | str | None = None
    start: SlaStart | None = None
    ageout: int | None = None
    recurring: str | None = None


def times_of(schedule: SlaSchedule | None) -> tuple[int | None, bool, int | None, bool]:
    """Return when a probe starts and how long it lives, as in intent.watch.Probe: start, daytime, life, recurring."""
    held = schedule or SlaSchedule()
    life = LIFE if held.life is None else held.life
    lives = None if life == "forever" else int(life)
    if held.start is None or held.start.kind == "pending":
        return None, False, lives, held.recurring is not None
    hours, minutes, seconds = (*(int(part) for part in (held.start.time or "0:0").split(":")), 0)[:3]
    start = 3600 * hours + 60 * minutes + seconds
    return start, held.start.kind is None, lives, held.recurring is not None


def schedule_of(start: int | None, daytime: bool, life: int | None, recurring: bool) -> SlaSchedule | None:
    """Return the schedule that means these, None for a probe that is not to run."""
    if start is None:
        return None
    hours, rest = divmod(start, 3600)
    time = f"{hours:02}:{rest // 60:02}:{rest % 60:02}"
    how = SlaStart(None, time) if daytime else SlaStart("after", time) if start else SlaStart("now")
    return SlaSchedule("forever" if life is None else life, how, recurring="recurring" if recurring else None)
