"""Reading exec lines, and what `?` and TAB say of them, with the live names that decide both."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from ikecli.control.client import Client
from ikecli.control.commands import fixed, own_level
from ikecli.control.messages import OPERATOR, Names
from ikecli.control.replies import Choice, Identified, Lines
from ikecli.language import Command, Levels, LineError, Mode, load_mode
from ikecli.shell import short

SCREEN: Final = 80


class LiveNames:
    """Names of the configuration, asked for once a line: reading begins again when one was missing."""

    def __init__(self, client: Client, local: dict[str, tuple[str, ...]]) -> None:
        self._client = client
        self._known = dict(local)
        self._missing: set[str] = set()

    def __call__(self, path: str) -> Iterable[str]:
        """Return the names at a path, none while they have not been fetched."""
        if path not in self._known:
            self._missing.add(path)
        return self._known.get(path, ())

    async def fetch(self) -> bool:
        """Fetch what was missing; return whether there was anything."""
        missing, self._missing = self._missing, set()
        for path in missing:
            reply = await self._client.request(Names(path))
            self._known[path] = reply.lines if isinstance(reply, Lines) else ()
        return bool(missing)


class Barred(LineError):
    """A command that is for higher levels: refused as one that is unknown; `needed` is the level."""

    def __init__(self, line: str, word: int, needed: int) -> None:
        at, end = [found.span() for found in re.finditer(r"\S+", line)][word]
        super().__init__("invalid", at, at, line[:end])
        self.needed: Final = needed


@lru_cache(4)
def _levels(mode: Mode, rules: tuple[str, ...]) -> Levels:
    return Levels(mode, own_level, rules, fixed)


@lru_cache(2)
def here(mode: Mode) -> Levels:
    """Return levels of which 0 has what is here, and 1 what is refused with the reason."""
    return Levels(mode, lambda function: int(function.endswith("lacks")), (), lambda function: True)


class Exec:
    """The exec mode of a dialect."""

    def __init__(self, client: Client, dialect: str, local: dict[str, tuple[str, ...]]) -> None:
        self._client, self._local = client, local
        self.dialect: Final = dialect
        self.mode: Final[Mode] = load_mode(dialect, "exec")

    def barred(self, command: Command, line: str, who: Identified) -> None:
        """Raise Barred for what a router's session may not type at its level."""
        levels = self._levels(who)
        if levels is not None and (needed := levels.of(command.declaration)) > who.level:
            raise Barred(line, levels.barred(line, who.level), needed)

    def _levels(self, who: Identified) -> Levels | None:
        full = who.level >= OPERATOR or self.dialect != "ios"
        return None if full else _levels(self.mode, who.levels)

    async def read(self, line: str) -> Command:
        """Return the command that a line is; raises language.LineError."""
        names, grown = LiveNames(self._client, self._local), 0
        while True:
            try:
                return self.mode.read(line, names)
            except LineError as error:
                if await names.fetch():
                    continue
                meant = self._meant(line, error, names)
                if meant is None:
                    raise error.moved(-grown) from None
                line, grown = meant, grown + len(meant) - len(line)

    def _meant(self, line: str, error: LineError, names: LiveNames) -> str | None:
        """Return a line with its ambiguous word in full where one alone of those that fit is here, else None."""
        if error.wrong != "ambiguous":
            return None
        before, word = line[: error.start], line[error.start :].split()[0]
        fits = [
            one.completes
            for one in self.mode.ask(before + word, names)
            if one.completes and not one.live and not here(self.mode).hides(tuple(before.split()), one.label, 0)
        ]
        return f"{before}{fits[0]}{line[error.start + len(word) :]}" if len(fits) == 1 else None

    async def ask(self, text: str, who: Identified) -> list[Choice]:
        """Return what a session may type at the end of the text; what is refused alone, where nothing else is."""
        names = LiveNames(self._client, self._local)
        found = self.mode.ask(text, names)
        while await names.fetch():
            found = self.mode.ask(text, names)
        levels = self._levels(who)
        words = tuple(text.split() if text[-1:].isspace() else text.split()[:-1])
        may = [
            Choice(one.label, one.help, one.completes or "", one.live)
            for one in found
            if levels is None or not levels.hides(words, one.label, who.level)
        ]
        return [one for one in may if not here(self.mode).hides(words, one.label, 0)] or may


def layout(text: str, choices: list[Choice], dialect: str) -> str:
    """Lay out what `?` lists: words alone behind a begun word, else one row each with its help; no live names."""
    choices = [one for one in choices if not one.live]
    if not choices:
        return ("ERROR: " if dialect == "asa" else "") + "% Unrecognized command\n"
    begun = bool(text) and not text[-1].isspace()
    if begun and all(one.word for one in choices):
        return _columns([one.label for one in choices]) + "\n"
    width = max(len(one.label) for one in choices)
    return "".join(f"  {one.label:<{width}}  {one.help}".rstrip() + "\n" for one in choices) + "\n"


def hint(choices: list[Choice]) -> str:
    """Return in a line what may come next; the only one with its help."""
    if len(choices) == 1:
        return f"  {choices[0].label}  {choices[0].help}"
    labels = "".join(f"  {one.label}" for one in choices)
    return labels if len(labels) < SCREEN else labels[: labels.rindex("  ", 0, SCREEN - 4)] + "  ..."


def _columns(words: list[str]) -> str:
    width = max(map(len, words)) + 2
    across = max(1, SCREEN // width)
    rows = [words[at : at + across] for at in range(0, len(words), across)]
    return "".join("".join(f"{word:<{width}}" for word in row).rstrip() + "\n" for row in rows)


def _is_whole(choice: Choice, begun: str) -> bool:
    """Tell whether a short name is typed already: what else begins so is to be completed."""
    return choice.label.startswith(short.MARK) and choice.word.lower() == begun


def completed(text: str, choices: list[Choice]) -> str:
    """Return the text with its last word completed as far as the choices agree; a blank follows a whole word."""
    start = len(text) - len(text.split()[-1]) if text and not text[-1].isspace() else len(text)
    begun = text[start:].lower()
    words = [one.word for one in choices if one.word.lower().startswith(begun) and not _is_whole(one, begun)]
    if not begun or not words:
        return text
    if len(words) == 1:
        return text[:start] + words[0] + " "
    shared = words[0]
    for word in words[1:]:
        while not word.lower().startswith(shared.lower()):
            shared = shared[:-1]
    return text[:start] + shared if len(shared) > len(begun) else text
