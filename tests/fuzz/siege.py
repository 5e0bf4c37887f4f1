"""One engine that lives through everything, and hostile peers of it that come and go: each holds the right keys."""

from __future__ import annotations

import json
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from ikecli.boundary.effects import (
    Attach,
    Datagram,
    Detach,
    Direction,
    Effect,
    Endpoint,
    Install,
    Reach,
    Remove,
    Update,
)
from ikecli.boundary.notices import Expired, FirstPacket, Mapped, UnknownSpi
from ikecli.crypto import Suite
from ikecli.debug.lines import render
from ikecli.debug.syslog import log
from ikecli.errors import Unauthentic
from ikecli.ike.engine import Engine
from ikecli.ike.requests import DeleteChild, DeleteIke
from ikecli.ike.sa import IkeSa, State
from ikecli.ike.window import Aim, Want
from ikecli.intent import Initiation
from ikecli.numbers import Exchange
from ikecli.wire import (
    Header,
    Message,
    read_chain,
    read_message,
    write_message,
    write_outer,
    write_outer_fragment,
)
from ikecli.wire.payloads import Payload, UnknownPayload
from tests.fuzz.mutate import EXCHANGES, address, changed, number, octets_at
from tests.fuzz.victims import Nat, Victim
from tests.ike.pair import LEFT, RIGHT, End, Pair

LONGEST = 2.0
"""Seconds of the processor that no datagram may cost."""
MOST_EFFECTS = 8_000
"""Effects that no datagram may have."""
LONGEST_TEXT = 20_000
"""Characters of the longest line about a peer."""
_SAMPLES = 8
_LONGEST_SAMPLE = 1_500


@dataclass
class Tally:
    """Datagrams that were sent, changed inside and sealed again, and that passed the check; by state and role."""

    sent: int = 0
    inside: int = 0
    passed: int = 0
    counting: bool = False
    states: Counter[str] = field(default_factory=Counter)


class Vault:
    """A data plane that counts nothing and holds what was installed."""

    def __init__(self, dice: random.Random) -> None:
        self.sas: dict[tuple[Direction, int, str], Install] = {}
        self.reaches: dict[int, Reach] = {}
        self.attached: set[str] = set()
        self.failing = 0.02
        self._dice = dice
        self.log: list[Effect] = []

    def perform(self, effect: Install | Remove | Update | Reach | Attach | Detach) -> bool:
        """Do it, or seldom fail to."""
        match effect:
            case Install() | Attach() if self._dice.random() < self.failing:
                return False
            case Install():
                self.sas[_key(effect)] = effect
            case Remove():
                self.sas.pop(_key(effect), None)
            case Update():
                self._move(effect)
            case Reach() if effect.addresses or effect.routes:
                self.reaches[effect.id] = effect
            case Reach():
                self.reaches.pop(effect.id, None)
            case Attach(access):
                self.attached.add(access.name)
            case Detach(name):
                self.attached.discard(name)
        return True

    def _move(self, to: Update) -> None:
        for key, sa in list(self.sas.items()):
            if (sa.direction, sa.spi, sa.peer_spi) == (to.direction, to.spi, to.peer_spi):
                moved = replace(self.sas.pop(key), local=to.local, remote=to.remote)
                self.sas[_key(moved)] = moved


def _requests(sa: IkeSa) -> tuple[Exchange, ...]:
    """Return the exchanges that a request to an IKE SA may be of now."""
    if sa.state is State.HALF_OPEN:
        intermediate = sa.birth is not None and sa.birth.intermediate
        return (Exchange.IKE_AUTH, *[Exchange.IKE_INTERMEDIATE] * 2 * intermediate)
    usual = (Exchange.CREATE_CHILD_SA, Exchange.CREATE_CHILD_SA, Exchange.INFORMATIONAL)
    return (*usual, *[Exchange.IKE_FOLLOWUP_KE] * 3 * bool(sa.followups))


def _key(effect: Install | Remove) -> tuple[Direction, int, str]:
    inbound = effect.direction is Direction.INBOUND
    return effect.direction, effect.spi, "" if inbound else str(effect.remote.address)


