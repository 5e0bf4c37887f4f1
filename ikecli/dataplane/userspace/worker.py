"""The process that carries packets: `python -m ikecli.dataplane.userspace.worker PIPE COUNTS DEVICE`.

It waits for the TUN device, the sockets and the engine, and ends with the engine's end of the pipe. It shares no
interpreter with IKE, so that neither waits for the other.
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
from typing import Final

from ikecli.boundary.effects import Direction, Endpoint, Install, Remove, Update
from ikecli.dataplane.userspace.chooser import Chooser, Row
from ikecli.dataplane.userspace.counts import Counts
from ikecli.dataplane.userspace.inbound import Inbound
from ikecli.dataplane.userspace.outbound import Outbound
from ikecli.dataplane.userspace.pipe import Leave, Lines, Listen, Pipe, Put, Ready, Trouble
from ikecli.dataplane.userspace.ports import Ports
from ikecli.dataplane.userspace.sas import Receiver, Sender, inner_limit, moved
from ikecli.dataplane.userspace.tun import open_tun
from ikecli.errors import Unavailable
from ikecli.intent import Address

NAT_PORT: Final = 4500
PATH_SECONDS: Final = 600.0
"""How long a shorter path is believed in (RFC 1191 6.3)."""


class Worker:
    """SAs, device and sockets."""

    def __init__(self, pipe: Pipe, counts: Counts, device: str) -> None:
        self._pipe, self._counts = pipe, counts
        tun = open_tun(device)
        self._chooser = Chooser(self._tell, time.monotonic)
        self._ports = Ports()
        self._receivers: dict[int, Receiver] = {}
        self._senders: dict[tuple[int, Address], Sender] = {}
        self._mtus: dict[tuple[int, Address], int] = {}
        self._rows: list[Row] = []
        self._shorter: dict[str, float] = {}
        self._outbound = Outbound(io.FileIO(tun, "r+b"), self._chooser, self._ports, self._tell)
        self._inbound = Inbound(tun, self._receivers, self._tell, time.monotonic, self._catch_up)
        self._poll = select.epoll()
        self._acts: dict[int, Callable[[int], object]] = {}
        self._watch(tun, lambda _: self._outbound.drain())
        self._watch(pipe.socket.fileno(), self._hear)
        self._going = True
        self._tell(Ready(device))

    def run(self) -> None:
        """Carry packets until the engine is gone."""
        poll, acts = self._poll.poll, self._acts
        while self._going:
            for file, events in poll():
                act = acts.get(file)
                if act is not None:
                    act(events)

    def _watch(self, file: int, act: Callable[[int], object]) -> None:
        self._acts[file] = act
        self._poll.register(file, select.EPOLLIN)

    def _tell(self, message: object) -> None:
        """Tell the engine; while it does not listen, what is said is lost, as on a network."""
        try:
            self._pipe.send(message)
        except BlockingIOError:
            return
        except OSError:
            self._going = False

    def _catch_up(self) -> None:
        """Hear all that the engine has said."""
        while self._hear(0):
            pass

    def _hear(self, _events: int) -> bool:
        """Hear one message; return whether there was one."""
        try:
            heard = self._pipe.receive()
        except BlockingIOError:
            return False
        except (OSError, pickle.UnpicklingError):
            heard = None
        if heard is None:
            self._going = False
            return False
        message, files = heard
        match message:
            case Put(sa, slot, mtu):
                self._put(sa, slot, mtu)
            case Update():
                self._update(message)
            case Remove():
                self._remove(message)
            case Lines(rows, last):
                self._rows += rows
                if last:
                    self._outbound.forget()
                    self._chooser.follow(tuple(self._rows))
                    self._rows = []
            case Listen(address, udp):
                self._listen(address, udp, files[0])
            case Leave(address, udp):
                self._leave(address, udp)
        return True

    def _put(self, sa: Install, slot: int, mtu: int) -> None:
        try:
            if sa.direction is Direction.INBOUND:
                self._receivers[sa.spi] = Receiver(sa, self._counts, slot)
                return
            sender = Sender(sa, self._counts, slot, mtu)
        except (ValueError, TypeError) as problem:
            self._tell(Trouble(f"SA 0x{sa.spi:08X}: {problem}"))
            return
        key = (sa.spi, sa.remote.address)
        self._senders[key], self._mtus[key] = sender, mtu
        self._outbound.forget()
        for packet in self._chooser.add(sender):
            self._outbound.send(packet)

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

    def _remove(self, remove: Remove) -> None:
        if remove.direction is Direction.INBOUND:
            self._receivers.pop(remove.spi, None)
            return
        key = (remove.spi, remove.remote.address)
        self._mtus.pop(key, None)
        if (sender := self._senders.pop(key, None)) is not None:
            self._outbound.forget()
            sender.dead = True
            self._chooser.drop(sender)

    # Sockets

    def _listen(self, address: Address, udp: bool, file: int) -> None:
        one = self._ports.add(address, udp, file)
        local = Endpoint(address, NAT_PORT if udp else 0)
        drain = self._inbound.drain_udp if udp else self._inbound.drain_raw

        def act(events: int) -> None:
            if events & select.EPOLLERR:
                self._shorten(one)
            drain(one, local)

        self._watch(one.fileno(), act)

    def _leave(self, address: Address, udp: bool) -> None:
        one = self._ports.drop(address, udp)
        if one is not None:
            self._poll.unregister(one.fileno())
            self._acts.pop(one.fileno(), None)
            one.close()

    def _shorten(self, one: socket.socket) -> None:
        """Learn from the network how long packets on the way to a peer may be."""
        for remote, mtu in self._inbound.errors(one):
            self._shorter[remote] = time.monotonic() + PATH_SECONDS
            for sender in self._senders.values():
                if str(sender.sa.remote.address) == remote:
                    sender.limit = min(sender.limit, inner_limit(sender.sa, mtu))
        self._lengthen()

    def _lengthen(self) -> None:
        """Try whole packets again after a while."""
        now = time.monotonic()
        old = {remote for remote, until in self._shorter.items() if until <= now}
        for key, sender in self._senders.items() if old else ():
            if str(sender.sa.remote.address) in old:
                sender.limit = inner_limit(sender.sa, self._mtus[key])
        for remote in old:
            del self._shorter[remote]


def main(arguments: Sequence[str]) -> int:
    """Run the worker."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # they go to the whole group; it ends with the engine
    one = socket.socket(fileno=int(arguments[0]))
    one.setblocking(False)
    pipe = Pipe(one)
    try:
        worker = Worker(pipe, Counts(int(arguments[1])), arguments[2])
    except Unavailable as problem:
        pipe.send(Trouble(str(problem)))
        return 1
    gc.collect()
    gc.freeze()
    gc.disable()
    worker.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
