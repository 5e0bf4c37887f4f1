"""IKE SAs are replaced before their lives are over, and carry on what they carried (RFC 7296 2.8.2, 2.18, 2.25.2)."""

from __future__ import annotations

import random

import pytest

from ikecli.boundary.effects import Datagram, Install, Remove
from ikecli.boundary.events import GroupRetried, IkeDown, IkeUp
from ikecli.boundary.notices import Expired
from ikecli.ike.limits import REKEY_SHARES, RETRANSMISSION
from ikecli.ike.lookup import Lookup
from ikecli.ike.requests import DeleteChild, DeleteIke, Shutdown
from tests.ike.chart import rekey_ike as rekey
from tests.ike.chart import rest as settle
from tests.ike.pair import LEFT, RIGHT, End, Pair, connection, ike_proposal, intent, profile


def up(seed: int = 1, groups: str = "31", lifetime: int = 86400, seconds: int = 3600) -> Pair:
    """Return a pair that is up, its ends configured alike."""
    left, right = (
        intent(
            here,
            there,
            proposals=(ike_proposal(groups=groups),),
            profiles=(profile(there, lifetime=lifetime),),
            connections=(connection(here, there, lifetime=seconds),),
        )
        for here, there in ((LEFT, RIGHT), (RIGHT, LEFT))
    )
    pair = Pair(left, right, seed)
    pair.up()
    return pair


def rekey_child(end: End) -> None:
    """Have an end replace its Child SA now."""
    if end.sas and (children := end.sas[0].children):
        end.notice(Expired(children[0].inbound_spi, hard=False))


def sound(pair: Pair, children: int = 1) -> None:
    """Assert that both ends have the same one IKE SA with the same keys and Child SAs, and nothing else."""
    pair.agree(1, children)
    (left,), (right,) = (list(end.engine._core.sas.values()) for end in pair.ends)
    assert left.keys is not None
    assert left.keys == right.keys
    assert left.initiator != right.initiator
    for end, sa in ((pair.left, left), (pair.right, right)):
        core = end.engine._core
        assert set(core.by_spi) == {sa.own_spi}
        assert set(core.children) == set(sa.children)
        assert all(core.children[spi] is sa for spi in sa.children)
        assert list(map(list, core.by_peer.values())) == list(core.by_identity.values()) == [[sa]]
        assert not sa.window.queue
        assert not sa.window.open


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("groups", ["31", "14"])
def test_an_ike_sa_is_replaced_from_either_end_and_esp_is_untouched(side: int, groups: str) -> None:
    pair = up(groups=groups)
    before = {end: dict(end.plane.sas) for end in pair.ends}
    spi = pair.left.sas[0].local_spi
    rekey(pair.ends[side])
    settle(pair)
    sound(pair)
    assert {end: dict(end.plane.sas) for end in pair.ends} == before
    assert pair.left.sas[0].local_spi != spi
    assert pair.ends[side].sas[0].initiator
    for end in pair.ends:
        assert not end.events(IkeDown)
        assert len(end.events(IkeUp)) == 1
        assert sum(isinstance(effect, Install | Remove) for effect in end.plane.log) == 2
    rekey_child(pair.ends[1 - side])
    settle(pair)
    sound(pair)


def test_message_ids_begin_anew() -> None:
    pair = up()
    rekey(pair.left)
    pair.settle()
    views = [next(sa for sa in end.sas if sa.children) for end in pair.ends]
    assert [(sa.request_id, sa.peer_request_id) for sa in views] == [(0, 0), (0, 0)]


def test_the_lifetime_replaces_an_ike_sa_again_and_again() -> None:
    pair = up(lifetime=300)
    spis = set()
    for _ in range(20):
        spis.add(pair.left.sas[-1].local_spi)
        pair.advance(300 * REKEY_SHARES[False][1] + 1)
    pair.agree(len(pair.left.sas), 1)
    assert len(spis) > 15
    assert not pair.left.events(IkeDown)


@pytest.mark.parametrize("seed", range(1, 17))
@pytest.mark.parametrize("groups", ["31", "14"])
def test_rekeys_that_cross_leave_one(seed: int, groups: str) -> None:
    pair = up(seed, groups)
    for end in pair.ends:
        rekey(end)
    pair.cross()
    settle(pair)
    sound(pair)
    assert not pair.left.events(IkeDown)


@pytest.mark.parametrize("seed", range(1, 9))
@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("response", [False, True])
def test_rekeys_that_cross_with_a_late_message(seed: int, first: int, response: bool) -> None:
    pair = up(seed)
    for end in pair.ends:
        rekey(end)
    if response:
        pair.cross()
    late = next(entry for entry in pair.wire if entry[1] is pair.ends[first])
    pair.wire.remove(late)
    pair.settle()
    pair.wire.append(late)
    settle(pair)
    sound(pair)