class Siege:
    """The victim is the right end of a pair; the left end is replaced by a new peer for each campaign."""

    def __init__(self, target: Victim, dice: random.Random, tally: Tally) -> None:
        self.target, self.dice, self.tally = target, dice, tally
        self.pair = Pair(target.foe, target.victim, seed=dice.randrange(1 << 30))
        self.nat = Nat()
        self._began = 0.0
        if target.nat:
            self.pair.translate = self.nat
        self.foe, self.victim = self.pair.ends
        self.victim.plane = Vault(dice)  # type: ignore[assignment]
        self.samples: dict[tuple[int, bool], deque[tuple[Payload, ...]]] = {}

    @property
    def core(self):  # type: ignore[no-untyped-def]
        """The victim's tables."""
        return self.victim.engine._core

    def campaign(self, most: int) -> None:
        """Have one peer do its worst, in at most so many datagrams."""
        self._new_foe()
        end, self._began = self.tally.sent + most, time.process_time()
        self._beginner(self.dice.random() < 0.6).acquire()
        if self.dice.random() < 0.9:
            self.pair.settle()
        for _ in range(self.dice.randrange(20, 160)):
            self._step()
            if self.tally.sent >= end or not (self.pair.wire or self._pairs()):
                break
        self._check()

    def rest(self) -> None:
        """Let time pass until nothing is left of anybody, and see that nothing is."""
        self.pair.wire.clear()
        self.foe.engine = Engine(self.dice.randbytes)
        self.pair.weather = lambda datagram: []
        for _ in range(50_000):
            when = self.victim.engine.next_wake
            if when is None:
                break
            self.pair.now = max(self.pair.now, when)
            self.victim.wake()
            self.victim.settle_asks()
            self._clear()
        self.pair.weather = lambda datagram: [0.0]
        core = self.core
        tables = (
            core.sas, core.by_spi, core.by_request, core.by_peer, core.by_identity, core.children, core.asked,
            core.waiting, core.assemblies, core._sessions, core._session_use, self.victim.plane.sas, core.touched,
            core.accesses, self.victim.plane.reaches, self.victim.plane.attached,
        )  # fmt: skip
        assert [len(table) for table in tables] == [0] * len(tables), [len(table) for table in tables]
        assert (core.held, core.assemblies.size, core.agenda.next) == (0, 0, None)
        assert all(not pool.lent for pool in self.victim.engine.pools())
        core.installing.clear()

    def shakes_hands(self) -> bool:
        """Tell whether a peer of good will still gets in, and its packets through."""
        self._new_foe()
        self.victim.plane.failing = 0.0  # type: ignore[attr-defined]
        self.pair.now += 3600
        self._beginner(True).acquire()
        self.pair.settle()
        (sa,) = self.foe.sas
        return bool(sa.children)

    # What happens

    def _beginner(self, foe: bool) -> End:
        """Return who begins: the foe or the victim, where that one does so at all."""
        began, other = (self.foe, self.victim) if foe else (self.victim, self.foe)
        intent = began.engine._core.lookup.intent
        return began if any(row.initiation is not Initiation.NEVER for row in intent.connections) else other

    def _new_foe(self) -> None:
        self.pair.now += self.dice.choice((0.1, 1.0, 7.0, 40.0))
        self.pair.wire.clear()
        self._clear()
        self.nat.shift = self.dice.randrange(1024, 50_000)
        self.foe.engine = Engine(random.Random(self.dice.randrange(1 << 40)).randbytes, heard=())
        self.foe.plane.sas.clear()
        self.foe.apply(self.target.foe)
        self.victim.wake()
        self.pair.wire.clear()
        self.core.hold_off.clear()

    def _step(self) -> None:
        dice = self.dice
        roll = dice.random()
        if roll < 0.72 and (pairs := self._pairs()):
            self._attack(*dice.choice(pairs))
        elif roll < 0.88 and self.pair.wire:
            self._deliver()
        elif roll < 0.93:
            self._stir(self.victim)
        elif roll < 0.97:
            self._stir(self.foe)
        else:
            self.pair.now += dice.choice((0.5, 2.0, 5.0, 60.0))
            for end in self.pair.ends:
                end.wake()
        if dice.random() < 0.5:
            for end in self.pair.ends:
                end.settle_asks()

    def _pairs(self) -> list[tuple[IkeSa, IkeSa]]:
        """Return the IKE SAs that both ends have, with keys at the foe: the foe's view and the victim's."""
        mine = self.foe.engine._core.sas.values()
        pairs = [(sa, self.core.by_spi.get(sa.spi_r if sa.initiator else sa.spi_i)) for sa in mine if sa.keys]
        known = [(sa, theirs) for sa, theirs in pairs if theirs is not None and theirs.spi_i == sa.spi_i]
        return [one for one in known if one[1].state is not State.CLOSED or self.dice.random() < 0.05]

    def _deliver(self) -> None:
        """Deliver a datagram of the wire, or lose or repeat it; one for the victim is often changed first."""
        dice, wire = self.dice, self.pair.wire
        entry = wire.pop(dice.randrange(len(wire)) if dice.random() < 0.2 else 0)
        _, receiver, datagram = entry
        if receiver is self.foe:
            self.foe.receive(datagram)
            return
        meant = self._meant(datagram.octets)
        if meant is not None and meant.state is State.CLOSED and dice.random() < 0.9:
            return
        for _ in range(dice.choice((0, 1, 1))):
            self._hit(*self._variant(datagram))
        if dice.random() < 0.9:
            self._hit(datagram, inside=False)

    def _stir(self, end) -> None:  # type: ignore[no-untyped-def]
        """Have an end begin something of its own, or be told something by its data plane."""
        dice, core = self.dice, end.engine._core
        standing = [sa for sa in core.sas.values() if sa.state is State.ESTABLISHED]
        spis = list(core.children)[:8]
        spi = dice.choice(spis) if spis else dice.randrange(1 << 32)
        match dice.randrange(14):
            case 11 if standing:
                self._cross()
            case 12 if standing and end is self.victim:
                self._move(dice.choice(standing))
            case 13 if end is self.victim and dice.random() < 0.3:
                self._reconfigure()
            case 0 | 1:
                end.notice(Expired(spi, hard=dice.random() < 0.2))
            case 2 | 3:
                end.initiate()
            case 4 | 5 if standing:
                self._want(end, dice.choice(standing), Want.REKEY_IKE)
            case 6 if standing:
                self._want(end, dice.choice(standing), Want.LIVENESS)
            case 7:
                end.do(DeleteChild(spi=spi))
            case 8 if dice.random() < 0.4:
                end.do(DeleteIke())
            case 9:
                end.notice(FirstPacket(spi))
            case 10:
                end.notice(UnknownSpi(dice.randrange(1 << 32), Endpoint(end.peer, 4500)))
                end.notice(Mapped(spi, Endpoint(end.peer, dice.choice((500, 4500, 7777)))))

    def _cross(self) -> None:
        """Have both ends rekey the IKE SA at once, so that the victim has one to spare."""
        for end in self.pair.ends:
            for sa in [one for one in end.engine._core.sas.values() if one.state is State.ESTABLISHED]:
                self._want(end, sa, Want.REKEY_IKE)
        flying, self.pair.wire = self.pair.wire, []
        for _, receiver, datagram in flying:
            receiver.receive(datagram)

    def _move(self, sa: IkeSa) -> None:
        """Have the victim give an IKE SA away, and take it back."""
        engine = self.victim.engine
        plain, effects = engine.give(sa.number, self.pair.now)
        self.victim.perform(effects)
        self.victim.perform(engine.take(json.loads(json.dumps(plain)), self.pair.now))

    def _reconfigure(self) -> None:
        """Have the victim's connections be others, or as they were."""
        lifetime = self.dice.choice((3600, 3600, 3000))
        rows = tuple(replace(row, lifetime=lifetime) for row in self.target.victim.connections)
        self.victim.apply(replace(self.target.victim, connections=rows))

    def _want(self, end, sa: IkeSa, want: Want) -> None:  # type: ignore[no-untyped-def]
        end.engine._core.begin(self.pair.now)
        end.engine._core.want(sa, want, Aim())
        end.perform(end.engine._leave())

    # What is sent

    def _attack(self, mine: IkeSa, theirs: IkeSa) -> None:
        """Send a message under the right keys, most often one that is in its turn."""
        dice, window = self.dice, theirs.window
        waiting = [one for one in window.open if one.waits]
        if waiting and dice.random() < (0.5 if theirs.established else 0.95):
            out = dice.choice(waiting)
            exchange, message_id, response = int(out.talk.exchange), out.message_id, True
        else:
            exchange = int(dice.choice(_requests(theirs)))
            message_id, response = window.expected + (window.own > 1 and dice.random() < 0.2), False
        known = self.samples.get((exchange, response)) or self.samples.get((Exchange.IKE_AUTH, response))
        payloads = dice.choice(known) if known else ()
        if dice.random() < 0.05:
            exchange = dice.choice(EXCHANGES)
        if dice.random() < 0.04:
            message_id = dice.choice((0, number(message_id, dice) & 0xFFFFFFFF, (1 << 32) - 1))
        if dice.random() < 0.03:
            response = not response
        for octets in self._sealed(mine, exchange, payloads, message_id, response):
            self._hit(Datagram(octets, Endpoint(RIGHT, theirs.local.port), self._source(theirs)), inside=True)
        if not mine.window.open:
            mine.window.next_id = max(mine.window.next_id, window.expected)

    def _source(self, theirs: IkeSa) -> Endpoint:
        if self.dice.random() < 0.97:
            return theirs.remote
        return Endpoint(self.dice.choice((LEFT, address(self.dice))), self.dice.choice((500, 4500, 7777)))

    def _sealed(
        self, sa: IkeSa, exchange: int, payloads: Sequence[Payload], message_id: int, response: bool
    ) -> list[bytes]:
        """Return a changed message under an SA's keys: whole, in fragments, or in what looks like some."""
        dice, suite, keys = self.dice, sa.suite, sa.keys
        assert suite is not None
        assert keys is not None
        pool = [one for some in self.samples.values() for one in some[dice.randrange(len(some))]]
        first, chain = changed(payloads, pool, dice)
        header = Header(
            sa.spi_i, sa.spi_r, exchange, message_id, sa.initiator, response, minor=dice.choice((0, 0, 0, 5))
        )
        if sa.fragmentation and dice.random() < 0.25:
            return self._fragments(sa, header, first, chain)
        clear = (UnknownPayload(dice.choice((43, 41, 200)), b"\0" * 9),) if dice.random() < 0.01 else ()
        outer = write_outer(header, first, suite.sealed_size(len(chain)), clear)
        return [suite.seal(keys, sa.initiator, outer, chain, dice.randbytes(suite.encryption.iv))]

    def _fragments(self, sa: IkeSa, header: Header, first: int, chain: bytes) -> list[bytes]:
        dice, suite, keys = self.dice, sa.suite, sa.keys
        assert suite is not None
        assert keys is not None
        total = dice.choice((1, 2, 3, 5))
        size = max(1, -(-len(chain) // total))
        sent = []
        for at in range(total):
            part, numbers = chain[at * size : (at + 1) * size], (at + 1, total)
            if dice.random() < 0.1:
                numbers = (dice.choice((0, at, at + 2, 65535)), dice.choice((0, total, total + 1, 65535)))
            kind = first if at == 0 or dice.random() < 0.02 else 0
            outer = write_outer_fragment(header, kind, suite.sealed_size(len(part)), *numbers)
            sent.append(suite.seal(keys, sa.initiator, outer, part, dice.randbytes(suite.encryption.iv)))
        if dice.random() < 0.2:
            dice.shuffle(sent)
        return sent

    def _variant(self, datagram: Datagram) -> tuple[Datagram, bool]:
        """Return a message of the foe changed, and whether inside: else it is a payload in the clear or an octet."""
        dice = self.dice
        message = read_message(datagram.octets)
        header = message.header
        if message.sealed is None:
            self._learn(header, message.payloads, len(datagram.octets))
            first, chain = changed(message.payloads, (), dice)
            spi = header.initiator_spi if header.response else dice.randbytes(8)
            clear = Message(
                Header(spi, header.responder_spi, header.exchange, 0, header.initiator, header.response), ()
            )
            octets = bytearray(write_message(clear) + chain)
            octets[16], octets[24:28] = first, len(octets).to_bytes(4, "big")
            return Datagram(bytes(octets), datagram.local, datagram.remote), False
        sa = self.foe.engine._core.by_spi.get(header.initiator_spi if header.initiator else header.responder_spi)
        chain = None if message.sealed.fragments or dice.random() < 0.03 else _opened(sa, datagram.octets, message)
        if sa is None or chain is None:
            spoiled = octets_at(datagram.octets, dice.randrange(len(datagram.octets)), dice)
            return Datagram(spoiled, datagram.local, datagram.remote), False
        payloads = read_chain(message.sealed.first, chain)
        self._learn(header, payloads, len(chain))
        octets = self._sealed(sa, header.exchange, payloads, header.message_id, header.response)
        return Datagram(octets[0] if octets else b"", datagram.local, datagram.remote), True

    def _learn(self, header: Header, payloads: tuple[Payload, ...], size: int) -> None:
        """Keep a message to be changed later, unless it is a long one."""
        if size > _LONGEST_SAMPLE:
            return
        self.samples.setdefault((header.exchange, header.response), deque(maxlen=_SAMPLES)).append(payloads)

    def _hit(self, datagram: Datagram, inside: bool) -> None:
        """Have the victim receive a datagram, and see that it takes that well."""
        sa = self._meant(datagram.octets)
        self.tally.sent += 1
        self.tally.inside += inside
        self.tally.counting = inside
        self.tally.states[f"{sa.state.name} {'initiator' if sa.initiator else 'responder'}" if sa else "no SA"] += 1
        began = time.perf_counter()
        effects = self.victim.engine.receive(datagram, self.pair.now)
        if time.perf_counter() - began > LONGEST:  # asking for the time of the processor costs much
            assert time.process_time() - self._began < LONGEST, datagram.octets.hex()
        self.tally.counting = False
        assert len(effects) < MOST_EFFECTS, datagram.octets.hex()
        self.victim.perform(effects)

    def _meant(self, octets: bytes) -> IkeSa | None:
        by_spi = self.core.by_spi
        return by_spi.get(octets[8:16]) or by_spi.get(octets[:8])

    # What must hold

    def _check(self) -> None:
        held = {spi for direction, spi, _ in self.victim.plane.sas if direction is Direction.INBOUND}  # type: ignore[misc]
        assert held == set(self.core.children), held ^ set(self.core.children)
        if self.dice.random() < 0.02:
            for event in self.victim.told:
                for dialect in ("ios", "asa"):
                    line = log(event, dialect)
                    for text in (*render(event, dialect), line.text if line else ""):
                        assert text.isascii() or not text, text
                        assert text.isprintable(), text
                        assert len(text) < LONGEST_TEXT, text
        self._clear()

    def _clear(self) -> None:
        for end in self.pair.ends:
            end.told.clear()
            end.sent.clear()
            end.plane.log.clear()
        self.pair.dropped.clear()


def _opened(sa: IkeSa | None, octets: bytes, message: Message) -> bytes | None:
    """Return what is inside of a message of the foe; None where its keys are not there or have been replaced."""
    if sa is None or sa.keys is None or sa.suite is None or message.sealed is None:
        return None
    with suppress(Unauthentic):
        return sa.suite.open(sa.keys, sa.initiator, octets, message.sealed.at)
    return None


def counting(tally: Tally) -> Callable[[], None]:
    """Count what passes the integrity check; return what ends the counting."""
    genuine = Suite.open

    def opened(self: Suite, *arguments: object) -> bytes:
        plain: bytes = genuine(self, *arguments)  # type: ignore[arg-type]
        tally.passed += tally.counting
        return plain

    Suite.open = opened  # type: ignore[method-assign,assignment]

    def end() -> None:
        Suite.open = genuine  # type: ignore[method-assign]

    return end


__all__ = ["Siege", "Tally", "counting"]
