"""What is asked of the machine: answered late, never, twice, wrongly, or when it no longer matters."""

from __future__ import annotations

import pytest

from ikecli.boundary.effects import SharedSecret
from ikecli.boundary.events import ChildFailed, DatagramDropped
from ikecli.boundary.notices import Expired
from ikecli.crypto import restore
from ikecli.errors import Unavailable
from ikecli.ike.limits import ASK_SECONDS, HALF_OPEN_SECONDS, HOLD_OFF_SECONDS, MAX_HELD
from ikecli.ike.requests import DeleteIke
from ikecli.numbers import TransformType
from tests.ike.pair import LEFT, RIGHT, End, Pair, connection, ike_proposal, intent, row


def slow(waits: int | None = None) -> Pair:
    """Return a pair that agrees on a slow group and was begun; the end `waits` answers no Asks."""
    proposals = (ike_proposal(groups="16"),)
    pair = Pair(intent(LEFT, RIGHT, proposals=proposals), intent(RIGHT, LEFT, proposals=proposals))
    if waits is not None:
        pair.ends[waits].answer_asks = False
    pair.left.acquire()
    pair.settle()
    return pair


def secret(end: End) -> bytes:
    question = end.asks[0].question
    assert isinstance(question, SharedSecret)
    return restore(question.group, question.private).shared(question.peer)


@pytest.mark.parametrize("waits", [0, 1])
def test_a_late_answer_goes_on_where_it_stopped(waits: int) -> None:
    pair = slow(waits)
    end = pair.ends[waits]
    assert len(end.asks) == 1
    pair.advance(ASK_SECONDS - 6)
    assert len(end.asks) == 1
    end.answer(end.asks[0].id, secret(end))
    pair.settle()
    pair.agree(1)


@pytest.mark.parametrize("waits", [0, 1])
def test_an_answer_that_never_comes_ends_the_sa(waits: int) -> None:
    pair = slow(waits)
    end = pair.ends[waits]
    ask = end.asks[0]
    assert ask.deadline == ASK_SECONDS
    reply = secret(end)
    pair.advance(ASK_SECONDS)
    assert not end.sas
    end.answer(ask.id, reply)
    assert not end.sas
    pair.advance(HALF_OPEN_SECONDS)
    pair.agree(0)


@pytest.mark.parametrize("waits", [0, 1])
def test_a_second_answer_is_ignored(waits: int) -> None:
    pair = slow(waits)
    end = pair.ends[waits]
    reply = secret(end)
    for answer in (reply, reply, b"other", None):
        end.answer(end.asks[0].id, answer)
        pair.settle()
    pair.agree(1)


@pytest.mark.parametrize("waits", [0, 1])
def test_an_answer_for_an_sa_that_is_gone_is_ignored(waits: int) -> None:
    pair = slow(waits)
    end = pair.ends[waits]
    end.do(DeleteIke())
    told = len(end.told)
    end.answer(end.asks[0].id, secret(end))
    end.answer(4711, b"")
    assert not end.sas
    assert len(end.told) == told
    pair.advance(HALF_OPEN_SECONDS)
    pair.agree(0)


@pytest.mark.parametrize("waits", [0, 1])
def test_an_answer_that_is_none_ends_the_sa(waits: int) -> None:
    pair = slow(waits)
    end = pair.ends[waits]
    end.answer(end.asks[0].id, Unavailable("no worker"))
    assert not end.sas


def test_repeated_requests_are_held_once_and_answered_once() -> None:
    pair = slow(1)
    pair.advance(7)
    right = pair.right
    assert [event.why for event in right.events(DatagramDropped)] == ["a message that is held already"] * 2
    right.answer(right.asks[0].id, secret(right))
    pair.settle()
    pair.agree(1)


def test_few_messages_are_held_for_an_sa() -> None:
    pair = slow(1)
    request = pair.left.sent[-1]
    for octet in range(MAX_HELD):
        octets = request.octets[:-1] + bytes((octet,))
        pair.right.receive(type(request)(octets, request.remote, request.local))
    assert pair.right.events(DatagramDropped)[-1].why == "too many messages wait for keys"
    pair.right.answer(pair.right.asks[0].id, secret(pair.right))
    pair.settle()
    pair.agree(1)


def pfs(waits: int, group: str = "16") -> Pair:
    """Return a pair whose left end asks for a second Child SA with its own exchange."""
    one = row(TransformType.KE, group)
    pair = Pair(
        intent(LEFT, RIGHT, connections=(connection(LEFT, RIGHT, pfs=one),)),
        intent(RIGHT, LEFT, connections=(connection(RIGHT, LEFT, pfs=one),)),
    )
    pair.up()
    pair.left.notice(Expired(pair.left.sas[0].children[0].inbound_spi, hard=True))
    pair.settle()
    pair.agree(1, 0)
    pair.ends[waits].answer_asks = False
    pair.left.acquire()
    pair.settle()
    return pair


@pytest.mark.parametrize("waits", [0, 1])
def test_a_child_sa_waits_for_its_own_exchange_alone(waits: int) -> None:
    pair = pfs(waits)
    end = pair.ends[waits]
    assert len(end.asks) == 1
    pair.advance(ASK_SECONDS - 6)
    assert len(end.asks) == 1
    end.answer(end.asks[0].id, secret(end))
    end.answer(end.asks[0].id, secret(end))
    pair.settle()
    pair.agree(1, 1)
    assert pair.left.sas[0].children[0].group == 16
    assert pair.ping(pair.left)


@pytest.mark.parametrize("waits", [0, 1])
def test_without_an_answer_only_the_child_sa_fails(waits: int) -> None:
    pair = pfs(waits)
    pair.advance(ASK_SECONDS + 1)
    pair.agree(1, 0)
    assert pair.ends[waits].events(ChildFailed)[-1].why == "no shared secret: no answer in time"
    pair.ends[waits].answer_asks = True
    pair.ends[waits].asks.clear()
    pair.advance(HOLD_OFF_SECONDS)
    pair.left.acquire()
    pair.settle()
    pair.agree(1, 1)


@pytest.mark.parametrize("waits", [0, 1])
def test_deletes_go_on_while_an_exchange_waits(waits: int) -> None:
    pair = pfs(waits)
    pair.right.do(DeleteIke())
    pair.settle()
    assert not pair.right.sas or waits == 1
    pair.advance(ASK_SECONDS + 1)
    pair.agree(0)
