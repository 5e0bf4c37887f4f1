"""The two ways to an appliance: within the process, and over its control socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from ikecli.control import codec
from ikecli.control.messages import Request
from ikecli.control.replies import Error, Heard, Reply, Shown
from ikecli.errors import Rejected, Unavailable

Push = Callable[[Heard], None]
Wait = Callable[[Callable[[], bool]], object]

PATH_LIMIT: Final = 107
"""Octets that the path of a Unix socket may have (sun_path without its end)."""


class Gone(Unavailable):
    """The appliance ended the session, or is no more."""


class Session(Protocol):
    """An appliance's side of a session."""

    level: int

    def handle(self, request: Request, reply: Callable[[Reply], None]) -> None:
        """Answer the request once, now or later."""

    def close(self) -> None:
        """End the session."""


Open = Callable[[int, str, Push], Session]
"""Opens a session at a level for a user; what the appliance pushes goes to the last argument."""


class Client(Protocol):
    """A session of an appliance, as the shell sees it."""

    on_push: Push | None
    """Called with everything pushed; what comes while it is None is lost."""

    async def request(self, request: Request) -> Reply:
        """Return the reply; raises Gone when the appliance is, errors.Rejected when it cannot be sent."""

    async def close(self) -> None:
        """End the session."""


class LocalClient:
    """A session within the process. `wait`, if given, lets (virtual) time pass until its argument is true."""

    def __init__(self, open_: Open, level: int, user: str, wait: Wait | None = None) -> None:
        self.on_push: Push | None = None
        self._session: Final = open_(level, user, self._push)
        self._wait: Final = wait

    async def request(self, request: Request) -> Reply:
        """Have the session answer."""
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

        def reply(reply: Reply) -> None:
            if not answer.done():
                answer.set_result(replace(reply, views=tuple(reply.views)) if isinstance(reply, Shown) else reply)

        self._session.handle(request, reply)
        if self._wait is not None and not answer.done():
            self._wait(answer.done)
        return await answer

    async def close(self) -> None:
        """End the session."""
        self._session.close()

    def _push(self, heard: Heard) -> None:
        if self.on_push is not None:
            self.on_push(heard)


class SocketClient:
    """A session over the control socket; several requests may be open at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.on_push: Push | None = None
        self._reader, self._writer = reader, writer
        self._number = 0
        self._open: dict[int, asyncio.Future[Reply]] = {}
        self._partial: dict[int, list[Reply]] = {}
        self._gone: Gone | None = None
        self._receiver: Final = asyncio.get_running_loop().create_task(self._receive())

    @classmethod
    async def connect(cls, path: Path) -> SocketClient:
        """Connect to the engine at `path`; raises Unavailable, in one sentence, when none answers there."""
        check_path(path)
        try:
            reader, writer = await asyncio.open_unix_connection(str(path), limit=2 * codec.LINE_LIMIT)
        except OSError as error:
            absent = isinstance(error, ConnectionRefusedError | FileNotFoundError)
            why = "no engine answers there" if absent else str(error.strerror)
            raise Unavailable(f"control socket {path}: {why}") from error
        return cls(reader, writer)

    async def request(self, request: Request) -> Reply:
        """Send the request and wait for its reply."""
        if self._gone is not None:
            raise self._gone
        self._number += 1
        number = self._number
        line = codec.encode_request(number, request)
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._open[number] = answer
        try:
            self._writer.write(line)
            return await answer
        finally:
            self._open.pop(number, None)
            self._partial.pop(number, None)

    async def close(self) -> None:
        """End the session."""
        self._receiver.cancel()
        self._writer.close()

    async def _receive(self) -> None:
        why = "the engine closed the session"
        try:
            while line := await self._reader.readline():
                self._take(line)
        except Gone as refusal:
            why = str(refusal)
        except (OSError, ValueError, Rejected) as error:
            why = f"the session with the engine broke: {error}"
        self._gone = Gone(why)
        self._writer.close()
        for answer in self._open.values():
            if not answer.done():
                answer.set_exception(self._gone)

    def _take(self, line: bytes) -> None:
        answer = codec.decode_answer(line)
        if isinstance(answer, Heard):
            if self.on_push is not None:
                self.on_push(answer)
            return
        number, reply, more = answer
        if number == 0 and isinstance(reply, Error):
            raise Gone(reply.text)
        if number not in self._open:
            return
        if more:
            self._partial.setdefault(number, []).append(reply)
        elif not self._open[number].done():
            parts = self._partial.pop(number, [])
            self._open[number].set_result(codec.joined([*parts, reply]) if parts else reply)


def check_path(path: Path) -> None:
    """Raise Unavailable for a path that no Unix socket can have."""
    octets = len(str(path).encode())
    if octets > PATH_LIMIT:
        raise Unavailable(
            f"control socket {path}: the path has {octets} octets, a socket's at most {PATH_LIMIT}; "
            "name a shorter one with --control"
        )
