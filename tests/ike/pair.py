"""Two engines on a wire that can lose, cross and repeat, with one virtual clock and seeded dice."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network, ip_address
from typing import TypeVar

from ikecli.boundary.effects import (
    Ask,
    Datagram,
    Direction,
    Effect,
    Endpoint,
    Failed,
    Install,
    Puzzle,
    Reach,
    Remove,
    Send,
    SharedSecret,
    Tell,
    Traffic,
    Update,
)
from ikecli.boundary.events import Event
from ikecli.boundary.notices import Acquire, Notice, UnknownSpi
from ikecli.boundary.views import Counters, IkeSaView
from ikecli.crypto import restore
from ikecli.crypto.puzzles import solve
from ikecli.ike.engine import Engine
from ikecli.ike.limits import NONCE_SIZE
from ikecli.ike.requests import Apply, Initiate, Request
from ikecli.intent import (
    Connection,
    Credential,
    Dpd,
    EspProposal,
    Flow,
    Identity,
    IdentityMatch,
    IkePolicy,
    IkeProposal,
    Initiation,
    Intent,
    Profile,
    Selector,
)
from ikecli.numbers import Algorithm, TransformType, named
from ikecli.secret import Secret

LEFT, RIGHT = ip_address("10.0.0.1"), ip_address("10.0.0.2")
NETS = {LEFT: IPv4Network("192.168.1.0/24"), RIGHT: IPv4Network("192.168.2.0/24")}
LABEL = "MAP 10 outside"
E = TypeVar("E", bound=Event)


def row(kind: TransformType, word: str, use: str = "ike") -> Algorithm:
    return named(kind, "ios", word, use)


def rows(kind: TransformType, words: str, use: str = "ike") -> tuple[Algorithm, ...]:
    return tuple(row(kind, word, use) for word in words.split())


def ike_proposal(
    encryption: str = "aes-gcm-128", integrity: str = "", prf: str = "sha256", groups: str = "31"
) -> IkeProposal:
    return IkeProposal(
        "P",
        rows(TransformType.ENCR, encryption),
        rows(TransformType.INTEG, integrity),
        rows(TransformType.PRF, prf),
        rows(TransformType.KE, groups),
    )


GCM = EspProposal("GCM", (named(TransformType.ENCR, "ios", "esp-gcm 128", "esp"),))
CBC = EspProposal(
    "CBC",
    (named(TransformType.ENCR, "ios", "esp-aes", "esp"),),
    (named(TransformType.INTEG, "ios", "esp-sha-hmac", "esp"),),
)


def profile(
    peer: IPv4Address, key: str = "secret", name: str = "PROF", dpd: Dpd | None = None, **more: object
) -> Profile:
    credential = Credential("K", Secret(key), Secret(key), (IPv4Network(peer),))
    match = IdentityMatch(1, b"", IPv4Network(peer))
    return replace(Profile(name, (match,), (credential,), dpd=dpd), **more)  # type: ignore[arg-type]


def connection(local: IPv4Address, peer: IPv4Address, **more: object) -> Connection:
    flow = Flow(Selector.of(NETS[local]), Selector.of(NETS[peer]))
    return replace(Connection("MAP", 10, "outside", local, (peer,), (flow,), (GCM,)), **more)  # type: ignore[arg-type]


def intent(
    local: IPv4Address,
    peer: IPv4Address,
    *,
    proposals: tuple[IkeProposal, ...] = (ike_proposal(),),
    profiles: tuple[Profile, ...] | None = None,
    connections: tuple[Connection, ...] | None = None,
    **more: object,
) -> Intent:
    return Intent(
        policies=(IkePolicy("POL", proposals),),
        profiles=(profile(peer),) if profiles is None else profiles,
        connections=(connection(local, peer),) if connections is None else connections,
        **more,  # type: ignore[arg-type]
    )


def packet(local: IPv4Address, peer: IPv4Address, label: str = LABEL, host: int = 5) -> Acquire:
    return Acquire(label, NETS[local][host], NETS[peer][host], 1)


@dataclass
class Plane:
    """What was installed; it can refuse installs."""

    sas: dict[tuple[Direction, int], Install] = field(default_factory=dict)
    refuse: Callable[[Install], bool] = lambda install: False
    log: list[Effect] = field(default_factory=list)
    reaches: dict[int, Reach] = field(default_factory=dict)

    def perform(self, effect: Install | Remove | Update | Reach) -> bool:
        self.log.append(effect)
        if isinstance(effect, Install):
            if self.refuse(effect):
                return False
            assert (effect.direction, effect.spi) not in self.sas
            self.sas[effect.direction, effect.spi] = effect
        elif isinstance(effect, Update) and (effect.direction, effect.spi) in self.sas:
            there = self.sas[effect.direction, effect.spi]
            self.sas[effect.direction, effect.spi] = replace(there, local=effect.local, remote=effect.remote)
        elif isinstance(effect, Remove):
            gone = self.sas.pop((effect.direction, effect.spi), None)
            if gone is not None and effect.direction is Direction.OUTBOUND:
                assert gone.remote.address == effect.remote.address, "the SA of another peer"
        elif isinstance(effect, Reach):
            self.reaches.pop(effect.id, None)
            if effect.addresses or effect.routes:
                self.reaches[effect.id] = effect
        return True


class End:
    """One engine with its plane, and everything it said."""

    def __init__(self, pair: Pair, address: IPv4Address, peer: IPv4Address, seed: int) -> None:
        self.pair, self.address, self.peer = pair, address, peer
        self.dice = random.Random(seed)
        self.rank: int | None = None
        self.engine = Engine(self.random)
        self.plane = Plane()
        self.told: list[Event] = []
        self.sent: list[Datagram] = []
        self.asks: list[Ask] = []
        self.answer_asks = True
        self.counters = Counters()

    def random(self, size: int) -> bytes:
        """Return random octets; with a rank, what is as long as a nonce begins with it: lower or higher than others."""
        octets = self.dice.randbytes(size)
        return octets if self.rank is None or size != NONCE_SIZE else bytes((self.rank,)) + octets[1:]

    def do(self, request: Request) -> None:
        self.perform(self.engine.do(request, self.pair.now))

    def notice(self, notice: Notice) -> None:
        self.perform(self.engine.notice(notice, self.pair.now))

    def receive(self, datagram: Datagram) -> None:
        self.perform(self.engine.receive(datagram, self.pair.now))

    def answer(self, id: int, reply: object) -> None:
        self.perform(self.engine.answer(id, reply, self.pair.now))

    def wake(self) -> None:
        self.perform(self.engine.wake(self.pair.now))

    def acquire(self, label: str = LABEL, host: int = 5) -> None:
        self.notice(packet(self.address, self.peer, label, host))

    def initiate(self, label: str = LABEL) -> None:
        self.do(Initiate(label))

    def apply(self, what: Intent) -> None:
        self.do(Apply(what))

    def perform(self, effects: Iterable[Effect]) -> None:
        queue = list(effects)
        for at, effect in enumerate(queue):
            match effect:
                case Send(datagram):
                    self.sent.append(datagram)
                    self.pair.carry(self, datagram)
                case Tell(event):
                    self.told.append(event)
                case Ask():
                    self.asks.append(effect)
                case _:
                    if not self.plane.perform(effect):
                        self.perform(
                            self.engine.failed(Failed(effect, "no room", tuple(queue[at + 1 :])), self.pair.now)
                        )
                        return

    def settle_asks(self) -> bool:
        """Answer what was asked; return whether there was anything."""
        waiting, self.asks = (self.asks, []) if self.answer_asks else ([], self.asks)
        for ask in waiting:
            question = ask.question
            if isinstance(question, Traffic):
                self.answer(ask.id, dict.fromkeys(question.spis, self.counters))
                continue
            if isinstance(question, Puzzle):
                self.answer(ask.id, solve(question.prf, question.text, question.difficulty))
                continue
            assert isinstance(question, SharedSecret)
            self.answer(ask.id, restore(question.group, question.private).shared(question.peer))
        return bool(waiting)

    def events(self, kind: type[E]) -> list[E]:
        return [event for event in self.told if type(event) is kind]

    @property
    def sas(self) -> list[IkeSaView]:
        return self.engine.views(self.pair.now)

    def __repr__(self) -> str:
        return f"End({self.address})"


class Pair:
    """The two ends and the wire between them."""

    def __init__(self, left: Intent | None = None, right: Intent | None = None, seed: int = 1) -> None:
        self.now = 0.0
        self.wire: list[tuple[float, End, Datagram]] = []
        self.left = End(self, LEFT, RIGHT, seed * 2)
        self.right = End(self, RIGHT, LEFT, seed * 2 + 1)
        self.ends = (self.left, self.right)
        self.dropped: list[Datagram] = []
        self.weather: Callable[[Datagram], list[float]] = lambda datagram: [0.0]
        self.translate: Callable[[Datagram], Datagram] = lambda datagram: datagram
        self._losses = 0
        self.left.apply(left or intent(LEFT, RIGHT))
        self.right.apply(right or intent(RIGHT, LEFT))

    def carry(self, sender: End, datagram: Datagram) -> None:
        """Put a datagram on the wire, as the other end will see it; keepalives are seen by no engine."""
        if datagram.bare:
            return
        if self._losses:
            self._losses -= 1
            self.dropped.append(datagram)
            return
        there = self.translate(Datagram(datagram.octets, datagram.remote, datagram.local))
        receiver = self.right if sender is self.left else self.left
        for delay in self.weather(there):
            self.wire.append((self.now + delay, receiver, there))

    def lose(self, count: int) -> None:
        """Lose the next datagrams."""
        self._losses = count

    def step(self) -> bool:
        """Deliver the next datagram that has arrived; return whether there was one."""
        due = [entry for entry in self.wire if entry[0] <= self.now]
        if not due:
            return self.left.settle_asks() | self.right.settle_asks()
        first = min(due, key=lambda entry: entry[0])
        self.wire.remove(first)
        first[1].receive(first[2])
        return True

    def settle(self, steps: int = 400) -> None:
        """Deliver until the wire is empty."""
        for _ in range(steps):
            if not self.step():
                return
        raise AssertionError("the wire does not come to rest")

    def cross(self) -> None:
        """Deliver what is on the wire now, both ways, before any answer to it."""
        flying, self.wire = self.wire, []
        for _, receiver, datagram in flying:
            receiver.receive(datagram)

    def advance(self, seconds: float) -> None:
        """Let time pass, waking whoever wants to be woken."""
        until = self.now + seconds
        self.settle()
        while True:
            times = [when for end in self.ends if (when := end.engine.next_wake) is not None]
            times += [entry[0] for entry in self.wire]
            when = min(times, default=until + 1)
            if when > until:
                break
            self.now = max(self.now, when)
            for end in self.ends:
                if (wake := end.engine.next_wake) is not None and wake <= self.now:
                    end.wake()
            self.settle()
        self.now = until

    def up(self) -> None:
        """Bring the connection up from the left."""
        self.left.acquire()
        self.settle()
        self.agree(1)

    def agree(self, ikes: int, children: int | None = None) -> None:
        """Assert that both ends have the same SAs, and the planes what they say."""
        left = {frozenset((sa.local_spi, sa.remote_spi)) for sa in self.left.sas}
        right = {frozenset((sa.local_spi, sa.remote_spi)) for sa in self.right.sas}
        assert left == right
        assert len(left) == ikes
        pairs = [
            {frozenset((c.inbound_spi, c.outbound_spi)) for sa in end.sas for c in sa.children} for end in self.ends
        ]
        assert pairs[0] == pairs[1]
        assert len(pairs[0]) == (ikes if children is None else children)
        for end in self.ends:
            spis = {
                (d, s) for sa in end.sas for c in sa.children for d, s in _directions(c.inbound_spi, c.outbound_spi)
            }
            assert set(end.plane.sas) == spis

    def ping(self, end: End) -> bool:
        """Send a packet through the planes; return whether it went there and back."""
        return self._packet(end) and self._packet(self.right if end is self.left else self.left)

    def _packet(self, end: End) -> bool:
        other = self.right if end is self.left else self.left
        out = [sa for (d, _), sa in end.plane.sas.items() if d is Direction.OUTBOUND]
        if not out:
            end.acquire()
            return False
        used = out[-1]
        there = other.plane.sas.get((Direction.INBOUND, used.spi))
        if there is None:
            other.notice(UnknownSpi(used.spi, Endpoint(end.address, 0)))
            return False
        assert there.keys == used.keys or (there.keys.encryption, there.keys.integrity) == (
            used.keys.encryption,
            used.keys.integrity,
        )
        return True


def _directions(inbound: int, outbound: int) -> list[tuple[Direction, int]]:
    return [(Direction.INBOUND, inbound), (Direction.OUTBOUND, outbound)]


__all__ = [
    "CBC",
    "GCM",
    "LABEL",
    "LEFT",
    "NETS",
    "RIGHT",
    "Credential",
    "Dpd",
    "End",
    "Identity",
    "IdentityMatch",
    "Initiation",
    "Pair",
    "connection",
    "ike_proposal",
    "intent",
    "packet",
    "profile",
]
