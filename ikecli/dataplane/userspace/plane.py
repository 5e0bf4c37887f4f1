"""The engine's half of the plane in userspace: it keeps the SAs' places, leads packets to the worker, and hears it."""

from __future__ import annotations

import contextlib
import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from pyroute2.netlink.rtnl import RTM_NEWLINK
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

from ikecli.boundary.effects import Datagram, Direction, Endpoint, Install, Remove, Update
from ikecli.boundary.notices import Acquire, Expired, FirstPacket, Mapped, Misfit, UnknownSpi
from ikecli.boundary.views import Counters
from ikecli.dataplane.lines import lines_of
from ikecli.dataplane.linux.host import Host
from ikecli.dataplane.linux.ledger import Ledger
from ikecli.dataplane.linux.plane import LinuxPlane
from ikecli.dataplane.packet import ESP
from ikecli.dataplane.userspace.counts import SLOTS, Counts
from ikecli.dataplane.userspace.pipe import LINES_A_MESSAGE, Leave, Lines, Listen, Pipe, Put, Ready, Trouble
from ikecli.dataplane.userspace.rules import Rules
from ikecli.dataplane.userspace.sas import inner_limit
from ikecli.errors import Unavailable
from ikecli.intent import Address, Intent
from ikecli.intent.network import DEFAULT_MTU

START_SECONDS: Final = 20.0
"""How long the worker may take to have its device."""
NAT_PORT: Final = 4500
QUEUE: Final = 4_000
"""Packets that wait in the device: with 500 bursts overflow it, and TCP slows down."""
LEAST_MTU, FIRST_MTU = 1280, 1400
IN, OUT = Direction.INBOUND, Direction.OUTBOUND
SO_MARK: Final = 36
IP_FREEBIND: Final = 15


@dataclass(slots=True)
class Way:
    """One direction of a Child SA, the place of its counters, and what they were at the last reset."""

    sa: Install
    slot: int
    zero: tuple[int, ...] = (0,) * 5


