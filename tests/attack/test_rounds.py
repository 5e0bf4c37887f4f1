"""Peers that go on and on: rounds before authentication, windows full of slow requests, tunnels in tunnels."""

from __future__ import annotations

import random
from ipaddress import ip_address

from ikecli.crypto import generate
from ikecli.dataplane import gre
from ikecli.dataplane.packet import Packet, echo_request
from ikecli.ike.choose import esp_offers
from ikecli.ike.limits import ASK_SECONDS, MAX_INTERMEDIATE, MAX_WINDOW
from ikecli.numbers import Exchange, TransformType
from ikecli.wire.payloads import KeyExchange, Nonce, SecurityAssociation, TsInitiator, TsResponder
from tests.attack.foe import Foe, selector
from tests.ike.pair import GCM, LEFT, NETS, RIGHT, Pair, connection, intent, row
from tests.ike.test_additional import further
from tests.ike.test_intermediate import begun, forged
from tests.lab.tunnels import lab, router


def test_rounds_before_authentication_end() -> None:
    pair = begun(further("mlkem768 none"))
    (sa,) = pair.right.engine._core.sas.values()
    assert sa.birth is not None
    sa.birth.additional = ()
    before = len(pair.right.sent)
    for number in range(1, 3 * MAX_INTERMEDIATE):
        forged(pair, Exchange.IKE_INTERMEDIATE, number)
    assert len(pair.right.sent) - before <= MAX_INTERMEDIATE + 1
    assert not any(one.status.name == "READY" for one in pair.right.sas)


def test_a_window_full_of_slow_requests_is_bounded_and_ends() -> None:
    slow = row(TransformType.KE, "16")
    ends = ((LEFT, RIGHT), (RIGHT, LEFT))
    pair = Pair(*(intent(*each, connections=(connection(*each, pfs=slow),), window=MAX_WINDOW) for each in ends))
    pair.up()
    pair.right.answer_asks = False
    foe, core = Foe(pair), pair.right.engine._core
    public, first = generate(16, random.Random(1).randbytes).public, foe.expected
    nets = [int(NETS[end].network_address) for end in (LEFT, RIGHT)]
    selectors = TsInitiator((selector(nets[0], nets[0] + 255),)), TsResponder((selector(nets[1], nets[1] + 255),))
    for number in range(MAX_WINDOW + 50):
        spi = (0x1000 + number).to_bytes(4, "big")
        offered = SecurityAssociation(
            tuple(one.proposal(at, spi) for at, one in enumerate(esp_offers((GCM,), (slow,)), 1))
        )
        request = offered, Nonce(bytes((number,)) * 32), KeyExchange(16, public), *selectors
        foe.send(foe.sealed(Exchange.CREATE_CHILD_SA, request, first + number))
    (sa,) = core.sas.values()
    assert len(core.asked) == len(sa.window.serving) == MAX_WINDOW
    pair.wire.clear()
    pair.advance(ASK_SECONDS + 1)
    assert not core.asked
    assert not sa.window.serving
    assert len(sa.children) == 1


def test_tunnels_in_tunnels_in_tunnels_are_not_followed() -> None:
    lines = """interface GigabitEthernet0/0
 ip address 192.0.2.{here} 255.255.255.0
interface Tunnel0
 ip address 172.16.0.{here} 255.255.255.252
 tunnel source GigabitEthernet0/0
 tunnel destination 192.0.2.{there}
"""
    made = lab(*(router(name, lines.format(here=at, there=3 - at)) for name, at in (("Left", 1), ("Right", 2))))
    here, there = ip_address("192.0.2.1"), ip_address("192.0.2.2")
    assert made.ping("Left", "172.16.0.2") == "!!!!!"
    packet = echo_request(here, there, 1, 1, 100, False)
    for _ in range(1000):
        packet = Packet(here, there, gre.GRE, gre.wrap(packet, None), 255)
    plane = made["Right"].plane
    before = plane.interfaces()
    plane.arrive("GigabitEthernet0/0", packet)
    counts = {one.name: one.packets_in for one in plane.interfaces()}
    assert counts["Tunnel0"] - {one.name: one.packets_in for one in before}["Tunnel0"] <= 4
