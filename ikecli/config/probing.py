"""What the probes of both dialects have in common: their defaults, and when they run."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from ikecli.config.complaints import Complaints
from ikecli.intent import Address
from ikecli.intent.watch import Probe

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


class Echo(Protocol):
    """The settings of a probe that both dialects have."""

    frequency: int | None
    timeout: int | None
    threshold: int | None
    size: int | None


def probe(number: int, address: Address, source: str, echo: Echo, schedule: SlaSchedule | None) -> Probe:
    """Return a probe, with the defaults of what is not said; no answer is waited for when the next echo leaves."""
    start, daytime, life, recurring = times_of(schedule)
    frequency = echo.frequency or FREQUENCY
    return Probe(
        number,
        address,
        source,
        frequency=frequency,
        timeout=min(TIMEOUT if echo.timeout is None else echo.timeout, 1000 * frequency),
        threshold=THRESHOLD if echo.threshold is None else echo.threshold,
        size=SIZE if echo.size is None else echo.size,
        start=start,
        daytime=daytime,
        life=life,
        recurring=recurring,
    )


def unmatched(slas: Container[int], schedules: Iterable[int], word: str, then: str, complaints: Complaints) -> None:
    """Complain of schedules without a probe; `word` makes a probe, and `then` what stands behind its number."""
    for number in schedules:
        if number not in slas:
            why = f"{word} schedule {number} is for a probe that is not there"
            complaints.error(("schedules", number), "", why, f"{word} {number}{then}")


def runs(at: int, number: int, schedules: Container[int], word: str, complaints: Complaints) -> bool:
    """Tell whether a probe is one of those that run, `at` being those before it; complain of one that is not sent."""
    where = ("slas", number)
    if at >= MAX_PROBES:
        complaints.error(where, "", f"there are more than {MAX_PROBES} probes: {word} {number} is not sent")
        return False
    if number not in schedules:
        fix = f"{word} schedule {number} life forever start-time now"
        complaints.warn(where, "", f"{word} {number} is not scheduled, so that it is not sent", fix)
    return True


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
