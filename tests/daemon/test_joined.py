"""Long answers: made and asked for piece by piece, what belongs together next to each other, and nothing left out."""

from __future__ import annotations

import asyncio
import copy
import re
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from ikecli.boundary.views import ConnectionView, IkeSaView
from ikecli.control.client import LocalClient
from ikecli.control.messages import Request, Show, ShowFurther
from ikecli.control.replies import Error, Reply, Shown
from ikecli.daemon import joined
from ikecli.daemon.cursors import OPEN
from ikecli.daemon.sessions import Session
from ikecli.lab.lab import VirtualLab
from ikecli.shell.pieces import PIECE
from ikecli.shell.session import Shell
from ikecli.show import RENDERERS
from tests.lab import test_thousand
from tests.shell.screen import Screen

MANY = 3 * PIECE + 7
"""Peers, each with an entry, an IKE SA and a Child SA, beside the one that was set up."""
TOPICS = {"ikev2.sa": "show.ikev2.sa", "ipsec.sa": "show.ipsec.sa", "session": "show.session"}


def entry(number: int, peer: int) -> str:
    return f"""
ip access-list extended B{number}
 permit ip host 10.1.9.{number} host 10.2.9.{number}
crypto map M {number} ipsec-isakmp
 set peer 198.51.100.{peer}
 set transform-set T
 set ikev2-profile P
 match address B{number}
"""


