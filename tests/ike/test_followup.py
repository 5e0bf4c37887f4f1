"""Key exchanges that follow one of CREATE_CHILD_SA, in IKE_FOLLOWUP_KE (RFC 9370 2.2.4)."""

from __future__ import annotations

import random

import pytest

from ikecli.boundary.events import ChildFailed, KeyExchanged, MessageSent, ProposalRefused
from ikecli.ike.followup import Pending
from ikecli.ike.limits import FOLLOWUP_SECONDS, MAX_FOLLOWUPS
from ikecli.ike.requests import DeleteChild, DeleteIke
from ikecli.ike.sa import IkeSa
from ikecli.numbers import TransformType, named
from tests.ike import test_child_rekey, test_ike_rekey
from tests.ike.chart import rekey_ike
from tests.ike.chart import rest as settle
from tests.ike.pair import LEFT, RIGHT, End, Pair, connection, ike_proposal, intent, profile
from tests.ike.test_additional import further, method
from tests.ike.test_child_rekey import rekey as rekey_child

GROUP = named(TransformType.KE, "ios", "31")
TWO = ("mlkem768", "19")


def pfs(*words: str) -> dict[str, object]:
    return {"pfs": GROUP, "pfs_additional": tuple(tuple(map(method, one.split())) for one in words)}


def up(
    left: dict[str, object],
    right: dict[str, object] | None = None,
    seed: int = 1,
    ike: tuple[str, ...] = (),
    lifetime: int = 86400,
) -> Pair:
    """Return a pair that is up; what is given goes into the ends' connections."""
    proposals = (further(*ike) if ike else ike_proposal(),)
    ends = ((LEFT, RIGHT, left), (RIGHT, LEFT, left if right is None else right))
    intents = (
        intent(
            here,
            there,
            proposals=proposals,
            profiles=(profile(there, lifetime=lifetime),),
            connections=(connection(here, there, **more),),
        )
        for here, there, more in ends
    )
    pair = Pair(*intents, seed)
    pair.up()
    for end in pair.ends:
        end.told.clear()
    return pair


def sa_of(end: End) -> IkeSa:
    (sa,) = end.engine._core.sas.values()
    return sa


def pending(end: End) -> list[Pending]:
    return [one for sa in end.engine._core.sas.values() for one in sa.followups.values()]


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("words", [("mlkem768",), TWO, ("mlkem1024", "16")], ids=" ".join)
def test_a_child_sa_is_rekeyed_with_all_exchanges(side: int, words: tuple[str, ...]) -> None:
    pair = up(pfs(*words))
    rekey_child(pair.ends[side])
    pair.settle()
    test_child_rekey.sound(pair)
    numbers = tuple(method(word).number for word in words)
    for end in pair.ends:
        assert [event.number for event in end.events(KeyExchanged)] == list(range(1, len(words) + 1))
        (child,) = end.sas[0].children
        assert (child.group, child.additional) == (31, numbers)
        assert not pending(end)
    assert pair.ping(pair.left)


def test_the_exchanges_carry_links_and_public_values() -> None:
    pair = up(pfs(*TWO))
    rekey_child(pair.left)
    pair.settle()
    sent = [(e.exchange, e.message_id, e.payloads) for e in pair.left.events(MessageSent)][:3]
    assert [(exchange, number) for exchange, number, _ in sent] == [
        ("CREATE_CHILD_SA", 2),
        ("IKE_FOLLOWUP_KE", 3),
        ("IKE_FOLLOWUP_KE", 4),
    ]
    assert sent[1][2] == sent[2][2] == ("KE", "NOTIFY(ADDITIONAL_KEY_EXCHANGE)")
    answers = [e.payloads for e in pair.right.events(MessageSent) if e.exchange == "IKE_FOLLOWUP_KE"]
    assert answers == [("KE", "NOTIFY(ADDITIONAL_KEY_EXCHANGE)"), ("KE",)]


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("words", [("mlkem768",), TWO, ("mlkem1024", "16")], ids=" ".join)
def test_an_ike_sa_is_rekeyed_with_all_exchanges(side: int, words: tuple[str, ...]) -> None:
    pair = up({}, ike=words)
    rekey_ike(pair.ends[side])
    settle(pair)
    test_ike_rekey.sound(pair)
    assert pair.left.sas[0].additional == tuple(method(word).number for word in words)
    rekey_ike(pair.ends[1 - side])
    settle(pair)
    test_ike_rekey.sound(pair)


def test_a_slow_group_may_come_first() -> None:
    slow = named(TransformType.KE, "ios", "16")
    pair = up({**pfs("mlkem768"), "pfs": slow})
    rekey_child(pair.left)
    pair.settle()
    test_child_rekey.sound(pair)
    assert (pair.left.sas[0].children[0].group, pair.left.sas[0].children[0].additional) == (16, (36,))
    both = tuple(
        intent(*ends, proposals=(further("mlkem768", groups="16"),)) for ends in ((LEFT, RIGHT), (RIGHT, LEFT))
    )
    pair = Pair(*both)
    pair.up()
    rekey_ike(pair.right)
    settle(pair)
    test_ike_rekey.sound(pair)
    assert (pair.left.sas[0].group, pair.left.sas[0].additional) == (16, (36,))


