"""What every data plane does alike: SAs put in by hand, packets between two nodes, what is counted and reported."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from ikecli.boundary.effects import Direction, Endpoint, Lifetime, Remove, Update
from ikecli.boundary.notices import Acquire, Expired, FirstPacket, Misfit
from ikecli.errors import Unavailable
from ikecli.intent import Flow, Screen, Selector
from ikecli.numbers import Algorithm
from tests.dataplane.pairs import CBC, CHACHA, GCM, LABEL, NETS, SHA, TRIPLE, Pair, both_versions, flow, intent
from tests.dataplane.rigs import ENDS, INSIDE, INSIDE6, NAMES, NAT_PORT, OTHER


@pytest.mark.parametrize("encapsulated", [False, True], ids=["esp", "udp"])
@pytest.mark.parametrize(
    ("encryption", "integrity"),
    [(GCM, None), (CHACHA, None), (CBC, SHA), (TRIPLE, SHA)],
    ids=["gcm", "chacha", "cbc", "3des"],
)
@pytest.mark.parametrize("esn", [False, True], ids=["", "esn"])
def test_every_form_of_esp_carries_pings_both_ways(
    pair: Pair, encryption: Algorithm, integrity: Algorithm | None, encapsulated: bool, esn: bool
) -> None:
    pair.connect(encryption, integrity, encapsulated=encapsulated, esn=esn)
    assert [pair.ping("L"), pair.ping("R"), pair.ping("L", size=1300)] == ["!", "!", "!"]
    wanted = {"packets_out": 3, "packets_in": 3, "octets_out": 1500, "octets_in": 1500}
    assert pair.counted("L", **wanted) == wanted


@pytest.mark.parametrize("encapsulated", [False, True], ids=["esp", "udp"])
@pytest.mark.parametrize(("outer", "inner"), [(4, 6), (6, 4), (6, 6)])
def test_either_version_of_ip_goes_inside_either(pair: Pair, outer: int, inner: int, encapsulated: bool) -> None:
    intents = {name: both_versions(name, outer, inner) for name in NAMES}
    pair.rig.configure(intents)
    for sender in NAMES:
        [row] = intents[sender].connections
        out = replace(
            pair.sa(sender, GCM, None, 1),
            local=Endpoint(row.local, NAT_PORT if encapsulated else 500),
            remote=Endpoint(row.peers[0], NAT_PORT if encapsulated else 500),
            flows=((row.flows[0].local, row.flows[0].remote),),
            encapsulated=encapsulated,
        )
        turned = replace(pair.inbound(out, OTHER[sender]), flows=((row.flows[0].remote, row.flows[0].local),))
        pair.rig.do(OTHER[sender], "install", turned)
        pair.rig.do(sender, "install", out)
    inside = INSIDE if inner == 4 else INSIDE6
    assert [pair.ping("L", inside["R"]), pair.ping("R", inside["L"], size=1200)] == ["!", "!"]


def test_without_an_sa_nothing_passes_and_one_is_asked_for(pair: Pair) -> None:
    assert pair.ping() == "."
    ends = ip_address(INSIDE["L"]), ip_address(INSIDE["R"])
    assert pair.heard("L", Acquire(LABEL, *ends, 1, 0x0800, 0x0800))


def test_packets_of_an_optional_connection_go_in_clear_both_ways_until_there_is_an_sa(pair: Pair) -> None:
    if "optional" not in pair.rig.nodes["L"].plane.features:
        return  # planes of Linux cannot, and say so
    for name in NAMES:
        rows = tuple(replace(one, optional=300) for one in intent(name).connections)
        pair.rig.do(name, "configure", replace(intent(name), connections=rows))
    assert pair.ping() == "!"
    ends = ip_address(INSIDE["L"]), ip_address(INSIDE["R"])
    assert pair.heard("L", Acquire(LABEL, *ends, 1, 0x0800, 0x0800))
    pair.connect()
    assert [pair.ping("L"), pair.ping("R")] == ["!", "!"]
    wanted = {"packets_out": 2, "packets_in": 2}
    assert pair.counted("L", **wanted) == wanted


def test_once_an_sa_stands_nothing_comes_in_clear_for_an_optional_connection_either(pair: Pair) -> None:
    if "optional" not in pair.rig.nodes["L"].plane.features:
        return  # planes of Linux cannot, and say so
    for name in NAMES:
        rows = tuple(replace(one, optional=300) for one in intent(name).connections)
        pair.rig.do(name, "configure", replace(intent(name), connections=rows))
    pair.connect()
    assert pair.ping() == "!"
    pair.rig.do("L", "configure", replace(intent("L"), connections=()))
    sa = pair.sa("L", GCM, None, 1)
    pair.rig.do("L", "remove", Remove(Direction.OUTBOUND, sa.spi, sa.remote))
    assert pair.ping() == "."


def test_an_sa_that_was_asked_for_carries_what_follows(pair: Pair) -> None:
    assert pair.ping() == "."
    pair.connect()
    assert pair.ping() == "!"


def test_a_packet_longer_than_the_way_still_arrives(pair: Pair) -> None:
    pair.connect()
    assert pair.ping(size=1800) == "!"


@pytest.mark.parametrize("fragments", [True, False])
def test_later_fragments_of_a_flow_with_ports_ride_along_where_that_was_agreed(pair: Pair, fragments: bool) -> None:
    if "later-fragments" not in pair.rig.nodes["L"].plane.features:
        return  # the kernel protects packets whole
    named = {name: _messages(name) for name in NAMES}
    for name in NAMES:
        row = replace(intent(name).connections[0], flows=tuple(Flow(*ends) for ends in named[name]))
        pair.rig.do(name, "configure", replace(intent(name), connections=(row,)))
    for name in NAMES:
        peer = OTHER[name]
        out = replace(pair.sa(name, GCM, None, 1), flows=named[name], fragments=fragments)
        there = replace(pair.inbound(out, peer), flows=named[peer])
        pair.rig.do(peer, "install", there)
        pair.rig.do(name, "install", out)
    assert pair.ping() == "!"
    assert pair.ping(size=4000) == "!" or not fragments


def _messages(node: str) -> tuple[tuple[Selector, Selector], ...]:
    """Echo requests and their answers, and no other ICMP."""
    spans = (0x0800, 0x08FF), (0, 0xFF)
    ends = ip_network(NETS[node]), ip_network(NETS[OTHER[node]])
    return tuple((Selector.of(ends[0], 1, span), Selector.of(ends[1], 1, span)) for span in spans)


def test_what_must_be_protected_is_refused_in_the_clear(pair: Pair) -> None:
    pair.connect()
    pair.rig.do("L", "configure", replace(intent("L"), connections=()))
    assert pair.ping() == "."


def test_what_is_outside_the_selectors_is_refused_after_decryption(pair: Pair) -> None:
    narrow = (Selector.of(ip_network("10.2.9.0/24")), Selector.of(ip_network("10.1.0.0/16")))
    out = pair.sa("L", GCM, None, 1)
    pair.rig.do("R", "install", replace(pair.inbound(out, "R"), flows=(narrow,)))
    pair.rig.do("L", "install", out)
    assert pair.ping() == "."
    assert pair.rig.do("L", "counters", [pair.spi("L")]) == {}
    if pair.rig.nodes["R"].plane.name != "xfrm":
        assert pair.rig.wait(lambda: any(isinstance(one, Misfit) for one in pair.rig.nodes["R"].notices))


def test_the_first_packet_on_an_sa_is_reported(pair: Pair) -> None:
    pair.connect()
    pair.ping()
    assert pair.heard("R", FirstPacket(pair.spi("R")))


def test_a_rekey_loses_nothing(pair: Pair) -> None:
    pair.connect()
    marks = [pair.ping()]
    for generation in (2, 3):
        pair.connect(generation=generation)
        marks.append(pair.ping())
        pair.disconnect(generation - 1)
        marks.append(pair.ping())
    assert marks == ["!"] * 5
    assert pair.counted("L", 3, packets_out=2) == {"packets_out": 2}


def test_volume_bounds_are_reported_soft_then_hard(pair: Pair) -> None:
    pair.connect(lifetime=Lifetime(soft_octets=150, hard_octets=350))
    for _ in range(6):
        pair.ping()
    assert pair.heard("R", Expired(pair.spi("R"), hard=False))
    assert pair.rig.wait(
        lambda: any(Expired(pair.spi(name), hard=True) in pair.rig.nodes[name].notices for name in NAMES)
    )


def test_a_reset_does_not_lengthen_a_life(pair: Pair) -> None:
    pair.connect(lifetime=Lifetime(soft_packets=3, hard_packets=100))
    for _ in range(4):
        pair.ping()
        for name in NAMES:
            pair.rig.do(name, "reset")
    assert pair.heard("R", Expired(pair.spi("R"), hard=False))


def test_what_a_rekey_replaced_still_receives_for_a_while(pair: Pair) -> None:
    pair.connect()
    peer = Endpoint(ip_address(ENDS["L"]), 500)
    pair.rig.do("R", "remove", Remove(Direction.INBOUND, pair.spi("R"), peer, after=1.5))
    assert pair.ping() == "!"
    pair.rig.wait(lambda: False, 2)
    assert pair.ping() == "."


def test_an_inbound_spi_is_taken_once(pair: Pair) -> None:
    pair.connect()
    with pytest.raises(Unavailable, match="SPI 0x00001001 is in use"):
        pair.rig.do("R", "install", pair.inbound(pair.sa("L", GCM, None, 1), "R"))


def test_removing_what_is_not_there_is_no_error(pair: Pair) -> None:
    pair.disconnect()
    pair.connect()
    pair.disconnect()
    pair.disconnect()
    assert pair.ping() == "."


def test_counters_start_again_at_a_reset(pair: Pair) -> None:
    pair.connect()
    pair.ping()
    assert pair.counted("L", packets_in=1) == {"packets_in": 1}
    pair.rig.do("L", "reset")
    pair.ping()
    assert pair.counted("L", packets_out=1, octets_in=100) == {"packets_out": 1, "octets_in": 100}


def test_an_sa_moves_to_another_port_and_back(pair: Pair) -> None:
    pair.connect(encapsulated=True)
    assert pair.ping() == "!"
    there = Endpoint(ip_address(ENDS["R"]), 4501)
    here = Endpoint(ip_address(ENDS["L"]), NAT_PORT)
    pair.rig.do("L", "update", Update(Direction.OUTBOUND, pair.spi("R"), pair.spi("L"), here, there, True))
    assert pair.ping() == "."
    there = replace(there, port=NAT_PORT)
    pair.rig.do("L", "update", Update(Direction.OUTBOUND, pair.spi("R"), pair.spi("L"), here, there, True))
    assert pair.ping() == "!"


def test_a_deny_lets_packets_pass_in_the_clear(pair: Pair) -> None:
    for name in NAMES:
        own, far = flow(name)
        lines = (Flow(own, far, permit=False), Flow(own, Selector.of(ip_network("10.0.0.0/8"))))
        row = replace(intent(name).connections[0], flows=lines)
        pair.rig.do(name, "configure", replace(intent(name), connections=(row,)))
    assert pair.ping() == "!"
    assert pair.rig.nodes["L"].notices == []


@pytest.mark.parametrize("peers", [True, False], ids=["peer", "none"])
def test_what_a_closed_connection_is_for_goes_nowhere(pair: Pair, peers: bool) -> None:
    base = intent("L")
    row = replace(base.connections[0], closed=True, peers=base.connections[0].peers if peers else ())
    pair.rig.do("L", "configure", replace(base, connections=(row,)))
    pair.rig.do("R", "configure", replace(intent("R"), connections=()))
    assert pair.ping() in (".", "U")  # a kernel whose policy drops it says so at once
    assert pair.ping("R") == "."
    pair.rig.do("L", "configure", replace(base, connections=()))
    assert pair.ping() == "!"


def test_interfaces_say_what_passed(pair: Pair) -> None:
    before = {view.name: view for view in pair.rig.do("L", "interfaces")}["outside"]
    pair.connect()
    pair.ping()
    after = {view.name: view for view in pair.rig.do("L", "interfaces")}["outside"]
    assert after.up
    assert after.packets_out > before.packets_out


@pytest.mark.parametrize(
    ("into", "out", "echoed"),
    [
        ((("L", "R", 1, True),), None, True),
        ((("L", "R", 6, True),), None, False),
        ((("L", "R", 0, False), ("L", "R", 0, True)), None, False),
        (None, (("R", "L", 1, True),), True),
        (None, (("R", "L", 17, True),), False),
    ],
)
def test_of_what_an_sa_carries_that_passes_which_its_screen_permits(
    pair: Pair, into: Lines | None, out: Lines | None, echoed: bool
) -> None:
    screen = Screen(*(None if lines is None else tuple(map(_line, lines)) for lines in (into, out)))
    base = intent("R")
    pair.rig.do("R", "configure", replace(base, connections=(replace(base.connections[0], screen=screen),)))
    outs = {sender: pair.sa(sender, GCM, None, 1) for sender in NAMES}
    pair.rig.do("L", "install", pair.inbound(outs["R"], "L"))
    pair.rig.do("L", "install", outs["L"])
    if getattr(pair.rig, "kind", "") == "xfrm":
        with pytest.raises(Unavailable, match="userspace"):
            pair.rig.do("R", "install", replace(pair.inbound(outs["L"], "R"), screen=screen))
        return
    pair.rig.do("R", "install", replace(pair.inbound(outs["L"], "R"), screen=screen))
    pair.rig.do("R", "install", replace(outs["R"], screen=screen))
    assert pair.ping("L") == ("!" if echoed else ".")
    assert not [heard for heard in pair.rig.nodes["R"].notices if isinstance(heard, Misfit)]


Lines = tuple[tuple[str, str, int, bool], ...]


def _line(line: tuple[str, str, int, bool]) -> Flow:
    here, there, protocol, permit = line
    ends = (replace(flow(name)[0], protocol=protocol) for name in (here, there))
    return Flow(*ends, permit)
