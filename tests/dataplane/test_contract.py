"""What every data plane does alike: SAs put in by hand, packets between two nodes, what is counted and reported.

The planes of Linux are run by `make live`: they need root, and namespaces of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from ikecli.boundary.effects import Access, Direction, Endpoint, EspKeys, Install, Lifetime, Reach, Remove, Update
from ikecli.boundary.notices import Acquire, Expired, FirstPacket, LineChanged, Misfit
from ikecli.boundary.views import Counters
from ikecli.errors import Unavailable
from ikecli.intent import Carrier, Connection, Flow, Intent, Interface, Network, Route, Selector, Tfc, Tunnel
from ikecli.intent.selectors import host_selector
from ikecli.numbers import ALGORITHMS, Algorithm
from tests.dataplane.rigs import ENDS, ENDS6, INSIDE, INSIDE6, NAMES, NAT_PORT, OTHER, Rig, rig

LABEL = "MAP 10 outside"
NETS = {"L": "10.1.0.0/16", "R": "10.2.0.0/16"}
ROWS = {(row.name, row.key_bits): row for row in ALGORITHMS}
GCM, CBC, CHACHA, TRIPLE = (
    ROWS[name, bits]
    for name, bits in (
        ("ENCR_AES_GCM_16", 256), ("ENCR_AES_CBC", 256), ("ENCR_CHACHA20_POLY1305", 0), ("ENCR_3DES", 0),
    )
)  # fmt: skip
SHA = ROWS["AUTH_HMAC_SHA2_256_128", 0]


def flow(node: str) -> tuple[Selector, Selector]:
    return Selector.of(ip_network(NETS[node])), Selector.of(ip_network(NETS[OTHER[node]]))


def intent(node: str) -> Intent:
    outside = Interface("outside", (IPv4Interface(f"{ENDS[node]}/24"),))
    inside = Interface("Loopback0", (IPv4Interface(f"{INSIDE[node]}/16"),), nameif="inside")
    peer = ip_address(ENDS[OTHER[node]])
    connection = Connection("MAP", 10, "outside", ip_address(ENDS[node]), (peer,), (Flow(*flow(node)),), ())
    routes = (Route(IPv4Network("0.0.0.0/0"), peer),)
    return Intent(hostname=node, network=Network((outside, inside), routes), connections=(connection,))


def both_versions(node: str, outer: int, inner: int) -> Intent:
    """Return an intent with addresses of both versions, whose SAs go over one and protect the other."""
    base, other = intent(node), OTHER[node]
    outside, inside = base.network.interfaces
    outside = replace(outside, addresses=(*outside.addresses, IPv6Interface(f"{ENDS6[node]}/64")))
    inside = replace(inside, addresses=(*inside.addresses, IPv6Interface(f"{INSIDE6[node]}/64")))
    ends, hosts = ENDS if outer == 4 else ENDS6, INSIDE if inner == 4 else INSIDE6
    flows = (Flow(*(host_selector(hosts[name]) for name in (node, other))),)
    row = replace(base.connections[0], local=ip_address(ends[node]), peers=(ip_address(ends[other]),), flows=flows)
    route = Route(IPv6Network("::/0"), ip_address(ENDS6[other]))
    network = replace(base.network, interfaces=(outside, inside), routes=(*base.network.routes, route))
    return replace(base, network=network, connections=(row,))


class Pair:
    """Two nodes and the SAs between them; each generation of SAs has SPIs of its own."""

    def __init__(self, made: Rig) -> None:
        self.rig = made
        made.configure({name: intent(name) for name in NAMES})

    @staticmethod
    def spi(receiver: str, generation: int = 1) -> int:
        return 0x1000 * generation + (1 if receiver == "R" else 2)

    def sa(self, sender: str, encryption: Algorithm, integrity: Algorithm | None, generation: int) -> Install:
        keys = EspKeys(
            bytes(range(encryption.key_octets)), bytes([generation]) * integrity.key_octets if integrity else b""
        )
        ends = Endpoint(ip_address(ENDS[sender]), 500), Endpoint(ip_address(ENDS[OTHER[sender]]), 500)
        spis = self.spi(OTHER[sender], generation), self.spi(sender, generation)
        return Install(Direction.OUTBOUND, *spis, *ends, encryption, integrity, keys, (flow(sender),), LABEL)

    def inbound(self, out: Install, receiver: str) -> Install:
        return replace(out, direction=Direction.INBOUND, local=out.remote, remote=out.local, flows=(flow(receiver),))

    def connect(
        self, encryption: Algorithm = GCM, integrity: Algorithm | None = None, generation: int = 1, **changes: object
    ) -> None:
        """Put in both SAs, inbound directions first."""
        outs = {}
        for sender in NAMES:
            out = replace(self.sa(sender, encryption, integrity, generation), **changes)  # type: ignore[arg-type]
            if out.encapsulated:
                ends = [Endpoint(end.address, NAT_PORT) for end in (out.local, out.remote)]
                out = replace(out, local=ends[0], remote=ends[1])
            outs[sender] = out
            self.rig.do(OTHER[sender], "install", self.inbound(out, OTHER[sender]))
        for sender, out in outs.items():
            self.rig.do(sender, "install", out)

    def disconnect(self, generation: int = 1) -> None:
        for name in NAMES:
            peer = Endpoint(ip_address(ENDS[OTHER[name]]), 500)
            self.rig.do(name, "remove", Remove(Direction.OUTBOUND, self.spi(OTHER[name], generation), peer))
            self.rig.do(name, "remove", Remove(Direction.INBOUND, self.spi(name, generation), peer))

    def ping(self, node: str = "L", destination: str = "", size: int = 100) -> str:
        return self.rig.ping(node, destination or INSIDE[OTHER[node]], size=size)

    def counters(self, node: str, generation: int = 1) -> Counters:
        spi = self.spi(node, generation)
        found: dict[int, Counters] = self.rig.do(node, "counters", [spi])
        return found[spi]

    def counted(self, node: str, generation: int = 1, **wanted: int) -> dict[str, int]:
        """Return the counters that are wanted, once they are as wanted: a plane may count after it delivers."""

        def found() -> dict[str, int]:
            return {name: getattr(self.counters(node, generation), name) for name in wanted}

        self.rig.wait(lambda: found() == wanted, 1)
        return found()

    def heard(self, node: str, what: object) -> bool:
        return self.rig.wait(lambda: what in self.rig.nodes[node].notices)


@pytest.fixture(
    params=[
        "memory",
        pytest.param("userspace", marks=pytest.mark.live),
        pytest.param("xfrm", marks=pytest.mark.live),
    ]
)
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    with rig(request.param, tmp_path) as made:
        yield Pair(made)


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


# Tunnel interfaces

TUNNEL = "tunnel Tunnel0"
INNER = {"L": "172.16.0.1", "R": "172.16.0.2"}
EVERYTHING = Selector.of(ip_network("0.0.0.0/0")), Selector.of(ip_network("0.0.0.0/0"))
EVERYTHING6 = Selector.of(ip_network("::/0")), Selector.of(ip_network("::/0"))


def tunnelled(node: str, carrier: Carrier, **more: Any) -> Intent:
    """Return an intent whose inside networks are reached through a protected tunnel."""
    base, other = intent(node), OTHER[node]
    ends = ip_address(ENDS[node]), ip_address(ENDS[other])
    tunnel = Tunnel(carrier, *ends, "outside", protection=f"{TUNNEL} 65535 Tunnel0", profile="P", **more)
    one = Interface("Tunnel0", (IPv4Interface(f"{INNER[node]}/30"),), tunnel=tunnel)
    flows = (Flow(*tunnel_flow(node, carrier)),)
    row = Connection(TUNNEL, 65535, "Tunnel0", ends[0], (ends[1],), flows, ())
    routes = (Route(IPv4Network(NETS[other]), None, "Tunnel0"),)
    return replace(base, network=Network((*base.network.interfaces, one), routes), connections=(row,))


def tunnel_flow(node: str, carrier: Carrier) -> tuple[Selector, Selector]:
    if carrier is Carrier.IPSEC:
        return EVERYTHING
    here, there = (host_selector(ENDS[name]) for name in (node, OTHER[node]))
    return replace(here, protocol=47), replace(there, protocol=47)


def connect_tunnel(pair: Pair, carrier: Carrier, generation: int = 1, **changes: Any) -> None:
    pair.rig.configure({name: tunnelled(name, carrier) for name in NAMES} if generation == 1 else {})
    for sender in NAMES:
        changes = {"connection": f"{TUNNEL} 65535 Tunnel0", **changes}
        out = replace(pair.sa(sender, GCM, None, generation), **changes)
        if out.encapsulated:
            ends = [Endpoint(end.address, NAT_PORT) for end in (out.local, out.remote)]
            out = replace(out, local=ends[0], remote=ends[1])
        receiver = OTHER[sender]
        inbound = replace(pair.inbound(out, receiver), flows=(tunnel_flow(receiver, carrier),))
        pair.rig.do(receiver, "install", inbound)
        pair.rig.do(sender, "install", replace(out, flows=(tunnel_flow(sender, carrier),)))


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
        tunnel.tunnel.protection, routes=(IPv4Network(NETS["L"]),),
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
    pair.rig.do("L", "reach", Reach(1, LABEL, peer, networks=(behind,)))
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


# SAs that move, and traffic that hides


@pytest.mark.parametrize("esn", [False, True], ids=["", "esn"])
@pytest.mark.parametrize(("encryption", "integrity"), [(GCM, None), (CBC, SHA)], ids=["gcm", "cbc"])
def test_an_sa_that_moved_goes_on_with_its_numbers(
    pair: Pair, encryption: Algorithm, integrity: Algorithm | None, esn: bool
) -> None:
    pair.connect(encryption, integrity, esn=esn)
    assert [pair.ping() for _ in range(3)] == ["!"] * 3
    given = pair.rig.do("L", "give", [pair.spi("L")])
    numbers = {state.install.direction: (state.sequence, state.seen) for state in given}
    assert numbers == {Direction.INBOUND: (3, b"\7"), Direction.OUTBOUND: (3, b"")}
    assert pair.rig.do("L", "counters", [pair.spi("L")]) == {}
    for state in given:
        pair.rig.do("L", "take", state)
    assert [pair.ping(), pair.ping("R")] == ["!", "!"]
    assert pair.counters("L").replays == pair.counters("R").replays == 0
    again = pair.rig.do("L", "give", [pair.spi("L")])
    wanted = {Direction.INBOUND: (5, b"\x1f"), Direction.OUTBOUND: (5, b"")}
    assert {state.install.direction: (state.sequence, state.seen) for state in again} == wanted


@pytest.mark.parametrize("encapsulated", [False, True], ids=["esp", "udp"])
@pytest.mark.parametrize(("encryption", "integrity"), [(GCM, None), (CBC, SHA)], ids=["gcm", "cbc"])
def test_packets_are_padded_so_that_their_lengths_tell_nothing(
    pair: Pair, encryption: Algorithm, integrity: Algorithm | None, encapsulated: bool
) -> None:
    hiding = Tfc(900, 0, 60)
    pair.connect(encryption, integrity, encapsulated=encapsulated, tfc=hiding)
    before = outside(pair)
    assert [pair.ping(size=size) for size in (60, 100, 700, 100)] == ["!"] * 4
    assert pair.rig.wait(lambda: outside(pair) - before >= 4 * 900)
    assert pair.counted("L", octets_out=960) == {"octets_out": 960}


def outside(pair: Pair) -> int:
    sent: int = {view.name: view for view in pair.rig.do("L", "interfaces")}["outside"].octets_out
    return sent


@pytest.mark.parametrize(("encryption", "integrity"), [(GCM, None), (CBC, SHA)], ids=["gcm", "cbc"])
def test_dummy_packets_go_out_between_the_others_and_are_dropped(
    pair: Pair, encryption: Algorithm, integrity: Algorithm | None
) -> None:
    if pair.rig.nodes["L"].plane.name == "xfrm":
        pair.connect(encryption, integrity, tfc=Tfc(600, 2, 1))
        assert "sends no dummy packets" in "".join(pair.rig.nodes["L"].log)
        return
    pair.connect(encryption, integrity, tfc=Tfc(600, 2, 1))
    assert pair.ping() == "!"
    assert pair.rig.wait(lambda: pair.counters("R").dummies_in >= 4, 5)
    assert pair.counters("L").dummies_out >= 4
    assert pair.ping() == "!"
    assert pair.counters("R").errors_in == 0