def test_a_kem_alone_rekeys_both() -> None:
    kem = method("mlkem768")
    pair = up({"pfs": kem})
    rekey_child(pair.right)
    pair.settle()
    assert pair.left.sas[0].children[0].group == 36
    pair = up({})
    for end in pair.ends:
        end.apply(intent(end.address, end.peer, proposals=(ike_proposal(groups="mlkem1024"),)))
    pair.left.acquire()
    pair.settle()
    rekey_ike(pair.right)
    settle(pair)
    test_ike_rekey.sound(pair)
    assert pair.left.sas[0].group == 37


def test_an_end_without_a_group_takes_what_the_peer_offers_and_keeps_it() -> None:
    pair = up(pfs("mlkem768 none"), {})
    rekey_child(pair.left)
    pair.settle()
    rekey_child(pair.right)
    pair.settle()
    test_child_rekey.sound(pair)
    assert pair.left.sas[0].children[0].additional == (36,)


def test_a_mismatch_is_told_and_the_old_sa_stays() -> None:
    pair = up(pfs("mlkem768"), pfs("mlkem1024"))
    rekey_child(pair.left)
    pair.settle()
    pair.agree(1)
    (refused,) = pair.right.events(ProposalRefused)
    assert refused.differing == ("additional-key-exchange 1",)


@pytest.mark.parametrize("lost", range(8))
@pytest.mark.parametrize("ike", [True, False], ids=["IKE SA", "Child SA"])
def test_each_lost_message_is_made_up_for(ike: bool, lost: int) -> None:
    pair = up(pfs(*TWO), ike=TWO)
    (rekey_ike if ike else rekey_child)(pair.left)
    for _ in range(lost):
        pair.step()
    pair.lose(1)
    settle(pair)
    pair.agree(1)
    assert pair.left.sas[0].children[0].additional == (() if ike else (36, 19))


def interrupted(pair: Pair) -> None:
    """Have the left end's rekey answered and go no further."""
    rekey_child(pair.left)
    pair.step()
    pair.wire.clear()


def test_what_the_peer_has_forgotten_is_begun_anew() -> None:
    pair = up(pfs(*TWO))
    rekey_child(pair.left)
    pair.step()
    sa_of(pair.right).followups.clear()
    pair.settle()
    (failed,) = pair.left.events(ChildFailed)
    assert "STATE_NOT_FOUND" in failed.why
    pair.advance(10)
    test_child_rekey.sound(pair)
    assert pair.left.sas[0].children[0].additional == (36, 19)


def test_what_is_half_done_ages() -> None:
    pair = up(pfs(*TWO))
    interrupted(pair)
    assert len(pending(pair.right)) == 1
    sa_of(pair.left).window.open.clear()
    pair.advance(FOLLOWUP_SECONDS + 1)
    assert not pending(pair.right)


def test_what_is_half_done_is_bounded() -> None:
    pair = up(pfs(*TWO))
    for _ in range(MAX_FOLLOWUPS + 3):
        interrupted(pair)
        sa_of(pair.left).window.open.clear()
    assert len(pending(pair.right)) == MAX_FOLLOWUPS
    sa_of(pair.right)
    pair.left.do(DeleteIke())
    pair.settle()
    assert not pair.right.engine.views(pair.now)


def test_a_deleted_sa_is_not_replaced_late() -> None:
    pair = up(pfs(*TWO))
    rekey_child(pair.left)
    pair.step()
    pair.right.do(DeleteChild())
    settle(pair)
    pair.left.acquire()
    settle(pair)
    pair.agree(1)


def test_an_install_that_fails_after_the_last_exchange_is_told() -> None:
    pair = up(pfs(*TWO))
    refusals = [True]
    pair.right.plane.refuse = lambda install: bool(refusals) and refusals.pop()
    rekey_child(pair.left)
    pair.settle()
    assert pair.left.events(ChildFailed)
    pair.advance(10)
    test_child_rekey.sound(pair)


@pytest.mark.parametrize("seed", range(1, 9))
def test_child_rekeys_that_cross_leave_one(seed: int) -> None:
    pair = up(pfs(*TWO), seed=seed)
    for end in pair.ends:
        rekey_child(end)
    for _ in range(6):
        pair.cross()
    pair.settle()
    test_child_rekey.sound(pair)


@pytest.mark.parametrize("seed", range(1, 9))
def test_ike_rekeys_that_cross_leave_one(seed: int) -> None:
    pair = up({}, seed=seed, ike=TWO)
    for end in pair.ends:
        rekey_ike(end)
    for _ in range(6):
        pair.cross()
    settle(pair)
    test_ike_rekey.sound(pair)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_interleaved_both_ends_agree_when_it_is_quiet(seed: int) -> None:
    pair = up(pfs("mlkem768", "19 none"), seed=seed, ike=("mlkem768",), lifetime=300)
    test_ike_rekey.interleave(pair, random.Random(f"follow-ups {seed}"), 30)
    test_ike_rekey.alike(pair)
