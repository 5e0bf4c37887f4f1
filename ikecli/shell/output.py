"""A command's way to the screen: through its pipe, and page by page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import aclosing
from itertools import chain, islice
from typing import Any, Final, TypeAlias

from ikecli.errors import Rejected
from ikecli.shell.pipes import Begin, Filter, Include, matcher
from ikecli.shell.terminal import Terminal

MORE: Final = {"ios": " --More-- ", "asa": "<--- More --->"}


Pace: TypeAlias = Callable[[Iterator[str]], AsyncGenerator[list[str], None]]
"""How lines are made: many of them, some at a time, without keeping Ctrl-C from being heard."""

BREATH: Final = 200
"""Lines after which others get their turn."""


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
        self._found = Filter()

    async def lines(self, lines: Iterable[str]) -> None:
        """Print lines; raises Quit when the operator ends a page with `q`."""
        self._no_json()
        await self._filtered(_breathing(lines))

    async def line(self, text: str = "") -> None:
        """Print a line."""
        self._no_json()
        await self._print(self._filter.line(text))

    async def views(self, views: Iterable[Any], rendered: Iterator[str], pace: Pace | None = None) -> None:
        """Print views as their renderer lays them out, or as JSON if that was asked for."""
        await self._filtered((pace or _breathing)(_json_lines(views) if self._json else rendered))

    async def _filtered(self, lines: AsyncGenerator[list[str], None]) -> None:
        async with aclosing(lines):
            async for some in lines:
                await self._print(chain.from_iterable(map(self._filter.line, some)))

    async def header(self, *lines: str) -> None:
        """Print lines that are no part of the facts: not in JSON."""
        if not self._json:
            await self.lines(lines)

    def tell(self, text: str) -> None:
        """Print a line at once, without turning a page: the command is ending, perhaps by Ctrl-C."""
        self._write(self._filter.line(text))

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
            self._write(self._filter.line(self._part))
        self._part = ""

    async def finish(self) -> None:
        """Print what the pipe kept."""
        await self._print(self._filter.end())

    def _no_json(self) -> None:
        if self._json:
            raise Rejected("% json: this command prints text only")

    async def _print(self, lines: Iterable[str]) -> None:
        if not self._length:
            self._write(lines)
            return
        for each in lines:
            for line in self._found.line(each):
                if self._left <= 0:
                    await self._turn()
                    if next(self._found.line(line), None) is None:
                        continue
                self._left -= 1
                self._terminal.write(line + "\n")

    def _write(self, lines: Iterable[str]) -> None:
        """Print lines together; where one fails to come, those before it."""
        text: list[str] = []
        try:
            for line in lines:
                text.append(f"{line}\n")
        finally:
            if text:
                self._terminal.write("".join(text))

    async def _turn(self) -> None:
        """Wait for a key at the end of a page: space for another page, Enter for a line, any other ends.

        `/`, `+` and `-` ask for an expression: further lines from the first that matches, those that match, the others.
        """
        self._terminal.write(self._more)
        key = await self._terminal.key()
        width = len(self._more)
        self._terminal.write("\b" * width + " " * width + "\b" * width)
        match key:
            case " ":
                self._left = self._length - 1
            case "\r" | "\n":
                self._left = 1
            case "/" | "+" | "-":
                matches = matcher(await self._terminal.answer(key))
                self._terminal.write("filtering...\n")
                self._left = self._length - 1
                self._found = _FINDS[key](matches)
            case _:
                raise Quit


_FINDS: Final[dict[str, Callable[[Callable[[str], bool]], Filter]]] = {
    "/": Begin,
    "+": Include,
    "-": lambda matches: Include(lambda text: not matches(text)),
}
"""What a key at the end of a page makes of the expression behind it."""


async def _breathing(lines: Iterable[str]) -> AsyncGenerator[list[str], None]:
    left = iter(lines)
    while some := list(islice(left, BREATH)):
        yield some
        await asyncio.sleep(0)


def _json_lines(views: Iterable[Any]) -> Iterator[str]:
    """Yield the lines of a JSON array of views, as `json.dumps` indents it, view by view."""
    from ikecli.show.facts import facts

    last: list[str] = []
    for view in views:
        yield from [*last[:-1], last[-1] + ","] if last else ["["]
        last = [f"  {line}" for line in json.dumps(facts(view), indent=2).split("\n")]
    yield from (*last, "]") if last else ("[]",)
