"""The face of the language: a dialect's modes read lines and answer `?`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

from ikecli.language import tree
from ikecli.language.command import Command, LineError
from ikecli.language.grammar import Graph, Refusal
from ikecli.language.line import CURSOR, Choice, Line, Names, no_names
from ikecli.language.negation import negated_pattern
from ikecli.language.notation import Declaration, Fragments, GrammarFile, read_file, read_mode
from ikecli.language.paths import Done
from ikecli.language.target import NotationError, Target
from ikecli.language.tree import Node

LINE_LIMIT: Final = 4096
TEXT_LIMIT: Final = 65536
DIALECTS: Final = ("ios", "asa")
WORDS: Final = "words"
_CONTROLS: Final = re.compile(
    r"[\x00-\x02\x04-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\udc80-\udc9f]"
).search
"""Controls, line separators and marks of writing direction: what they show is not what they are."""


def _control(text: str) -> re.Match[str] | None:
    return None if text.isprintable() else _CONTROLS(text)


NO: Final = tree.Word("no", help="Negate a command or set its defaults")
DEFAULT: Final = tree.Word("default", help="Set a command to its defaults")


class Mode:
    """One mode of the command line; its grammar is made when it first reads."""

    def __init__(self, file: GrammarFile, dialect: str) -> None:
        self.file: Final = file
        self.dialect: Final = dialect

    @property
    def name(self) -> str:
        """The name of the grammar file."""
        return self.file.name

    @property
    def prompt(self) -> str:
        """What stands in the prompt's brackets, empty for exec."""
        return self.file.prompt

    @cached_property
    def graph(self) -> Graph:
        """The pyparsing grammar of this mode."""
        return Graph(self._patterns(), self.dialect)

    def _patterns(self) -> Iterator[tuple[Node, Done]]:
        read = [declaration for declaration in self.file.declarations if not declaration.target.part]
        for declaration in read:
            yield declaration.pattern, Done(declaration, "")
        for word in (NO, DEFAULT):
            for declaration in read:
                pattern = negated_pattern(declaration)
                if pattern:
                    yield tree.sequence((word, pattern)), Done(declaration, "no" if word is NO else "default")

    def read(self, line: str, names: Names = no_names) -> Command:
        """Return the command that a line is.

        Raises LineError, or NeedsLines when the command goes on over the next lines: read again with all of them,
        joined by newlines. Columns count from 0.
        """
        text = Line(line.replace("\t", " "))
        text.names = names
        _bounded(text)
        try:
            done, slots = self.graph.parse(text)
        except Refusal as refusal:
            raise _refused(refusal, text) from None
        except RecursionError:
            raise _refused(self.graph.stop(text), text) from None
        return Command(done.declaration, slots, done.negated, line)

    @cached_property
    def begins(self) -> Callable[[str], bool]:
        """What tells whether a line may be a command by its `first_word`: who asks first spares most attempts."""
        return self.graph.root.beginnings()

    def attempt(self, line: str, names: Names = no_names) -> Command | None:
        """Return the command that a line is, or None; quicker than `read` where it is none. Raises NeedsLines."""
        text = Line(line.replace("\t", " "))
        text.names = names
        if len(text) <= LINE_LIMIT and not _control(text):
            walked = self.graph.walk(text)
            if walked is not None:
                return Command(walked[0].declaration, walked[1], walked[0].negated, line)
            if not self.graph.branches(text):
                return None
        try:
            return self.read(line, names)
        except LineError:
            return None

    def ask(self, text: str, names: Names = no_names) -> list[Choice]:
        """Return what may stand at the end of the text, sorted; nothing when no command begins so."""
        line = Line(text.replace("\t", " ") + CURSOR)
        line.names = names
        line.noted = []
        if len(text) > LINE_LIMIT or _control(text.replace("\t", " ")):
            return []
        try:
            self.graph.search(line)
        except (Refusal, RecursionError):
            return _merged(line.noted)
        return []


