"""The modes that a reader is in, one inside the other, and the section that a refused line would have opened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, Final

from ikecli.language import Command, Dialect, Inert, Mode, Names, NeedsLines, first_word, tree
from ikecli.language.draft import key_of
from ikecli.language.notation import Declaration

MOST_IN_FULL: Final = 200
"""Characters of a line within which words are looked up."""
SIMILAR: Final = 0.7
"""How much of a misspelled word must be right for it to be taken as that word."""


@dataclass(slots=True)
class Level:
    """A mode that was entered, and the object its lines change.

    `indent` is how far its opening line was indented, `deeper` is set once one of its lines stood further in, or a `!`
    behind it; `path` names the object, as names and keys in turn.
    """

    mode: Mode
    prompt: str
    draft: Any
    indent: int = -1
    path: tuple[Any, ...] = ()
    deeper: bool = False


@dataclass(slots=True)
class KeptSection:
    """A section that is kept without effect, opened by `opener`; `deeper` once a line stood further in than that.

    What stands no further in must be a line that `mode` lists; `closed` once a `!` stood behind the section. `opened`
    are the sections of such lines inside of it, `block` is a text of several lines that goes on.
    """

    inert: Inert
    opener: str
    prompt: str
    indent: int
    mode: Mode
    deeper: bool = False
    closed: bool = False
    opened: list[str] = field(default_factory=list)
    block: NeedsLines | None = None

    def listed(self, text: str, leaving: str, names: Names, *, outside: bool) -> str:
        """Return a line as this section lists it, else nothing; `outside`: what is around the section knows the line.

        What stands behind a section, by its indentation or a `!`, is first of all a line of what is around it.
        `leaving` is `exit` or `end` where the line is that.
        """
        if not (outside and (self.deeper or self.closed)) and self._takes(text, leaving, names):
            return text.strip()
        line = "" if outside or leaving else in_full(self.mode, text.strip(), names)
        return line if line and self._takes(line, "", names) else ""

    def _takes(self, text: str, leaving: str, names: Names) -> bool:
        """Tell whether a line is listed, and follow it."""
        if self.block:
            self.block = None if self.block.ends(text) else self.block
            return True
        if leaving:
            return leaving == "exit" and bool(self.opened) and bool(self.opened.pop())
        try:
            command = self.mode.attempt(text, names)
        except NeedsLines as block:
            self.block = block
            return True
        if command is None:
            return False
        word = text.split()[0].lower()
        if word in self.opened:
            del self.opened[self.opened.index(word) :]
        if "section" in command.slots:
            self.opened.append(word)
        elif word.startswith("exit-"):
            del self.opened[-1:]
        return True


@dataclass(slots=True)
class RefusedSection:
    """The section that a refused line would have opened: lines that belong to it must not run elsewhere.

    `modes` are those it might have entered; `lines` counts what was skipped.
    """

    number: int
    shown: str
    indent: int
    modes: tuple[Mode, ...]
    deeper: bool = False
    lines: int = 0


def knows(mode: Mode, text: str, names: Names) -> bool:
    """Tell whether a line is a command of a mode."""
    try:
        return mode.begins(first_word(text)) and mode.attempt(text, names) is not None
    except NeedsLines:
        return True


def in_full(mode: Mode, text: str, names: Names) -> str:
    """Return a line with its words in full, as far as each is the beginning of one; kept words are not read shorter."""
    begun = text[: len(text) - len(text.lstrip())]
    for token in text.split():
        words = {each.label for each in mode.ask(begun + token, names)} if len(begun) < MOST_IN_FULL else set()
        longer = [word for word in words if word.startswith(token.lower()) and token.lower() not in words]
        begun += (longer[0] if len(longer) == 1 else token) + " "
    return begun.rstrip()


def meant_to_enter(dialect: Dialect, mode: Mode, text: str) -> Iterator[Mode]:
    """Yield the modes that a misspelled or incomplete line of `mode` was meant to open."""
    typed = text.lower().split()
    for declaration in mode.file.declarations:
        if declaration.target.operator != ">":
            continue
        fixed = _fixed_words(declaration)
        if len(typed) >= len(fixed) and all(map(_like, typed, fixed)):
            yield dialect.modes[declaration.target.enters]


def _fixed_words(declaration: Declaration) -> list[str]:
    items = declaration.pattern.items if isinstance(declaration.pattern, tree.Seq) else (declaration.pattern,)
    words: list[str] = []
    for item in items:
        if not isinstance(item, tree.Word):
            break
        words.append(item.text)
    return words


def _like(typed: str, word: str) -> bool:
    return word.startswith(typed) or SequenceMatcher(None, typed, word).ratio() >= SIMILAR


def steps(command: Command) -> Iterator[tuple[str, Any]]:
    """Yield the steps of a command's target, each with its key; a step without key has None."""
    for step in command.declaration.target.path:
        yield step.name, None if step.keys is None else key_of(step, command.slots)


def is_there(draft: Any, command: Command) -> bool:
    """Tell whether the entry that a line enters exists already."""
    for name, key in steps(command):
        draft = getattr(draft, name)
        if key is not None:
            draft = draft.get(key)
        if draft is None:
            return False
    return True
