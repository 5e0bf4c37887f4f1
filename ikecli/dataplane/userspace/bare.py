"""GRE that nothing protects: what a tunnel's device gives goes to its other end, and the other way (RFC 2784, 2890).

The packets leave as the machine's own, so that a crypto map on the way may still protect them.
"""

from __future__ import annotations

import contextlib
import io
import os
import socket
from typing import Final

from ikecli.dataplane import gre
from ikecli.dataplane.packet import CONGESTED
from ikecli.dataplane.userspace.ecn import marked
from ikecli.dataplane.userspace.ports import IP_FREEBIND, IP_RECVTOS, IPV6_FREEBIND, IPV6_RECVTCLASS, IPV6_TCLASS
from ikecli.dataplane.userspace.segments import clamp
from ikecli.dataplane.userspace.tun import HEADER as VNET
from ikecli.dataplane.userspace.tun import PLAIN
from ikecli.dataplane.userspace.wrapping import Gre
from ikecli.errors import Malformed, Unavailable

BUDGET: Final = 64
"""Packets of one direction before the others have their turn."""
LARGEST: Final = 65_535
ANCILLARY: Final = 64


def open_gre(tunnel: Gre, device: str) -> socket.socket:
    """Return a raw socket at a tunnel's near end, in the VRF of a device ("": the global table); raises Unavailable."""
    six = tunnel.source.version == 6
    level = socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP
    try:
        one = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW, gre.GRE)
        one.setsockopt(level, IPV6_FREEBIND if six else IP_FREEBIND, 1)
        one.setsockopt(level, IPV6_RECVTCLASS if six else IP_RECVTOS, 1)
        one.setsockopt(level, socket.IPV6_UNICAST_HOPS if six else socket.IP_TTL, tunnel.hops)
        one.setblocking(False)
        if device:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
        one.bind((str(tunnel.source), 0))
    except OSError as error:
        raise Unavailable(f"GRE at {tunnel.source}: {error.strerror}") from error
    return one


class Bare:
    """A tunnel's device and the socket at its near end; what is read meanwhile is dropped where the other is full."""

    def __init__(self, tun: int, file: int, tunnel: Gre, versions: tuple[int, ...], segments: tuple[int, int]) -> None:
        self.tun: Final = io.FileIO(tun, "r+b")
        self.socket: Final = socket.socket(fileno=file)
        self._key, self._versions, self._segments = tunnel.key, versions, segments
        self._service = tunnel.service
        self._there = str(tunnel.destination), 0
        self._six = tunnel.source.version == 6
        self._heads = {version: gre.head(version, tunnel.key) for version in versions}
        self._buffer = bytearray(LARGEST + VNET)
        self._view = memoryview(self._buffer)

    def send(self, _events: int) -> None:
        """Send what the device gives."""
        buffer, level = self._buffer, socket.IPPROTO_IPV6 if self._six else socket.IPPROTO_IP
        for _ in range(BUDGET):
            size = self.tun.readinto(self._view)
            if size is None:
                return
            version = buffer[VNET] >> 4
            if size < VNET + 20 or version not in self._heads:
                continue
            clamp(buffer, VNET, size - VNET, self._segments)
            kind = buffer[VNET + 1] if version == 4 else (buffer[VNET] & 15) << 4 | buffer[VNET + 1] >> 4
            kind = kind if self._service is None else self._service
            extra = [(level, IPV6_TCLASS if self._six else socket.IP_TOS, kind.to_bytes(4, "little"))]
            with contextlib.suppress(OSError):
                self.socket.sendmsg((self._heads[version], self._view[VNET:size]), extra, 0, self._there)

    def receive(self, _events: int) -> None:
        """Give to the device what came; over IPv4 it has its header."""
        for _ in range(BUDGET):
            try:
                size, extra, _, source = self.socket.recvmsg_into((self._view,), ANCILLARY)
            except BlockingIOError:
                return
            except OSError:  # what the network says of a packet before
                continue
            if source[0] != self._there[0]:
                continue
            kind = self._buffer[1] if not self._six else next((data[0] for _, _, data in extra), 0)
            start = 0 if self._six else 4 * (self._buffer[0] & 15)
            with contextlib.suppress(Malformed):
                inside, key = gre.inside(self._view[start:size])
                if key == self._key and self._buffer[start + inside] >> 4 in self._versions:
                    self._give(start + inside, size, kind)

    def _give(self, at: int, size: int, kind: int) -> None:
        if kind & CONGESTED == CONGESTED and not marked(self._buffer, at):
            return
        clamp(self._buffer, at, size - at, self._segments)
        with contextlib.suppress(OSError):  # a device that is full or down takes none
            os.writev(self.tun.fileno(), (PLAIN, self._view[at:size]))

    def close(self) -> None:
        """Close both."""
        self.tun.close()
        self.socket.close()
