"""Where the time of a packet goes in userspace ESP: microseconds of the processor in each stage, on one thread.

A TCP segment of 1400 octets under AES-256-GCM. Reading from and writing to a TUN device and the sockets are the
kernel's own, in a namespace; the stages between them work on memory, so that each is measured without the others.
"""

from __future__ import annotations

import io
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_address
from statistics import median
from typing import Any, Final

from ikecli.boundary.effects import Direction, Endpoint
from ikecli.dataplane.userspace.chooser import Chooser
from ikecli.dataplane.userspace.coalesce import Coalescer
from ikecli.dataplane.userspace.counts import Counts
from ikecli.dataplane.userspace.doors import Door
from ikecli.dataplane.userspace.inbound import Inbound
from ikecli.dataplane.userspace.outbound import SEGMENT, TRAIN, UDP_SEGMENT, Outbound
from ikecli.dataplane.userspace.pipe import Put
from ikecli.dataplane.userspace.ports import UDP_GRO, Ports
from ikecli.dataplane.userspace.raw import ANCILLARY
from ikecli.dataplane.userspace.sas import Receiver, Sender
from ikecli.dataplane.userspace.tun import HEADER, open_tun
from tests.dataplane.namespaces import ip, namespaces, within
from tests.dataplane.pairs import GCM, LABEL, Pair, flow
from tests.dataplane.test_userspace import segment

SIZE: Final = 1400
HEADERS: Final = 52
TRAINS: Final = 40
PACKETS_A_TRAIN: Final = 45
ROUNDS: Final = 5
DEVICE: Final = "bench0"


def measure(rounds: int = ROUNDS) -> Iterator[str]:
    """Yield one line."""
    if os.geteuid():
        yield "esp stages: not measured: it needs root"
        return
    with namespaces("bench") as made, within(made["bench"]):
        tun = open_tun(DEVICE)
        try:
            ip("address", "add", "10.1.0.1/16", "dev", DEVICE)
            ip("link", "set", DEVICE, "up", "txqueuelen", "4000")
            ip("route", "add", "10.2.0.0/16", "dev", DEVICE)
            stages: dict[str, Callable[[], float]] = {
                "TUN read": lambda: reading(tun), "choose and seal": sealing, "UDP send": lambda: sending()[0],
                "UDP receive": lambda: sending()[1], "open and join": opening, "TUN write": lambda: writing(tun),
            }  # fmt: skip
            taken = {name: median(stage() for _ in range(rounds)) for name, stage in stages.items()}
        finally:
            os.close(tun)
    each = ", ".join(f"{name} {value:.2f}" for name, value in taken.items())
    basis = f"{SIZE} octets, trains of {PACKETS_A_TRAIN}, time of the processor"
    yield f"esp stages: {sum(taken.values()):.2f} us a packet: {each}; {basis}"


class Feed(io.FileIO):
    """A device that has the same packet again and again."""

    def __init__(self, packets: Sequence[bytes]) -> None:
        super().__init__(os.devnull)
        self.left = iter(packets)

    def readinto(self, view: Any) -> int | None:  # type: ignore[override]
        """Give one packet, or say that there is none now."""
        packet = next(self.left, None)
        if packet is None:
            return None
        view[: len(packet)] = packet
        return len(packet)


