"""Echo requests through the machine's own IP stack, and so through whatever tunnel covers them."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

from ikecli.dataplane.base import Echo, EchoResult
from ikecli.dataplane.links import read_address
from ikecli.dataplane.linux.host import Host
from ikecli.dataplane.packet import Packet, echo_answered, echo_request
from ikecli.errors import Unavailable
from ikecli.intent import Address, Intent

LARGEST: Final = 65535
SAID: Final = {4: {3: "U", 11: "T"}, 6: {1: "U", 3: "T"}}
"""What an ICMP error says by its type: that a destination cannot be reached, that there were no hops left."""
IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, PMTUDISC_DO = 10, 23, 2
NOT_SENT: Final = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES, errno.EPERM})
"""What a route that refuses, or none, says when a packet is to be sent."""


class Pinger:
    """Sends echo requests, each from a socket of its own, and reports each once."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._identifier = 0
        self._open: set[Waiting] = set()

    def send(self, intent: Intent, echo: Echo, done: Callable[[EchoResult], None], device: str = "") -> None:
        """Send an echo request, in the VRF of a device; raises Unavailable when source or destination make no sense."""
        destination = read_address(echo.destination)
        source = source_of(intent, echo.source, destination) if echo.source else None
        self._identifier = (self._identifier + 1) & 0xFFFF
        key = (self._identifier, echo.sequence & 0xFFFF)
        waiting = Waiting(self._host, key, done, self._open.discard)
        self._open.add(waiting)
        waiting.send(source, destination, echo, device)

    def close(self) -> None:
        """Give up what is awaited."""
        for one in tuple(self._open):
            one.end(".")


class Waiting:
    """One echo whose answer is awaited."""

    def __init__(
        self,
        host: Host,
        key: tuple[int, int],
        done: Callable[[EchoResult], None],
        gone: Callable[[Waiting], None],
    ) -> None:
        self._host, self._key, self._done, self._gone = host, key, done, gone
        self._socket: socket.socket | None = None

    def send(self, source: Address | None, destination: Address, echo: Echo, device: str) -> None:
        """Open the socket and send; raises Unavailable without the right to."""
        six = destination.version == 6
        clock = self._host.clock
        try:
            one = socket.socket(
                socket.AF_INET6 if six else socket.AF_INET,
                socket.SOCK_RAW | socket.SOCK_NONBLOCK,
                socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP,
            )
        except OSError as error:
            self._gone(self)
            raise Unavailable(f"% ping: {error.strerror}; it needs root or CAP_NET_RAW") from error
        self._socket, self._sent = one, clock.now()
        self._timer = clock.call_at(self._sent + echo.timeout, lambda: self.end("."))
        self._host.watch(one.fileno(), self._read)
        try:
            if echo.whole:
                level, option = (
                    (socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER) if six else (socket.IPPROTO_IP, IP_MTU_DISCOVER)
                )
                one.setsockopt(level, option, PMTUDISC_DO)
            if echo.ttl:
                level, option = (
                    (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS) if six else (socket.IPPROTO_IP, socket.IP_TTL)
                )
                one.setsockopt(level, option, echo.ttl)
            if device:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
            if source is not None:
                one.bind((str(source), 0))
            request = echo_request(source or destination, destination, *self._key, echo.size)
            one.sendto(request.payload, (str(destination), 0))
        except OSError as error:
            mark = "M" if error.errno == errno.EMSGSIZE else "U" if error.errno in NOT_SENT else "."
            routed = error.errno != errno.ENETUNREACH
            clock.call_at(self._sent, lambda: self.end(mark, routed))

    def end(self, mark: str, routed: bool = True, hop: str = "") -> None:
        """Report, once; `hop` is who said so."""
        if self._socket is None:
            return
        self._host.unwatch(self._socket.fileno())
        self._socket.close()
        self._socket = None
        self._timer.cancel()
        self._gone(self)
        self._done(EchoResult(mark, (self._host.clock.now() - self._sent) * 1000, routed=routed, hop=hop))

    def _read(self) -> None:
        while self._socket is not None:
            try:
                octets, sender = self._socket.recvfrom(LARGEST)
            except OSError:
                return
            six = self._socket.family == socket.AF_INET6
            if mark := self._mark(octets if six else octets[4 * (octets[0] & 15) :], 6 if six else 4):
                self.end(mark, hop=str(sender[0]).partition("%")[0])

    def _mark(self, message: bytes, version: int) -> str:
        """Return what an ICMP message says of this echo, or nothing."""
        ends = (ip_address("::"),) * 2 if version == 6 else (ip_address(0),) * 2
        protocol = 58 if version == 6 else 1
        if echo_answered(Packet(*ends, protocol, message)) == self._key:
            return "!"
        said = SAID[version].get(message[0]) if len(message) > 8 else None
        if said is None:
            return ""
        inner = message[8:]
        cause = inner[40:48] if version == 6 else inner[4 * (inner[0] & 15) :]
        return said if cause[4:8] == b"".join(part.to_bytes(2, "big") for part in self._key) else ""


def source_of(intent: Intent, name: str, destination: Address) -> Address:
    """Return the address that an echo is to leave from, an interface's or one itself; raises Unavailable."""
    for one in intent.network.interfaces:
        if name in (one.name, one.nameif):
            own = [each.ip for each in one.addresses if each.version == destination.version]
            if own and not one.shutdown:
                return own[0]
            raise Unavailable(f"% Invalid source interface - {name} has no usable IP address or is down")
    return read_address(name)
