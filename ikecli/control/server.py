"""The control socket: sessions of an appliance for whoever may connect, each bounded in what it can take."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, cast

from ikecli.control import codec, levels
from ikecli.control.client import Open, Session, check_path
from ikecli.control.messages import FAULT, OPERATOR
from ikecli.control.replies import Error, Heard, Reply
from ikecli.errors import Rejected, Unavailable

SESSIONS: Final = 64
"""Sessions at a time."""

RESERVED: Final = 8
"""Sessions of these that only those may open who begin as operators."""

REQUESTS: Final = 16
"""Requests of a session that may be open; further ones are left unread."""

PATIENCE: Final = 30.0
"""Seconds after which a session that does not read is closed."""

HIGH_WATER: Final = 1 << 18
"""Octets waiting for a session to read, above which nothing more is made for it."""

BACKLOG: Final = 16
LOOK: Final = 2.0
"""Seconds between two looks whether the socket is still there."""


class Connection(asyncio.Protocol):
    """One session on the socket. What it cannot take is not made: requests wait, pushed lines are counted as lost."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._session: Session | None = None
        self._transport: asyncio.Transport
        self._unread = bytearray()
        self._replies: deque[Iterator[bytes]] = deque()
        self._open = 0
        self._lost = 0
        self._paused = False
        self._ending = False
        self._serving = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open a session at the caller's level, or say why not."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(HIGH_WATER)
        who = levels.caller(transport.get_extra_info("socket"))
        if who is None:
            return self._end(f"% Only root, this engine's user and the group {levels.GROUP} may use this socket.")
        free = SESSIONS if who[0] >= OPERATOR else SESSIONS - RESERVED
        if len(self._server.connections) >= free:
            return self._end(f"% All {free} sessions are in use; end one and try again.")
        self._server.connections.add(self)
        self._session = self._server.open(*who, self.push)

    def _end(self, why: str) -> None:
        self._ending = True
        self._transport.writelines(codec.encode_reply(0, Error(why)))
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the session."""
        self._ending = True
        self._stop_waiting()
        if self._session is not None:
            self._session.close()
            self._server.left(self)

    def eof_received(self) -> bool:
        """Keep the other direction open until what was asked is answered."""
        self._ending = True
        self._finish()
        return True

    def data_received(self, data: bytes) -> None:
        """Take what came; a line that is too long ends the session."""
        self._unread += data
        self._serve()
        limit = self._limit
        if len(self._unread) >= limit and b"\n" not in self._unread and not self._ending:
            self._unread.clear()
            self._end(f"% A line has at most {limit} octets.")

    @property
    def _limit(self) -> int:
        """Octets of a line: who may not configure has no use for long ones."""
        operator = self._session is not None and self._session.level >= OPERATOR
        return codec.LINE_LIMIT if operator else codec.USER_LINE_LIMIT

    def _serve(self) -> None:
        """Handle lines while the session may have more requests open and reads its answers."""
        if self._serving:
            return
        self._serving = True
        while not self._paused and self._open < REQUESTS and self._session is not None:
            end = self._unread.find(b"\n")
            if end < 0:
                break
            line = bytes(self._unread[:end])
            del self._unread[: end + 1]
            self._handle(line)
        self._serving = False
        if self._transport.is_closing():
            return
        if self._paused or self._open >= REQUESTS:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _handle(self, line: bytes) -> None:
        assert self._session is not None
        self._open += 1
        try:
            if len(line) >= (limit := self._limit):
                raise Rejected(f"% A line has at most {limit} octets.")
            number, request = codec.decode_request(line)
        except Rejected as wrong:
            return self._answer(codec.number_of(line), Error(str(wrong)))
        answered = False

        def answer(reply: Reply) -> None:
            nonlocal answered
            if not answered:
                answered = True
                self._answer(number, reply)

        try:
            self._session.handle(request, answer)
        except Exception as failure:  # a fault here must cost one answer, not the session
            told = {"message": f"{type(request).__name__} failed", "exception": failure}
            asyncio.get_running_loop().call_exception_handler(told)
            answer(Error(FAULT))

    def _answer(self, number: int, reply: Reply) -> None:
        """Queue a reply; called once for each open request, perhaps long after it, even when nobody is there."""
        self._replies.append(codec.encode_reply(number, reply))
        if len(self._replies) == 1:
            self._write()

    def _write(self) -> None:
        """Make and write reply lines while they are read."""
        while self._replies and not self._paused and not self._transport.is_closing():
            line = next(self._replies[0], None)
            if line is None:
                self._replies.popleft()
                self._open -= 1
                continue
            self._transport.write(line)
            if len(line) > codec.PART_SIZE:
                asyncio.get_running_loop().call_soon(self._write)
                return
        self._serve()
        self._finish()

    def _finish(self) -> None:
        if self._ending and not self._open and not self._unread.count(b"\n"):
            self._transport.close()

    def pause_writing(self) -> None:
        """The session does not read: wait, but not for ever."""
        self._paused = True
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._server.patience, self._transport.abort)

    def resume_writing(self) -> None:
        """The session reads again."""
        self._paused = False
        self._stop_waiting()
        self._write()

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def push(self, heard: Heard) -> None:
        """Send what the appliance pushes, or count it as lost."""
        if self._paused or self._transport.is_closing():
            self._lost += 1
            return
        self._transport.write(codec.encode_push(replace(heard, lost=heard.lost + self._lost) if self._lost else heard))
        self._lost = 0


class Server:
    """The listening control socket. `when_empty` is called when the last session has ended."""

    def __init__(self, open_: Open, when_empty: Callable[[], None] | None = None, patience: float = PATIENCE) -> None:
        self.open: Final = open_
        self.patience: Final = patience
        self.connections: Final[set[Connection]] = set()
        self._when_empty = when_empty
        self._server: asyncio.Server | None = None
        self._path: Path | None = None
        self._look: asyncio.TimerHandle | None = None
        self._mending: asyncio.Task[None] | None = None

    async def listen(self, path: Path) -> None:
        """Listen at `path`; raises Unavailable when an engine answers there already, or the path cannot be used.

        A socket that somebody removes is there again soon; sessions go on.
        """
        listener = listening_socket(path)
        loop, before = asyncio.get_running_loop(), self._server
        self._path = path
        self._server = await loop.create_unix_server(lambda: Connection(self), sock=listener)
        if before is not None:
            before.close()
        self._look = loop.call_later(LOOK, self._see, path)

    def _see(self, path: Path) -> None:
        loop = asyncio.get_running_loop()
        if path.exists():
            self._look = loop.call_later(LOOK, self._see, path)
        else:
            self._mending = loop.create_task(self._mend(path))

    async def _mend(self, path: Path) -> None:
        try:
            await self.listen(path)
        except Unavailable:
            self._look = asyncio.get_running_loop().call_later(LOOK, self._see, path)

    def left(self, connection: Connection) -> None:
        """Forget a session that ended."""
        self.connections.discard(connection)
        if not self.connections and self._when_empty is not None:
            self._when_empty()

    def close(self) -> None:
        """End all sessions and remove the socket."""
        self._when_empty = None
        for one in (self._look, self._mending):
            if one is not None:
                one.cancel()
        if self._server is not None:
            self._server.close()
        for connection in tuple(self.connections):
            connection._transport.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def listening_socket(path: Path) -> socket.socket:
    """Return a listening socket at `path`: mode 0600, or 0660 for the group when root runs it and the group exists.

    A socket that nobody answers is replaced; raises Unavailable otherwise.
    """
    check_path(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        path.parent.mkdir(mode=0o700 if levels.admitted_group() is None else 0o755, parents=True, exist_ok=True)
        _remove_stale(path)
        _bind(listener, path)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise Unavailable(f"control socket {path}: {error.strerror}; name another with --control") from error
    except Unavailable:
        listener.close()
        raise
    return listener


def _bind(listener: socket.socket, path: Path) -> None:
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(mask)
    group = levels.admitted_group()
    if group is not None:
        os.chown(path, -1, group)
        path.chmod(0o660)


def _remove_stale(path: Path) -> None:
    """Remove a socket that nobody answers; raise Unavailable when somebody does, or when it is no socket."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise Unavailable(f"control socket {path}: there is a file of that name that is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise Unavailable(f"control socket {path}: another engine answers there; give this one its own with --control")
