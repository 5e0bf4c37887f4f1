"""The UDP sockets towards DHCP servers: one on the relay's port of each address that they answer."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Final

from ikecli.boundary.effects import Datagram, Endpoint
from ikecli.errors import Unavailable
from ikecli.intent import Address

MAX_SOCKETS: Final = 16
"""Addresses of ours that servers answer; for a further one the first is closed."""
BATCH: Final = 16
LARGEST: Final = 2048
"""Octets of the longest message that is read."""


class Relaying:
    """Sends from port 67 and hands over what comes there; a socket is opened when needed, after `close` anew."""

    def __init__(self, loop: asyncio.AbstractEventLoop, receive: Callable[[Datagram], None]) -> None:
        self._loop, self._receive = loop, receive
        self._open: dict[Endpoint, socket.socket] = {}

    def send(self, datagram: Datagram) -> None:
        """Send a datagram; raises Unavailable where it cannot leave."""
        remote = datagram.remote
        try:
            self._socket(datagram.local).sendto(datagram.octets, (str(remote.address), remote.port))
        except OSError as error:
            raise Unavailable(f"DHCP server {remote.address}: {error.strerror}") from error

    def close(self) -> None:
        """Close all sockets."""
        for end in tuple(self._open):
            self._shut(end)

    def _socket(self, end: Endpoint) -> socket.socket:
        if (known := self._open.get(end)) is not None:
            return known
        if len(self._open) >= MAX_SOCKETS:
            self._shut(next(iter(self._open)))
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            one.bind((str(end.address), end.port))
        except OSError as error:
            one.close()
            raise Unavailable(_why(end.address, end.port, error)) from error
        self._open[end] = one
        self._loop.add_reader(one, self._drain, one, end)
        return one

    def _shut(self, end: Endpoint) -> None:
        one = self._open.pop(end)
        self._loop.remove_reader(one)
        one.close()

    def _drain(self, one: socket.socket, end: Endpoint) -> None:
        for _ in range(BATCH):
            try:
                octets, (address, port) = one.recvfrom(LARGEST)
            except OSError:
                return
            self._receive(Datagram(octets, end, Endpoint(IPv4Address(address), port)))


def _why(address: Address, port: int, error: OSError) -> str:
    where = f"UDP port {port} of {address}, which DHCP servers answer"
    match error.errno:
        case errno.EACCES:
            return f"{where}: no permission; run the engine as root"
        case errno.EADDRINUSE:
            return f"{where}: another program uses it (a DHCP server or relay of this machine)"
        case errno.EADDRNOTAVAIL:
            return f"{where}: no device of this machine has the address"
    return f"{where}: {error.strerror}"
