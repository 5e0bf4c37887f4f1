"""Several appliances on one emulated network, in virtual time for tests and in real time for people."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from ikecli.boundary.clock import Clock
from ikecli.boundary.effects import Datagram, Question
from ikecli.control.messages import OPERATOR
from ikecli.control.replies import Heard
from ikecli.daemon.answers import Reply
from ikecli.daemon.appliance import Appliance
from ikecli.daemon.sessions import Session
from ikecli.dataplane.base import Echo, EchoResult, Notify
from ikecli.dataplane.memory import MemoryPlane
from ikecli.errors import Unavailable
from ikecli.lab.clock import VirtualClock
from ikecli.lab.dice import Dice
from ikecli.lab.fabric import Fabric
from ikecli.secret import Secret

MASTER_KEY_SIZE: Final = 32


class MemoryStorage:
    """A startup configuration that lasts as long as the lab."""

    config_file: Final = "startup-config"

    def __init__(self, startup: str | None, key: bytes) -> None:
        self._startup, self._key = startup, key
        self._files: dict[str, str] = {}
        self._phrases: tuple[Secret, ...] = ()

    def read_startup(self) -> str | None:
        """Return the startup configuration."""
        return self._startup

    def write_startup(self, text: str) -> None:
        """Replace it."""
        self._startup = text

    def erase_startup(self) -> None:
        """Remove it."""
        self._startup = None

    def files(self) -> dict[str, int]:
        """Return the names of the files of flash: with their octets."""
        return {name: len(text.encode(errors="surrogateescape")) for name, text in sorted(self._files.items())}

    def written(self, name: str) -> float:
        """Know no times."""
        return 0

    def room(self) -> tuple[int, int]:
        """Know no bounds."""
        return 0, 0

    def read_file(self, name: str) -> str:
        """Return a file of flash:."""
        if name not in self._files:
            raise Unavailable(f"%Error opening flash:{name} (No such file or directory)")
        return self._files[name]

    def text(self, name: str) -> str:
        """Return a file of flash:, or of a folder there; empty where there is none."""
        return self._files.get(name, "")

    def write_file(self, name: str, text: str) -> None:
        """Write one."""
        self._files[name] = text

    def remove_file(self, name: str) -> None:
        """Remove one, or a folder."""
        gone = [one for one in self._files if one == name or one.startswith(f"{name}/")]
        if not gone:
            self.read_file(name)
        for one in gone:
            del self._files[one]

    def append_file(self, folder: str, name: str, text: str) -> int:
        """Add to a file in a folder."""
        path = f"{folder}/{name}"
        self._files[path] = self._files.get(path, "") + text
        return len(self._files[path])

    def master_key(self) -> bytes:
        """Return this lab's key."""
        return self._key

    def phrases(self) -> tuple[Secret, ...]:
        """Return the operator's master keys."""
        return self._phrases

    def write_phrases(self, phrases: tuple[Secret, ...]) -> None:
        """Replace them."""
        self._phrases = phrases


class Node:
    """An appliance of the lab and its plane."""

    def __init__(self, lab: Lab, text: str, dialect: str, ask: Callable[[Question, Reply], None] | None) -> None:
        planes: list[MemoryPlane] = []

        def plane(notify: Notify) -> MemoryPlane:
            planes.append(MemoryPlane(lab.clock, lab.random, lab.fabric, notify, self._receive))
            return planes[0]

        self.storage: Final = MemoryStorage(text, lab.random(MASTER_KEY_SIZE))
        self.appliance: Final = Appliance(
            dialect=dialect,
            clock=lab.clock,
            random=lab.random,
            transmit=lambda datagram: self.plane.transmit(datagram),
            plane=plane,
            storage=self.storage,
            ask=ask,
        )
        self.plane: Final = planes[0]
        lab.fabric.attach(self.plane)

    @property
    def name(self) -> str:
        """The node's hostname."""
        return self.appliance.hostname

    def open(self, push: Callable[[Heard], None]) -> Session:
        """Open a console session, at the operator's level."""
        return Session(self.appliance, OPERATOR, "console", push)

    def _receive(self, datagram: Datagram) -> None:
        self.appliance.receive(datagram)


class Lab:
    """The nodes, their network, one clock and one source of chance."""

    def __init__(self, clock: Clock, random: Callable[[int], bytes], seed: int | str = 0) -> None:
        self.clock: Final = clock
        self.random: Final = random
        self.fabric: Final = Fabric(clock, Dice(f"weather {seed}"))
        self.nodes: Final[list[Node]] = []

    def add(
        self, text: str, dialect: str, ask: Callable[[Question, Reply], None] | None = None
    ) -> tuple[Node, list[str]]:
        """Start an appliance on a running-config; return it with what was wrong with the text.

        Raises Unavailable when a node already has its name.
        """
        node = Node(self, text, dialect, ask)
        complaints = node.appliance.boot()
        if any(other.name == node.name for other in self.nodes):
            raise Unavailable(f"two appliances are called {node.name}: give one another hostname")
        self.nodes.append(node)
        return node, complaints

    def __getitem__(self, name: str) -> Node:
        for node in self.nodes:
            if node.name.lower() == name.lower():
                return node
        raise Unavailable(f"no appliance is called {name}: there are {', '.join(node.name for node in self.nodes)}")

    def close(self) -> None:
        """Shut all appliances down."""
        for node in self.nodes:
            node.appliance.shutdown()


class VirtualLab(Lab):
    """A lab whose time passes only when told, and whose every run with one seed is the same."""

    def __init__(self, seed: int | str = 0) -> None:
        self.time: Final = VirtualClock()
        super().__init__(self.time, Dice(seed).octets, seed)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.time.advance(seconds)

    def ping(
        self, name: str, destination: str, source: str = "", count: int = 5, timeout: float = 2, vrf: str = ""
    ) -> str:
        """Ping as an operator does, one echo after the other; return the marks."""
        marks: list[str] = []
        node = self[name]
        for sequence in range(count):
            results: list[EchoResult] = []
            node.plane.echo(Echo(destination, source, 100, timeout, sequence, vrf), results.append)
            self.time.run(self.time.now() + timeout + 1, stop=partial(bool, results))
            marks.append(results[0].mark)
        return "".join(marks)
