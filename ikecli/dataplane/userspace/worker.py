"""The process that carries packets: `python -m ikecli.dataplane.userspace.worker PIPE COUNTS TUN`.

It waits for TUN devices, sockets and the engine, and ends with the engine's end of the pipe. It shares no interpreter
with IKE, so that neither waits for the other. Devices and sockets are the engine's, which hands them over: they outlive
this process, and so do the numbers of the SAs.
"""

from __future__ import annotations

import gc
import io
import pickle
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Final

from ikecli.boundary.effects import Datagram, Direction, Endpoint, Remove, Update
from ikecli.boundary.notices import Acquire, Mapped, Misfit, UnknownSpi
from ikecli.dataplane.esp import inner_limit, moved
from ikecli.dataplane.linux.memory import keep_to_itself
from ikecli.dataplane.userspace.bare import Bare
from ikecli.dataplane.userspace.chooser import Chooser, Row
from ikecli.dataplane.userspace.coalesce import Coalescer
from ikecli.dataplane.userspace.counts import Counts
from ikecli.dataplane.userspace.doors import BOTH, Door
from ikecli.dataplane.userspace.inbound import Inbound
from ikecli.dataplane.userspace.outbound import Outbound
from ikecli.dataplane.userspace.paths import Paths
from ikecli.dataplane.userspace.pipe import (
    Aging,
    Clamp,
    Give,
    Given,
    Hide,
    Leave,
    Lines,
    Listen,
    Open,
    Pipe,
    Put,
    Ready,
    Shut,
    Trouble,
)  # fmt: skip
from ikecli.dataplane.userspace.ports import Ports
from ikecli.dataplane.userspace.sas import Receiver, Sender
from ikecli.dataplane.userspace.wrapping import Wrap
from ikecli.intent import Address
from ikecli.numbers import NAT_PORT

SPI_OCTETS: Final = 4
REPEATED: Final = (Acquire, Datagram, Mapped, Misfit, UnknownSpi)
"""What anybody's packets bring about, again and again; there are but a few other things to say of each SA."""
DRAINS: Final = 64
"""How often a socket is emptied at most before an SA that receives goes."""


