"""The UDP sockets: IKE on two ports, replies leaving from the address that was asked (RFC 7296 2.23, RFC 3948).

The engine knows its ports as 500 and 4500 whatever the numbers on the wire: here they are exchanged for those in use.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Final

from ikecli.boundary.effects import Datagram, Endpoint
from ikecli.dataplane.linux.host import Guest, Home
from ikecli.errors import Unavailable
from ikecli.intent import Address
from ikecli.numbers import IKE_PORT, NAT_PORT, NON_ESP_MARKER

KEEPALIVE: Final = b"\xff"
BATCH: Final = 16
"""Datagrams taken from a socket and served before others have their turn: a few milliseconds of handshakes."""
LONGEST_TURN: Final = 128
"""The same with those that only wait, so that what is to be served first is found behind them."""
PROBE: Final = 8
"""Of so many turns of sockets that have one datagram each time, one looks for a second: to find none costs a call."""
SOCKET_PAIRS: Final = 64
"""Addresses that get sockets of their own; where there are more, one pair listens on all of each VRF."""
LARGEST: Final = 65535
KNOWN_ENDS: Final = 4096
"""Ends of peers that are not made anew of what the machine says."""
RECEIVE_BUFFER: Final = 1 << 22
ANCILLARY: Final = 128
IP_PKTINFO: Final = 8
IP_FREEBIND: Final = 15
IPV6_FREEBIND: Final = 78
IPV6_HERE: Final = Path("/proc/net/if_inet6")
"""Exists on machines that have IPv6."""
IPV4_OCTETS: Final = 4
WILDCARDS: Final = (IPv4Address("0.0.0.0"), IPv6Address("::"))


class Ports:
    """The two ports on the wire."""

    def __init__(self, ike: int = IKE_PORT, nat: int = NAT_PORT) -> None:
        self.ike: Final = ike
        self.nat: Final = nat
        self._swaps: Final = {ike: IKE_PORT, nat: NAT_PORT, IKE_PORT: ike, NAT_PORT: nat}

    def on_wire(self, port: int) -> int:
        """Return the port that stands for an engine's port; its own inverse."""
        return self._swaps.get(port, port)


