"""Child SAs are replaced before their lives are over, whatever crosses or is lost on the way (RFC 7296 2.8, 2.25)."""

from __future__ import annotations

import random

import pytest

from ikecli.boundary.effects import Datagram, Direction, Install, Remove
from ikecli.boundary.events import ChildDown, ChildUp
from ikecli.boundary.notices import Expired, FirstPacket
from ikecli.ike.limits import REKEY_SHARES, RETRANSMISSION
from ikecli.ike.requests import DeleteChild, DeleteIke
from ikecli.numbers import TransformType
from tests.ike.chart import spis
from tests.ike.pair import LEFT, RIGHT, End, Pair, connection, intent, row

GROUP = row(TransformType.KE, "19")
OTHER = row(TransformType.KE, "31")


def up(seed: int = 1, left: dict[str, object] | None = None, right: dict[str, object] | None = None) -> Pair:
    """Return a pair that is up; what is given goes into the ends' connections."""
    pair = Pair(
        intent(LEFT, RIGHT, connections=(connection(LEFT, RIGHT, **(left or {})),)),
        intent(RIGHT, LEFT, connections=(connection(RIGHT, LEFT, **(right or {})),)),
        seed,
    )
    pair.up()
    return pair


def rekey(end: End) -> None:
    """Have an end replace its Child SA now."""
    end.notice(Expired(end.sas[0].children[0].inbound_spi, hard=False))


def sound(pair: Pair, children: int = 1) -> None:
    """Assert that both ends have the same SAs, that each sends on what the other receives on, and with its keys."""
    pair.agree(1, children)
    for end in pair.ends:
        other = pair.right if end is pair.left else pair.left
        for (direction, spi), one in end.plane.sas.items():
            if direction is Direction.OUTBOUND:
                assert other.plane.sas[Direction.INBOUND, spi].keys == one.keys
        (sa,) = end.engine._core.sas.values()
        assert not sa.window.queue
        assert not sa.window.open
        assert set(end.engine._core.children) == set(sa.children) == spis(end)
        assert all(child.sends and not child.deleting and child.held is None for child in sa.children.values())


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("pfs", [None, GROUP, OTHER])
def test_a_child_sa_is_replaced_from_either_end(side: int, pfs: object) -> None:
    pair = up(left={"pfs": pfs}, right={"pfs": pfs})
    before = spis(pair.left)
    rekey(pair.ends[side])
    pair.settle()
    sound(pair)
    assert not before & spis(pair.left)
    child = pair.left.sas[0].children[0]
    assert child.group == (pfs and pfs.number)  # type: ignore[attr-defined]
    assert [event.why for end in pair.ends for event in end.events(ChildDown)] == ["rekeyed", "rekeyed"]


def test_the_new_sa_is_in_before_the_old_goes_and_the_responder_does_not_send_at_once() -> None:
    pair = up()
    for end in pair.ends:
        end.plane.log.clear()
    rekey(pair.left)
    pair.step()
    assert [effect.direction for effect in pair.right.plane.log if isinstance(effect, Install)] == [Direction.INBOUND]
    pair.settle()
    for end in pair.ends:
        kinds = [(type(one), one.direction) for one in end.plane.log if isinstance(one, Install | Remove)]
        assert kinds[:2] == [(Install, Direction.INBOUND), (Install, Direction.OUTBOUND)]
        assert sorted(kind.__name__ for kind, _ in kinds[2:]) == ["Remove", "Remove"]


def test_the_first_packet_on_the_new_sa_has_the_responder_switch() -> None:
    pair = up()
    rekey(pair.left)
    pair.step()
    (new,) = [s for d, s in pair.right.plane.sas if d is Direction.INBOUND and s in spis(pair.right)][-1:]
    pair.right.notice(FirstPacket(new))
    assert sum(d is Direction.OUTBOUND for d, _ in pair.right.plane.sas) == 2
    pair.settle()
    sound(pair)


def test_lifetimes_are_local_and_replace_before_the_end() -> None:
    pair = up(left={"lifetime": 120}, right={"lifetime": 500})
    before = spis(pair.left)
    pair.advance(120 * REKEY_SHARES[True][0] - 1)
    assert spis(pair.left) == before
    pair.advance(120 * (REKEY_SHARES[True][1] - REKEY_SHARES[True][0]) + 2)
    sound(pair)
    assert spis(pair.left) != before
    pair.advance(1000)
    sound(pair)
    assert len(pair.left.events(ChildUp)) == len(pair.right.events(ChildUp)) > 8


@pytest.mark.parametrize("seed", range(1, 17))
@pytest.mark.parametrize("pfs", [None, GROUP])
def test_rekeys_that_cross_leave_one(seed: int, pfs: object) -> None:
    pair = up(seed, {"pfs": pfs}, {"pfs": pfs})
    for end in pair.ends:
        rekey(end)
    pair.cross()
    pair.settle()
    sound(pair)


@pytest.mark.parametrize("seed", range(1, 9))
@pytest.mark.parametrize("first", [0, 1])
def test_rekeys_that_cross_with_a_late_response(seed: int, first: int) -> None:
    pair = up(seed)
    for end in pair.ends:
        rekey(end)
    pair.cross()
    late = next(entry for entry in pair.wire if entry[1] is pair.ends[first])
    pair.wire.remove(late)
    pair.settle()
    pair.wire.append(late)
    pair.settle()
    sound(pair)


