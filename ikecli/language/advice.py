"""What a refused word was perhaps meant to be, and what is due in its place."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final, NamedTuple

from ikecli.language.command import LineError
from ikecli.language.language import Mode
from ikecli.language.line import CR, Choice, Names, no_names

LONGEST: Final = 40
"""Characters of a word that is compared with others."""
SIMILAR: Final = 0.65
_FREE: Final = frozenset({CR, "WORD", "LINE"})


class Advice(NamedTuple):
    """The word that is nearest to the refused one, if any is near; else the values that may stand there."""

    nearest: str = ""
    due: tuple[Choice, ...] = ()

    def lines(self, dialect: str) -> list[str]:
        """Return it as it stands below the error."""
        if self.nearest:
            return [f"{'INFO: ' if dialect == 'asa' else '% '}Did you mean {self.nearest}?"]
        width = max((len(each.label) for each in self.due), default=0)
        return [f"  {each.label:<{width}}  {each.help}".rstrip() for each in self.due]

    def __str__(self) -> str:
        if self.nearest:
            return f"did you mean {self.nearest}?"
        return f"{' or '.join(each.label for each in self.due)} is due" if self.due else ""


def advice(mode: Mode, text: str, error: LineError, names: Names = no_names) -> Advice:
    """Return what helps whoever typed a line that a mode refused; nothing where the word may be a secret."""
    if error.wrong != "invalid" or len(error.shown) <= error.start:
        return Advice()
    word = error.shown[error.start :].lower()[:LONGEST]
    choices = [each for each in mode.ask(text[: error.start], names) if not each.live]
    values = tuple(each for each in choices if each.completes is None and each.label not in _FREE)
    words = {each.label.lower(): each.label for each in choices if each.completes is not None}
    near = nearest(word, words)
    if near and not word[:1].isdigit():
        return Advice(words[near])
    return Advice(due=values) if word[:1].isdigit() or not words else Advice()


def nearest(word: str, words: Iterable[str]) -> str:
    """Return the word that is most like a refused one, empty where none is like it."""
    return next(iter(get_close_matches(word[:LONGEST], tuple(words), 1, SIMILAR)), "")
