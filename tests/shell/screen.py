"""A terminal of the tests: types what it is given and keeps what the screen shows, as an operator would see it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from itertools import takewhile

from ikecli.shell.terminal import EndOfInput, Helper

TAB = "<TAB>"
HIDDEN = "~"
"""Begins a line that is typed without being seen."""


class Screen:
    """Types lines; `?` at the end of one asks, TAB completes, and the line is then shown as it has become."""

    typed = True
    attended = True
    has_keys = False

    def __init__(self, lines: Iterable[str], rows: int = 0, attended: bool = True, together: bool = False) -> None:
        self.together = together
        self.on_interrupt: Callable[[], None] | None = None
        self.rows = rows
        self.attended = self.typed = attended
        self.text = ""
        self.remembered: list[str] = []
        self.simple = False
        self.interrupt_at: int | None = None
        self._lines = deque(lines)

    async def line(self, prompt: str, helper: Helper | None) -> str:
        if not self._lines:
            raise EndOfInput
        line = self._lines.popleft()
        if self.typed:
            self.write(f"{prompt}{line}\n")
        if TAB in line and helper is not None:
            whole = ""
            *begun, rest = line.split(TAB)
            for part in begun:
                whole = await helper.complete(whole + part)
            line = whole + rest
            self.write(f"{prompt}{line}\n")
        return line

    def ahead(self) -> list[str]:
        return list(takewhile(lambda line: TAB not in line, self._lines)) if self.together else []

    async def answer(self, question: str, hidden: bool = False) -> str:
        if not self._lines:
            raise EndOfInput
        line = self._lines.popleft()
        assert line.startswith(HIDDEN) == hidden, f"{question}{line}"
        self.write(f"{question}{line}\n")
        return line.removeprefix(HIDDEN)

    async def key(self) -> str:
        return self._lines.popleft()

    def write(self, text: str) -> None:
        self.text += text
        if self.interrupt_at is not None and len(self.text) >= self.interrupt_at and self.on_interrupt is not None:
            self.interrupt_at = None
            asyncio.get_running_loop().call_soon(self.on_interrupt)

    def notice(self, text: str) -> None:
        self.write(text)

    def remember(self, line: str) -> None:
        self.remembered.append(line)

    def simplify(self) -> None:
        self.simple = True
