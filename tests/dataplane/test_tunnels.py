"""What every data plane does alike with tunnel interfaces, and with what lies behind a peer."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Interface, IPv4Network, ip_address
from typing import Any

import pytest

from ikecli.boundary.effects import Access, Reach
from ikecli.boundary.notices import LineChanged
from ikecli.errors import Unavailable
from ikecli.intent import Carrier, Interface, Network, Route, Tunnel
from tests.dataplane.pairs import INNER, LABEL, NETS, TUNNEL, Pair, connect_tunnel, intent, tunnelled, unprotected
from tests.dataplane.rigs import ENDS, INSIDE, NAMES

CARRIERS = pytest.mark.parametrize(
    ("carrier", "changes"),
    [
        (Carrier.IPSEC, {}),
        (Carrier.IPSEC, {"encapsulated": True}),
        (Carrier.GRE, {}),
        (Carrier.GRE, {"transport": True}),
        (Carrier.GRE, {"transport": True, "encapsulated": True}),
    ],
    ids=["vti", "vti-udp", "gre", "gre-transport", "gre-transport-udp"],
)


@CARRIERS
def test_what_is_routed_into_a_tunnel_goes_through_its_sa(pair: Pair, carrier: Carrier, changes: Any) -> None:
    connect_tunnel(pair, carrier, **changes)
    for name in NAMES:
        assert pair.heard(name, LineChanged("Tunnel0", True))
    assert pair.rig.wait(lambda: pair.ping("L") == "!")
    marks = [pair.ping("R"), pair.ping("L", INNER["R"]), pair.ping("L", size=1300), pair.ping("R", size=3000)]
    assert marks == ["!"] * 4
    view = {one.name: one for one in pair.rig.do("L", "interfaces")}["Tunnel0"]
    assert (view.up, view.line) == (True, True)
    assert view.packets_out >= 4
    assert pair.rig.wait(lambda: pair.counters("L").packets_out >= 5)


@CARRIERS
def test_a_tunnels_sa_is_replaced_without_loss(pair: Pair, carrier: Carrier, changes: Any) -> None:
    connect_tunnel(pair, carrier, **changes)
    assert pair.rig.wait(lambda: pair.ping("L") == "!")
    connect_tunnel(pair, carrier, 2, **changes)
    marks = [pair.ping("L")]
    pair.disconnect(1)
    marks.append(pair.ping("R"))
    assert marks == ["!", "!"]
    assert pair.rig.wait(lambda: pair.counters("L", 2).packets_out >= 1)


def test_tunnels_between_the_same_ends_each_have_their_packets(pair: Pair) -> None:
    """The second's routes go the other way round, so that no packet gets through by the wrong one."""
    label = "tunnel Tunnel1 65535 Tunnel1"
    intents = {}
    for name in NAMES:
        base = tunnelled(name, Carrier.IPSEC)
        outside, inside, one = base.network.interfaces
        assert one.tunnel is not None
        two = replace(one, name="Tunnel1", addresses=(), unnumbered="", tunnel=replace(one.tunnel, protection=label))
        second = replace(base.connections[0], name="tunnel Tunnel1", interface="Tunnel1")
        assert second.label == label
        routes = (*base.network.routes, Route(IPv4Network(f"10.{9 if name == 'L' else 8}.0.0/16"), None, "Tunnel1"))
        inside = replace(inside, addresses=(*inside.addresses, IPv4Interface(f"10.{8 if name == 'L' else 9}.0.1/16")))
        network = Network((outside, inside, one, two), routes)
        intents[name] = replace(base, network=network, connections=(*base.connections, second))
    connect_tunnel(pair, Carrier.IPSEC)
    pair.rig.configure(intents)
    if "no XFRM interfaces" in (log := "".join(pair.rig.nodes["L"].log)):
        ends = f"from {ENDS['L']} to {ENDS['R']}"
        assert f"interface Tunnel1: a VTI {ends} is there already, and this kernel has no XFRM interfaces" in log
        return
    connect_tunnel(pair, Carrier.IPSEC, 2, connection=label)
    assert pair.rig.wait(lambda: pair.ping("L") == "!")
    assert pair.rig.wait(lambda: pair.ping("L", "10.9.0.1") == "!")
    assert [pair.ping("R"), pair.rig.ping("R", "10.8.0.1", "10.9.0.1")] == ["!", "!"]
    pair.rig.wait(lambda: pair.counters("L", 2).packets_out >= 2)
    first, second_count = pair.counters("L").packets_out, pair.counters("L", 2).packets_out
    pair.rig.ping("L", "10.9.0.1", "10.8.0.1")
    assert pair.rig.wait(lambda: pair.counters("L", 2).packets_out == second_count + 1)
    assert pair.counters("L").packets_out == first


def test_a_tunnels_line_falls_with_its_last_sa_and_its_routes_rest(pair: Pair) -> None:
    connect_tunnel(pair, Carrier.IPSEC)
    assert pair.rig.wait(lambda: pair.ping("L") == "!")
    through = (NETS["R"], "Tunnel0")
    assert through in {(one.prefix, one.interface) for one in pair.rig.do("L", "routes")}
    pair.disconnect()
    assert pair.heard("L", LineChanged("Tunnel0", False))
    assert pair.rig.wait(lambda: through not in {(one.prefix, one.interface) for one in pair.rig.do("L", "routes")})
    view = {one.name: one for one in pair.rig.do("L", "interfaces")}["Tunnel0"]
    assert not view.line
    connect_tunnel(pair, Carrier.IPSEC, 2)
    assert pair.rig.wait(lambda: pair.ping("L") == "!")


