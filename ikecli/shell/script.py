"""A terminal whose lines are known before: `ikecli -c`. It prints what the commands print and nothing else."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TextIO

from ikecli.shell.terminal import AHEAD, EndOfInput, Helper


class ScriptTerminal:
    """Types given lines."""

    typed = False
    attended = False
    has_keys = False
    rows = 0

    def __init__(self, lines: Iterable[str], output: TextIO = sys.stdout) -> None:
        self.on_interrupt: Callable[[], None] | None = None
        self._lines = deque(lines)
        self._output = output

    async def line(self, prompt: str, helper: Helper | None) -> str:
        """Return the next line."""
        if not self._lines:
            raise EndOfInput
        return self._lines.popleft()

    def ahead(self) -> list[str]:
        """Return some of the next lines."""
        return list(islice(self._lines, AHEAD))

    async def answer(self, question: str, hidden: bool = False) -> str:
        """Answer a question with the next line."""
        self.write(question + "\n")
        return await self.line("", None)

    async def key(self) -> str:
        """There are no keys; nothing waits for one here."""
        raise EndOfInput

    def write(self, text: str) -> None:
        """Print text."""
        self._output.write(text)
        self._output.flush()

    def notice(self, text: str) -> None:
        """Print lines."""
        self.write(text)

    def remember(self, line: str) -> None:
        """Nothing is recalled here."""

    def simplify(self) -> None:
        """It is as simple as can be."""
