"""Levels of commands: what a session must have to type one, by the words that a command begins with.

A rule is the text `[all] level N WORD...`. It sets the level of a command, and of the words on the way to it unless
they have rules of their own; with `all` that of every command which begins so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from ikecli.language import tree
from ikecli.language.language import Mode
from ikecli.language.notation import Declaration

Words = tuple[str, ...]
OPEN: Final = -1
"""The level that a word without a rule adds to a command."""


@dataclass(slots=True, eq=False)
class _Place:
    """A word on the way to commands, which are those that are whole here."""

    words: Words = ()
    below: dict[str, _Place] = field(default_factory=dict)
    commands: list[Declaration] = field(default_factory=list)
    opens: int = 0

    def next(self, word: str) -> _Place | None:
        """Return the place of a word, which may be abbreviated."""
        found = self.below.get(word.lower())
        near = [place for name, place in self.below.items() if name.startswith(word.lower())]
        return found or (near[0] if len(near) == 1 else None)


class Levels:
    """The levels of a mode's commands; `own` gives that of a function in the grammar where no rule says another.

    `fixed` functions have theirs whatever rules say.
    """

    def __init__(
        self,
        mode: Mode,
        own: Callable[[str], int],
        rules: Iterable[str],
        fixed: Callable[[str], bool],
    ) -> None:
        self._own, self._fixed = own, fixed
        self._root = _places(mode)
        self._levels: dict[Declaration, int] = {}
        self._exact: dict[Words, tuple[int, bool]] = {}
        self._implied: dict[Words, int] = {}
        for rule in rules:
            every, _, rest = rule.rpartition("level ")
            level, *words = rest.split()
            found = named(self._root, words)
            if found:
                self._exact[found] = int(level), bool(every)
                self._implied.update(dict.fromkeys(accumulate((word,) for word in found[:-1]), int(level)))
        self._fill(self._root, OPEN, OPEN)

    def _fill(self, place: _Place, above: int, inherited: int) -> int:
        """Set the levels at a place and below; return the least that leads to a command."""
        level, every = self._exact.get(place.words, (self._implied.get(place.words, inherited), False))
        above = max(above, level)
        inherited = level if every else inherited
        opens = [self._fill(one, above, inherited) for one in place.below.values()]
        for command in place.commands:
            own = self._own(command.target.calls)
            needed = own if self._fixed(command.target.calls) else max(above, own if level == OPEN else level)
            self._levels[command] = min(needed, self._levels.get(command, needed))
            opens.append(needed)
        place.opens = min(opens)
        return place.opens

    def of(self, command: Declaration) -> int:
        """Return the level that a command needs."""
        return self._levels[command]

    def made(self, function: str, slots: Iterable[str] | None) -> int | None:
        """Return the least level of a command of this function that may have these slots typed, None without one.

        Where the slots are not known, it is the least of all its commands.
        """
        named = {command: level for command, level in self._levels.items() if command.target.calls == function}
        if slots is None:
            return min(named.values(), default=None)
        typed = set(slots)
        fits = [
            level
            for command, level in named.items()
            if {name for name, slot in command.slots.items() if slot.required} <= typed <= command.slots.keys()
        ]
        return min(fits) if fits else max(named.values(), default=None)

    def barred(self, text: str, level: int) -> int:
        """Return which word of a command is the first that a level may not type, the last that is known at most."""
        place, words = self._root, text.split()
        for at, word in enumerate(words):
            found = place.next(word)
            if found is None or found.opens > level:
                return at
            place = found
        return len(words) - 1

    def hides(self, begun: Words, word: str, level: int) -> bool:
        """Tell whether a word behind others leads only to what a level may not type."""
        place: _Place | None = self._root
        for one in begun:
            place = place.next(one) if place else None
        found = place.below.get(word.lower()) if place else None
        return found is not None and found.opens > level


def known(mode: Mode, words: Iterable[str]) -> bool:
    """Tell whether words, which may be abbreviated, are the first of some command."""
    return bool(named(_places(mode), words))


def in_full(mode: Mode, text: str) -> str:
    """Return the words of a rule with those in full that a command begins with; the others stay as they are."""
    words = text.split()
    found = named(_places(mode), words)
    return " ".join((*found, *words[len(found) :]))


def named(place: _Place, words: Iterable[str]) -> Words:
    """Return in full the words of a rule, without those that a command may have behind it; nothing if there is none."""
    for word in words:
        found = place.next(word)
        if found is None:
            return place.words if place.commands else ()
        place = found
    return place.words


def _places(mode: Mode) -> _Place:
    root = _Place()
    for command in mode.file.declarations:
        for words in _beginnings(command.pattern):
            place = root
            for word in words:
                place = place.below.setdefault(word.lower(), _Place((*place.words, word.lower())))
            place.commands.append(command)
    return root


def _beginnings(node: tree.Node) -> set[Words]:
    """Return the words that a pattern begins with, up to the first value or what may be left out."""
    return {words for words, _ in _rows(node)}


def _rows(node: tree.Node) -> Iterator[tuple[Words, bool]]:
    """Yield the words that a node begins with, and whether they are all of it."""
    match node:
        case tree.Word(text):
            yield (text,), True
        case tree.Record(item=item):
            yield from _rows(item)
        case tree.Choice(branches):
            for branch in branches:
                yield from _rows(branch)
        case tree.Seq(items):
            rows: list[tuple[Words, bool]] = [((), True)]
            for item in items:
                rows = [
                    ((*words, *more), whole and all_of) for words, whole in rows for more, all_of in _tails(item, whole)
                ]
            yield from rows
        case tree.Open() | tree.Close():
            yield (), True
        case _:
            yield (), False


def _tails(item: tree.Node, whole: bool) -> Iterable[tuple[Words, bool]]:
    return _rows(item) if whole else (((), False),)