def test_a_tunnel_that_is_no_longer_configured_carries_nothing(pair: Pair) -> None:
    connect_tunnel(pair, Carrier.IPSEC)
    assert pair.rig.wait(lambda: pair.ping("L") == "!")
    sent = pair.counters("L").packets_out
    pair.rig.do("L", "configure", replace(intent("L"), connections=()))
    pair.ping("L")
    assert pair.counters("L").packets_out == sent
    assert "Tunnel0" not in {one.name for one in pair.rig.do("L", "interfaces")}


def test_a_virtual_access_interface_is_made_of_its_template_and_goes_again(pair: Pair) -> None:
    connect_tunnel(pair, Carrier.IPSEC)
    hub = tunnelled("R", Carrier.IPSEC)
    outside, inside, tunnel = hub.network.interfaces
    template = Interface("Virtual-Template1", unnumbered=inside.name, tunnel=Tunnel(Carrier.IPSEC), template=True)
    network = replace(hub.network, interfaces=(outside, inside, template), routes=())
    pair.rig.do("R", "configure", replace(hub, network=network, connections=()))
    assert tunnel.tunnel is not None
    access = Access(
        "Virtual-Access1", template.name, Carrier.IPSEC, ip_address(ENDS["R"]), ip_address(ENDS["L"]),
        tunnel.tunnel.protection, routes=(Route(IPv4Network(NETS["L"]), None, "Virtual-Access1", learned=True),),
    )  # fmt: skip
    pair.rig.do("R", "attach", access)
    assert pair.heard("R", LineChanged("Virtual-Access1", True))
    assert pair.rig.wait(lambda: pair.ping("L") == "!")
    assert pair.ping("R") == "!"
    pair.rig.do("R", "detach", access.name)
    pair.rig.wait(lambda: False, 0.1)
    assert pair.ping("L") == "."
    assert access.name not in {one.name for one in pair.rig.do("R", "interfaces")}


def test_what_lies_behind_a_peer_has_a_route_while_that_is_said(pair: Pair) -> None:
    peer, behind = ip_address(ENDS["R"]), IPv4Network("10.77.0.0/16")
    base = intent("L")
    row = replace(base.connections[0], flows=(), peers=())
    network = replace(base.network, routes=())
    pair.rig.do("L", "configure", replace(base, network=network, connections=(row,)))

    def routes() -> set[tuple[str, str, str]]:
        return {(one.code, one.prefix, one.interface) for one in pair.rig.do("L", "routes")}

    assert ("V", str(behind), "outside") not in routes()
    pair.rig.do("L", "reach", Reach(1, LABEL, peer, routes=(Route(behind, None, row.interface, learned=True),)))
    assert ("V", str(behind), "outside") in routes()
    pair.rig.do("L", "reach", Reach(1, LABEL, peer))
    assert ("V", str(behind), "outside") not in routes()


def test_an_address_that_a_peer_lends_is_ours_on_the_tunnel_while_that_is_said(pair: Pair) -> None:
    connect_tunnel(pair, Carrier.IPSEC)
    assert pair.rig.wait(lambda: pair.ping("L") == "!")
    lent = ip_address("10.1.200.1")
    label = f"{TUNNEL} 65535 Tunnel0"
    pair.rig.do("L", "reach", Reach(1, label, ip_address(ENDS["R"]), addresses=(lent,)))
    assert pair.rig.ping("L", INSIDE["R"], str(lent)) == "!"
    assert pair.ping("R", str(lent)) == "!"
    pair.rig.do("L", "reach", Reach(1, label, ip_address(ENDS["R"])))
    with suppress(Unavailable):
        assert pair.rig.ping("L", INSIDE["R"], str(lent)) == "."


# GRE that nothing protects


@pytest.mark.parametrize("key", [None, 77])
def test_a_gre_tunnel_carries_packets_without_protection(pair: Pair, key: int | None) -> None:
    pair.rig.configure({name: unprotected(name, key) for name in NAMES})
    for name in NAMES:
        assert pair.heard(name, LineChanged("Tunnel0", True))
    assert pair.rig.wait(lambda: pair.ping("L") == "!")
    marks = [pair.ping("R"), pair.ping("L", INNER["R"]), pair.ping("L", size=1300), pair.ping("R", size=3000)]
    assert marks == ["!"] * 4
    view = {one.name: one for one in pair.rig.do("L", "interfaces")}["Tunnel0"]
    assert (view.line, view.packets_out >= 4) == (True, True)


def test_a_gre_tunnel_takes_nothing_of_another_key(pair: Pair) -> None:
    pair.rig.configure({"L": unprotected("L", 1), "R": unprotected("R", 2)})
    assert pair.heard("L", LineChanged("Tunnel0", True))
    assert pair.ping("L") == "."
    pair.rig.do("R", "configure", unprotected("R", 1))
    assert pair.rig.wait(lambda: pair.ping("L") == "!")