class Hub:
    """An appliance with many SAs, which are copies of a real one; what a session asks it is kept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(test_thousand, "TUNNELS", 1)
        self.lab = VirtualLab("hub")
        for side in (1, 2):
            assert self.lab.add(test_thousand.configuration(side), "ios")[1] == []
        test_thousand.initiate(self.lab, 1)
        self.appliance = self.lab["R1"].appliance
        self.appliance.load("".join(entry(number, number) for number in range(2, MANY + 2)), "more")
        self.sas = self.appliance.engine._core.sas
        (self.real,) = self.sas.values()
        for number in range(2, MANY + 2):
            self.add(number, f"198.51.100.{number}", f"M {number} GigabitEthernet0/0")
        self.session = Session(self.appliance, 15, "ann", lambda heard: None)
        self.asked: list[Request] = []

    def add(self, number: int, peer: str, connection: str | None) -> None:
        """Add an IKE SA with a peer, and a Child SA for a connection."""
        one, child = copy.copy(self.real), copy.copy(next(iter(self.real.children.values())))
        one.number = one.session = number
        one.remote = replace(one.remote, address=IPv4Address(peer))
        child.inbound, child.connection = number, connection or ""
        one.children = {number: child} if connection else {}
        self.sas[number] = one

    def handle(self, request: Request, reply: Callable[[Reply], None]) -> None:
        if isinstance(request, Show | ShowFurther):
            self.asked.append(request)
        self.session.handle(request, reply)

    level = 15

    def close(self) -> None:
        self.session.close()

    def ask(self, request: Request) -> Any:
        replies: list[Reply] = []
        self.session.handle(request, replies.append)
        (reply,) = replies
        return replace(reply, views=tuple(reply.views)) if isinstance(reply, Shown) else reply

    def typed(self, *lines: str, rows: int = 0, interrupt_at: int | None = None) -> str:
        """Return the screen of a session in which these lines are typed."""
        screen = Screen([*lines, "exit"], rows=rows)
        screen.interrupt_at = interrupt_at
        asyncio.run(Shell(LocalClient(lambda level, user, push: self, 15, "ann"), screen).run())
        return screen.text


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    return Hub(monkeypatch)


@pytest.mark.parametrize("topic", [*TOPICS, "vpn_sessiondb.summary", "vpn_sessiondb.l2l", "vpn_sessiondb.remote"])
def test_a_long_answer_comes_in_pieces_that_are_all_of_it(hub: Hub, topic: str) -> None:
    whole = hub.ask(Show(topic, {}))
    assert whole.cursor == 0
    assert len(whole.views) >= MANY + 1
    piece, found = hub.ask(Show(topic, {}, PIECE)), ()
    while piece.cursor:
        assert len(piece.views) == PIECE
        found += piece.views
        piece = hub.ask(ShowFurther(piece.cursor, PIECE))
    assert found + piece.views == whole.views


def test_what_is_not_asked_for_further_is_forgotten(hub: Hub) -> None:
    first, *others = [hub.ask(Show("ikev2.sa", {}, PIECE)).cursor for _ in range(OPEN + 1)]
    assert hub.ask(ShowFurther(first, PIECE)) == Error("% What was shown is known no more: type the command again")
    assert hub.ask(ShowFurther(others[0], PIECE)).cursor == others[0]


def test_connections_have_their_sas_before_them_and_others_come_last(hub: Hub) -> None:
    hub.appliance.load(entry(MANY + 2, 7), "a second entry to the seventh peer")
    hub.add(300, "198.51.100.9", None)
    hub.add(301, "203.0.113.9", None)
    views = list(joined.sessions(hub.appliance))
    order = [f"SA {one.id}" if isinstance(one, IkeSaView) else f"entry {one.sequence}" for one in views]
    seven, nine = order.index("SA 7"), order.index("SA 9")
    assert order[seven : seven + 3] == ["SA 7", "entry 7", f"entry {MANY + 2}"]
    assert order[nine : nine + 3] == ["SA 9", "SA 300", "entry 9"]
    assert order[-1] == "SA 301"


def test_a_connection_that_very_many_sas_serve_comes_in_lots(hub: Hub) -> None:
    for number in range(2, MANY + 2):
        hub.add(number, f"198.51.100.{number}", "M 2 GigabitEthernet0/0")
    lots = [one.children for one in joined.connections(hub.appliance) if one.sequence == 2]
    assert [len(lot) for lot in lots] == [PIECE, PIECE, PIECE, MANY - 3 * PIECE]


@pytest.mark.parametrize("slots", [{}, {"detail": True}, {"brief": True}], ids=["", "detail", "brief"])
def test_sessions_are_laid_out_as_if_all_were_known(hub: Hub, slots: dict[str, Any]) -> None:
    hub.add(300, "198.51.100.9", None)
    views = list(joined.sessions(hub.appliance))
    together = sorted(views, key=lambda one: isinstance(one, ConnectionView))
    render = RENDERERS["ios", "show.session"]
    assert sorted(render(views, slots)) == sorted(render(together, slots))


@pytest.mark.parametrize("topic", TOPICS)
def test_the_first_screen_needs_the_first_piece_alone(hub: Hub, topic: str) -> None:
    command = {"ikev2.sa": "show crypto ikev2 sa", "ipsec.sa": "show crypto ipsec sa", "session": "show crypto session"}
    hub.typed(command[topic], "q", rows=24)
    assert hub.asked[-1] == Show(topic, {}, PIECE)


def test_a_firewalls_sessions_come_in_pieces(hub: Hub) -> None:
    screen = hub.typed("terminal dialect asa", "show vpn-sessiondb l2l", "q", rows=24)
    assert hub.asked[-1] == Show("vpn_sessiondb.l2l", {}, PIECE)
    assert screen.count("Session Type: LAN-to-LAN") == 1
    screen = hub.typed("terminal dialect asa", "show vpn-sessiondb")
    assert f"Site-to-Site VPN             : {MANY + 1:>6} :" in screen


def test_entries_to_common_peers_are_one_group_however_they_come_together(hub: Hub) -> None:
    peers = [(4, 5), (6, 7), (5, 6), (2, 3), (3, 7)]
    lines = [
        f"crypto map M {400 + at} ipsec-isakmp\n set peer 198.51.100.{one}\n set peer 198.51.100.{other}\n"
        f" set transform-set T\n set ikev2-profile P\n match address B{one}\n"
        for at, (one, other) in enumerate(peers)
    ]
    hub.appliance.load("".join(lines), "entries that have peers in common")
    views = list(joined.sessions(hub.appliance))
    order = [f"SA {one.id}" if isinstance(one, IkeSaView) else f"entry {one.sequence}" for one in views]
    begin = order.index("SA 2")
    assert sorted(order[begin : begin + 6]) == [f"SA {number}" for number in range(2, 8)]
    assert sorted(order[begin + 6 : begin + 17]) == sorted(
        f"entry {number}" for number in (*range(2, 8), *range(400, 405))
    )


def test_what_is_filtered_is_all_of_it(hub: Hub) -> None:
    assert f"= {MANY + 1}\n" in hub.typed("show crypto ikev2 sa | count READY")
    assert sum(isinstance(one, ShowFurther) for one in hub.asked) == MANY // PIECE


def test_json_is_one_array_whatever_the_pieces(hub: Hub) -> None:
    screen = hub.typed("show crypto ikev2 sa | json")
    assert len(re.findall('^    "id": ', screen, re.MULTILINE)) == MANY + 1
    assert screen.count("\n]\n") == 1


def test_ctrl_c_asks_no_more(hub: Hub) -> None:
    screen = hub.typed("show crypto ikev2 sa", interrupt_at=500)
    assert screen.count("READY") < MANY
    assert sum(isinstance(one, ShowFurther) for one in hub.asked) <= 2
