"""The engine's face: nothing but what it is given decides what it does."""

from __future__ import annotations

import random

from ikecli.boundary.effects import Send, Tell
from ikecli.boundary.events import ChildUp, Event, IkeUp
from ikecli.ike.engine import Engine
from ikecli.ike.requests import Apply, Initiate
from tests.ike.pair import LABEL, LEFT, RIGHT, Pair, intent


def test_the_same_dice_and_times_give_the_same_octets() -> None:
    runs = []
    for _ in range(2):
        pair = Pair(seed=5)
        pair.up()
        pair.advance(100)
        runs.append([datagram.octets for end in pair.ends for datagram in end.sent])
    assert runs[0] == runs[1]
    assert len(runs[0]) == 6


def test_an_event_that_nobody_hears_is_not_built() -> None:
    asked: list[type[Event]] = []

    class Heard:
        def __contains__(self, kind: type[Event]) -> bool:
            asked.append(kind)
            return kind is IkeUp

    pair = Pair()
    pair.left.engine = Engine(random.Random(1).randbytes, intent(LEFT, RIGHT), Heard())
    pair.left.initiate()
    pair.settle()
    assert {type(event) for event in pair.left.told} == {IkeUp}
    assert ChildUp in asked


def test_an_engine_begins_without_an_intent_and_sleeps() -> None:
    engine = Engine(random.Random(1).randbytes)
    assert engine.next_wake is None
    assert engine.wake(1.0) == []
    assert engine.do(Initiate(LABEL), 2.0) == []
    assert engine.do(Apply(intent(LEFT, RIGHT)), 3.0) == []
    effects = engine.do(Initiate(LABEL), 4.0)
    assert [type(effect) for effect in effects if not isinstance(effect, Tell)] == [Send]
    assert engine.next_wake == 6.0


def test_statistics_count_sas_messages_and_notifies() -> None:
    pair = Pair()
    pair.left.acquire()
    pair.step()
    assert pair.right.engine.stats().incoming_negotiating == pair.left.engine.stats().outgoing_negotiating == 1
    pair.settle()
    stats = pair.left.engine.stats()
    assert (stats.outgoing_active, stats.outgoing_accepted, stats.outgoing_rejected) == (1, 1, 0)
    counts = {row.name: row for row in (*stats.exchanges, *stats.notifies)}
    assert (counts["IKE_AUTH"].sent_requests, counts["IKE_AUTH"].received_responses) == (1, 1)
    assert counts["NAT_DETECTION_SOURCE_IP"].received_responses == 1
    assert counts["INITIAL_CONTACT"].sent_requests == 1
    assert pair.right.engine.stats().incoming_active == 1


def test_secrets_are_in_no_view_and_no_text() -> None:
    pair = Pair()
    pair.up()
    (sa,) = pair.left.engine._core.sas.values()
    assert sa.keys is not None
    shown = repr(pair.left.sas) + repr(pair.left.told) + repr(pair.left.plane.log) + repr(sa)
    assert "secret" not in shown
    for key in (sa.keys.d, sa.keys.pi, sa.keys.ei):
        assert repr(key)[2:-1] not in shown
        assert key.hex() not in shown
