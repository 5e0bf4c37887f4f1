"""A line while it is read: its text, the live names that decide it, and the notes that become the `?` list."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

Names: TypeAlias = Callable[[str], Iterable[str]]
"""Gives the live names of a path, as written in the notation: `NAME(crypto_maps)` asks for "crypto_maps"."""


class Known(Iterable[str]):
    """Live names of which one is found without a look at all of them."""

    @abstractmethod
    def find(self, name: str, caseless: bool) -> str | None:
        """Return a name as it is known, None where it is not."""


CURSOR: Final = "\x00"
CR: Final = "<cr>"


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, each ended by a newline or by the text's end; other separators end none."""
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []


def no_names(path: str) -> Iterable[str]:
    """Know no names at all."""
    return ()


@dataclass(frozen=True, slots=True, order=True)
class Choice:
    """One thing that may stand at the cursor: a word or a label (`<1-10>`, `WORD`, `<cr>`), and its help.

    `completes` is what TAB writes (a whole word or a live name; None for a label). `live` marks names that exist now,
    which real systems complete but do not list.
    """

    label: str
    help: str = ""
    completes: str | None = None
    live: bool = False


class NeedsLines(Exception):
    """The line opens a block (banner, certificate): take lines until `ends(line)`, then read all as one text."""

    def __init__(self, ends: Callable[[str], bool]) -> None:
        super().__init__("the command goes on over the next lines")
        self.ends: Final = ends


class Line(str):
    """The text being read, with what its reading may ask (live names) and leave behind (what `?` lists)."""

    names: Names = staticmethod(no_names)
    noted: list[Choice] | None = None
