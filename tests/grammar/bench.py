"""A configuration that every command is tried on."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, TypeAlias

from ikecli.config import ConfigReader, Store
from ikecli.config.complaints import Complaint
from ikecli.config.reader import Outcome
from ikecli.intent import Intent
from ikecli.language import Mode
from tests.config.reading import new_store

BASES: Final = Path(__file__).parent / "bases"
NO_CONFIGURATION: Final = frozenset({"exec", "common", "exclusive", "master-key"})

Way: TypeAlias = tuple[str, ...]
"""The lines that lead into a mode."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of lines that were typed: of each, and of the configuration."""

    outcomes: tuple[Outcome, ...]
    pickled: bytes
    intent: Intent
    complaints: tuple[Complaint, ...]

    @property
    def draft(self) -> Any:
        """The configuration."""
        return pickle.loads(self.pickled)

    @property
    def verdict(self) -> str:
        """What became of the last line."""
        return self.outcomes[-1].verdict

    @property
    def messages(self) -> tuple[str, ...]:
        """What was said."""
        return tuple(message for outcome in self.outcomes for message in outcome.messages)


class Bench:
    """A base configuration that is the same again before each trial."""

    def __init__(self, dialect: str) -> None:
        self.store: Final = new_store(dialect)
        self.text: Final = (BASES / f"{dialect}.cfg").read_text().splitlines()
        reader = ConfigReader(self.store, quiet=True)
        for line in self.text:
            outcome = reader.feed(line)
            assert (outcome.verdict, outcome.messages) == ("accepted", ()), line
        reader.end()
        assert self.store.commit() == []
        self.ways: Final[dict[str, list[Way]]] = {"config": [()]}
        for mode, way in self._ways():
            self.ways.setdefault(mode, []).append(way)
        self._base: Final = pickle.dumps(self.store.draft)

    @property
    def modes(self) -> Iterator[Mode]:
        """The modes of configuration."""
        return (mode for name, mode in self.store.language.modes.items() if name not in NO_CONFIGURATION)

    def _ways(self) -> Iterator[tuple[str, Way]]:
        modes = self.store.language.modes
        inside: list[tuple[Mode, str]] = [(modes["config"], "")]
        for line in self.text:
            while (command := inside[-1][0].attempt(line, self.store.names)) is None:
                inside.pop()
            if command.enters:
                inside.append((modes[command.enters], line.strip()))
                yield command.enters, tuple(opener for _, opener in inside[1:])

    def owner(self, way: Way) -> Any:
        """Return the object of the mode that a way leads into, in the base configuration."""
        reader = self._typed(self._base, way)
        return reader._levels[-1].draft

    def _typed(self, base: bytes, way: Way) -> ConfigReader:
        draft = pickle.loads(base)
        for each in fields(draft):
            setattr(self.store.draft, each.name, getattr(draft, each.name))
        reader = ConfigReader(self.store)
        for opener in way:
            assert reader.feed(opener).accepted, opener
        return reader

    def trial(self, way: Way, *lines: str, resolved: bool = True) -> Trial:
        """Type lines in a mode of the base configuration; what it means then is not told unless it is `resolved`."""
        reader = self._typed(self._base, way)
        outcomes = tuple(reader.feed(line) for line in lines)
        reader.end()
        if resolved:
            self.store.version += 1
            self.store.commit()
        return Trial(outcomes, pickle.dumps(self.store.draft), self.store.intent, self.store.complaints)

    def comes_back(self, way: Way, lines: Iterable[str]) -> bool:
        """Tell whether the lines that are accepted read back the same as they are stored."""
        first = self._alone([*way, *lines])
        text = first.startup()
        again = self._alone(text.splitlines(), all_of_them=True)
        return again.draft == first.draft or again.startup() == text

    def _alone(self, lines: Iterable[str], all_of_them: bool = False) -> Store:
        store = Store(self.store.dialect, bytes(range(32)), self.store.scribe.random)
        reader = ConfigReader(store, quiet=True)
        for line in lines:
            outcome = reader.feed(line)
            assert outcome.accepted or not all_of_them, (line, outcome)
        return store