class Sockets:
    """All UDP sockets of an engine. What is no IKE is counted in `counted` and dropped.

    `receive` returns whether a datagram waits until `rest` is called: when what came together has been read.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        receive: Callable[[Datagram], bool | None],
        ports: Ports | None = None,
        rest: Callable[[], None] = lambda: None,
    ) -> None:
        self.ports: Final = ports or Ports()
        self.counted: Final[Counter[str]] = Counter()
        self._loop = loop
        self._receive, self._rest = receive, rest
        self._open: dict[Home, tuple[socket.socket, socket.socket]] = {}
        self._by_end: dict[tuple[str, Address], tuple[socket.socket, socket.socket]] = {}
        self._room: Final = memoryview(bytearray(LARGEST))
        self._singles = 0
        self.guest: Guest | None = None

    @property
    def addresses(self) -> frozenset[Address]:
        """The addresses listened on; the unspecified ones stand for all."""
        return frozenset(home.address for home in self._open)

    def listen(self, homes: Iterable[Home]) -> None:
        """Listen there and nowhere else, on all addresses where there are none or very many; raises Unavailable.

        An address need not be on a device yet. After a failure the others are listened on nevertheless.
        """
        wanted = frozenset(homes)
        if not 0 < len(wanted) <= SOCKET_PAIRS:
            tables = {(home.vrf, home.device) for home in wanted} or {("", "")}
            wanted = frozenset(Home(one, *table) for one in WILDCARDS[: 1 + IPV6_HERE.exists()] for table in tables)
        for home in self._open.keys() - wanted:
            self._shut(home)
        failure: Unavailable | None = None
        for home in sorted(
            wanted - self._open.keys(), key=lambda one: (one.vrf, one.address.version, int(one.address))
        ):
            try:
                self._open[home] = self._bind(home, self.ports.ike), self._bind(home, self.ports.nat)
                self._by_end[home.vrf, home.address] = self._open[home]
                self._attend(home)
            except Unavailable as problem:
                failure = failure or problem
                if home in self._open:
                    self._shut(home)
        if failure is not None:
            raise failure

    def transmit(self, datagram: Datagram) -> None:
        """Send a datagram from its local address; raises Unavailable, and counts it, where that cannot be.

        The first error may be an earlier datagram's, which the network refused (ip(7), IP_RECVERR).
        """
        try:
            self._transmit(datagram)
        except OSError:
            try:
                self._transmit(datagram)
            except OSError as error:
                self.counted["unsent"] += 1
                raise Unavailable(_unsent(datagram, error)) from error

    def _transmit(self, datagram: Datagram) -> None:
        local, remote = datagram.local, datagram.remote
        encapsulated = local.port == NAT_PORT
        octets = NON_ESP_MARKER + datagram.octets if encapsulated and not datagram.bare else datagram.octets
        to = _text(remote), self.ports.on_wire(remote.port)
        if (pair := self._by_end.get((datagram.vrf, local.address))) is not None:
            pair[encapsulated].sendto(octets, to)
        elif (pair := self._by_end.get((datagram.vrf, WILDCARDS[local.address.version == 6]))) is not None:
            pair[encapsulated].sendmsg([octets], [_source(local.address)], 0, to)
        else:
            raise OSError(errno.EADDRNOTAVAIL, f"nothing listens at {local.address}")

    def on_wire(self, port: int) -> int:
        """Return the port that stands for an engine's port; its own inverse."""
        return self.ports.on_wire(port)

    def deliver(self, datagram: Datagram) -> None:
        """Take an IKE datagram that a guest read, without its marker."""
        if self._receive(datagram):
            self._loop.call_soon(self._rest)

    def close(self) -> None:
        """Close all sockets."""
        for home in tuple(self._open):
            self._shut(home)

    def _bind(self, home: Home, port: int) -> socket.socket:
        address = home.address
        six = address.version == 6
        one = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        level = socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP
        try:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            one.setsockopt(level, IPV6_FREEBIND if six else IP_FREEBIND, 1)
            if six:
                one.setsockopt(level, socket.IPV6_V6ONLY, 1)
            if home.device:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, home.device.encode() + b"\0")
            if address in WILDCARDS:
                one.setsockopt(level, socket.IPV6_RECVPKTINFO if six else IP_PKTINFO, 1)
            with self._sharing(one, home):
                one.bind((str(address), port))
        except OSError as error:
            one.close()
            raise Unavailable(_why(home, port, error)) from error
        return one

    @contextmanager
    def _sharing(self, new: socket.socket, home: Home) -> Iterator[None]:
        """Have sockets of one address and several VRFs agree that they are several: for a moment, lest others join."""
        shared = [new, *(one for pair in self._open.values() for one in pair)]
        if not any(other.device for other in (home, *self._open)):
            shared = []
        for one in shared:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            yield
        finally:
            for one in shared:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)

    def _attend(self, home: Home) -> None:
        for one, port in zip(self._open[home], (IKE_PORT, NAT_PORT), strict=True):
            if self.guest is not None and self.guest.opened(home, port, one):
                continue
            if home.address in WILDCARDS:
                self._loop.add_reader(one, self._drain_any, one, port, home.vrf)
            else:
                self._loop.add_reader(one, self._drain, one, Endpoint(home.address, port), home.vrf)

    def _shut(self, home: Home) -> None:
        self._by_end.pop((home.vrf, home.address), None)
        for one, port in zip(self._open.pop(home), (IKE_PORT, NAT_PORT), strict=True):
            if self.guest is not None:
                self.guest.closed(home, port)
            self._loop.remove_reader(one)
            one.close()

    def _drain(self, one: socket.socket, local: Endpoint, vrf: str) -> None:
        self._read(one, local, vrf)
        self._rest()

    def _read(self, one: socket.socket, local: Endpoint, vrf: str) -> None:
        """Take what has come for one address."""
        served = 0
        for before in range(self._turn()):
            try:
                size, source = one.recvfrom_into(self._room)
            except BlockingIOError:
                self._singles = int(before == 1)
                return
            except OSError:
                self.counted["unreceived"] += 1
                return
            served += self._take(bytes(self._room[:size]), local, source, vrf)
            if served == BATCH:
                return

    def _drain_any(self, one: socket.socket, port: int, vrf: str) -> None:
        self._read_any(one, port, vrf)
        self._rest()

    def _read_any(self, one: socket.socket, port: int, vrf: str) -> None:
        """Take what has come for any address."""
        served = 0
        for before in range(self._turn()):
            try:
                size, control, _flags, source = one.recvmsg_into([self._room], ANCILLARY)
            except BlockingIOError:
                self._singles = int(before == 1)
                return
            except OSError:
                self.counted["unreceived"] += 1
                return
            address = _destination(control)
            if address is not None:
                served += self._take(bytes(self._room[:size]), Endpoint(address, port), source, vrf)
            if served == BATCH:
                return

    def _turn(self) -> int:
        """Return how many datagrams to ask for: one where only one came at a time lately; the loop calls for more."""
        if not self._singles:
            return LONGEST_TURN
        self._singles = (self._singles + 1) % PROBE
        return 1

    def _take(self, octets: bytes, local: Endpoint, source: tuple[str, int], vrf: str) -> bool:
        """Take a datagram; return whether it was served: of what is no IKE, and of what waits, there may be more."""
        if local.port == NAT_PORT:
            if octets[:4] != NON_ESP_MARKER:
                self.counted["keepalive" if octets == KEEPALIVE else "esp" if len(octets) > 8 else "short"] += 1
                return False
            octets = octets[4:]
        return not self._receive(Datagram(octets, local, _endpoint(source[0], self.ports.on_wire(source[1])), vrf=vrf))


