"""What stands behind `|`: filters of a command's lines, and where they go."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import current_thread, main_thread
from typing import Final

from ikecli.control.replies import Choice
from ikecli.errors import Rejected, Unavailable
from ikecli.language import Advice, LineError, nearest
from ikecli.shell.terminal import Interrupted

MODIFIERS: Final[Mapping[str, str]] = {
    "append": "Write the lines to the end of a file: file:PATH or flash:NAME",
    "begin": "Begin with the first line that matches",
    "count": "Count the lines that match",
    "exclude": "Leave out the lines that match",
    "grep": "Show only the lines that match; with -v leave them out",
    "include": "Show only the lines that match",
    "json": "Show the facts behind the lines as JSON",
    "redirect": "Write the lines to a file: file:PATH or flash:NAME",
    "section": "Show the lines that match with what is indented below them",
    "tee": "Show the lines, and write them to a file: [/append] file:PATH or flash:NAME",
}

SECTIONS: Final[Mapping[str, str]] = {
    "exclude": "All but the sections that match",
    "include": "The sections that match, and nothing else",
}
"""What may stand between `section` and its expression."""

EXPRESSION_LIMIT: Final = 256
"""Characters of a regular expression."""

_DELIMITER: Final = r"(?:[,{}() _]|^|$)"
"""What `_` stands for; an underscore too, so that `include CONFIG_I` finds what it says."""


class Filter:
    """Passes lines on. `line` yields what comes of one line, `end` what comes after the last."""

    def line(self, text: str) -> Iterator[str]:
        """Yield the line."""
        yield text

    def end(self) -> Iterator[str]:
        """Yield nothing more."""
        yield from ()


class Include(Filter):
    """Lines that match, or do not."""

    def __init__(self, wanted: Callable[[str], bool]) -> None:
        self._wanted = wanted

    def line(self, text: str) -> Iterator[str]:
        """Yield the line if it is wanted."""
        if self._wanted(text):
            yield text


class Begin(Filter):
    """Everything from the first line that matches."""

    def __init__(self, matches: Callable[[str], bool]) -> None:
        self._matches = matches
        self._begun = False

    def line(self, text: str) -> Iterator[str]:
        """Yield the line once one has matched."""
        self._begun = self._begun or self._matches(text)
        if self._begun:
            yield text


class Section(Filter):
    """Lines that match, each with the lines below it that are indented deeper; or all but these."""

    def __init__(self, matches: Callable[[str], bool], others: bool) -> None:
        self._matches, self._others = matches, others
        self._depth: int | None = None

    def line(self, text: str) -> Iterator[str]:
        """Yield the line if it matches or lies in a section that does."""
        depth = len(text) - len(text.lstrip(" "))
        if self._depth is None or not text or depth <= self._depth:
            self._depth = depth if self._matches(text) else None
        if (self._depth is None) == self._others:
            yield text


class Count(Filter):
    """How many lines match."""

    def __init__(self, matches: Callable[[str], bool]) -> None:
        self._matches = matches
        self._count = 0

    def line(self, text: str) -> Iterator[str]:
        """Count the line."""
        self._count += self._matches(text)
        yield from ()

    def end(self) -> Iterator[str]:
        """Yield the count."""
        yield f"Number of lines which match regexp = {self._count}"


class Write(Filter):
    """Lines into a file: one of the operator's, made with mode 0600, or of flash:, which the session writes."""

    def __init__(self, place: Path | str, append: bool, shows: bool) -> None:
        self.place: Final = place
        self.append: Final = append
        self._shows = shows
        self._lines: list[str] = []

    @property
    def text(self) -> str:
        """What has come."""
        return "".join(self._lines)

    def line(self, text: str) -> Iterator[str]:
        """Keep the line; pass it on if it is to be shown too."""
        self._lines.append(text + "\n")
        if self._shows:
            yield text

    def end(self) -> Iterator[str]:
        """Write a file of the operator's; raises Unavailable."""
        if isinstance(self.place, Path):
            write_file(self.place, self.text, self.append)
        yield from ()


@dataclass(frozen=True, slots=True)
class Pipe:
    """A command's line without its pipe, and the pipe."""

    command: str
    filter: Filter
    json: bool = False


def split(line: str) -> tuple[str, str | None, int]:
    """Return the command, what stands behind its `|` if it has one, and the column where that begins."""
    found = re.search(r"(?<=\s)\|\s*", line)
    if found is None:
        return line, None, len(line)
    return line[: found.start()], line[found.end() :], found.end()


def read(line: str) -> Pipe:
    """Return what a line asks for; raises LineError for words that are not understood, Rejected for an expression."""
    command, text, column = split(line)
    if text is None:
        return Pipe(command, Filter())
    word, _, rest = text.partition(" ")
    match modifiers(word):
        case ["json"] if not rest.strip():
            return Pipe(command, Filter(), json=True)
        case [name] if name != "json" and rest.strip():
            return Pipe(command, _made(name, rest))
        case ["json"] | [] if word:
            wrong = rest.lstrip() if modifiers(word) else text
            at = column + len(text) - len(wrong)
            raise LineError("invalid", at, at, line[:at] + wrong.partition(" ")[0])
        case [_] | []:
            raise LineError("incomplete", len(line), len(line), line)
    raise LineError("ambiguous", column, column, line[: column + len(word)])


