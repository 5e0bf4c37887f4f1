"""A live IKE SA goes over to another engine, whatever is under way, and the peer never knows."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest

from ikecli.boundary.notices import Expired
from ikecli.errors import Rejected
from ikecli.ike import moving
from ikecli.ike.engine import Engine
from ikecli.ike.requests import DeleteChild, DeleteIke
from ikecli.ike.rules import STATES
from ikecli.ike.sa import State
from ikecli.ike.window import Aim, Want
from ikecli.numbers import TransformType
from ikecli.wire.message import read_header
from tests.ike.machine import move, sound
from tests.ike.pair import LEFT, RIGHT, End, Pair, connection, ike_proposal, intent, row
from tests.ike.test_followup import pending, pfs
from tests.ike.test_followup import up as followed

PFS = row(TransformType.KE, "31")
SLOW = row(TransformType.KE, "14")


def up(pfs: object = None, group: str = "31", window: int = 5) -> Pair:
    """Return a pair that is up."""
    ends = [
        intent(
            here,
            there,
            connections=(connection(here, there, pfs=pfs),),
            proposals=(ike_proposal(groups=group),),
            window=window,
        )
        for here, there in ((LEFT, RIGHT), (RIGHT, LEFT))
    ]
    pair = Pair(*ends)
    pair.up()
    return pair


def expire(end: End) -> None:
    end.notice(Expired(end.sas[0].children[0].inbound_spi, hard=False))


def want(what: Want) -> Callable[[End], None]:
    def begin(end: End) -> None:
        core = end.engine._core
        core.want(next(iter(core.sas.values())), what)
        end.wake()

    return begin


def misfit(end: End) -> None:
    core = end.engine._core
    (sa,) = core.sas.values()
    core.want(sa, Want.MISFIT, Aim(spis=tuple(sa.children), octets=b"packet"))
    end.wake()


BEGUN: dict[Want, tuple[Callable[[End], None], int, int]] = {
    Want.CHILD: (lambda end: end.initiate(), 1, 1),
    Want.REKEY_CHILD: (expire, 1, 1),
    Want.REKEY_IKE: (want(Want.REKEY_IKE), 1, 1),
    Want.DELETE_IKE: (lambda end: end.do(DeleteIke()), 0, 0),
    Want.DELETE_CHILD: (lambda end: end.do(DeleteChild()), 1, 0),
    Want.LIVENESS: (want(Want.LIVENESS), 1, 1),
    Want.WINDOW: (want(Want.WINDOW), 1, 1),
    Want.MISFIT: (misfit, 1, 1),
    Want.INFORM: (want(Want.INFORM), 1, 1),
}
"""How each exchange of an IKE SA that stands begins, and how many IKE and Child SAs it leaves."""


def test_every_exchange_of_an_sa_that_stands_is_tried() -> None:
    assert set(BEGUN) == {one for one, states in STATES.items() if State.ESTABLISHED in states} | {Want.DELETE_IKE}


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("what", list(BEGUN), ids=lambda what: what.name)
@pytest.mark.parametrize("pfs", [None, PFS, SLOW])
@pytest.mark.parametrize("moved", [(0,), (1,), (0, 1)])
def test_an_exchange_goes_on_in_the_other_engine_at_each_step(
    side: int, what: Want, pfs: object, moved: tuple[int, ...]
) -> None:
    begin, ikes, children = BEGUN[what]
    for step in range(7):
        pair = up(pfs, "14" if pfs is SLOW else "31")
        if what is Want.CHILD:
            pair.left.do(DeleteChild())
            pair.settle()
        begin(pair.ends[side])
        for _ in range(step):
            pair.step()
        before = list(pair.wire)
        for at in moved:
            move(pair.ends[at])
        assert pair.wire == before
        pair.settle()
        pair.advance(300)
        pair.agree(ikes, children)
        for end in pair.ends:
            sound(end)
            assert all(not sa.window.busy for sa in end.engine._core.sas.values())


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("what", [Want.CHILD, Want.REKEY_CHILD, Want.REKEY_IKE], ids=lambda what: what.name)
@pytest.mark.parametrize("moved", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize("words", [("mlkem768", "19"), ("16", "mlkem768")], ids=" ".join)
def test_further_key_exchanges_go_on_in_the_other_engine(
    side: int, what: Want, moved: tuple[int, ...], words: tuple[str, ...]
) -> None:
    for step in range(9):
        pair = followed(pfs(*words), ike=words)
        if what is Want.CHILD:
            pair.left.do(DeleteChild())
            pair.settle()
        BEGUN[what][0](pair.ends[side])
        for _ in range(step):
            pair.step()
        for at in moved:
            move(pair.ends[at])
        pair.settle()
        pair.advance(300)
        pair.agree(1, 1)
        for end in pair.ends:
            sound(end)
            assert not pending(end)
        if what is not Want.REKEY_IKE:
            assert len(pair.left.sas[0].children[0].additional) == len(words)


def test_the_initiators_series_is_not_begun_anew() -> None:
    for step in range(7):
        pair = followed(pfs("mlkem768", "19"))
        sent = len(pair.left.sent)
        expire(pair.left)
        for _ in range(step):
            pair.step()
        move(pair.left)
        pair.settle()
        exchanges = [read_header(one.octets).exchange for one in pair.left.sent[sent:]]
        assert exchanges == [36, 44, 44, 37]
        pair.agree(1, 1)


@pytest.mark.parametrize("moved", [0, 1])
def test_rekeys_that_cross_are_settled_in_the_other_engine(moved: int) -> None:
    for kind in (Want.REKEY_IKE, Want.REKEY_CHILD):
        for step in range(4):
            pair = up()
            for end in pair.ends:
                BEGUN[kind][0](end)
            for _ in range(step):
                pair.cross()
            move(pair.ends[moved])
            pair.settle()
            pair.advance(300)
            pair.agree(1, 1)


def test_a_lost_answer_is_repeated_by_the_other_engine() -> None:
    pair = up()
    want(Want.LIVENESS)(pair.left)
    pair.step()
    pair.wire.clear()
    answer = pair.right.sent[-1].octets
    move(pair.right)
    pair.advance(3)
    assert pair.right.sent[-1].octets == answer
    assert not pair.left.engine._core.by_spi[bytes.fromhex(pair.left.sas[0].local_spi)].window.open


def test_times_are_those_of_the_other_engines_clock() -> None:
    pair = Pair()
    pair.now = 5.0
    pair.up()
    pair.advance(995)
    old = pair.left.engine
    (sa,) = old._core.sas.values()
    (child,) = sa.children.values()
    soft, ends, child_soft = sa.soft, sa.ends, child.soft
    new = Engine(random.Random(1).randbytes, old._core.lookup.intent)
    new.take(old.give(sa.number, 1000.0)[0], 50.0)
    (moved,) = new._core.sas.values()
    (moved_child,) = moved.children.values()
    assert [moved.soft, moved.ends, moved_child.soft] == pytest.approx([soft - 950, ends - 950, child_soft - 950])
    assert new.next_wake == pytest.approx(50.0, abs=86400)
    assert moved.established == pytest.approx(sa.established - 950)


def test_what_is_not_authenticated_yet_stays_where_it_is() -> None:
    pair = Pair()
    pair.left.acquire()
    with pytest.raises(Rejected, match="not established"):
        pair.left.engine.give(pair.left.sas[0].id, pair.now)
    with pytest.raises(Rejected, match="there is no IKE SA 77"):
        pair.left.engine.give(77, pair.now)


def plain(pair: Pair) -> dict[str, Any]:
    """Return an end's IKE SA with a rekey under way, as plain data."""
    expire(pair.left)
    core = pair.left.engine._core
    return json.loads(json.dumps(moving.snapshot(core, next(iter(core.sas.values())))))  # type: ignore[no-any-return]


