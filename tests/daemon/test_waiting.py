"""IKE_SA_INIT requests wait behind what comes for SAs that stand: a flood of them delays nobody who has an SA."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from ikecli.boundary.clock import Cancel, Clock
from ikecli.boundary.effects import Datagram, Endpoint, Send
from ikecli.boundary.views import StatsView
from ikecli.daemon import appliance
from ikecli.daemon.waiting import MOST_OCTETS, TURN, Waiting, begins
from ikecli.dataplane.packet import Packet
from ikecli.ike.limits import MAX_OPENING
from ikecli.lab.clock import VirtualClock
from ikecli.lab.fabric import HOP_SECONDS
from ikecli.lab.lab import VirtualLab
from ikecli.numbers import Exchange
from ikecli.wire import read_header
from tests.config.reading import SAMPLES
from tests.lab.shows import shown

LEFT, RIGHT = ((SAMPLES / "modern" / f"{name}.cfg").read_text() for name in ("left", "right"))
FLOOD = 3000
TURN_SECONDS = 0.008
"""What a turn of four requests takes the processor of these tests."""


@dataclass
class Processor:
    """A clock that needs some time for each turn."""

    clock: Clock

    def now(self) -> float:
        return self.clock.now()

    def wall(self) -> float:
        return self.clock.wall()

    def call_at(self, when: float, act: Callable[[], None]) -> Cancel:
        return self.clock.call_at(when + TURN_SECONDS, act)


class Flooded:
    """Left checks each 30 seconds whether Right is there, and Right takes its time for each request that waits."""

    def __init__(self, *lines: str) -> None:
        self.lab = VirtualLab(1)
        for text, more in ((LEFT, ()), (RIGHT, ("crypto ikev2 profile LEFT", " no dpd", *lines))):
            self.lab.add(text.replace("end\n", "\n".join((*more, "end\n"))), "ios")
        self.right = self.lab["Right"].appliance
        self.came: list[Datagram] = []
        self.sent: list[Datagram] = []
        take, send = self.lab["Right"].plane._ike, self.right._ways[Send]
        self.lab["Right"].plane._ike = lambda one: (self.came.append(one), take(one))
        self.right._ways[Send] = lambda effect: (self.sent.append(effect.datagram), send(effect))
        assert self.lab.ping("Left", "10.20.0.1", "10.10.0.1").endswith("!!!!")
        self.opening = next(one for one in self.came if begins(one))
        self.right.waiting._clock = Processor(self.lab.clock)

    def pour(self, number: int = FLOOD) -> None:
        """Have as many initiators begin with Right at once."""
        for at in range(1, number + 1):
            octets = at.to_bytes(8, "big") + self.opening.octets[8:]
            end = Endpoint(self.opening.remote.address + at % 200, 1024 + at // 200)
            self.right.receive(replace(self.opening, octets=octets, remote=end))

    def delay(self) -> float:
        """Flood Right while a check is on its way there; return after how many seconds it is answered."""
        carried: list[Packet] = []
        self.lab.fabric.tap = carried.append
        self.lab.time.run(self.lab.clock.now() + 60, stop=lambda: bool(carried))
        self.pour()
        self.sent.clear()
        began = self.lab.clock.now()
        assert self.lab.time.run(began + 60, stop=lambda: any(map(informs, self.sent)))
        return self.lab.clock.now() - began

    def stats(self) -> StatsView:
        return self.right.stats()


def informs(datagram: Datagram) -> bool:
    return read_header(datagram.octets).exchange == Exchange.INFORMATIONAL


def test_a_sign_of_life_is_asked_for_and_given_in_the_middle_of_a_flood() -> None:
    flooded = Flooded()
    assert flooded.delay() == pytest.approx(HOP_SECONDS)
    assert flooded.stats().waiting == FLOOD, "the flood is not over"
    flooded.lab.run(60)
    assert flooded.stats().waiting == 0
    assert len(flooded.lab["Left"].appliance.sas()) == 1


def test_in_one_queue_with_the_flood_it_would_have_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    flooded = Flooded()
    monkeypatch.setattr(appliance, "begins", lambda datagram: True)
    assert flooded.delay() > FLOOD / TURN * TURN_SECONDS


def test_beyond_the_limit_requests_are_dropped_and_counted() -> None:
    flooded = Flooded("crypto ikev2 limit queue sa-init 100")
    flooded.pour(130)
    stats = flooded.stats()
    assert (stats.waiting, stats.waiting_peak, stats.waiting_dropped, stats.max_waiting) == (100, 100, 30, 100)
    assert "Incoming Requests dropped as LOW Q limit reached : 30" in shown(flooded.lab, "Right", "ikev2.stats")
    assert "IKE packets dropped at dispatch:       30" in shown(flooded.lab, "Right", "admission")
    flooded.right.reset_stats()
    assert flooded.stats().waiting_dropped == 0


def test_very_long_requests_fill_the_queue_sooner() -> None:
    served: list[Datagram] = []
    clock = VirtualClock()
    waiting = Waiting(clock, served.append, lambda: 10_000)
    one = Datagram(bytes(MAX_OPENING), *2 * (Flooded().opening.local,))
    for _ in range(2000):
        waiting.put(one)
    waiting.serve_soon()
    assert len(waiting) == MOST_OCTETS // MAX_OPENING
    clock.advance(1)
    assert len(served) == MOST_OCTETS // MAX_OPENING
    assert not waiting


def test_what_one_request_breaks_keeps_no_other_waiting() -> None:
    served: list[Datagram] = []

    def serve(one: Datagram) -> None:
        served.append(one)
        if len(served) == 1:
            raise RuntimeError

    clock = VirtualClock()
    waiting = Waiting(clock, serve, lambda: 10)
    opening = Flooded().opening
    for _ in range(3):
        waiting.put(opening)
    with pytest.raises(RuntimeError):
        waiting.serve()
    clock.advance(1)
    assert len(served) == 3


@pytest.mark.parametrize(
    ("change", "waits"),
    [
        (lambda octets: octets, True),
        (lambda octets: octets[:27], False),
        (lambda octets: octets[:8] + b"\1" * 8 + octets[16:], False),
        (lambda octets: octets[:18] + b"\x23" + octets[19:], False),
        (lambda octets: octets[:19] + b"\x20" + octets[20:], False),
        (lambda octets: octets + bytes(MAX_OPENING), False),
    ],
    ids=["a request", "short", "an SPI of the responder", "IKE_AUTH", "a response", "too long"],
)
def test_which_datagrams_wait(change: Callable[[bytes], bytes], waits: bool) -> None:
    opening = Flooded().opening
    assert begins(replace(opening, octets=change(opening.octets))) is waits
