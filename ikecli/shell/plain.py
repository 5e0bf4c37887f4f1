"""A terminal that gives lines and nothing more: a pipe, a file, a dumb terminal, a program that reads every character.

On a terminal the kernel echoes and edits. Ctrl-Z ends a line there instead of stopping the process, Ctrl-C and Ctrl-^
come as signals.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import stat
import termios
from collections.abc import Callable
from contextlib import contextmanager
from itertools import takewhile
from typing import Any, Final

from ikecli.shell.terminal import AHEAD, END_OF_MODE, EndOfInput, Helper, Interrupted

ROWS: Final = 24
"""Lines of a page until `terminal length` says otherwise, as on a router."""
CHUNK: Final = 1 << 16
_LOCAL_MODES, _CHARACTERS = 3, 6


class PlainTerminal:
    """Lines from one file descriptor, text to another."""

    has_keys = False
    rows = ROWS

    def __init__(self, source: int = 0, target: int = 1) -> None:
        """Take hold of the descriptors; a terminal is set up until `close`."""
        self._on_interrupt: Callable[[], None] | None = None
        self._interrupted = False
        self.typed = self.attended = os.isatty(source)
        self._source, self._target = source, target
        mode = os.fstat(source).st_mode
        self._polled = self.typed or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
        self._unread = b""
        self._ended = False
        self._waiting: asyncio.Future[None] | None = None
        self._saved = termios.tcgetattr(source) if self.typed else None
        if self.typed:
            self._set_up()

    @property
    def on_interrupt(self) -> Callable[[], None] | None:
        """What Ctrl-C calls while no line is being typed; one that came just before it was set is not lost."""
        return self._on_interrupt

    @on_interrupt.setter
    def on_interrupt(self, call: Callable[[], None] | None) -> None:
        self._on_interrupt = call
        if call is not None and self._interrupted:
            self._interrupted = False
            asyncio.get_running_loop().call_soon(call)

    def _set_up(self) -> None:
        modes: list[Any] = termios.tcgetattr(self._source)
        modes[_LOCAL_MODES] |= termios.ICANON | termios.ECHO | termios.ISIG
        modes[_CHARACTERS][termios.VSUSP] = b"\x00"
        modes[_CHARACTERS][termios.VEOL] = END_OF_MODE.encode()
        modes[_CHARACTERS][termios.VQUIT] = b"\x1e"
        termios.tcsetattr(self._source, termios.TCSANOW, modes)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGQUIT):
            loop.add_signal_handler(number, self._interrupt)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._saved is not None:
            termios.tcsetattr(self._source, termios.TCSANOW, self._saved)

    async def line(self, prompt: str, helper: Helper | None) -> str:
        """Return the next line."""
        if self.typed:
            self.write(prompt)
        return await self._next()

    def ahead(self) -> list[str]:
        """Return whole lines that have come already; what can be read without waiting is read."""
        while len(self._unread) < AHEAD * CHUNK and self._unread.count(b"\n") < AHEAD and self._readable():
            self._read()
        *lines, _ = self._unread.split(b"\n", AHEAD)
        return [_decoded(line) for line in takewhile(lambda line: END_OF_MODE.encode() not in line, lines)]

    async def answer(self, question: str, hidden: bool = False) -> str:
        """Ask, without echo if that is to be hidden."""
        self.write(question)
        if not self.typed:
            self.write("\n")
        with self._modes(clear=termios.ECHO) if hidden else self._modes():
            answer = await self._next()
        if hidden and self.typed:
            self.write("\n")
        return answer.rstrip(END_OF_MODE)

    async def key(self) -> str:
        """Return the next key."""
        with self._modes(clear=termios.ECHO | termios.ICANON):
            while not self._unread:
                await self._more()
        key, self._unread = self._unread[:1], self._unread[1:]
        return key.decode(errors="replace")

    def write(self, text: str) -> None:
        """Print text; waits while the other end does not read."""
        rest = text.encode(errors="surrogateescape")
        while rest:
            try:
                rest = rest[os.write(self._target, rest) :]
            except BlockingIOError:
                select.select([], [self._target], [])

    def notice(self, text: str) -> None:
        """Print lines, beginning a new one where something may have been typed."""
        self.write(f"\n{text}" if self.typed and self._waiting is not None else text)

    def remember(self, line: str) -> None:
        """Nothing is recalled here."""

    def simplify(self) -> None:
        """It is as simple as can be."""

    async def _next(self) -> str:
        while True:
            ends = [at for at in (self._unread.find(b"\n"), self._unread.find(END_OF_MODE.encode())) if at >= 0]
            if ends:
                line, end = self._unread[: min(ends)], self._unread[min(ends) : min(ends) + 1]
                self._unread = self._unread[min(ends) + 1 :]
                if end != b"\n" and self.typed:
                    self.write("\n")
                mark = "" if end == b"\n" else END_OF_MODE
                return _decoded(line) + mark
            if self._ended:
                if not self._unread:
                    raise EndOfInput
                self._unread += b"\n"
                continue
            self._unread = self._unread[:CHUNK]  # a line without end is refused: no more of it is kept
            await self._more()

    async def _more(self) -> None:
        """Wait for input; raises Interrupted for Ctrl-C."""
        if self._interrupted:
            self._interrupted = False
            self.write("\n")
            raise Interrupted
        if self._polled:
            loop = asyncio.get_running_loop()
            self._waiting = loop.create_future()
            loop.add_reader(self._source, _wake, self._waiting)
            try:
                await self._waiting
            finally:
                self._waiting = None
                loop.remove_reader(self._source)
        self._read()
        if self._ended and not self._unread:
            raise EndOfInput

    def _readable(self) -> bool:
        return self._polled and not self._ended and bool(select.select([self._source], [], [], 0)[0])

    def _read(self) -> None:
        try:
            octets = os.read(self._source, CHUNK)
        except OSError:
            octets = b""
        self._ended = not octets
        self._unread += octets

    def _interrupt(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self.write("\n")
            self._waiting.set_exception(Interrupted())
        elif self._on_interrupt is not None:
            self._on_interrupt()
        else:
            self._interrupted = True

    @contextmanager
    def _modes(self, clear: int = 0) -> Any:
        """Switch terminal modes off for a while."""
        if not self.typed or not clear:
            yield
            return
        before = termios.tcgetattr(self._source)
        modes = termios.tcgetattr(self._source)
        modes[_LOCAL_MODES] &= ~clear
        termios.tcsetattr(self._source, termios.TCSADRAIN, modes)
        try:
            yield
        finally:
            termios.tcsetattr(self._source, termios.TCSADRAIN, before)


def _decoded(line: bytes) -> str:
    return line.decode(errors="surrogateescape").removesuffix("\r")


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