class Wire:
    """A socket that keeps the trains sent, and gives them."""

    def __init__(self) -> None:
        self.trains: list[bytes] = []

    def sendmsg(self, octets: Sequence[bytes], *_more: object) -> None:
        """Keep a train."""
        self.trains.append(bytes(octets[0]))

    def recvmsg_into(self, views: Sequence[memoryview], _size: int) -> tuple[int, list[Any], int, tuple[str, int]]:
        """Give a train, with the size of its packets."""
        if not self.trains:
            raise BlockingIOError
        train = self.trains.pop(0)
        views[0][: len(train)] = train
        size = (len(train) // PACKETS_A_TRAIN).to_bytes(4, "little")
        return len(train), [(socket.IPPROTO_UDP, UDP_GRO, size)], 0, ("192.0.2.1", 4500)


def timed(work: Callable[[], object]) -> float:
    """Return how many microseconds of the processor some work takes for one packet of `TRAINS` trains."""
    before = time.thread_time()
    work()
    return (time.thread_time() - before) * 1e6 / (TRAINS * PACKETS_A_TRAIN)


def packets() -> list[bytes]:
    """Return TCP segments that follow on each other, the last of each train with PSH."""
    data = bytes(SIZE - HEADERS)
    return [
        bytes(HEADER) + segment(number * len(data), data, 0x18 if number % PACKETS_A_TRAIN == 44 else 0x10)
        for number in range(TRAINS * PACKETS_A_TRAIN)
    ]


def door(file: io.FileIO, device: Coalescer) -> Door:
    return Door(file, Chooser(lambda asked: None, time.monotonic, LABEL), device)


def sealed() -> tuple[float, Wire]:
    """Return what sealing takes, and the trains."""
    out = Pair.__new__(Pair).sa("L", GCM, None, 1)
    ends = [Endpoint(one.address, 4500) for one in (out.local, out.remote)]
    wire, ports = Wire(), Ports()
    ports.sending = lambda here: wire  # type: ignore[method-assign, assignment, return-value]
    feed = Feed(packets())
    way = door(feed, Coalescer(-1, bytearray()))
    sa = replace(out, local=ends[0], remote=ends[1], encapsulated=True)
    way.chooser.add(Sender(Put(sa, 0, 1500), Counts()))
    outbound = Outbound(way, ports, lambda said: None)

    def work() -> None:
        for _ in range(TRAINS * PACKETS_A_TRAIN // 256 + 1):
            outbound.drain(way)

    with feed:
        return timed(work), wire


def sealing() -> float:
    """Choose an SA and seal into the train, without reading and sending."""
    whole, _ = sealed()
    view = memoryview(bytearray(SIZE + HEADER))
    feed = Feed(packets())

    def only_read() -> None:
        while feed.readinto(view) is not None:
            pass

    with feed:
        return whole - timed(only_read)


def opening() -> float:
    """Open trains, look at selectors and window, join segments; written to nowhere."""
    _, wire = sealed()
    wire.trains = [b"".join(wire.trains)[at : at + 45 * 1436] for at in range(0, len(b"".join(wire.trains)), 45 * 1436)]
    receivers: dict[int, Receiver] = {}
    inbound = Inbound(receivers, lambda said: None, time.monotonic, lambda: None)
    out = Pair.__new__(Pair).sa("L", GCM, None, 1)
    into = replace(out, direction=Direction.INBOUND, local=out.remote, remote=out.local, flows=(flow("R"),))
    nowhere = io.FileIO(os.devnull, "w")
    way = door(nowhere, Coalescer(nowhere.fileno(), inbound.plain))
    receivers[out.spi] = Receiver(Put(into, 0, 1500), Counts(), way)
    local = Endpoint(ip_address("192.0.2.2"), 4500)
    copied, view = list(wire.trains), memoryview(bytearray(1 << 16))

    def work() -> None:
        while wire.trains:
            inbound.drain_udp(wire, local)  # type: ignore[arg-type]

    def only_copy() -> None:
        for train in copied:
            view[: len(train)] = train

    with nowhere:
        return timed(work) - timed(only_copy)


def reading(tun: int) -> float:
    """Read packets that the kernel sends out of a TUN device."""
    view = memoryview(bytearray(1 << 16))
    file = io.FileIO(os.dup(tun))
    with socket.socket(type=socket.SOCK_DGRAM) as one:
        while file.readinto(view):
            pass
        for _ in range(TRAINS * PACKETS_A_TRAIN):
            one.sendto(bytes(SIZE - 28), ("10.2.0.1", 9))

    def work() -> None:
        while file.readinto(view):
            pass

    with file:
        return timed(work)


def writing(tun: int) -> float:
    """Write joined segments into a TUN device, to a port that nobody has."""
    whole = [one[HEADER:] for one in packets()]
    buffer = bytearray(b"".join(whole))

    def through(file: int) -> float:
        device = Coalescer(file, bytearray(buffer))

        def work() -> None:
            for number in range(len(whole)):
                device.take(number * SIZE, SIZE)
            device.flush()

        return timed(work)

    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        return through(tun) - through(nowhere)
    finally:
        os.close(nowhere)


def sending() -> tuple[float, float]:
    """Send trains over loopback and receive them; return what either takes."""
    with socket.socket(type=socket.SOCK_DGRAM) as there, socket.socket(type=socket.SOCK_DGRAM) as here:
        there.bind(("127.0.0.1", 0))
        there.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
        there.setsockopt(socket.SOL_SOCKET, 33, 1 << 23)
        there.setblocking(False)
        train, view = bytes(PACKETS_A_TRAIN * 1436), memoryview(bytearray(1 << 16))
        extra = [(17, UDP_SEGMENT, SEGMENT.pack(1436))]

        def send() -> None:
            for _ in range(TRAINS):
                here.sendmsg((train,), extra, 0, there.getsockname())

        def receive() -> None:
            for _ in range(TRAINS):
                there.recvmsg_into((view,), ANCILLARY)

        return timed(send), timed(receive)


assert PACKETS_A_TRAIN <= TRAIN
