"""A hypothesis state machine: two engines, a wire that does anything, and what must hold after each step."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ikecli.boundary.effects import Direction, Endpoint, Traffic
from ikecli.boundary.notices import Expired, FirstPacket, UnknownSpi
from ikecli.crypto import restore
from ikecli.ike import wakes
from ikecli.ike.engine import Engine
from ikecli.ike.limits import LINGER_SECONDS, REPLACED_SECONDS, RETRANSMISSION
from ikecli.ike.moving import MOVABLE
from ikecli.ike.requests import DeleteChild, DeleteIke
from ikecli.ike.rules import exclude
from ikecli.ike.sa import IkeSa, State
from ikecli.ike.window import UNSENT, Want
from ikecli.intent import Flow, Intent, Selector
from ikecli.numbers import TransformType
from tests.ike.pair import LEFT, NETS, RIGHT, Dpd, End, Pair, connection, ike_proposal, intent, profile, row

CONNECTIONS = 2
MOST_ON_WIRE = 24
SIDES = st.integers(0, 1)
WINDOWS = st.sampled_from([1, 2, 5])
IKE_GROUPS = st.sampled_from(["31", "14"])
GROUPS = st.sampled_from([None, "31", "14"])
SETTLED = sum(RETRANSMISSION) + REPLACED_SECONDS + LINGER_SECONDS + 5
"""Seconds after which nothing that was begun is still under way."""


def configured(side: int, window: int, pfs: str | None, group: str) -> Intent:
    """Return an end's intent: some connections, each with a network for itself."""
    here, there = ((LEFT, RIGHT), (RIGHT, LEFT))[side]
    nets = [list(NETS[end].subnets(new_prefix=27)) for end in (here, there)]
    rows = tuple(
        connection(
            here,
            there,
            sequence=number,
            flows=(Flow(Selector.of(nets[0][number]), Selector.of(nets[1][number])),),
            pfs=pfs and row(TransformType.KE, pfs),
            lifetime=0,
        )
        for number in range(CONNECTIONS)
    )
    return intent(
        here,
        there,
        proposals=(ike_proposal(groups=group),),
        profiles=(profile(there, dpd=Dpd(30, 5, periodic=True), lifetime=0),),
        connections=rows,
        window=window,
    )


def label(number: int) -> str:
    return f"MAP {number} outside"


def move(end: End) -> None:
    """Have a fresh engine go on with all of an end's IKE SAs, by way of JSON."""
    old, now = end.engine, end.pair.now
    new = Engine(random.Random(old._core.random(8).hex()).randbytes, old._core.lookup.intent)
    end.engine, end.asks = new, []
    while old._core.sas:
        plain, effects = old.give(next(iter(old._core.sas)), now)
        end.perform(effects)
        end.perform(new.take(json.loads(json.dumps(plain)), now))
    for table in (old._core.by_spi, old._core.children, old._core.by_peer, old._core.by_identity, old._core.asked):
        assert not table


