"""The service: an appliance on sockets, run by an event loop until it is told to stop. All of its I/O is wired here."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from ikecli.boundary.effects import Datagram
from ikecli.boundary.views import LogLine
from ikecli.control.client import Push
from ikecli.control.replies import Heard
from ikecli.control.server import Server
from ikecli.daemon.appliance import Appliance
from ikecli.daemon.clock import LoopClock
from ikecli.daemon.jobs import Beside
from ikecli.daemon.listening import ListeningPlane
from ikecli.daemon.load import Load
from ikecli.daemon.planes import choose
from ikecli.daemon.relaying import Relaying
from ikecli.daemon.sessions import Session
from ikecli.daemon.sockets import Ports, Sockets
from ikecli.daemon.storage import FileStorage
from ikecli.daemon.supervisor import Supervisor
from ikecli.daemon.syslog import Sender
from ikecli.daemon.telling import Teller
from ikecli.daemon.workers import workers
from ikecli.dataplane.base import Notify, Plane
from ikecli.dataplane.linux.host import Host
from ikecli.dataplane.linux.memory import keep_to_itself
from ikecli.dataplane.memory import MemoryPlane
from ikecli.dataplane.packet import Packet
from ikecli.errors import IkecliError, Unavailable
from ikecli.intent import Address
from ikecli.numbers import IKE_PORT, NAT_PORT

ERROR, WARNING, NOTICE, INFORMATION = 3, 4, 5, 6
FIRST_SESSION: Final = 30.0
"""Seconds that a private engine waits for its first session."""
GARBAGE_THRESHOLD: Final = 50_000
"""Objects between two looks for cycles: handshakes make many objects and hardly any cycle."""


@dataclass(frozen=True, slots=True)
class Setup:
    """How an engine is to run. `startup` is the startup configuration's file, when it is not the state directory's.

    A `private` engine has no UDP ports and an emulated network of its own, and ends with its last session. `devices`
    are the Linux devices named for interfaces.
    """

    control: Path
    state: Path
    startup: Path | None = None
    dialect: str = "ios"
    dataplane: str = "auto"
    ports: tuple[int, int] = (IKE_PORT, NAT_PORT)
    private: bool = False
    devices: Mapping[str, str] = field(default_factory=dict)


Logged = Callable[[list[Heard]], list[LogLine]]
"""What prints what was heard, and returns it as lines of the log, without what only debug tells."""


def run(setup: Setup, tell: Logged) -> None:
    """Run an engine until SIGTERM, SIGINT or the end of a private one; raises Unavailable when it cannot begin.

    Log lines and events go to `tell`.
    """
    keep_to_itself()
    with asyncio.Runner(loop_factory=_fast_loop()) as runner:
        runner.run(Service(setup, tell).run())


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


class Service:
    """One engine, its sockets and its sessions."""

    def __init__(self, setup: Setup, tell: Logged) -> None:
        self._setup, self._tell = setup, tell
        self._supervisor = Supervisor()
        self._trouble: Unavailable | None = None
        self._booted = False
        self._early: list[str] = []
        self._why = ""

    async def run(self) -> None:
        """Run until told to stop; what was opened is closed again, whatever happens."""
        self._loop = loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        storage = FileStorage(self._setup.state, self._setup.startup)
        try:
            self._clock = LoopClock(loop)
            self._sockets = Sockets(loop, self._take_in, Ports(*self._setup.ports), self._serve_waiting)
            self._relaying = Relaying(loop, self._receive)
            self._appliance = Appliance(
                dialect=self._setup.dialect,
                clock=self._clock,
                random=os.urandom,
                transmit=self._sockets.transmit,
                relay=self._relaying,
                plane=self._plane,
                storage=storage,
                ask=workers(loop),
                workshop=Beside(loop),
            )
            self._appliance.plane_reason = self._why
            self._appliance.processor = Load(self._clock)
            await self._serve(loop)
        finally:
            storage.close()

    async def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        appliance = self._appliance
        server = Server(self._open, self._stop.set if self._setup.private else None)
        self._syslog = Sender(loop, self._setup.dialect, lambda: (appliance.intent.hostname, appliance.intent.syslog))
        teller = Teller(loop, self._heard)
        appliance.journal.listen(teller.hear)
        try:
            self._boot()
            await server.listen(self._setup.control)
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._stop.set)
            loop.add_signal_handler(signal.SIGHUP, appliance.jobs.when_free, self._reload)
            plane = f"data plane {appliance.plane.name}, {self._why}"
            self._log(NOTICE, "STARTED", f"the engine answers at {self._setup.control}; {plane}")
            self._supervisor.ready(plane)
            self._supervisor.watch(loop)
            if self._setup.private:
                loop.call_later(FIRST_SESSION, self._stop_unless, server.connections)
            await self._stop.wait()
            await self._finish_work()
            self._supervisor.stopping()
            dropped = ", ".join(f"{number} {what}" for what, number in sorted(self._sockets.counted.items()))
            self._log(
                NOTICE,
                "STOPPING",
                "the engine deletes its SAs at the peers and ends; datagrams not taken: " + (dropped or "none"),
            )
            appliance.shutdown()
        except BaseException:
            appliance.plane.close()
            raise
        finally:
            teller.flush()
            server.close()
            self._sockets.close()
            self._relaying.close()
            self._syslog.close()

    async def _finish_work(self) -> None:
        """Wait for work on the configuration, which acts on this loop."""
        jobs = self._appliance.jobs
        while jobs.busy:
            free = self._loop.create_future()
            jobs.later(partial(free.set_result, None))
            await free

    def _heard(self, heard: list[Heard]) -> None:
        for line in self._tell(heard):
            self._syslog.send(line)

    def _stop_unless(self, sessions: Set[object]) -> None:
        if not sessions:
            self._stop.set()

    def _boot(self) -> None:
        gc.disable()
        for complaint in self._appliance.boot():
            self._log(WARNING, "CONFIG", complaint)
        if self._trouble is not None:
            raise self._trouble
        self._booted = True
        for text in self._early:
            self._warn(text)
        gc.collect()
        gc.freeze()
        gc.set_threshold(GARBAGE_THRESHOLD, 20, 20)
        gc.enable()

    def _reload(self) -> None:
        """Read the startup configuration again and apply the difference (SIGHUP)."""
        self._supervisor.reloading()
        try:
            found = self._appliance.reload()
        except IkecliError as problem:
            self._log(ERROR, "RELOAD", f"nothing was changed: {problem}")
            self._supervisor.ready("the last reload changed nothing")
            return
        for line in found:
            self._log(WARNING, "CONFIG", line)
        self._log(NOTICE, "RELOADED", "the startup configuration was read again")
        self._supervisor.ready("the startup configuration was read again")

    def _plane(self, notify: Notify) -> Plane:
        if self._setup.private:
            return MemoryPlane(self._clock, os.urandom, NoWire(), notify, self._receive)
        host = Host(
            clock=self._clock,
            notify=notify,
            random=os.urandom,
            sockets=self._sockets,
            state=self._setup.state,
            watch=self._loop.add_reader,
            unwatch=self._loop.remove_reader,
            log=self._warn,
            trouble=self._note_trouble,
            devices=self._setup.devices,
        )
        none = partial(ListeningPlane, notify, self._clock, self._sockets, self._note_trouble)
        plane, self._why = choose(self._setup.dataplane, host, none)
        return plane

    def _warn(self, text: str) -> None:
        """Log a trouble of the data plane; what comes before there is a log is kept for it."""
        if self._booted:
            self._log(WARNING, "DATAPLANE", text)
        else:
            self._early.append(text)

    def _note_trouble(self, problem: Unavailable) -> None:
        """A socket cannot be had: at the start that ends the engine, later it is logged."""
        self._trouble = problem
        if self._booted:
            self._log(ERROR, "SOCKET", str(problem))

    def _open(self, level: int, user: str, push: Push) -> Session:
        return Session(self._appliance, level, user, push)

    def _receive(self, datagram: Datagram) -> None:
        self._appliance.receive(datagram)

    def _take_in(self, datagram: Datagram) -> bool:
        return self._appliance.take_in(datagram)

    def _serve_waiting(self) -> None:
        self._appliance.waiting.serve()

    def _log(self, severity: int, mnemonic: str, text: str) -> None:
        self._appliance.journal.log(severity, "IKECLI", mnemonic, text)


class NoWire:
    """The network of a private engine: nobody else is on it."""

    def emit(self, node: MemoryPlane, interface: str, next_hop: Address, packet: Packet) -> None:
        """Drop the packet: there is no one to carry it to."""
