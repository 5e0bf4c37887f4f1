"""Very many peers of one appliance, in virtual time and in one process; what the appliance costs is counted apart."""

from __future__ import annotations

import gc
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address
from typing import Final

from benchmarks.initiator import engine_intent
from benchmarks.responder import ADDRESS, CONFIG, FIRST_PEER, KEY
from ikecli.boundary.clock import Cancel
from ikecli.boundary.effects import Datagram, Direction, Effect, Install, Send
from ikecli.daemon.appliance import Appliance
from ikecli.daemon.service import GARBAGE_THRESHOLD
from ikecli.dataplane.base import Notify
from ikecli.dataplane.none import NonePlane
from ikecli.ike.engine import Engine
from ikecli.ike.requests import Initiate, Request
from ikecli.lab.clock import VirtualClock
from ikecli.lab.lab import MemoryStorage

MASTER_KEY_SIZE: Final = 32
PLAYED: Final = 100
"""Peers that one engine plays."""


class Meter:
    """A virtual clock whose timers' CPU time is added up."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.spent = 0.0

    def now(self) -> float:
        """Return virtual seconds."""
        return self._clock.now()

    def wall(self) -> float:
        """Return virtual wall time."""
        return self._clock.wall()

    def call_at(self, when: float, act: Callable[[], None]) -> Cancel:
        """Run `act` at `when`, metered."""
        return self._clock.call_at(when, lambda: self.run(act))

    def run(self, act: Callable[[], None]) -> None:
        """Run `act` now, metered."""
        start = time.process_time()
        act()
        self.spent += time.process_time() - start


class CountingPlane(NonePlane):
    """Carries nothing, and counts in which second each inbound SA came."""

    def __init__(self, notify: Notify, clock: VirtualClock) -> None:
        super().__init__(notify)
        self._clock = clock
        self.installed: Final[Counter[int]] = Counter()

    def install(self, sa: Install) -> None:
        """Remember an SPI and when it came."""
        super().install(sa)
        self.installed[int(self._clock.now())] += sa.direction is Direction.INBOUND


class Crowd:
    """An appliance that admits `count` peers, played by engines of PLAYED each; `more` is configuration."""

    def __init__(self, count: int, more: str = "") -> None:
        self.clock: Final = VirtualClock()
        self.meter: Final = Meter(self.clock)
        lines = "\n".join(f" set peer {FIRST_PEER + at}" for at in range(count))
        text = CONFIG.format(key=KEY, peers=lines, address=ADDRESS).replace("\nend\n", f"\n{more}\nend\n")
        planes: list[CountingPlane] = []

        def plane(notify: Notify) -> CountingPlane:
            planes.append(CountingPlane(notify, self.clock))
            return planes[0]

        self.hub: Final = Appliance(
            dialect="ios",
            clock=self.meter,
            random=os.urandom,
            transmit=self._to_peers,
            plane=plane,
            storage=MemoryStorage(text, os.urandom(MASTER_KEY_SIZE)),
        )
        if complaints := self.hub.boot():
            raise RuntimeError(f"the configuration is wrong: {complaints[0]}")
        self.plane: Final = planes[0]
        addresses = [FIRST_PEER + at for at in range(count)]
        self._players: Final = {
            address: player
            for at in range(0, count, PLAYED)
            for player in [Player(addresses[at : at + PLAYED], self.clock, self._to_hub)]
            for address in addresses[at : at + PLAYED]
        }
        self._next = iter(addresses)
        gc.collect()
        gc.freeze()
        gc.set_threshold(GARBAGE_THRESHOLD, 20, 20)

    def open(self, count: int, pause: float = 0.0) -> float:
        """Set up SAs with the next `count` peers, `pause` seconds apart; return the appliance's CPU seconds."""
        before = self.meter.spent
        for _ in range(count):
            address = next(self._next)
            self._players[address].do(Initiate(f"M 10 {address}"))
            self.clock.advance(pause)
        return self.meter.spent - before

    def _to_peers(self, datagram: Datagram) -> None:
        player = self._players[IPv4Address(datagram.remote.address)]
        self.clock.call_at(self.clock.now(), lambda: player.receive(_turned(datagram)))

    def _to_hub(self, datagram: Datagram) -> None:
        self.meter.call_at(self.clock.now(), lambda: self.hub.receive(_turned(datagram)))


class Player:
    """An engine that plays some peers."""

    def __init__(
        self, addresses: Sequence[IPv4Address], clock: VirtualClock, transmit: Callable[[Datagram], None]
    ) -> None:
        self._engine: Final = Engine(os.urandom, engine_intent(addresses), heard=())
        self._clock, self._transmit = clock, transmit
        self._alarm: Cancel | None = None

    def do(self, request: Request) -> None:
        """Do what is asked."""
        self._perform(self._engine.do(request, self._clock.now()))

    def receive(self, datagram: Datagram) -> None:
        """Take a datagram."""
        self._perform(self._engine.receive(datagram, self._clock.now()))

    def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self._transmit(effect.datagram)
        if self._alarm is not None:
            self._alarm.cancel()
        when = self._engine.next_wake
        self._alarm = None if when is None else self._clock.call_at(when, self._wake)

    def _wake(self) -> None:
        self._alarm = None
        self._perform(self._engine.wake(self._clock.now()))


def _turned(datagram: Datagram) -> Datagram:
    """Return a datagram as its receiver sees it."""
    return Datagram(datagram.octets, datagram.remote, datagram.local)
