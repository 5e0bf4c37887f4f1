"""How long who has an SA waits for a sign of life of the engine while more IKE_SA_INIT requests pour in than it serves.

The flood comes from a process of its own, as fast as is wanted of it; the engine runs as a process, too.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import time
from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Address
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from statistics import median
from typing import Final

from benchmarks.figure import Figure
from benchmarks.initiator import LARGEST, engine_intent, sends
from benchmarks.responder import ADDRESS, PATIENCE, Responder
from ikecli.boundary.effects import Ask, Datagram, Effect, Endpoint, Send
from ikecli.ike.engine import Engine
from ikecli.ike.requests import Initiate
from ikecli.intent import Dpd
from ikecli.numbers import IKE_PORT

RATE: Final = 15_000
"""Requests a second: some times as many as an engine of one core answers with a cookie."""
SECONDS: Final = 8.0
AHEAD: Final = 2.0
"""Seconds of the flood before the first check."""
PAUSE: Final = 0.05
AGAIN: Final = 2.0
TRIES: Final = 6
"""When a request is sent again, and how often it is sent."""
BOUND: Final = 50
_CHECKS: Final = Dpd(10, 2, periodic=True)
_FLOODER: Final = IPv4Address("127.9.0.1")


def measure(rate: int = RATE, seconds: float = SECONDS) -> Figure:
    """Return the median round trip of a check, in milliseconds."""
    stop, sent = multiprocessing.Event(), multiprocessing.Value("l", 0)
    with Responder(1) as responder:
        port = responder.ports[0]
        with Peer(next(responder.peers), port) as peer:
            opening = peer.connect()
            flooder = multiprocessing.Process(target=pour, args=(opening, port, rate, stop, sent))
            flooder.start()
            began = time.monotonic()
            try:
                time.sleep(AHEAD)
                trips = list(peer.checks(seconds))
            finally:
                poured = time.monotonic() - began
                stop.set()
                flooder.join(PATIENCE)
    each = sent.value / poured
    longest, again = f"longest {max(trips) * 1e3:.0f} ms", f"{peer.repeated} asked for again"
    basis = f"{longest}, of {len(trips)}, {again}; {each:.0f} requests a second came beside them"
    return Figure("a sign of life in a flood", median(trips) * 1e3, "ms", BOUND, basis)


def pour(opening: bytes, port: int, rate: int, stop: Event, sent: Synchronized[int]) -> None:
    """Send IKE_SA_INIT requests of as many initiators until told to stop."""
    number, began = 0, time.monotonic()
    with socket.socket(type=socket.SOCK_DGRAM) as wire:
        wire.bind((str(_FLOODER), 0))
        while not stop.is_set():
            if number < (time.monotonic() - began) * rate:
                wire.sendto(os.urandom(8) + opening[8:], (str(ADDRESS), port))
                number += 1
            else:
                time.sleep(0.0002)
    sent.value = number


class Peer:
    """An initiator with one SA; its time goes on as checks need it."""

    def __init__(self, address: IPv4Address, port: int) -> None:
        intent = engine_intent((address,))
        profiles = tuple(replace(one, dpd=_CHECKS) for one in intent.profiles)
        self._engine = Engine(os.urandom, replace(intent, profiles=profiles), heard=())
        self._ends = Endpoint(address, IKE_PORT), Endpoint(ADDRESS, IKE_PORT)
        self._label, self._now, self.repeated = intent.connections[0].label, 0.0, 0
        self._wire = socket.socket(type=socket.SOCK_DGRAM)
        self._wire.settimeout(AGAIN)
        self._wire.bind((str(address), port))
        self._wire.connect((str(ADDRESS), port))

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self._wire.close()

    def connect(self) -> bytes:
        """Set up the SA; return the first request."""
        effects = self._engine.do(Initiate(self._label), self._now)
        first = next(effect.datagram.octets for effect in effects if isinstance(effect, Send))
        while not any(map(sends, effects)):
            effects = self._exchange(effects)
        return first

    def checks(self, seconds: float) -> Iterable[float]:
        """Ask for signs of life, one after the other, and yield how long each took to come."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            effects = self._check()
            began = time.monotonic()
            self._exchange(effects)
            yield time.monotonic() - began
            time.sleep(PAUSE)

    def _check(self) -> list[Effect]:
        """Let time pass until there is a request to send; nothing went through the Child SA meanwhile."""
        while True:
            self._now = self._engine.next_wake or self._now
            effects = self._engine.wake(self._now)
            for effect in tuple(effects):
                if isinstance(effect, Ask):
                    effects += self._engine.answer(effect.id, {}, self._now)
            if any(isinstance(effect, Send) for effect in effects):
                return effects

    def _exchange(self, effects: list[Effect]) -> list[Effect]:
        """Send what is to be sent, and take what comes for that."""
        for _ in range(TRIES):
            for effect in effects:
                if isinstance(effect, Send):
                    self._wire.send(effect.datagram.octets)
            try:
                octets = self._wire.recv(LARGEST)
            except TimeoutError:
                self.repeated += 1
                continue
            return self._engine.receive(Datagram(octets, *self._ends), self._now)
        raise TimeoutError(f"no answer to {TRIES} requests")
