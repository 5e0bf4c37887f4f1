"""Long answers, asked for piece by piece while they are laid out: the first screen comes at once, Ctrl-C asks no more.

Renderers are plain generators of lines. Where one waits for a further piece it does so on a thread, while the loop
of the session asks; between two screens nothing is asked and nothing runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from concurrent.futures import CancelledError, Future
from itertools import islice
from typing import Any, Final

from ikecli.control.messages import Request, Show, ShowFurther
from ikecli.control.replies import Reply, Shown

PIECE: Final = 50
"""Views that are asked for at a time."""

LINES: Final = 200
"""Lines that are laid out at a time."""


class Pieces:
    """The views of a request. Each time they are gone through they are asked for anew, but for the first piece."""

    def __init__(self, ask: Callable[[Request], Awaitable[Reply]], request: Show) -> None:
        self._ask, self._request = ask, request
        self._first: Shown | None = None
        self._loop = asyncio.get_running_loop()
        self._waiting: Future[Reply] | None = None
        self._over = False

    async def begin(self) -> None:
        """Ask for the first piece; raises Rejected."""
        reply = await self._ask(self._request)
        assert isinstance(reply, Shown)
        self._first = reply

    def __iter__(self) -> Iterator[Any]:
        """Yield the views; where there are several pieces, on another thread than the loop's alone."""
        piece, self._first = self._first, self._kept()
        while True:
            if piece is None:
                piece = self._wait(self._request)
            yield from piece.views
            if not piece.cursor:
                return
            piece = self._wait(ShowFurther(piece.cursor, PIECE))

    def _kept(self) -> Shown | None:
        """Return what the first piece is the next time: itself, where it is all."""
        return self._first if self._first is not None and not self._first.cursor else None

    def _wait(self, request: Request) -> Shown:
        if self._over:
            raise CancelledError
        self._waiting = asyncio.run_coroutine_threadsafe(self._answer(request), self._loop)
        reply = self._waiting.result()
        assert isinstance(reply, Shown)
        return reply

    async def _answer(self, request: Request) -> Reply:
        return await self._ask(request)

    async def lines(self, rendered: Iterator[str]) -> AsyncGenerator[list[str], None]:
        """Yield what is laid out of the views, some lines at a time."""
        long = self._first is not None and self._first.cursor
        try:
            while some := await self._some(rendered) if long else list(islice(rendered, LINES)):
                yield some
                await asyncio.sleep(0)
        finally:
            self._over = True
            if self._waiting is not None:
                self._waiting.cancel()

    async def _some(self, rendered: Iterator[str]) -> list[str]:
        return await self._loop.run_in_executor(None, lambda: list(islice(rendered, LINES)))
