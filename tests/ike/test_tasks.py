"""An extension is one task and rows in tables: an invented notify, negotiated and then used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from ikecli.boundary.events import NotifyReceived, Progress
from ikecli.errors import Refused
from ikecli.ike import occasions
from ikecli.ike.shapes import REQUESTS, RESPONSES
from ikecli.ike.talk import Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.ike.window import Want
from ikecli.numbers import Exchange, NotifyType, PayloadType
from ikecli.wire.payloads import Notify, Payload
from tests.ike.pair import Pair

WEATHER = 54_321


class Weather(Task):
    """Each end says what the weather is like there."""

    __slots__ = ()
    notifies = frozenset({WEATHER})
    here = b"sun"

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        return (Notify(WEATHER, self.here),)

    write_response = write_request

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        sa, there = talk.sa, message.notify(WEATHER)
        if there is not None:
            talk.core.tell(Progress, lambda: Progress(sa.number, sa.session, f"there is {there.data.decode()}"))
        return None

    read_response = read_request


class Storm(Weather):
    """One that is refused."""

    __slots__ = ()

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        raise Refused("too wet", NotifyType.TEMPORARY_FAILURE)


def enter(monkeypatch: pytest.MonkeyPatch, task: type[Task]) -> None:
    """Enter a task into the tables of IKE_AUTH."""
    ours, served = occasions.OCCASIONS[Want.AUTHENTICATE], occasions.SERVED[Exchange.IKE_AUTH]
    monkeypatch.setitem(occasions.OCCASIONS, Want.AUTHENTICATE, replace(ours, tasks=(*ours.tasks, task)))
    monkeypatch.setitem(occasions.SERVED, Exchange.IKE_AUTH, (*served, task))


def test_a_task_and_two_rows_are_an_extension(monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, Weather)
    pair = Pair()
    pair.up()
    for end in pair.ends:
        assert [event.text for event in end.events(Progress)] == ["there is sun"]
        assert not end.events(NotifyReceived)


def test_without_its_rows_it_is_an_unknown_notify(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = occasions.OCCASIONS[Want.AUTHENTICATE]
    monkeypatch.setitem(occasions.OCCASIONS, Want.AUTHENTICATE, replace(ours, tasks=(*ours.tasks, Weather)))
    pair = Pair()
    pair.up()
    assert [(event.notify, event.data) for event in pair.right.events(NotifyReceived)] == [("54321", b"sun".hex())]


def test_a_task_that_refuses_after_the_install_has_it_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, Storm)
    pair = Pair()
    pair.left.acquire()
    pair.settle()
    pair.agree(0)
    assert not pair.right.plane.sas


def test_every_exchange_has_a_shape_that_lets_extensions_in() -> None:
    for exchange in Exchange:
        for table in (REQUESTS, RESPONSES):
            assert table[exchange][PayloadType.NOTIFY][1] > 1
            assert table[exchange][PayloadType.VENDOR][1] > 1
    assert {want: row.exchange for want, row in occasions.OCCASIONS.items()}.keys() == set(Want)