@pytest.mark.parametrize("seed", range(1, 9))
@pytest.mark.parametrize("first", [0, 1])
def test_rekeys_that_cross_with_a_late_request(seed: int, first: int) -> None:
    pair = up(seed)
    for end in pair.ends:
        rekey(end)
    late = next(entry for entry in pair.wire if entry[1] is pair.ends[first])
    pair.wire.remove(late)
    pair.settle()
    pair.wire.append(late)
    pair.settle()
    pair.advance(30)
    sound(pair)


@pytest.mark.parametrize("lost", range(1, 5))
def test_rekeys_that_cross_and_lose_datagrams(lost: int) -> None:
    for seed in range(1, 9):
        pair = up(seed)
        pair.lose(lost)
        for end in pair.ends:
            rekey(end)
        pair.advance(sum(RETRANSMISSION))
        sound(pair)


@pytest.mark.parametrize("side", [0, 1])
def test_a_rekey_that_meets_a_delete_of_the_same_sa_leaves_nothing(side: int) -> None:
    pair = up()
    rekey(pair.ends[side])
    pair.ends[1 - side].do(DeleteChild())
    pair.cross()
    pair.settle()
    pair.advance(20)
    sound(pair, 0)


@pytest.mark.parametrize("side", [0, 1])
def test_a_rekey_that_meets_a_delete_of_the_ike_sa_ends_with_it(side: int) -> None:
    pair = up()
    rekey(pair.ends[side])
    pair.ends[1 - side].do(DeleteIke())
    pair.cross()
    pair.settle()
    pair.agree(0)


def test_a_child_sa_that_the_peer_has_lost_is_set_up_anew() -> None:
    pair = up()
    (sa,) = pair.right.engine._core.sas.values()
    spi = next(iter(sa.children))
    del sa.children[spi], pair.right.engine._core.children[spi]
    pair.right.plane.sas.clear()
    rekey(pair.left)
    pair.settle()
    sound(pair)


def test_a_replacement_that_is_deleted_before_it_is_known_is_made_again() -> None:
    pair = up()
    rekey(pair.left)
    pair.step()
    response = pair.wire.pop()
    pair.right.do(DeleteChild(spi=max(pair.right.sas[0].children, key=lambda child: child.created).inbound_spi))
    pair.settle()
    pair.wire.append(response)
    pair.settle()
    pair.advance(30)
    assert len(pair.left.sas[0].children) == len(pair.right.sas[0].children)


def test_a_rekey_during_a_delete_waits_and_comes_to_nothing() -> None:
    pair = up()
    pair.left.do(DeleteChild())
    rekey(pair.left)
    pair.settle()
    sound(pair, 0)


def test_an_end_without_a_group_takes_the_one_the_peer_wants() -> None:
    pair = up(right={"pfs": GROUP})
    rekey(pair.right)
    pair.settle()
    sound(pair)
    assert pair.left.sas[0].children[0].group == GROUP.number
    rekey(pair.left)
    pair.settle()
    sound(pair)
    assert pair.left.sas[0].children[0].group == GROUP.number


def test_a_rekey_that_is_refused_is_tried_again_until_the_life_is_over() -> None:
    pair = up(left={"lifetime": 120}, right={"pfs": GROUP})
    pair.advance(119)
    sound(pair)
    assert len(pair.left.events(ChildUp)) == 1
    pair.advance(2)
    sound(pair, 0)


def test_an_install_that_fails_in_a_rekey_is_made_up_for() -> None:
    for side in (0, 1):
        pair = up()
        refusals = [True]
        pair.ends[side].plane.refuse = lambda install, once=refusals: bool(once and once.pop())  # type: ignore[misc]
        before = spis(pair.left)
        rekey(pair.left)
        pair.settle()
        pair.advance(20)
        sound(pair)
        assert spis(pair.left) != before


@pytest.mark.parametrize("seed", range(60))
def test_whatever_is_interleaved_both_ends_agree_when_it_is_quiet(seed: int) -> None:
    dice = random.Random(f"rekeys {seed}")
    loss = dice.choice([0.0, 0.1, 0.3])

    def weather(datagram: Datagram) -> list[float]:
        return [] if dice.random() < loss else [dice.choice([0.0, 0.1, 3.0]) * dice.random()]

    short = {"lifetime": 120, "pfs": dice.choice([None, GROUP])}
    pair = up(seed, short, short)
    pair.weather = weather
    for _ in range(40):
        end: End = dice.choice(pair.ends)
        happening = dice.randrange(8)
        if happening < 4 and end.sas and end.sas[0].children:
            rekey(end)
        elif happening == 4:
            end.do(DeleteChild())
        elif happening == 5:
            end.acquire()
        if dice.random() < 0.6:
            pair.advance(dice.random() * 4)
    pair.weather = lambda datagram: [0.01]
    pair.advance(sum(RETRANSMISSION))
    end.acquire()
    pair.advance(25)
    end.acquire()
    pair.advance(25)
    left = {frozenset((c.inbound_spi, c.outbound_spi)) for sa in pair.left.sas for c in sa.children}
    pair.agree(len(pair.left.sas), len(left))
    assert left
