"""Netlink as a data plane needs it: requests that are answered when the call returns, and a socket that hears events.

The kernel works inside `send`, so that a blocking request costs less than any loop around it. Messages are pyroute2's
classes; its sockets are not used, since they want a loop of their own.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any, Final

from ikecli.errors import Unavailable

SOL_NETLINK: Final = 270
NETLINK_CAP_ACK: Final = 10
NETLINK_EXT_ACK: Final = 11
REQUEST: Final = 1
ACK: Final = 4
EXCL, CREATE, REPLACE = 0x200, 0x400, 0x100
DUMP: Final = 0x300
ERROR, DONE = 2, 3
OVERRUN: Final = 0x10
FAMILIES: Final = {4: socket.AF_INET, 6: socket.AF_INET6}
"""What the kernel calls the versions of IP."""
HEADER: Final = struct.Struct("=IHHII")
BUFFER: Final = 1 << 20
EVENT_BUFFER: Final = 1 << 22
"""Octets of events that may wait: one is about 300, so that a burst of ten thousand is not lost."""


class Refused(Unavailable):
    """The kernel did not do it: `code` is its errno, the text its own words where it has some."""

    def __init__(self, what: str, code: int, words: str = "") -> None:
        super().__init__(f"{what}: {words or os.strerror(code)}")
        self.code: Final = code


class Requests:
    """A netlink socket for requests. `marshal` is a pyroute2 Marshal that knows the family's messages."""

    def __init__(self, family: int, marshal: Any) -> None:
        self._marshal = marshal
        self._sequence = 0
        self._buffer = memoryview(bytearray(BUFFER))  # one, since to make it costs more than most answers
        try:
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, family)
        except OSError as error:
            raise Refused(f"netlink family {family}", error.errno or 0) from error
        self._socket.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self._socket.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        self._socket.bind((0, 0))

    def change(self, what: str, message: Any, kind: int, flags: int = 0) -> None:
        """Have something changed; raises Refused."""
        self._send(message, kind, REQUEST | ACK | flags)
        for _ in self._answers(what):
            pass

    def look(self, what: str, message: Any, kind: int) -> Any:
        """Return the one message that answers; raises Refused."""
        self._send(message, kind, REQUEST)
        return next(self._answers(what))

    def dump(self, what: str, message: Any, kind: int) -> list[Any]:
        """Return all that there is; raises Refused. One that was overtaken by a change is taken again."""
        while True:
            self._send(message, kind, REQUEST | DUMP)
            found = list(self._answers(what, dump=True))
            if not any(one["header"]["flags"] & OVERRUN for one in found):
                return found

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _send(self, message: Any, kind: int, flags: int) -> None:
        self._sequence += 1
        header = message["header"]
        header["type"], header["flags"], header["sequence_number"], header["pid"] = kind, flags, self._sequence, 0
        message.reset()
        message.encode()
        self._socket.send(message.data)

    def _answers(self, what: str, dump: bool = False) -> Iterator[Any]:
        """Yield the answers to the last request, up to its end."""
        while True:
            data = bytes(self._buffer[: self._socket.recv_into(self._buffer)])
            length, kind, _, sequence, _ = HEADER.unpack_from(data)
            if sequence != self._sequence:
                continue
            if kind == ERROR:
                if code := -struct.unpack_from("=i", data, HEADER.size)[0]:
                    raise Refused(what, code, _words(data[:length]))
                return
            for message in self._marshal.parse(data):
                if message["header"]["type"] in (ERROR, DONE):
                    return
                yield message
            if not dump:
                return


class Events:
    """A netlink socket in multicast groups. When events were lost it says so, and is whole again."""

    def __init__(self, family: int, marshal: Any, groups: int) -> None:
        self._family, self._marshal, self._groups = family, marshal, groups
        self._socket = self._open()

    def fileno(self) -> int:
        """Return what to watch."""
        return self._socket.fileno()

    def read(self, take: Callable[[Any], None]) -> bool:
        """Hand over what has come; return whether some was lost."""
        while True:
            try:
                data = self._socket.recv(BUFFER)
            except BlockingIOError:
                return False
            except OSError as error:
                if error.errno == errno.ENOBUFS:
                    return True
                raise
            for message in self._marshal.parse(data):
                take(message)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _open(self) -> socket.socket:
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        one = socket.socket(socket.AF_NETLINK, kind, self._family)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, EVENT_BUFFER)
        one.bind((0, self._groups))
        return one


def _words(data: bytes) -> str:
    """Return the kernel's sentence in an extended error answer, or nothing.

    With NETLINK_CAP_ACK only the header of the request is repeated before the attributes.
    """
    offset = HEADER.size + 4 + HEADER.size
    while offset + 4 <= len(data):
        size, kind = struct.unpack_from("=HH", data, offset)
        if size < 4:
            return ""
        if kind == 1:
            return data[offset + 4 : offset + size].rstrip(b"\0").decode(errors="replace")
        offset += (size + 3) & ~3
    return ""