class Exchanges(RuleBasedStateMachine):
    """Whatever happens in whatever order, each end stays sound; left alone, both come to the same."""

    @initialize(seed=st.integers(0, 1 << 16), left=WINDOWS, right=WINDOWS, pfs=GROUPS, group=IKE_GROUPS)
    def begin(self, seed: int, left: int, right: int, pfs: str | None, group: str) -> None:
        """Bring an IKE SA up with one Child SA."""
        self.pair = Pair(configured(0, left, pfs, group), configured(1, right, pfs, group), seed)
        self.pair.left.initiate(label(0))
        self.pair.settle()
        self.pair.agree(1)
        for end in self.pair.ends:
            end.answer_asks = False

    # What an end does

    @rule(side=SIDES, at=st.integers(0, 3), hard=st.booleans())
    def expire(self, side: int, at: int, hard: bool) -> None:
        """A Child SA has carried its octets."""
        spis = list(self.pair.ends[side].engine._core.children)
        if spis:
            self.pair.ends[side].notice(Expired(spis[at % len(spis)], hard and at == 0))

    @rule(side=SIDES)
    def rekey_ike(self, side: int) -> None:
        """An IKE SA's lifetime is nearly over."""
        self._want(side, Want.REKEY_IKE)

    @rule(side=SIDES)
    def check_liveness(self, side: int) -> None:
        """The peer is asked for a sign of life."""
        self._want(side, Want.LIVENESS)

    @rule(side=SIDES, number=st.integers(0, CONNECTIONS - 1))
    def acquire(self, side: int, number: int) -> None:
        """A packet wants a connection."""
        self.pair.ends[side].acquire(label(number), 5 + 32 * number)

    @rule(side=SIDES, number=st.none() | st.integers(0, CONNECTIONS - 1))
    def delete_child(self, side: int, number: int | None) -> None:
        """The operator clears Child SAs."""
        self.pair.ends[side].do(DeleteChild(connection=None if number is None else label(number)))

    @rule(side=SIDES)
    def delete_ike(self, side: int) -> None:
        """The operator clears the IKE SAs."""
        self.pair.ends[side].do(DeleteIke())

    @rule(side=SIDES, window=WINDOWS)
    def window(self, side: int, window: int) -> None:
        """The operator configures another window."""
        end = self.pair.ends[side]
        end.apply(replace(end.engine._core.lookup.intent, window=window))

    @rule(side=SIDES, at=st.integers(0, 3))
    def packet(self, side: int, at: int) -> None:
        """A packet goes out on one of the SAs that are in, and arrives."""
        end, other = self.pair.ends[side], self.pair.ends[1 - side]
        out = [sa for (direction, _), sa in end.plane.sas.items() if direction is Direction.OUTBOUND]
        if not out:
            return
        used = out[at % len(out)]
        there = other.plane.sas.get((Direction.INBOUND, used.spi))
        if there is None:
            other.notice(UnknownSpi(used.spi, Endpoint(end.address, 0)))
        else:
            assert there.keys == used.keys
            other.notice(FirstPacket(used.spi))

    @rule(side=SIDES)
    def move(self, side: int) -> None:
        """An end's SAs go over to another engine."""
        end = self.pair.ends[side]
        if all(sa.state in MOVABLE for sa in end.engine._core.sas.values()):
            move(end)

    @precondition(lambda self: any(end.asks for end in self.pair.ends))
    @rule(at=st.integers(0, 3))
    def answer(self, at: int) -> None:
        """Something slow is found out, in any order."""
        asks = [(end, ask) for end in self.pair.ends for ask in end.asks]
        end, ask = asks[at % len(asks)]
        end.asks.remove(ask)
        if isinstance(ask.question, Traffic):
            end.answer(ask.id, dict.fromkeys(ask.question.spis, end.counters))
        else:
            end.answer(ask.id, restore(ask.question.group, ask.question.private).shared(ask.question.peer))

    # What the wire does

    @precondition(lambda self: self.pair.wire)
    @rule(at=st.integers(0, MOST_ON_WIRE))
    def deliver(self, at: int) -> None:
        """A datagram arrives, out of any order."""
        _, end, datagram = self.pair.wire.pop(at % len(self.pair.wire))
        end.receive(datagram)

    @precondition(lambda self: self.pair.wire)
    @rule()
    def deliver_first(self) -> None:
        """The datagram that was sent first arrives."""
        _, end, datagram = self.pair.wire.pop(0)
        end.receive(datagram)

    @precondition(lambda self: self.pair.wire)
    @rule()
    def cross(self) -> None:
        """All that is on the wire arrives, before any answer."""
        self.pair.cross()

    @precondition(lambda self: self.pair.wire)
    @rule(at=st.integers(0, MOST_ON_WIRE))
    def lose(self, at: int) -> None:
        """A datagram is lost."""
        self.pair.wire.pop(at % len(self.pair.wire))

    @precondition(lambda self: self.pair.wire and len(self.pair.wire) < MOST_ON_WIRE)
    @rule(at=st.integers(0, MOST_ON_WIRE))
    def repeat(self, at: int) -> None:
        """A datagram will arrive twice."""
        self.pair.wire.append(self.pair.wire[at % len(self.pair.wire)])

    # Time

    @rule(seconds=st.sampled_from([0.5, 2.0, 6.0]))
    def wait(self, seconds: float) -> None:
        """Time passes, and nothing arrives meanwhile."""
        until = self.pair.now + seconds
        while (when := self._next()) is not None and when <= until:
            self.pair.now = max(self.pair.now, when)
            for end in self.pair.ends:
                end.wake()
        self.pair.now = until
        del self.pair.wire[:-MOST_ON_WIRE]

    def teardown(self) -> None:
        """Nothing more is lost, and nothing begun: what is under way comes to its end."""
        if not hasattr(self, "pair"):
            return
        for end in self.pair.ends:
            end.answer_asks = True
        self.pair.advance(SETTLED)
        self._quiet()
        for number in range(CONNECTIONS):
            self._carry(number)
        self._quiet()

    def _carry(self, number: int) -> None:
        """Have traffic bring a connection up again, as it would: for as long as it takes, up to half a minute."""
        for _ in range(30):
            self.pair.left.acquire(label(number), 5 + 32 * number)
            self.pair.advance(1)
            if any(child.connection == label(number) for sa in self.pair.left.sas for child in sa.children):
                self.pair.advance(10)
                return
        raise AssertionError(f"{label(number)} does not come up")

    def _want(self, side: int, want: Want) -> None:
        end = self.pair.ends[side]
        core = end.engine._core
        stands = [sa for sa in core.sas.values() if sa.state is State.ESTABLISHED]
        if stands:
            core.want(max(stands, key=lambda sa: sa.established_order), want)
            end.wake()

    def _next(self) -> float | None:
        times = [when for end in self.pair.ends if (when := end.engine.next_wake) is not None]
        return min(times, default=None)

    # What holds after every step

    @invariant()
    def sound(self) -> None:
        """The tables of each end agree with each other, and with its plane."""
        if hasattr(self, "pair"):
            for end in self.pair.ends:
                sound(end)

    def _quiet(self) -> None:
        """Both ends have the same SAs with the same keys, one a connection, and nothing else is left."""
        pair = self.pair
        sas = [{frozenset((sa.spi_i, sa.spi_r)): sa for sa in end.engine._core.sas.values()} for end in pair.ends]
        assert set(sas[0]) == set(sas[1])
        for spis, sa in sas[0].items():
            assert sa.keys is not None
            assert sa.keys == sas[1][spis].keys
            assert sa.initiator is not sas[1][spis].initiator
            ours = {(one.inbound, one.outbound) for one in sa.children.values()}
            assert ours == {(one.outbound, one.inbound) for one in sas[1][spis].children.values()}
        for end in pair.ends:
            core = end.engine._core
            used = Counter(child.connection for sa in core.sas.values() for child in sa.children.values())
            assert all(count == 1 for count in used.values()), used
            for sa in core.sas.values():
                assert sa.state is State.ESTABLISHED
                assert not sa.window.busy
                assert not sa.window.serving
                assert not sa.asking
                assert all(one.sends and not one.deleting and one.held is None for one in sa.children.values())
            assert not core.asked
            assert not len(core.assemblies)
            assert not end.asks
        for (direction, spi), one in pair.left.plane.sas.items():
            other = Direction.INBOUND if direction is Direction.OUTBOUND else Direction.OUTBOUND
            assert pair.right.plane.sas[other, spi].keys == one.keys


