"""Additional key exchanges in IKE_INTERMEDIATE (RFC 9242, RFC 9370)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ikecli.boundary.events import KeyExchanged, KeysDerived, MessageSent, ProposalRefused
from ikecli.ike.limits import UNPROVEN_SECONDS
from ikecli.intent import IkeProposal
from ikecli.numbers import NO_KEY_EXCHANGE, Algorithm, TransformType, named
from tests.ike.pair import LEFT, RIGHT, Pair, ike_proposal, intent

MTU = (576, 1280)


def method(word: str) -> Algorithm:
    return NO_KEY_EXCHANGE if word == "none" else named(TransformType.KE, "asa", word, "ake")


def further(*additional: str, groups: str = "31", **more: str) -> IkeProposal:
    """A proposal with additional key exchanges: for each its methods."""
    rows = tuple(tuple(map(method, words.split())) for words in additional)
    return replace(ike_proposal(groups=groups, **more), additional=rows)


def both(left: IkeProposal, right: IkeProposal | None = None, **more: object) -> Pair:
    return Pair(
        intent(LEFT, RIGHT, proposals=(left,), **more),  # type: ignore[arg-type]
        intent(RIGHT, LEFT, proposals=(right or left,), **more),  # type: ignore[arg-type]
    )


def exchanges(pair: Pair) -> list[tuple[str, int]]:
    return [(event.exchange, event.message_id) for event in pair.left.events(MessageSent)]


def methods(pair: Pair) -> list[list[tuple[int, str]]]:
    return [[(event.number, event.method) for event in end.events(KeyExchanged)] for end in pair.ends]


@pytest.mark.parametrize("mtu", [None, MTU], ids=["whole", "fragments"])
@pytest.mark.parametrize("suite", [{}, {"encryption": "aes-cbc-256", "integrity": "sha256"}], ids=["aead", "cbc"])
def test_each_round_brings_new_keys(mtu: object, suite: dict[str, str]) -> None:
    pair = both(further("mlkem768", "19", "mlkem1024", **suite), fragment_mtu=mtu)
    pair.up()
    assert exchanges(pair) == [
        ("IKE_SA_INIT", 0),
        ("IKE_INTERMEDIATE", 1),
        ("IKE_INTERMEDIATE", 2),
        ("IKE_INTERMEDIATE", 3),
        ("IKE_AUTH", 4),
    ]
    assert methods(pair) == [[(1, "ML-KEM-768"), (2, "Group-19"), (3, "ML-KEM-1024")]] * 2
    left, right = ([event.keys for event in end.events(KeysDerived)] for end in pair.ends)
    assert left == right
    assert len({keys[0] for keys in left}) == 4
    assert [sa.additional for end in pair.ends for sa in end.sas] == [(36, 19, 37)] * 2
    assert pair.ping(pair.left)


def test_seven_exchanges_are_done() -> None:
    pair = both(further("mlkem768", "mlkem1024", "19", "20", "21", "14", "32"))
    pair.up()
    assert len(methods(pair)[0]) == 7


@pytest.mark.parametrize("group", ["16", "18"])
def test_a_slow_group_waits_at_both_ends(group: str) -> None:
    pair = both(further(group))
    pair.up()
    assert methods(pair) == [[(1, f"Group-{group}")]] * 2


@pytest.mark.parametrize("groups", ["mlkem768", "mlkem1024"])
def test_a_kem_is_enough(groups: str) -> None:
    pair = both(ike_proposal(groups=groups))
    pair.up()
    assert exchanges(pair) == [("IKE_SA_INIT", 0), ("IKE_AUTH", 1)]


@pytest.mark.parametrize("lost", range(8))
def test_each_lost_message_is_made_up_for(lost: int) -> None:
    pair = both(further("mlkem768", "19"))
    pair.left.acquire()
    for _ in range(lost):
        pair.step()
    pair.lose(1)
    pair.advance(20)
    pair.agree(1)


@pytest.mark.parametrize(
    ("left", "right", "done"),
    [
        ("mlkem768 none", "mlkem768", ["ML-KEM-768"]),
        ("mlkem768", "mlkem1024 mlkem768 none", ["ML-KEM-768"]),
        ("mlkem768 mlkem1024", "mlkem1024 mlkem768", ["ML-KEM-1024"]),
        ("mlkem768 none", "", []),
        ("", "mlkem768 none", []),
        ("mlkem768 none", "mlkem1024 none", []),
    ],
)
def test_what_both_ends_have_is_done(left: str, right: str, done: list[str]) -> None:
    pair = both(*(further(words) if words else ike_proposal() for words in (left, right)))
    pair.up()
    assert [[name for _, name in rows] for rows in methods(pair)] == [done] * 2


@pytest.mark.parametrize(
    ("left", "right", "differing"),
    [
        ("mlkem768", "", "additional-key-exchange 1"),
        ("", "mlkem768", "additional-key-exchange 1"),
        ("mlkem768", "mlkem1024", "additional-key-exchange 1"),
    ],
)
def test_a_mismatch_names_the_exchange(left: str, right: str, differing: str) -> None:
    pair = both(*(further(words) if words else ike_proposal() for words in (left, right)))
    pair.left.acquire()
    pair.settle()
    (refused,) = pair.right.events(ProposalRefused)
    pair.advance(UNPROVEN_SECONDS)
    pair.agree(0)
    assert refused.differing == (differing,)


def test_no_method_is_done_twice() -> None:
    pair = both(further("mlkem768", "mlkem768 mlkem1024"))
    pair.up()
    assert methods(pair)[0] == [(1, "ML-KEM-768"), (2, "ML-KEM-1024")]
    pair = both(further("31 19"))
    pair.up()
    assert methods(pair)[0] == [(1, "Group-19")]
