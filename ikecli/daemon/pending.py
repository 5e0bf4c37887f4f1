"""A rollback that happens by itself unless the change is confirmed: after its minutes, or at the next start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ikecli.boundary.clock import Cancel
from ikecli.errors import IkecliError, Rejected

if TYPE_CHECKING:
    from ikecli.daemon.appliance import Appliance

FILE: Final = ".rollback"
"""Where the configuration waits that is to come back."""
WARNING_SECONDS: Final = 60
"""How long before it comes back that is announced."""


class Pending:
    """The one rollback that waits to be confirmed."""

    def __init__(self, appliance: Appliance) -> None:
        self._appliance = appliance
        self._timers: list[Cancel] = []

    @property
    def waits(self) -> bool:
        """Whether a change waits to be confirmed."""
        return FILE in self._appliance.storage.files()

    def schedule(self, minutes: int, user: str, text: str) -> None:
        """Have `text` come back in so many minutes; raises Rejected when another rollback waits."""
        if self.waits:
            raise Rejected("%A Rollback Confirmed Change is pending: type configure confirm or configure revert now")
        self._appliance.storage.write_file(FILE, text)
        self._start(minutes)
        self._log("START_ABSTIMER", f"User: {user}: Scheduled to rollback to what was running in {minutes} min")

    def postpone(self, minutes: int, user: str) -> None:
        """Begin the minutes anew."""
        self._must_wait()
        self._start(minutes)
        self._log("START_ABSTIMER", f"User: {user}: Scheduled to rollback in {minutes} min from now")

    def confirm(self, user: str) -> None:
        """Keep what was changed."""
        self._must_wait()
        self._forget()
        self._log("CONFIRM", f"User: {user}: Confirm the configuration change")

    def revert(self, why: str) -> None:
        """Bring the old configuration back now."""
        self._must_wait()
        text = self._appliance.storage.read_file(FILE)
        self._log("ROLLBACK_START", f"{why}: rolling back to what was running before")
        self._appliance.archive.replace(text, "the configuration to roll back to")
        self._forget()

    def text(self) -> str | None:
        """Return the configuration that a start of the engine is to run instead of the startup one, if one waits."""
        if not self.waits:
            return None
        text = self._appliance.storage.read_file(FILE)
        self._log("ROLLBACK_START", "the engine ended before the change was confirmed: what ran before it runs again")
        return text

    def forget(self) -> None:
        """Drop it: a startup configuration runs now."""
        if self.waits:
            self._forget()

    def _must_wait(self) -> None:
        if not self.waits:
            raise Rejected("%No Rollback Confirmed Change pending")

    def _start(self, minutes: int) -> None:
        self._stop()
        clock = self._appliance.clock
        due = clock.now() + 60 * minutes
        self._timers = [clock.call_at(due, self._due)]
        if minutes > 1:
            self._timers.append(clock.call_at(due - WARNING_SECONDS, self._warn))

    def _stop(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers = []

    def _forget(self) -> None:
        self._stop()
        self._appliance.storage.remove_file(FILE)

    def _warn(self) -> None:
        self._log(
            "WARNING_ABSTIMER",
            'System will rollback in one minute. Enter "configure confirm" if you wish to keep what you\'ve configured',
        )

    def _due(self) -> None:
        timers = self._timers
        self._appliance.jobs.when_free(lambda: self._revert_unless_changed(timers))

    def _revert_unless_changed(self, timers: list[Cancel]) -> None:
        if timers is not self._timers:  # it was confirmed or postponed while this waited
            return
        try:
            self.revert("The change was not confirmed in time")
        except IkecliError as problem:
            self._log("ROLLBACK_FAILED", str(problem))

    def _log(self, what: str, text: str) -> None:
        self._appliance.journal.log(5, "ARCHIVE_DIFF", f"ROLLBK_CNFMD_CHG_{what}", text)
