"""How long an engine's event loop is ever held up while peers set up SAs as fast as they can, very many at once.

The appliance runs here on sockets of its own, and counts the CPU time between one turn of its loop and the next; the
peers are another process.
"""

from __future__ import annotations

import asyncio
import gc
import os
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Final

from benchmarks.figure import Figure
from benchmarks.initiator import LARGEST, engine_intent, sends
from benchmarks.responder import ADDRESS, CONFIG, FIRST_PEER, KEY, PATIENCE, free_ports
from ikecli.boundary.effects import Datagram, Effect, Endpoint, Send
from ikecli.daemon.appliance import Appliance
from ikecli.daemon.clock import LoopClock
from ikecli.daemon.service import GARBAGE_THRESHOLD
from ikecli.daemon.sockets import Ports, Sockets
from ikecli.dataplane.linux.host import Home
from ikecli.dataplane.none import NonePlane
from ikecli.ike.engine import Engine
from ikecli.ike.requests import Initiate
from ikecli.lab.lab import MemoryStorage
from ikecli.numbers import IKE_PORT

SAS: Final = 3000
AT_ONCE: Final = 200
BOUND: Final = 20
HUB: Final = Endpoint(ADDRESS, IKE_PORT)


def measure(sas: int = SAS) -> Figure:
    """Return the longest that the loop was away, in milliseconds of CPU."""
    return asyncio.run(_measure(sas))


async def _measure(sas: int) -> Figure:
    loop = asyncio.get_running_loop()
    ports = free_ports()
    hub, sockets = _hub(loop, sas, ports)
    gaps: list[float] = []
    beat = time.process_time()

    def turn() -> None:
        nonlocal beat
        now = time.process_time()
        gaps.append(now - beat)
        beat = now
        loop.call_soon(turn)

    peers = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.gap", str(sas), str(ports[0]))
    try:
        loop.call_soon(turn)
        status = await asyncio.wait_for(peers.wait(), PATIENCE)
    finally:
        sockets.close()
    if status or len(hub.sas()) != sas:
        raise RuntimeError(f"{len(hub.sas())} of {sas} SAs were set up")
    return Figure("the loop's longest gap", max(gaps) * 1e3, "ms", BOUND, f"{sas:,} SAs set up, {AT_ONCE} at once")


def _hub(loop: asyncio.AbstractEventLoop, sas: int, ports: tuple[int, int]) -> tuple[Appliance, Sockets]:
    sockets = Sockets(loop, lambda datagram: hub.take_in(datagram), Ports(*ports), lambda: hub.waiting.serve())
    lines = "\n".join(f" set peer {FIRST_PEER + at}" for at in range(sas))
    hub = Appliance(
        dialect="ios",
        clock=LoopClock(loop),
        random=os.urandom,
        transmit=sockets.transmit,
        plane=NonePlane,
        storage=MemoryStorage(CONFIG.format(key=KEY, peers=lines, address=ADDRESS), os.urandom(32)),
    )
    hub.boot()
    sockets.listen((Home(ADDRESS),))
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD, 20, 20)
    return hub, sockets


class Peer:
    """An initiator on a socket of its own address; `done` when its Child SA stands."""

    def __init__(self, address: IPv4Address, port: int) -> None:
        self._engine: Final = Engine(os.urandom, engine_intent((address,)), heard=())
        self._local: Final = Endpoint(address, IKE_PORT)
        self.done = False
        self.wire: Final = socket.socket(type=socket.SOCK_DGRAM)
        self.wire.bind((str(address), port))
        self.wire.connect((str(ADDRESS), port))
        self._perform(self._engine.do(Initiate(f"M 10 {address}"), time.monotonic()))

    def read(self) -> None:
        """Take a datagram."""
        datagram = Datagram(self.wire.recv(LARGEST), self._local, HUB)
        self._perform(self._engine.receive(datagram, time.monotonic()))

    def wake(self) -> None:
        """Send again what was lost."""
        self._perform(self._engine.wake(time.monotonic()))

    def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self.wire.send(effect.datagram.octets)
            self.done |= sends(effect)


def rush(addresses: Iterator[IPv4Address], port: int) -> None:
    """Set up SAs from all addresses, AT_ONCE at any time; raises TimeoutError when nothing goes on."""
    with selectors.DefaultSelector() as selector:
        for address in addresses:
            _begin(selector, address, port)
            if len(selector.get_map()) >= AT_ONCE:
                break
        while selector.get_map():
            ready = selector.select(1.0)
            for key, _ in ready:
                peer: Peer = key.data
                peer.read()
                if peer.done:
                    selector.unregister(peer.wire)
                    peer.wire.close()
                    if (address := next(addresses, None)) is not None:
                        _begin(selector, address, port)
            if not ready:
                for key in list(selector.get_map().values()):
                    key.data.wake()


def _begin(selector: selectors.BaseSelector, address: IPv4Address, port: int) -> None:
    peer = Peer(address, port)
    selector.register(peer.wire, selectors.EVENT_READ, peer)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        rush(iter([FIRST_PEER + at for at in range(int(sys.argv[1]))]), int(sys.argv[2]))
    else:
        print(measure())
