"""Port address translation: one flow at a time, there and back."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network

import pytest

from ikecli.dataplane import nat
from ikecli.dataplane.nat import IDLE_SECONDS, Translator
from ikecli.dataplane.packet import ESP, UDP, Packet, echo_reply, echo_request, udp, udp_data
from ikecli.intent import Flow, Intent, Interface, Nat, Network, Overload, Selector, StaticPort
from ikecli.intent.selectors import any_selector

A, B, SERVER, PEER, OTHER, OWN = map(
    IPv4Address, ("10.0.0.2", "10.0.0.3", "10.0.0.9", "198.51.100.1", "198.51.100.2", "203.0.113.1")
)
INSIDE = Selector.of(IPv4Network("10.0.0.0/29"))


class Node:
    """A translator between `in` and `out`, and its clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.translator = Translator(lambda: self.now)
        self.configure(Overload((Flow(INSIDE, any_selector(4)),), "out"), StaticPort(UDP, SERVER, 500, "out", 500))

    def configure(self, rule: Overload, static: StaticPort) -> None:
        interfaces = (Interface("in"), Interface("out", (IPv4Interface(f"{OWN}/24"),)))
        rules = Nat(frozenset({"in"}), frozenset({"out"}), (rule,), (static,))
        self.translator.configure(Intent(network=Network(interfaces), nat=rules))

    def out(self, source: IPv4Address, port: int, peer: IPv4Address = PEER, peer_port: int = 4500) -> int | None:
        """Send a packet out; return the port it leaves from, after seeing its answer come back to where it was sent."""
        left = self.translator.outward("in", "out", udp(source, port, peer, peer_port, b"data"))
        if left is None:
            return None
        assert (left.source, left.destination, udp_data(left)) == (OWN, peer, b"data")
        outside, there = left.ports()
        assert there == peer_port
        back = self.translator.inward("out", udp(peer, peer_port, OWN, outside, b"back"))
        assert (back.destination, back.ports(), udp_data(back)) == (source, (peer_port, port), b"back")
        return outside


def test_the_port_inside_is_kept_where_it_is_free() -> None:
    node = Node()
    assert node.out(A, 4500) == 4500
    assert node.out(B, 4500) == 1024
    assert node.out(B, 4500, OTHER) == 4500
    assert node.out(A, 4500) == 4500
    assert node.out(B, 700) == 700
    assert node.out(A, 700) == 512


def test_ports_with_a_way_in_are_not_given_away() -> None:
    node = Node()
    assert node.out(A, 500) == 1
    assert node.out(SERVER, 500) == 500


def test_a_way_in_is_open_to_everybody_and_answers_leave_from_its_port() -> None:
    node = Node()
    came = node.translator.inward("out", udp(OTHER, 7777, OWN, 500, b"hello"))
    assert (came.destination, came.ports()) == (SERVER, (7777, 500))
    answer = node.translator.outward("in", "out", udp(SERVER, 500, OTHER, 7777, b"yes"))
    assert answer is not None
    assert (answer.source, answer.ports()) == (OWN, (500, 7777))


def test_only_the_peer_of_a_flow_comes_in() -> None:
    node = Node()
    node.out(A, 4500)
    stranger = udp(OTHER, 4500, OWN, 4500, b"hello")
    assert node.translator.inward("out", stranger) is stranger
    assert node.translator.inward("in", stranger) is stranger


def test_an_idle_translation_ends() -> None:
    node = Node()
    assert node.out(B, 4500) == 4500
    node.now += IDLE_SECONDS[UDP] - 1
    assert node.out(A, 4500) == 1024
    assert node.out(B, 4500) == 4500
    node.now += IDLE_SECONDS[UDP] + 1
    assert node.translator.views()[1:] == ()
    assert node.out(A, 4500) == 4500


def test_echoes_go_by_their_identifier() -> None:
    node = Node()
    for source, identifier in ((A, 7), (B, 1)):
        left = node.translator.outward("in", "out", echo_request(source, PEER, 7, 1, 100))
        assert left is not None
        assert left.payload == echo_request(OWN, PEER, identifier, 1, 100).payload
        answer = echo_reply(left)
        assert answer is not None
        back = node.translator.inward("out", answer)
        assert back == echo_reply(echo_request(source, PEER, 7, 1, 100))


def test_what_has_no_port_does_not_pass_and_what_no_rule_names_passes_as_it_is() -> None:
    node = Node()
    assert node.translator.outward("in", "out", Packet(A, PEER, ESP, bytes(20))) is None
    other = udp(IPv4Address("10.9.9.9"), 1, PEER, 2, b"")
    assert node.translator.outward("in", "out", other) is other
    assert node.translator.outward("out", "in", other) is other


def test_translations_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nat, "MAX_TRANSLATIONS", 3)
    node = Node()
    for port in range(2000, 2010):
        node.now += 1
        assert node.out(A, port) == port
    assert len(node.translator.views()) == 4


def test_what_begins_anew_at_another_port_leaves_nothing_behind() -> None:
    node = Node()
    for turn in range(6):
        first, second = (A, B) if turn % 2 else (B, A)
        assert (node.out(first, 4500), node.out(second, 4500)) == (4500, 1024)
        node.now += IDLE_SECONDS[UDP] + 1
    tables = node.translator._out, node.translator._in
    assert [len(table) for table in tables] == [2, 2]


def test_of_too_many_flows_those_in_use_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nat, "MAX_TRANSLATIONS", 50)
    node = Node()
    for port in range(2000, 4000):
        node.now += 0.01
        node.out(A, port)
        assert node.out(B, 4500) == 4500
    assert len(node.translator._out) == len(node.translator._in) == 50


def test_other_rules_begin_anew() -> None:
    node = Node()
    node.out(A, 4500)
    node.configure(Overload((Flow(INSIDE, any_selector(4)),), "out"), StaticPort(UDP, SERVER, 4500, "out", 4500))
    assert node.out(A, 4500) == 1024