def first_word(text: str) -> str:
    """Return the first word of a line in small letters, empty where it has none."""
    return text.split(None, 1)[0].lower() if text and not text.isspace() else ""


@lru_cache(None)
def section(opener: Declaration) -> Mode:
    """Return the mode of a section without effect: its lines are those that its declaration lists, and have none."""
    assert opener.takes is not None
    lines = Declaration(
        opener.file,
        opener.line,
        opener.text,
        tree.exactly(opener.takes),
        Target("~", reason=opener.target.reason),
        tree.slots(opener.takes),
        opener.dialect,
    )
    return Mode(GrammarFile(opener.target.takes, opener.target.prompt or "", (lines,)), opener.dialect)


def printable(text: str) -> bool:
    """Tell whether a line has none of the characters that no command may have."""
    return not _control(text.replace("\t", " "))


def _bounded(text: Line) -> None:
    first = text.find("\n")
    limit = LINE_LIMIT if first < 0 else TEXT_LIMIT
    strange = _control(text)
    if strange or len(text) > limit:
        at = min(limit, strange.start() if strange else limit)
        raise LineError("invalid", at, at, text[:at].split(None, 1)[0] if text[:at].split() else "")


def _refused(refusal: Refusal, text: Line) -> LineError:
    shown = text[: min(refusal.stop, refusal.secret)].rstrip()
    return LineError(refusal.wrong, refusal.start, refusal.loc, shown)


def _merged(noted: list[Choice]) -> list[Choice]:
    found: dict[tuple[str, bool], Choice] = {}
    for choice in noted:
        known = found.get((choice.label, choice.live))
        if known is None or not known.help:
            found[choice.label, choice.live] = choice
    return sorted(found.values(), key=lambda choice: (choice.label == "<cr>", choice))


@dataclass(frozen=True)
class Dialect:
    """The command language of one system: "ios" or "asa"; `modes` by the name of their grammar file."""

    name: str
    modes: Mapping[str, Mode]


def grammar_root() -> Path:
    """Return the directory of the grammar files: in the installed package, or at the root of a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "grammar"
    return installed if installed.is_dir() else package.parent / "grammar"


@lru_cache
def load(name: str) -> Dialect:
    """Return the dialect from the grammar files that come with ikecli; raises NotationError when they are unsound."""
    return load_from(grammar_root() / name, name)


@lru_cache
def load_mode(dialect: str, name: str) -> Mode:
    """Return one mode alone, for whoever needs no other: most of a language is in the files of the others."""
    directory = grammar_root() / dialect
    return _mode(directory / name, _shared(directory, dialect), dialect)


def load_from(directory: Path, name: str) -> Dialect:
    """Return a dialect from a directory of grammar files, one or a folder a mode; `words` holds what they share."""
    shared = _shared(directory, name)
    files = [path for path in sorted(directory.iterdir()) if path.name != WORDS]
    modes = {path.name: _mode(path, shared, name) for path in files if "." not in path.name}
    for mode in modes.values():
        for declaration in mode.file.declarations:
            if declaration.target.enters and declaration.target.enters not in modes:
                raise NotationError(f"{declaration.place}: there is no mode file {declaration.target.enters!r}")
    return Dialect(name, modes)


def _shared(directory: Path, dialect: str) -> Fragments:
    if dialect not in DIALECTS:
        raise NotationError(f"{dialect!r} is no dialect: {', '.join(DIALECTS)}")
    shared: Fragments = {}
    words = directory / WORDS
    if words.is_file():
        read_file(WORDS, words.read_text("utf-8"), shared, dialect)
    return shared


def _mode(path: Path, shared: Fragments, dialect: str) -> Mode:
    """Return the mode of a file, or of the files of a folder, in order of their names."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    parts = [(str(each.relative_to(path.parent)), each.read_text("utf-8")) for each in files if "." not in each.name]
    return Mode(read_mode(path.name, parts, dict(shared), dialect), dialect)