class Worker:
    """SAs, device and sockets."""

    def __init__(self, pipe: Pipe, counts: Counts, tun: int) -> None:
        self._pipe, self._counts = pipe, counts
        self._ports = Ports()
        self._receivers: dict[int, Receiver] = {}
        self._senders: dict[tuple[int, Address], Sender] = {}
        self._mtus: dict[tuple[int, Address], int] = {}
        self._rows: list[Row] = []
        self._paths = Paths(time.monotonic)
        self._leaving: dict[int, Receiver] = {}
        self._drains: dict[int, Callable[[], bool]] = {}
        self._unsaid: list[object] = []
        self._inbound = Inbound(self._receivers, self._tell, time.monotonic, self._hear)
        self._poll = select.epoll()
        self._acts: dict[int, Callable[[int], None]] = {}
        self._main = self._door(tun, Open("", "", None, BOTH, (0, 0)))
        self._doors: dict[str, Door] = {}
        self._bare: dict[str, Bare] = {}
        self._by_label: dict[str, Door] = {}
        self._outbound = Outbound(self._main, self._ports, self._tell)
        self._watch(pipe.socket.fileno(), self._hear)
        self._going = True
        self._tell(Ready())

    def run(self) -> None:
        """Carry packets until the engine is gone."""
        poll, acts, paths = self._poll.poll, self._acts, self._paths
        while self._going:
            for file, events in poll(paths.wait()):
                act = acts.get(file)
                if act is not None:
                    act(events)
            if self._leaving:
                self._let_go()
            if old := paths.tried_again():
                self._fit(old)

    def _watch(self, file: int, act: Callable[[int], None]) -> None:
        self._acts[file] = act
        self._poll.register(file, select.EPOLLIN)

    def _unwatch(self, file: int) -> None:
        if self._acts.pop(file, None) is not None:
            self._poll.unregister(file)

    def _tell(self, message: object) -> None:
        """Tell the engine; while it does not listen, what comes again anyway is lost, and the rest waits."""
        if self._unsaid and not isinstance(message, REPEATED):
            self._unsaid.append(message)
            return
        try:
            self._pipe.send(message)
        except BlockingIOError:
            if not isinstance(message, REPEATED):
                self._unsaid.append(message)
                self._poll.modify(self._pipe.socket.fileno(), select.EPOLLIN | select.EPOLLOUT)
        except OSError:
            self._going = False

    def _say_the_rest(self) -> None:
        self._poll.modify(self._pipe.socket.fileno(), select.EPOLLIN)
        unsaid, self._unsaid = self._unsaid, []
        for message in unsaid:
            self._tell(message)

    def _hear(self, events: int = 0) -> None:
        """Hear all that the engine has said so far, and say what waited."""
        if events & select.EPOLLOUT:
            self._say_the_rest()
        while self._going:
            try:
                heard = self._pipe.receive()
            except BlockingIOError:
                return
            except (OSError, pickle.UnpicklingError):
                heard = None
            if heard is None:
                self._going = False
            else:
                self._obey(*heard)

    def _obey(self, message: object, files: list[int]) -> None:
        match message:
            case Put():
                self._put(message)
            case Update():
                self._update(message)
            case Remove():
                self._remove(message)
            case Lines(rows, last):
                self._rows += rows
                if last:
                    self._outbound.forget()
                    self._main.chooser.follow(tuple(self._rows))
                    self._rows = []
            case Open():
                self._open(message, files)
            case Clamp(segments):
                self._main.segments = segments
            case Aging(seconds):
                self._paths.age(seconds)
            case Shut(name):
                self._shut(name)
            case Give(spis):
                self._give(spis)
            case Hide(spi):
                for sender in self._senders.values():
                    if sender.sa.peer_spi == spi:
                        self._outbound.hide(sender)
            case Listen():
                self._listen(message, files[0])
            case Leave():
                self._leave(message)

    # Devices

    def _door(self, tun: int, one: Open) -> Door:
        chooser = Chooser(self._tell, time.monotonic, one.label or None)
        wrap = Wrap(one.gre) if one.gre is not None else None
        device = Coalescer(tun, self._inbound.plain)
        door = Door(io.FileIO(tun, "r+b"), chooser, device, one.label, wrap, one.versions, one.segments)

        self._watch(tun, self._while_there(tun, lambda _events: self._outbound.drain(door)))
        return door

    def _while_there(self, tun: int, act: Callable[[int], None]) -> Callable[[int], None]:
        """Have something done with a device until it is gone, and a message that says so under way."""

        def tried(events: int) -> None:
            try:
                act(events)
            except OSError:
                self._unwatch(tun)

        return tried

    def _open(self, one: Open, files: list[int]) -> None:
        """Have packets of a connection go through a device of its own, also those of SAs that are here already."""
        self._shut(one.name)
        if one.gre is not None and not one.label:
            self._bare[one.name] = bare = Bare(files[0], files[1], one.gre, one.versions, one.segments)
            self._watch(files[0], self._while_there(files[0], bare.send))
            self._watch(files[1], bare.receive)
            return
        door = self._door(files[0], one)
        self._doors[one.name] = self._by_label[door.label] = door
        self._lead(door.label, door)

    def _shut(self, name: str) -> None:
        if (bare := self._bare.pop(name, None)) is not None:
            self._unwatch(bare.tun.fileno())
            self._unwatch(bare.socket.fileno())
            bare.close()
        door = self._close(name)
        if door is not None and self._by_label.get(door.label) is door:
            del self._by_label[door.label]
            self._lead(door.label, self._main)

    def _close(self, name: str) -> Door | None:
        door = self._doors.pop(name, None)
        if door is not None:
            self._outbound.leave(door, self._main)
            self._unwatch(door.tun.fileno())
            door.tun.close()
        return door

    def _lead(self, label: str, door: Door) -> None:
        """Have the SAs of a connection belong to a device."""
        self._outbound.forget()
        for receiver in self._receivers.values():
            if receiver.sa.connection == label:
                receiver.door = door
        for sender in self._senders.values():
            if sender.sa.connection == label:
                self._main.chooser.drop(sender)
                door.chooser.add(sender)

    # SAs

    def _put(self, put: Put) -> None:
        self._let_go(emptied=False)  # its counters may have the place of one that leaves
        sa = put.sa
        door = self._by_label.get(sa.connection, self._main)
        try:
            if sa.direction is Direction.INBOUND:
                self._receivers[sa.spi] = Receiver(put, self._counts, door)
                return
            sender = Sender(put, self._counts)
        except (ValueError, TypeError) as problem:
            self._tell(Trouble(f"SA 0x{sa.spi:08X}: {problem}"))
            return
        key = (sa.spi, sa.remote.address)
        self._senders[key], self._mtus[key] = sender, put.mtu
        sender.limit = inner_limit(sa, self._path(sender, put.mtu))
        self._outbound.forget()
        for packet in door.chooser.add(sender):
            self._outbound.send(door, packet)

    def _give(self, spis: tuple[int, ...]) -> None:
        """Take out SAs and tell how far they are."""
        self._outbound.forget()
        self._let_go(emptied=False)
        wanted, states = set(spis), list[tuple[bool, int, int, int, bool, bool]]()
        for spi in spis:
            if (one := self._receivers.pop(spi, None)) is not None:
                states.append((False, spi, one.window.top, one.window.bitmap, one.used, one.warned))
        for key, sender in tuple(self._senders.items()):
            if sender.sa.peer_spi in wanted:
                states.append((True, sender.sa.peer_spi, sender.sequence, 0, False, sender.warned))
                self._forget(key, sender)
        self._tell(Given(tuple(states)))

    def _forget(self, key: tuple[int, Address], sender: Sender) -> None:
        del self._senders[key], self._mtus[key]
        sender.dead = True
        self._by_label.get(sender.sa.connection, self._main).chooser.drop(sender)

    def _update(self, update: Update) -> None:
        if update.direction is Direction.INBOUND:
            if (receiver := self._receivers.get(update.spi)) is not None:
                receiver.move(moved(receiver.sa, update))
            return
        for key, sender in tuple(self._senders.items()):
            if (sender.sa.spi, sender.sa.peer_spi) == (update.spi, update.peer_spi):
                self._outbound.forget()
                mtu = self._mtus.pop(key)
                del self._senders[key]
                sender.move(moved(sender.sa, update), mtu)
                new = (update.spi, update.remote.address)
                self._senders[new], self._mtus[new] = sender, mtu
                sender.limit = inner_limit(sender.sa, self._path(sender, mtu))

    def _remove(self, remove: Remove) -> None:
        if remove.direction is Direction.INBOUND:
            if (receiver := self._receivers.get(remove.spi)) is not None:
                self._leaving[remove.spi] = receiver
            return
        key = (remove.spi, remove.remote.address)
        if (sender := self._senders.get(key)) is not None:
            self._outbound.forget()
            self._forget(key, sender)

    def _let_go(self, emptied: bool = True) -> None:
        """Take out SAs that receive, once the packets are opened that came before this was said."""
        for drain in tuple(self._drains.values()) if emptied else ():
            for _ in range(DRAINS):
                if not drain():
                    break
        for spi, receiver in self._leaving.items():
            if self._receivers.get(spi) is receiver:
                del self._receivers[spi]
        self._leaving.clear()

    # Sockets

    def _listen(self, said: Listen, file: int) -> None:
        one = self._ports.add(said.vrf, said.address, said.udp, file)
        local = Endpoint(said.address, NAT_PORT if said.udp else 0)
        take = self._inbound.drain_udp if said.udp else self._inbound.drain_raw

        def drain() -> bool:
            self._inbound.vrf = said.vrf
            return take(one, local)

        def act(events: int) -> None:
            if events & select.EPOLLERR:
                self._shorten(one)
            drain()

        self._watch(one.fileno(), act)
        self._drains[one.fileno()] = drain

    def _leave(self, said: Leave) -> None:
        one = self._ports.drop(said.vrf, said.address, said.udp)
        if one is not None:
            self._unwatch(one.fileno())
            del self._drains[one.fileno()]
            one.close()

    def _shorten(self, one: socket.socket) -> None:
        """Learn from the network how long packets on the way to a peer may be."""
        for remote, mtu, quoted in self._inbound.errors(one):
            sender = self._senders.get((int.from_bytes(quoted[:SPI_OCTETS], "big"), ip_address(remote)))
            if sender is not None and self._paths.believe(sender, quoted, mtu):
                self._fit({sender.there[0]})

    def _fit(self, remotes: set[str]) -> None:
        """Have the packets of the SAs with some peers be as long as fit."""
        for key, sender in self._senders.items():
            if sender.there[0] in remotes:
                sender.limit = inner_limit(sender.sa, self._path(sender, self._mtus[key]))

    def _path(self, sender: Sender, mtu: int) -> int:
        return self._paths.of(sender.there[0], mtu)


def main(arguments: Sequence[str]) -> int:
    """Run the worker."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # they go to the whole group; it ends with the engine
    keep_to_itself()
    one = socket.socket(fileno=int(arguments[0]))
    one.setblocking(False)
    pipe = Pipe(one)
    worker = Worker(pipe, Counts(int(arguments[1])), int(arguments[2]))
    gc.collect()
    gc.freeze()
    gc.disable()
    worker.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
