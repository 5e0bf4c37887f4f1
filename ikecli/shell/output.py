"""A command's way to the screen: through its pipe, and page by page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from ikecli.control.codec import plain
from ikecli.errors import Rejected
from ikecli.shell.pipes import Filter
from ikecli.shell.terminal import Terminal

MORE: Final = {"ios": " --More-- ", "asa": "<--- More --->"}


class Quit(Exception):
    """The operator has seen enough of this output."""


class Output:
    """Prints what a command says. `length` is the lines of a page, 0 for no paging."""

    def __init__(self, terminal: Terminal, filter: Filter, json: bool, length: int, dialect: str) -> None:
        self._terminal, self._filter = terminal, filter
        self._json = json
        self._length = length if terminal.attended else 0
        self._more = MORE[dialect]
        self._left = self._length - 1
        self._part = ""

    async def lines(self, lines: Iterable[str]) -> None:
        """Print lines; raises Quit when the operator ends a page with `q`."""
        for line in lines:
            await self.line(line)

    async def line(self, text: str = "") -> None:
        """Print a line."""
        self._no_json()
        await self._print(self._filter.line(text))

    async def views(self, views: tuple[Any, ...], rendered: Iterator[str]) -> None:
        """Print views as their renderer lays them out, or as JSON if that was asked for."""
        lines: Iterable[str] = rendered
        if self._json:
            lines = json.dumps(plain(views), indent=2).splitlines()
        for line in lines:
            await self._print(self._filter.line(line))

    async def header(self, *lines: str) -> None:
        """Print lines that are no part of the facts: not in JSON."""
        if not self._json:
            await self.lines(lines)

    def tell(self, text: str) -> None:
        """Print a line at once, without turning a page: the command is ending, perhaps by Ctrl-C."""
        for line in self._filter.line(text):
            self._terminal.write(line + "\n")

    def mark(self, text: str) -> None:
        """Print a part of a line at once, where nothing filters lines; `end_marks` ends the line."""
        self._no_json()
        self._part += text
        if type(self._filter) is Filter:
            self._terminal.write(text)

    def end_marks(self) -> None:
        """End the line of marks."""
        if type(self._filter) is Filter:
            self._terminal.write("\n")
        else:
            for line in self._filter.line(self._part):
                self._terminal.write(line + "\n")
        self._part = ""

    async def finish(self) -> None:
        """Print what the pipe kept."""
        await self._print(self._filter.end())

    def _no_json(self) -> None:
        if self._json:
            raise Rejected("% json: this command prints text only")

    async def _print(self, lines: Iterable[str]) -> None:
        for line in lines:
            if self._length and self._left <= 0:
                await self._turn()
            self._left -= 1
            self._terminal.write(line + "\n")

    async def _turn(self) -> None:
        """Wait for a key at the end of a page: space for another page, Enter for a line, any other ends."""
        self._terminal.write(self._more)
        key = await self._terminal.key()
        width = len(self._more)
        self._terminal.write("\b" * width + " " * width + "\b" * width)
        match key:
            case " ":
                self._left = self._length - 1
            case "\r" | "\n":
                self._left = 1
            case _:
                raise Quit