def modifiers(begun: str) -> list[str]:
    """Return the words that `begun` may stand for."""
    return [begun] if begun in MODIFIERS else [name for name in MODIFIERS if begun and name.startswith(begun.lower())]


def advice(line: str, error: LineError) -> Advice | None:
    """Return what helps whoever typed a line whose pipe was refused; None where something else was."""
    if error.wrong != "invalid" or error.start < split(line)[2]:
        return None
    return Advice(nearest(error.shown[error.start :].lower(), MODIFIERS))


def choices(text: str) -> list[Choice]:
    """Return what may stand at the end of what is behind a `|`."""
    word, blank, rest = text.partition(" ")
    if not blank:
        return _begun(MODIFIERS, word)
    whole = [Choice("<cr>", "")] if rest.strip() and rest[-1] == " " else []
    match modifiers(word):
        case ["json"]:
            return [] if rest.strip() else [Choice("<cr>", "")]
        case ["append" | "redirect" | "tee" as name]:
            first = name == "tee" and " " not in rest
            added = [Choice("/append", "To the end of the file", "/append")] if first else []
            return whole or [*added, *_PLACES]
        case ["grep"] if " " not in rest:
            return [Choice("-v", "Lines that do not match", "-v"), Choice("LINE", "Regular expression")]
        case [name]:
            halves = _begun(SECTIONS, rest) if name == "section" and " " not in rest else []
            return [*halves, Choice("LINE", "Regular expression"), *whole]
    return []


_PLACES: Final = (Choice("file:PATH", "A file on your machine"), Choice("flash:NAME", "A file of flash:"))


def _begun(words: Mapping[str, str], begun: str) -> list[Choice]:
    return [Choice(name, help, name) for name, help in words.items() if name.startswith(begun.lower())]


def _made(name: str, rest: str) -> Filter:
    half, _, behind = rest.partition(" ")
    if name in ("append", "redirect"):
        return Write(_place(rest.strip()), name == "append", False)
    if name == "tee":
        adds = half.lower() == "/append" and bool(behind.strip())
        return Write(_place((behind if adds else rest).strip()), adds, True)
    if name == "grep":
        name, rest = ("exclude", behind) if half == "-v" and behind.strip() else ("include", rest)
    halved = name == "section" and half.lower() in SECTIONS and bool(behind.strip())
    matches = matcher(behind if halved else rest)
    match name:
        case "include":
            return Include(matches)
        case "exclude":
            return Include(lambda text: not matches(text))
        case "begin":
            return Begin(matches)
        case "section":
            return Section(matches, halved and half.lower() == "exclude")
    return Count(matches)


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return a search for a router's regular expression, in which `_` is any delimiter or an end of the line."""
    if len(pattern) > EXPRESSION_LIMIT:
        raise Rejected(f"% The regular expression is longer than {EXPRESSION_LIMIT} characters: type a shorter one")
    try:
        search = re.compile(re.sub(r"\\.|_", lambda one: _DELIMITER if one[0] == "_" else one[0], pattern)).search
    except (re.error, OverflowError, RecursionError):
        raise Rejected("% Failed to compile regular expression.") from None
    return lambda text: _found(search, text)


def _found(search: Callable[[str], object], text: str) -> bool:
    """Search a line; raises Interrupted at Ctrl-C: an expression may take for ever, and no event loop runs then."""
    before = signal.getsignal(signal.SIGINT)
    if before in (None, signal.SIG_IGN) or current_thread() is not main_thread():
        return search(text) is not None
    try:
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            return search(text) is not None
        finally:
            signal.signal(signal.SIGINT, before)
    except KeyboardInterrupt:
        raise Interrupted from None


FLASHES: Final = ("flash", "bootflash", "disk0")
"""Names that systems have for the one place for files."""


def _place(name: str) -> Path | str:
    """Return the path of `file:PATH`, or flash:NAME; raises Rejected for other places."""
    kind, _, rest = name.partition(":")
    if kind.lower() in FLASHES and rest:
        return f"flash:{rest.removeprefix('/')}"
    return file_path(name)


def file_path(name: str) -> Path:
    """Return the path of `file:PATH`; raises Rejected for other places."""
    if name[:5].lower() != "file:" or not name[5:]:
        raise Rejected(f"% {name} is no place here: write file:PATH for a file on your machine")
    return Path(name[5:]).expanduser()


def write_file(path: Path, text: str, append: bool = False) -> None:
    """Write a file of the operator's, made with mode 0600; raises Unavailable."""
    flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_TRUNC)
    try:
        with open(os.open(path, flags, 0o600), "wb") as file:
            file.write(text.encode(errors="surrogateescape"))
    except OSError as error:
        raise Unavailable(f"%Error opening file:{path} ({error.strerror})") from error
