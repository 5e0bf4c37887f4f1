"""Two nodes with a plane each and a wire between them, for the tests that all planes must pass."""

from __future__ import annotations

import heapq
import select
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_interface
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from ikecli.boundary.effects import Datagram
from ikecli.boundary.notices import Notice
from ikecli.dataplane.base import Echo, EchoResult, Plane
from ikecli.dataplane.linux.host import Guest, Home, Host
from ikecli.dataplane.linux.ledger import Ledger
from ikecli.dataplane.memory import MemoryPlane
from ikecli.errors import Unavailable
from ikecli.intent import Intent
from ikecli.lab.clock import Timer, VirtualClock
from ikecli.lab.dice import Dice
from ikecli.lab.fabric import Fabric
from tests.dataplane.namespaces import joined, within

NAMES = ("L", "R")
OTHER = {"L": "R", "R": "L"}
ENDS = {"L": "192.0.2.1", "R": "192.0.2.2"}
ENDS6 = {"L": "2001:db8::1", "R": "2001:db8::2"}
INSIDE = {"L": "10.1.0.1", "R": "10.2.0.1"}
INSIDE6 = {"L": "2001:db8:1::1", "R": "2001:db8:2::1"}
NAT_PORT = 4500


class RealClock:
    """Real time, whose timers run when the rig looks at them."""

    def __init__(self) -> None:
        self._agenda: list[tuple[float, int, Timer]] = []
        self._order = count()

    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    def call_at(self, when: float, act: Callable[[], None]) -> Timer:
        timer = Timer(act)
        heapq.heappush(self._agenda, (when, next(self._order), timer))
        return timer

    def run_due(self) -> None:
        while self._agenda and self._agenda[0][0] <= self.now():
            timer = heapq.heappop(self._agenda)[2]
            if not timer.cancelled:
                timer.act()


class IkeSockets:
    """The sockets of IKE as a plane sees them: port 4500 of every address."""

    def __init__(self) -> None:
        self.guest: Guest | None = None
        self.delivered: list[Datagram] = []
        self.open: dict[Home, socket.socket] = {}

    def listen(self, homes: Iterable[Home]) -> None:
        for home in homes:
            if home not in self.open:
                address = home.address
                one = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if home.device:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, home.device.encode())
                one.bind((str(address), NAT_PORT))
                self.open[home] = one
                if self.guest is not None:
                    self.guest.opened(home, NAT_PORT, one)

    def on_wire(self, port: int) -> int:
        return port

    def deliver(self, datagram: Datagram) -> None:
        self.delivered.append(datagram)

    def close(self) -> None:
        for one in self.open.values():
            one.close()


@dataclass
class Node:
    """A node of a rig: its plane, what the plane said, and where it lives."""

    plane: Plane
    notices: list[Notice]
    namespace: str = ""
    log: list[str] = field(default_factory=list)
    sockets: IkeSockets = field(default_factory=IkeSockets)
    watched: dict[int, Callable[[], None]] = field(default_factory=dict)
    clock: RealClock = field(default_factory=RealClock)


class Rig:
    """Both nodes. `wait` lets time pass until something holds, or for a while."""

    nodes: dict[str, Node]

    def do(self, name: str, call: str, *arguments: Any) -> Any:
        """Call a plane."""
        return getattr(self.nodes[name].plane, call)(*arguments)

    def wait(self, until: Callable[[], object], seconds: float = 3) -> bool:
        raise NotImplementedError

    def configure(self, intents: dict[str, Intent]) -> None:
        for name, intent in intents.items():
            self.do(name, "configure", intent)

    def ping(self, name: str, destination: str, source: str = "inside", size: int = 100, timeout: float = 1) -> str:
        """Send one echo request; return its mark."""
        results: list[EchoResult] = []
        self.do(name, "echo", Echo(destination, source, size, timeout, next(self._sequence)), results.append)
        self.wait(lambda: results, timeout + 1)
        return results[0].mark

    _sequence = count(1)


class MemoryRig(Rig):
    """Nodes of the emulated network, in virtual time."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        fabric = Fabric(self.clock, Dice(1))
        self.nodes = {}
        for name in NAMES:
            notices: list[Notice] = []
            plane = MemoryPlane(self.clock, Dice(name).octets, fabric, notices.append, lambda datagram: None)
            fabric.attach(plane)
            self.nodes[name] = Node(plane, notices)

    def wait(self, until: Callable[[], object], seconds: float = 3) -> bool:
        return self.clock.run(self.clock.now() + seconds, stop=lambda: bool(until()))


class LinuxRig(Rig):
    """Planes of this machine, each in a network namespace."""

    def __init__(self, kind: str, state: Path, names: dict[str, str]) -> None:
        self.clock, self.nodes, self.kind, self.state = RealClock(), {}, kind, state
        for name, namespace in names.items():
            self.nodes[name] = self.start(name, namespace)

    def start(self, name: str, namespace: str) -> Node:
        """Make a node."""
        notices: list[Notice] = []
        log: list[str] = []
        sockets, watched, clock = IkeSockets(), dict[int, Callable[[], None]](), RealClock()
        where = self.state / name
        where.mkdir(exist_ok=True)

        def trouble(problem: Unavailable) -> None:
            raise problem

        host = Host(
            clock, notices.append, Dice(name).octets, sockets, where, watched.__setitem__,
            lambda file: watched.pop(file, None), log.append, trouble,
        )  # fmt: skip
        with within(namespace):
            return Node(make(self.kind, host), notices, namespace, log, sockets, watched, clock)

    def do(self, name: str, call: str, *arguments: Any) -> Any:
        with within(self.nodes[name].namespace):
            return super().do(name, call, *arguments)

    def wait(self, until: Callable[[], object], seconds: float = 3) -> bool:
        deadline = self.clock.now() + seconds
        while not until():
            if self.clock.now() > deadline:
                return bool(until())
            owners = {file: node for node in self.nodes.values() for file in node.watched}
            ready, _, _ = select.select(list(owners), (), (), 0.01)
            for file in ready:
                with within(owners[file].namespace):
                    owners[file].watched.get(file, lambda: None)()
            for node in self.nodes.values():
                with within(node.namespace):
                    node.clock.run_due()
        return True

    def close(self) -> None:
        for name, node in self.nodes.items():
            self.do(name, "close")
            node.sockets.close()


def make(kind: str, host: Host) -> Plane:
    """Return a plane of Linux."""
    ledger = Ledger(host.state, int.from_bytes(host.random(4), "big"))
    if kind == "userspace":
        from ikecli.dataplane.userspace.plane import UserspacePlane

        return UserspacePlane(host, ledger)
    from ikecli.dataplane.xfrm.plane import XfrmPlane
    from ikecli.dataplane.xfrm.probe import missing

    if why := missing(ledger, 0x1000):
        pytest.skip(f"{why}: run tests/live/test_uml.py")
    return XfrmPlane(host, ledger)


@contextmanager
def rig(kind: str, state: Path) -> Iterator[Rig]:
    """Make a rig of a kind: memory, userspace or xfrm."""
    if kind == "memory":
        yield MemoryRig()
        return
    with linux_rig(kind, state) as made:
        yield made


@contextmanager
def linux_rig(kind: str, state: Path) -> Iterator[LinuxRig]:
    """Make a rig of this machine: userspace or xfrm."""
    with joined(f"{ENDS['L']}/24", f"{ENDS['R']}/24") as names, closing(LinuxRig(kind, state, names)) as made:
        yield made


assert ip_address(ENDS["L"]) in ip_interface(f"{ENDS['R']}/24").network
