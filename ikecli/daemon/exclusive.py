"""A configuration that one operator changes alone: it runs when it is committed, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ikecli.config import ConfigReader, Outcome, Store
from ikecli.errors import Rejected
from ikecli.language import Choice, Command, LineError, message

if TYPE_CHECKING:
    from ikecli.daemon.appliance import Appliance

UNCOMMITTED = "% There are uncommitted changes: type commit or abort"


class Exclusive:
    """The candidate of a `configure exclusive` and the reader of its lines."""

    def __init__(self, appliance: Appliance, user: str) -> None:
        self._appliance, self._user = appliance, user
        self._begin()

    def _begin(self) -> None:
        self._running: Store = self._appliance.store
        self._base = self._running.startup()
        self._candidate, _ = self._appliance.read(self._base, "the running configuration")
        self._candidate.inherit(self._running)
        self.reader = ConfigReader(self._candidate)

    @property
    def changed(self) -> bool:
        """Whether something is not committed."""
        return self._candidate.startup() != self._base

    def feed(self, line: str, width: int) -> Outcome:
        """Take a line: a command of its own, else one of the configuration."""
        if self.reader.in_block:
            return self.reader.feed(line, width)
        try:
            command = self._appliance.store.language.modes["exclusive"].read(line)
        except LineError as error:
            if line.split()[:1] in (["commit"], ["abort"]):
                return Outcome("refused", tuple(message(error, width, self._appliance.dialect)), error=error)
            return self._configuration_line(line, width)
        return self._act(command)

    def help(self, text: str) -> list[Choice]:
        """Return what may stand at the end of a begun line."""
        own = self._appliance.store.language.modes["exclusive"].ask(text.lstrip())
        return sorted({*own, *self.reader.help(text)}, key=lambda choice: (choice.label == "<cr>", choice))

    def _configuration_line(self, line: str, width: int) -> Outcome:
        outcome = self.reader.feed(line, width)
        if outcome.ended and self.changed:
            self.reader = ConfigReader(self._candidate)
            return Outcome("refused", (UNCOMMITTED,))
        return outcome

    def _act(self, command: Command) -> Outcome:
        match command.calls:
            case "commit":
                return Outcome(messages=self._commit(command.arguments["minutes"] or 0))
            case "abort":
                self.reader.end()
                return Outcome(ended=True)
        return Outcome(messages=self._shown(command.arguments["what"]))

    def _shown(self, what: Any) -> tuple[str, ...]:
        if not what:
            return tuple(self._candidate.shown())
        return tuple(self._appliance.archive.differences(self._base, self._candidate.startup()))

    def _commit(self, minutes: int) -> tuple[str, ...]:
        appliance = self._appliance
        if appliance.store is not self._running or appliance.store.startup() != self._base:
            raise Rejected(
                "% The running configuration was changed meanwhile: type abort, then configure exclusive again"
            )
        confirms = appliance.pending.waits and not minutes
        if not confirms and not self.changed:
            return ("% No configuration changes to commit.",)
        if minutes:
            appliance.pending.schedule(minutes, self._user, self._base)
        found: list[str] = []
        if self.changed:
            self.reader.end()
            found = appliance.adopt(self._candidate)
            appliance.archive.changed_from(self._base)
            appliance.journal.log(5, "SYS", "CONFIG_I", f"Configured from console by {self._user}")
            self._begin()
        if confirms:
            appliance.pending.confirm(self._user)
        return tuple(found)