def sound(end: End) -> None:
    core = end.engine._core
    sas = list(core.sas.values())
    assert core.by_spi == {sa.own_spi: sa for sa in sas}
    assert core.sas == {sa.number: sa for sa in sas}
    assert Counter(sa.number for some in core.by_peer.values() for sa in some) == Counter(sa.number for sa in sas)
    stands = [sa.number for sa in sas if sa.established_order and sa.state is not State.CLOSED]
    assert sorted(sa.number for some in core.by_identity.values() for sa in some) == sorted(stands)
    assert core.children == {spi: sa for sa in sas for spi in sa.children}
    assert {at for some in core._outbound.values() for at in some} == set(core.children)
    assert all(core.children[at].children[at].outbound == spi for spi, some in core._outbound.items() for at in some)
    assert {id for sa in sas for id in sa.asking} == set(core.asked)
    assert not core.touched
    assert core.held == sum(len(sa.birth.held) for sa in sas if sa.birth)
    assert len(core.waiting) == sum(sa.state is State.HALF_OPEN for sa in sas)
    spis: set[tuple[Direction, int]] = set()
    for sa in sas:
        _window(sa)
        due = wakes.due(core, sa)
        assert due is None or core.agenda._times[sa.number] <= due
        for child in sa.children.values():
            spis.add((Direction.INBOUND, child.inbound))
            spis |= {(Direction.OUTBOUND, child.outbound)} if child.sends else set()
            assert not (child.sends and (child.held or child.deleting))
    assert set(end.plane.sas) == spis


def _window(sa: IkeSa) -> None:
    """The message ids of an IKE SA are used once each and within the windows."""
    window = sa.window
    ids = [out.message_id for out in window.open if out.message_id != UNSENT]
    assert len(ids) == len(set(ids))
    assert all(one < window.next_id for one in ids) or not window.next_id
    lowest = min((out.message_id for out in window.open if out.waits), default=window.next_id)
    assert window.next_id - lowest <= window.size
    answered = [answer.message_id for answer in window.answers]
    assert len(answered) == len(set(answered)) <= 2 * window.own
    assert window.expected not in answered
    served = [talk.message_id for talk in window.serving]
    assert not set(served) & set(answered)
    assert all(window.expected <= one < window.expected + window.own for one in served)
    running = [(out.want, out.talk.aim) for out in window.open]
    assert not any(exclude(one, other) for at, one in enumerate(running) for other in running[:at])
    if sa.state is State.CLOSED:
        assert not window.busy
        assert not window.serving
