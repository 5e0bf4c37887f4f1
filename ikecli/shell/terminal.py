"""What a session needs of the place where it is typed: lines in, text out. Keys, echo and redrawing belong to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

AHEAD: Final = 64
"""Lines that are looked at before they are due."""

END_OF_MODE: Final = "\x1a"
"""Ctrl-Z: ends a line, and configuration mode with it."""


class Interrupted(Exception):
    """The operator gave up the line (Ctrl-C)."""


class EndOfInput(Exception):
    """Nothing more will be typed."""


class Helper(Protocol):
    """Answers `?` and TAB while a line is typed."""

    async def help(self, text: str) -> str:
        """Return what to print for a `?` behind `text`."""

    async def complete(self, text: str) -> str:
        """Return `text` with its last word completed, or as it is."""

    async def hint(self, text: str) -> str:
        """Return what may follow `text`, in a line."""


class Terminal(Protocol):
    """Where a session is typed."""

    typed: bool
    """Whether what is typed stands on the screen behind its prompt."""
    attended: bool
    """Whether somebody answers questions and turns pages."""

    @property
    def has_keys(self) -> bool:
        """Whether `?` is answered while the line is typed; elsewhere a line that ends with it asks."""

    on_interrupt: Callable[[], None] | None
    """Called for Ctrl-C or Ctrl-^ while no line is being typed."""

    @property
    def rows(self) -> int:
        """Lines on the screen."""

    async def line(self, prompt: str, helper: Helper | None) -> str:
        """Return the next line, with END_OF_MODE behind it where Ctrl-Z ended it; raises Interrupted or EndOfInput.

        Without a helper `?` and TAB are ordinary characters.
        """

    def ahead(self) -> list[str]:
        """Return lines that have come already and that `line` will give next, without taking them."""

    async def answer(self, question: str, hidden: bool = False) -> str:
        """Return what is typed to a question; raises Interrupted or EndOfInput."""

    async def key(self) -> str:
        """Return the next key, which is not shown."""

    def write(self, text: str) -> None:
        """Print text; a newline ends a line."""

    def notice(self, text: str) -> None:
        """Print whole lines above the line being typed."""

    def remember(self, line: str) -> None:
        """Offer a line for recall."""

    def simplify(self) -> None:
        """From now on do nothing but lines: no keys, no redrawing."""
