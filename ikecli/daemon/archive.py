"""The configurations that an appliance keeps beside the startup one: files, the archive, points to go back to."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

from ikecli.boundary.machine import ArchiveView
from ikecli.config.difference import difference
from ikecli.config.ios import Ios
from ikecli.control.messages import ROLLBACKS
from ikecli.errors import Rejected, Unavailable

if TYPE_CHECKING:
    from ikecli.daemon.appliance import Appliance

MAXIMUM: Final = 10
"""Configurations that the archive keeps unless `maximum` says otherwise."""
RUNNING: Final = "running-config"
STARTUP: Final = "startup-config"

_FLASH: Final = re.compile(r"flash:/?(\w[\w.-]{0,63})", re.ASCII | re.IGNORECASE)
_POINT: Final = ".point-"


class Archive:
    """Configurations as text, by the names that operators give them: running-config, startup-config, flash:NAME."""

    def __init__(self, appliance: Appliance) -> None:
        self._appliance = appliance

    # Any place

    def text(self, place: str) -> str:
        """Return the configuration at a place, keys encrypted; raises Rejected for a place that is none here."""
        if place == RUNNING:
            return self._appliance.store.startup()
        if place == STARTUP:
            return "".join(f"{line}\n" for line in self._appliance.startup_lines())
        return self._appliance.storage.read_file(flash_name(place))

    def put(self, place: str, text: str, source: str) -> list[str]:
        """Have a configuration at a place; return what was wrong with it where it is read at once."""
        if place == RUNNING:
            return self.merge(text, source)
        if place == STARTUP:
            found = self._appliance.read(text, source)[1]
            self._appliance.save(text)
            return found
        self._appliance.storage.write_file(flash_name(place), text)
        return []

    def remove(self, place: str) -> None:
        """Remove a file of flash:."""
        self._appliance.storage.remove_file(flash_name(place))

    def files(self) -> list[tuple[str, int]]:
        """Return the files of flash: that operators see, each with its octets."""
        return [(name, size) for name, size in self._appliance.storage.files().items() if not name.startswith(".")]

    def merge(self, text: str, source: str) -> list[str]:
        """Merge text into the running configuration; return what was wrong."""
        before = self._appliance.store.startup()
        found = self._appliance.load(text, source)
        self.changed_from(before)
        return found

    def replace(self, text: str, source: str) -> bool:
        """Make text the running configuration, all of it; return whether that changed anything.

        Only the difference is applied. Raises Rejected, and changes nothing, where a line of it is refused.
        """
        before = self._appliance.store.startup()
        self._appliance.replace(text, source)
        return self.changed_from(before)

    def differences(self, old: str, new: str) -> list[str]:
        """Return what two texts differ in, secrets as they are shown."""
        return difference(self._appliance.shown(old), self._appliance.shown(new))

    # The archive

    def view(self) -> ArchiveView:
        """Return what `show archive` is about."""
        path, maximum, _ = self._settings()
        names = self._entries() if path else []
        return ArchiveView(path, maximum, f"{path}-<timestamp>-{_number_after(names)}", tuple(names))

    def save(self) -> str:
        """Store the running configuration, drop the oldest beyond the maximum, and return the new one's name."""
        path, maximum, _ = self._settings()
        if not path:
            raise Rejected("% The archive has no path: type archive and path flash:NAME in configuration mode")
        names = self._entries()
        now = self._appliance.clock.wall()
        stamp = time.strftime("%b-%d-%H-%M-%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03}"
        name = f"{path}-{stamp}-{_number_after(names)}"
        storage = self._appliance.storage
        storage.write_file(_bare(name), self._appliance.store.startup())
        for oldest in names[: max(0, len(names) + 1 - maximum)]:
            storage.remove_file(_bare(oldest))
        return name

    def saved_startup(self) -> None:
        """Store a configuration at a `write memory`, where `write-memory` asks for it."""
        path, _, at_write_memory = self._settings()
        if path and at_write_memory:
            self.save()

    def _settings(self) -> tuple[str, int, bool]:
        draft = self._appliance.store.draft
        held = draft.archive if isinstance(draft, Ios) else None
        if held is None:
            return "", MAXIMUM, False
        return held.path or "", held.maximum or MAXIMUM, bool(held.write_memory)

    def _entries(self) -> list[str]:
        """Return the names of the archive's configurations, oldest first."""
        path, _, _ = self._settings()
        ours = re.compile(rf"{re.escape(_bare(path))}-\w{{3}}-\d\d-\d\d-\d\d-\d\d\.\d{{3}}-\d+", re.ASCII)
        names = [f"flash:{name}" for name in self._appliance.storage.files() if ours.fullmatch(name)]
        return sorted(names, key=_number)

    # Points to go back to

    def changed_from(self, before: str) -> bool:
        """Keep what the running configuration was before a change, if it was one; return whether it was.

        The change stands also where nothing can be kept, which is logged.
        """
        if before == self._appliance.store.startup():
            return False
        storage = self._appliance.storage
        try:
            points = self._points()
            storage.write_file(f"{_POINT}{_number_after(points)}", before)
            for oldest in points[: max(0, len(points) + 1 - ROLLBACKS)]:
                storage.remove_file(oldest)
        except Unavailable as problem:
            text = f"there is no going back to what ran before this change: {problem}"
            self._appliance.journal.log(4, "IKECLI", "ARCHIVE", text)
        return True

    def point(self, last: int) -> str:
        """Return what the running configuration was before the last so many changes."""
        points = self._points()
        if last > len(points):
            raise Rejected(f"% {len(points)} changes are kept, not {last}")
        return self._appliance.storage.read_file(points[-last])

    def _points(self) -> list[str]:
        return sorted((name for name in self._appliance.storage.files() if name.startswith(_POINT)), key=_number)


def flash_name(place: str) -> str:
    """Return the NAME of flash:NAME; raises Rejected for another place."""
    found = _FLASH.fullmatch(place)
    if found is None:
        raise Rejected(f"% {place} is no place here: write flash:NAME, file:PATH, {RUNNING} or {STARTUP}")
    return found[1]


def _bare(place: str) -> str:
    return place.removeprefix("flash:")


def _number(name: str) -> int:
    return int(name.rpartition("-")[2])


def _number_after(names: list[str]) -> int:
    return _number(names[-1]) + 1 if names else 0