class UserspacePlane(LinuxPlane):
    """A TUN device and a worker behind it."""

    name = "userspace"
    features = frozenset({"esp", "ping", "esn", "transport", "udp-encapsulation"})
    strict = True

    def __init__(self, host: Host, ledger: Ledger) -> None:
        """Start the worker; raises Unavailable where there is no TUN device to be had."""
        super().__init__(host, ledger)
        self._ways: dict[tuple[Direction, int], Way] = {}
        self._counts = Counts()
        self._slots = iter(range(SLOTS))
        self._free: list[int] = []
        self._sending: dict[tuple[int, Address], int] = {}
        self._named: set[str] = set()
        self._unnamed: set[int] = set()
        self._mtu = FIRST_MTU
        self._rules = Rules(self._network.requests, ledger)
        try:
            while _exists(device := f"ike{ledger.owner:04x}"):
                ledger.own(ledger.owner + 1)
            self._pipe, self._worker = self._start(device)
        except Unavailable:
            super().close()
            raise
        try:
            self._index = socket.if_nametoindex(device)
            self._raise_device()
            self._rules.begin(self._index)
        except (OSError, Unavailable):
            self._end_worker()
            super().close()
            raise
        host.watch(self._pipe.socket.fileno(), self._hear)
        host.sockets.guest = self

    def _start(self, device: str) -> tuple[Pipe, subprocess.Popen[bytes]]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        files = (theirs.fileno(), self._counts.file)
        command = [sys.executable, "-m", "ikecli.dataplane.userspace.worker", *map(str, files), device]
        worker = subprocess.Popen(command, pass_fds=files, stdin=subprocess.DEVNULL)
        theirs.close()
        ours.settimeout(START_SECONDS)
        pipe = Pipe(ours)
        try:
            heard = pipe.receive()
        except OSError:
            heard = None
        match heard:
            case (Ready(name), _):
                ours.setblocking(True)
                self._device = name
                return pipe, worker
            case (Trouble(text), _):
                why = text
            case _:
                why = "the data plane's worker did not start"
        ours.close()
        worker.kill()
        worker.wait()
        raise Unavailable(why)

    def _raise_device(self) -> None:
        """Have the device up, with an MTU that lets every SA's packets through whole."""
        message = ifinfmsg()
        message["index"], message["flags"], message["change"] = self._index, 1, 1
        message["attrs"] = [("IFLA_MTU", self._mtu), ("IFLA_TXQLEN", QUEUE)]
        self._network.requests.change(f"device {self._device}", message, RTM_NEWLINK)

    # Policies

    def _protect(self, intent: Intent) -> None:
        lines = lines_of(intent)
        rows = [(line.local, line.remote, line.connection.label if line.connection else "") for line in lines]
        outside = {one.label: self._network.device(one.interface) for one in intent.connections}
        wild = {one.label for one in intent.connections if one.wildcard_peer and not one.closed}
        self._rules.follow(
            (line.local, line.remote, line.connection is not None, outside.get(label, ""))
            for line, (_, _, label) in zip(lines, rows, strict=True)
            if label not in wild
        )
        rows = [row for row in rows if row[2] not in wild]
        for at in range(0, max(len(rows), 1), LINES_A_MESSAGE):
            self._tell(Lines(tuple(rows[at : at + LINES_A_MESSAGE]), at + LINES_A_MESSAGE >= len(rows)))
        self._named = {label for _, _, label in rows}

    # SAs

    def install(self, sa: Install) -> None:
        """Put in one direction of an SA."""
        self._check(sa)
        key = (sa.direction, sa.spi if sa.direction is IN else sa.peer_spi)
        if key in self._ways:
            raise Unavailable(f"SPI 0x{sa.spi:08X} is in use")
        slot = self._free.pop() if self._free else next(self._slots, None)
        if slot is None:
            raise Unavailable(f"the data plane holds {SLOTS} directions of SAs already")
        self._counts.clear(slot)
        mtu = self._path(sa)
        if sa.direction is OUT and (inner := max(inner_limit(sa, mtu), LEAST_MTU)) != self._mtu:
            self._shrink(inner)
        if sa.direction is IN and sa.connection not in self._named:
            self._rules.child(sa.spi, sa.flows)
            self._unnamed.add(sa.spi)
        self._tell(Put(self._wired(sa), slot, mtu))
        self._ways[key] = Way(sa, slot)
        if sa.direction is OUT:
            self._sending[sa.spi, sa.remote.address] = sa.peer_spi

    def update(self, update: Update) -> None:
        """Move an SA to other endpoints."""
        way = self._ways.get((update.direction, update.spi if update.direction is IN else update.peer_spi))
        if way is not None:
            if update.direction is OUT:
                self._sending.pop((way.sa.spi, way.sa.remote.address), None)
                self._sending[update.spi, update.remote.address] = update.peer_spi
            way.sa = replace(way.sa, local=update.local, remote=update.remote, encapsulated=update.encapsulated)
            self._tell(replace(update, local=self._on_wire(update.local), remote=self._on_wire(update.remote)))

    def _remove(self, remove: Remove) -> None:
        """Take out one direction of an SA."""
        spi = remove.spi if remove.direction is IN else self._sending.pop((remove.spi, remove.remote.address), 0)
        way = self._ways.pop((remove.direction, spi), None)
        if way is None:
            return
        self._free.append(way.slot)
        self._tell(replace(remove, remote=self._on_wire(way.sa.remote)))
        if remove.direction is IN and remove.spi in self._unnamed:
            self._unnamed.discard(remove.spi)
            self._rules.childless(remove.spi)

    def _path(self, sa: Install) -> int:
        """Return the MTU of the device that an SA's packets leave by, as far as it is known."""
        row = next((one for one in self._intent.connections if one.label == sa.connection), None)
        device = self._network.device(row.interface) if row else ""
        return (self._network.mtu(device) if device else 0) or DEFAULT_MTU

    def _shrink(self, inner: int) -> None:
        """Have the device take packets as long as fit the SA that holds the least."""
        limits = [inner_limit(way.sa, self._path(way.sa)) for key, way in self._ways.items() if key[0] is OUT]
        mtu = max(LEAST_MTU, min([inner, *limits]))
        if mtu != self._mtu:
            self._mtu = mtu
            self._raise_device()

    def _wired(self, sa: Install) -> Install:
        return replace(sa, local=self._on_wire(sa.local), remote=self._on_wire(sa.remote), tfc=None)

    def _on_wire(self, end: Endpoint) -> Endpoint:
        return Endpoint(end.address, self._host.sockets.on_wire(end.port))

    # Counters

    def counters(self, spis: Iterable[int]) -> Mapping[int, Counters]:
        """Return what the worker counted, by inbound SPI."""
        found = {}
        for spi in spis:
            into, out = self._ways.get((IN, spi)), self._ways.get((OUT, spi))
            if into is None:
                continue
            packets, octets, replays, forgeries, errors = self._counted(into)
            sent = self._counted(out) if out else (0,) * 5
            found[spi] = Counters(sent[0], sent[1], packets, octets, replays, forgeries, errors, sent[4])
        return found

    def reset(self) -> None:
        """Count from now on; an SA's life goes on."""
        for way in self._ways.values():
            way.zero = self._counts.read(way.slot)

    def _counted(self, way: Way) -> tuple[int, ...]:
        return tuple(now - before for now, before in zip(self._counts.read(way.slot), way.zero, strict=True))

    # What the worker tells

    def _hear(self) -> None:
        try:
            heard = self._pipe.receive()
        except BlockingIOError:
            return
        except (OSError, pickle.UnpicklingError) as problem:
            self._host.log(f"the data plane's worker: {problem}")
            return
        if heard is None:
            self._host.unwatch(self._pipe.socket.fileno())
            self._host.log("the data plane's worker ended: no packets pass; restart the engine")
            return
        on_wire = self._host.sockets.on_wire
        match heard[0]:
            case Datagram(octets, local, remote):
                remote = Endpoint(remote.address, on_wire(remote.port))
                self._host.sockets.deliver(Datagram(octets, local, remote))
            case Mapped(spi, remote):
                self._host.notify(Mapped(spi, Endpoint(remote.address, on_wire(remote.port))))
            case Acquire() | Expired() | FirstPacket() | Misfit() | UnknownSpi():
                self._host.notify(heard[0])
            case Trouble(text):
                self._host.log(text)

    def _tell(self, message: object, files: tuple[int, ...] = ()) -> None:
        try:
            self._pipe.send(message, files)
        except OSError as error:
            raise Unavailable(f"the data plane's worker: {error.strerror}") from error

    # Sockets

    def opened(self, address: Address, port: int, one: socket.socket) -> bool:
        """Share the NAT port with the worker, which reads it, and have it receive ESP."""
        one.setsockopt(socket.SOL_SOCKET, SO_MARK, self._rules.mark)
        if port != NAT_PORT:
            return False
        six = address.version == 6
        try:
            raw = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW, ESP)
            raw.setsockopt(socket.SOL_SOCKET, SO_MARK, self._rules.mark)
            raw.setsockopt(socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP, 78 if six else IP_FREEBIND, 1)
            raw.bind((str(address), 0))
        except OSError as error:
            raise Unavailable(f"ESP at {address}: {error.strerror}") from error
        with raw:
            self._tell(Listen(address, udp=False), (raw.fileno(),))
        self._tell(Listen(address, udp=True), (one.fileno(),))
        return True

    def closed(self, address: Address, port: int) -> None:
        """Have the worker give up an address."""
        if port == NAT_PORT:
            with contextlib.suppress(Unavailable):
                self._tell(Leave(address, udp=True))
                self._tell(Leave(address, udp=False))

    def close(self) -> None:
        """End the worker, and take out what led packets to it."""
        self._host.unwatch(self._pipe.socket.fileno())
        self._host.sockets.guest = None
        self._rules.close()
        self._end_worker()
        os.close(self._counts.file)
        super().close()

    def _end_worker(self) -> None:
        self._pipe.socket.close()
        try:
            self._worker.wait(2)
        except subprocess.TimeoutExpired:
            self._worker.kill()
            self._worker.wait()


def _exists(device: str) -> bool:
    try:
        return socket.if_nametoindex(device) > 0
    except OSError:
        return False
