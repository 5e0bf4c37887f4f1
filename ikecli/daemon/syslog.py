"""Log lines to syslog servers (RFC 5424), by UDP (RFC 5426) or TCP with counted octets (RFC 6587 3.4.1).

Nothing here waits: what a server does not take is dropped, the oldest lines of those that wait for TCP first.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from ikecli.boundary.views import LogLine
from ikecli.intent import Syslog

FACILITY: Final = {"ios": 23, "asa": 20}
"""local7 and local4, as the systems have it."""
WAITING: Final = 512
"""Lines that wait for a server."""
UNSENT: Final = 1 << 16
"""Octets that a connection has not taken yet, above which lines wait."""
AGAIN_SECONDS: Final = 5.0
"""How long a server that refused is left alone."""
LONGEST: Final = 2048
"""Octets of a message; every receiver takes that many (RFC 5424 6.1)."""


def message(line: LogLine, dialect: str, hostname: str) -> bytes:
    """Return a line as a syslog message."""
    priority = FACILITY[dialect] * 8 + line.severity
    time = datetime.fromtimestamp(line.time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    name = "".join(char for char in hostname if "!" <= char <= "~")[:255] or "-"
    text = f"%{line.facility}-{line.severity}-{line.mnemonic}: {line.text}"
    printable = "".join(char if char.isprintable() else "?" for char in text)
    head = f"<{priority}>1 {time} {name} ikecli {os.getpid()} {line.mnemonic[:32]} - "
    return (head.encode() + printable.encode("ascii", "backslashreplace"))[:LONGEST]


class Sender:
    """What goes to the servers that `servers` returns at the time."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, dialect: str, servers: Callable[[], tuple[str, tuple[Syslog, ...]]]
    ) -> None:
        self._loop, self._dialect, self._servers = loop, dialect, servers
        self._datagrams: dict[int, socket.socket] = {}
        self._streams: dict[tuple[str, int], Stream] = {}

    def send(self, line: LogLine) -> None:
        """Send a line to whom it is grave enough for."""
        hostname, servers = self._servers()
        if not servers and not self._streams:
            return
        octets = message(line, self._dialect, hostname) if servers else b""
        for server in servers:
            if line.severity > server.severity:
                continue
            where = str(server.server), server.port
            if server.tcp:
                if where not in self._streams:
                    self._streams[where] = Stream(self._loop, where)
                self._streams[where].send(octets)
            else:
                self._datagram(server.server.version, octets, where)
        for where in self._streams.keys() - {(str(one.server), one.port) for one in servers if one.tcp}:
            self._streams.pop(where).close()

    def close(self) -> None:
        """Close what is open."""
        for one in self._datagrams.values():
            one.close()
        for stream in self._streams.values():
            stream.close()

    def _datagram(self, version: int, octets: bytes, where: tuple[str, int]) -> None:
        one = self._datagrams.get(version)
        if one is None:
            family = socket.AF_INET if version == 4 else socket.AF_INET6
            one = self._datagrams[version] = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            one.sendto(octets, where)
        except OSError:
            return  # a datagram that the machine does not take is as lost as one on its way


class Stream(asyncio.Protocol):
    """A connection to one server, opened when there is something to send."""

    def __init__(self, loop: asyncio.AbstractEventLoop, where: tuple[str, int]) -> None:
        self._loop, self._where = loop, where
        self._waiting: deque[bytes] = deque(maxlen=WAITING)
        self._transport: asyncio.Transport | None = None
        self._opening: asyncio.Task[None] | None = None
        self._again = 0.0
        self._paused = False

    def send(self, octets: bytes) -> None:
        """Send a message, or keep it until the server takes it."""
        self._waiting.append(b"%d %b" % (len(octets), octets))
        if self._transport is not None:
            self._flush()
        elif self._opening is None and self._loop.time() >= self._again:
            self._opening = self._loop.create_task(self._open())

    def close(self) -> None:
        """End the connection after what it has taken."""
        if self._opening is not None:
            self._opening.cancel()
        if self._transport is not None:
            self._transport.close()

    async def _open(self) -> None:
        try:
            await self._loop.create_connection(lambda: self, *self._where)
        except OSError:
            self._again = self._loop.time() + AGAIN_SECONDS
        finally:
            self._opening = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send what waits."""
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(UNSENT)
        self._transport = transport
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for the next line."""
        self._transport, self._paused = None, False
        self._again = self._loop.time() + AGAIN_SECONDS

    def pause_writing(self) -> None:
        """Keep lines back."""
        self._paused = True

    def resume_writing(self) -> None:
        """Go on."""
        self._paused = False
        self._flush()

    def _flush(self) -> None:
        while self._waiting and not self._paused and self._transport is not None:
            self._transport.write(self._waiting.popleft())