@lru_cache(KNOWN_ENDS)
def _endpoint(address: str, port: int) -> Endpoint:
    return Endpoint(IPv6Address(address) if ":" in address else IPv4Address(socket.inet_aton(address)), port)


def _text(end: Endpoint) -> str:
    """Return an end's address as sockets take it; one of a single link with its zone (RFC 4007 11)."""
    return socket.inet_ntoa(end.host) if len(end.host) == IPV4_OCTETS else str(end.address)


def _why(home: Home, port: int, error: OSError) -> str:
    where = f"UDP port {port}" + ("" if home.address in WILDCARDS else f" of {home.address}")
    where += f" in VRF {home.vrf}" if home.vrf else ""
    match error.errno:
        case errno.EACCES:
            return f"{where}: no permission; run the engine as root, or choose ports with --port and --nat-port"
        case errno.EADDRINUSE:
            return f"{where}: another program uses it; stop it, or choose ports with --port and --nat-port"
    return f"{where}: {error.strerror}"


def _unsent(datagram: Datagram, error: OSError) -> str:
    if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
        return f"no route to {datagram.remote.address}"
    return f"{datagram.remote.address}: {error.strerror}"


def _source(address: Address) -> tuple[int, int, bytes]:
    """Return the control message that makes a datagram leave from an address (ip(7), RFC 3542 6.1)."""
    if address.version == 4:
        return socket.IPPROTO_IP, IP_PKTINFO, struct.pack("=i4s4s", 0, address.packed, bytes(4))
    return socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, struct.pack("=16si", address.packed, 0)


def _destination(control: list[tuple[int, int, bytes]]) -> Address | None:
    """Return the address that a datagram was sent to."""
    for level, kind, data in control:
        if (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
            return IPv4Address(data[8:12])
        if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
            return IPv6Address(data[:16])
    return None