@pytest.mark.parametrize("lost", range(1, 6))
def test_rekeys_that_cross_and_lose_datagrams(lost: int) -> None:
    for seed in range(1, 9):
        pair = up(seed)
        pair.lose(lost)
        for end in pair.ends:
            rekey(end)
        pair.advance(sum(RETRANSMISSION))
        settle(pair)
        sound(pair)


@pytest.mark.parametrize("side", [0, 1])
def test_an_ike_rekey_that_meets_a_child_rekey_has_both_tried_again(side: int) -> None:
    pair = up()
    before = pair.left.sas[0].local_spi, pair.left.sas[0].children[0].inbound_spi
    rekey(pair.ends[side])
    rekey_child(pair.ends[1 - side])
    pair.cross()
    settle(pair)
    sound(pair)
    assert pair.left.sas[0].local_spi != before[0]
    assert pair.left.sas[0].children[0].inbound_spi != before[1]


@pytest.mark.parametrize("side", [0, 1])
def test_an_ike_rekey_that_meets_a_delete_of_a_child_sa(side: int) -> None:
    pair = up()
    rekey(pair.ends[side])
    pair.ends[1 - side].do(DeleteChild())
    pair.cross()
    settle(pair)
    sound(pair, 0)


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("both", [False, True])
def test_an_ike_rekey_that_meets_a_delete_of_the_ike_sa(side: int, both: bool) -> None:
    pair = up()
    rekey(pair.ends[side])
    if both:
        rekey(pair.ends[1 - side])
    pair.ends[1 - side].do(DeleteIke())
    pair.cross()
    settle(pair)
    pair.agree(0)
    assert not pair.left.engine._core.by_spi
    assert not pair.right.engine._core.by_spi


def test_a_shutdown_in_the_middle_of_a_rekey_ends_all() -> None:
    for seed in range(1, 9):
        pair = up(seed)
        for end in pair.ends:
            rekey(end)
        pair.cross()
        pair.left.do(Shutdown())
        settle(pair)
        pair.agree(0)


def test_the_group_that_the_peer_wants_is_taken_once() -> None:
    pair = up(groups="31 19")
    proposals = (ike_proposal(groups="19"),)
    pair.right.engine._core.lookup = Lookup(intent(RIGHT, LEFT, proposals=proposals))
    rekey(pair.left)
    settle(pair)
    sound(pair)
    assert pair.left.sas[0].group == 19
    assert len(pair.left.events(GroupRetried)) == 1


def test_a_rekey_that_is_refused_leaves_the_ike_sa() -> None:
    pair = up()
    pair.right.engine._core.lookup = Lookup(intent(RIGHT, LEFT, proposals=(ike_proposal(prf="sha512"),)))
    rekey(pair.left)
    pair.settle()
    pair.advance(30)
    pair.agree(1)
    assert not pair.left.events(IkeDown)


def interleave(pair: Pair, dice: random.Random, times: int) -> None:
    """Have either end rekey, delete and begin as the dice fall, in bad weather; then it is quiet for a long time."""
    loss = dice.choice([0.0, 0.1, 0.3])

    def weather(datagram: Datagram) -> list[float]:
        return [] if dice.random() < loss else [dice.choice([0.0, 0.1, 3.0]) * dice.random()]

    pair.weather = weather
    for _ in range(times):
        end: End = dice.choice(pair.ends)
        happening = dice.randrange(10)
        if happening < 4 and end.sas:
            rekey(end)
        elif happening < 7:
            rekey_child(end)
        elif happening == 7:
            end.do(dice.choice([DeleteChild(), DeleteChild(), DeleteIke()]))
        else:
            end.acquire()
        if dice.random() < 0.6:
            pair.advance(dice.random() * 4)
    pair.weather = lambda datagram: [0.01]
    for _ in range(8):
        pair.advance(sum(RETRANSMISSION) / 2)
        end.acquire()
    pair.advance(20)


def alike(pair: Pair) -> None:
    """Assert that there are Child SAs, and the same at both ends."""
    live = [sa for sa in pair.left.sas if sa.children]
    pairs = [{frozenset((c.inbound_spi, c.outbound_spi)) for sa in one.sas for c in sa.children} for one in pair.ends]
    assert live
    assert pairs[0] == pairs[1]


@pytest.mark.parametrize("seed", range(60))
def test_whatever_is_interleaved_both_ends_agree_when_it_is_quiet(seed: int) -> None:
    pair = up(seed, lifetime=300, seconds=120)
    interleave(pair, random.Random(f"IKE rekeys {seed}"), 40)
    while pair.wire:
        pair.advance(0.1)
    alike(pair)
