"""A reload at a time to come: the startup configuration is applied anew then."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ikecli.boundary.clock import Cancel
from ikecli.errors import IkecliError, Rejected

if TYPE_CHECKING:
    from ikecli.daemon.appliance import Appliance


FURTHEST: Final = 366 * 86400.0
"""Seconds to the furthest time that a reload is scheduled at."""


class Reloading:
    """The one reload that is scheduled."""

    def __init__(self, appliance: Appliance) -> None:
        self._appliance = appliance
        self._timer: Cancel | None = None
        self._due_at, self._by = 0.0, ""

    def schedule(self, minutes: int, user: str) -> str:
        """Reload in so many minutes, instead of when it was scheduled before; return what to say."""
        return self._schedule(60 * minutes, f"in {minutes} minute{'s' * (minutes > 1)}", user)

    def schedule_at(self, wall: float, user: str) -> str:
        """Reload at a wall time; raises Rejected for one that is past, or more than a year away."""
        seconds = wall - self._appliance.clock.wall()
        if not 0 < seconds <= FURTHEST:
            raise Rejected("% A reload is scheduled within the year to come")
        at = datetime.fromtimestamp(wall, UTC)
        hours, minutes = divmod(int(seconds) // 60, 60)
        when = f"for {at:%H:%M:%S} UTC {at:%a %b} {at.day} {at.year} (in {hours} hours and {minutes} minutes)"
        return self._schedule(seconds, when, user)

    def _schedule(self, seconds: float, when: str, user: str) -> str:
        if self._timer is not None:
            self._timer.cancel()
        self._due_at, self._by = self._appliance.clock.now() + seconds, user
        self._timer = self._appliance.clock.call_at(self._due_at, self._due)
        text = f"Reload scheduled {when} by {user}"
        self._log("SCHEDULED_RELOAD", text)
        return text

    def status(self) -> str:
        """Return what to say of the reload to come."""
        if self._timer is None:
            return "No reload is scheduled."
        minutes, seconds = divmod(int(self._due_at - self._appliance.clock.now()), 60)
        return f"Reload scheduled in {minutes} minutes and {seconds} seconds by {self._by}"

    def cancel(self, user: str) -> str:
        """Take it back; raises Rejected when none is scheduled."""
        if self._timer is None:
            raise Rejected("%No reload is scheduled.")
        self._timer.cancel()
        self._timer = None
        self._log("SCHEDULED_RELOAD_CANCELLED", f"Scheduled reload cancelled by {user}")
        return "\n\n***\n*** --- SHUTDOWN ABORTED ---\n***\n"

    def _due(self) -> None:
        self._timer = None
        self._appliance.jobs.when_free(self._reload)

    def _reload(self) -> None:
        try:
            found = self._appliance.reload()
        except IkecliError as problem:
            self._log("RELOAD", f"nothing was changed: {problem}")
            return
        for line in (*found, "the startup configuration was read again, as scheduled"):
            self._log("RELOAD", line)

    def _log(self, mnemonic: str, text: str) -> None:
        self._appliance.journal.log(5, "SYS", mnemonic, text)