def places(data: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to each value of nested data."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path] + [place for key, value in inner for place in places(value, (*path, key))]


WRONG = (None, True, -5, 1 << 70, 1e400, "", "zz", "00" * (1 << 18), [], [[]] * 5000, {}, {"a": 1})


def test_data_that_is_none_is_refused_and_changes_nothing() -> None:
    pair = up(PFS)
    data = plain(pair)
    engine = Engine(random.Random(1).randbytes, pair.left.engine._core.lookup.intent)
    refused = 0
    for place in places(data):
        for value in WRONG:
            changed = deepcopy(data)
            if not place:
                changed = value  # type: ignore[assignment]
            else:
                inner: Any = changed
                for key in place[:-1]:
                    inner = inner[key]
                inner[place[-1]] = value
            try:
                engine.take(changed, 0.0)
            except Rejected:
                refused += 1
                assert not engine._core.sas
                assert not engine._core.children
                assert not engine._core.by_identity
            else:
                engine.give(next(iter(engine._core.sas)), 0.0)
    assert refused > len(WRONG) * len(places(data)) * 0.8
    engine.take(data, 0.0)
    with pytest.raises(Rejected, match="in use"):
        engine.take(data, 0.0)


@pytest.mark.parametrize("what", [expire, want(Want.REKEY_IKE)], ids=["Child SA", "IKE SA"])
def test_data_of_further_key_exchanges_that_are_none_is_refused(what: Callable[[End], None]) -> None:
    pair = followed(pfs("mlkem768", "19"), ike=("mlkem768", "19"))
    what(pair.left)
    pair.step()
    pair.step()
    core = pair.left.engine._core
    data = json.loads(json.dumps(moving.snapshot(core, next(iter(core.sas.values())))))
    (task,) = [
        at for at, one in enumerate(data["sas"][0]["open"][0]["tasks"]) if isinstance(one, dict) and "series" in one
    ]
    assert data["sas"][0]["open"][0]["tasks"][task]["series"]["secrets"]
    for place in [one for one in places(data) if one[2:3] == ("open",) and {"choice", "series"} & set(one)]:
        for value in WRONG:
            changed = deepcopy(data)
            inner: Any = changed
            for key in place[:-1]:
                inner = inner[key]
            inner[place[-1]] = value
            engine = Engine(random.Random(1).randbytes, core.lookup.intent)
            with suppress(Rejected):
                engine.take(changed, 0.0)
                engine.wake(5.0)
