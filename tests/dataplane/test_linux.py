"""What planes on Linux make of what others do. They need root."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path

import pytest

from ikecli.boundary.effects import Access, Direction, Reach
from ikecli.boundary.notices import LineChanged, LinkChanged
from ikecli.boundary.views import InterfaceView
from ikecli.dataplane.linux.guard import Guard
from ikecli.dataplane.linux.ledger import Ledger
from ikecli.dataplane.linux.network import LinuxNetwork
from ikecli.dataplane.packet import Packet
from ikecli.dataplane.userspace.plane import UserspacePlane
from ikecli.errors import Unavailable
from ikecli.intent import Carrier, Flow, Intent, Interface, Route, Selector, Tunnel
from tests.dataplane.namespaces import ip, join, joined, namespaces, within
from tests.dataplane.pairs import GCM, LABEL, NETS, Pair, both_versions, flow, intent, tunnelled, unprotected
from tests.dataplane.rigs import ENDS, ENDS6, INSIDE, INSIDE6, LinuxRig, Node, linux_rig
from tests.live.machine import NEEDS_NFT, differing, snapshot

pytestmark = pytest.mark.live


@pytest.fixture(params=["userspace", "xfrm"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LinuxRig]:
    with linux_rig(request.param, tmp_path) as rig:
        yield rig


@pytest.fixture
def userspace(tmp_path: Path) -> Iterator[LinuxRig]:
    """A rig whose ESP is that of workers."""
    with linux_rig("userspace", tmp_path) as rig:
        yield rig


def kill_worker(node: Node) -> None:
    assert isinstance(node.plane, UserspacePlane)
    os.kill(node.plane.worker, signal.SIGKILL)


def replaced(node: Node) -> bool:
    return "another takes its SAs over" in "".join(node.log)


def test_two_engines_of_one_namespace_do_not_touch_each_others(made: LinuxRig, tmp_path: Path) -> None:
    """The second has a state directory that is a copy of the first's: even so it takes another mark."""
    first = made.nodes["L"]
    pair = Pair(made)
    pair.connect()
    before = snapshot(first.namespace)
    shutil.copytree(tmp_path / "L", tmp_path / "twin")
    (tmp_path / "twin" / "ledger").write_text((tmp_path / "twin" / "ledger").read_text().splitlines()[0])
    made.nodes["twin"] = made.start("twin", first.namespace)
    made.do("twin", "configure", Intent(hostname="twin"))
    owners = [Ledger(tmp_path / name, 0).owner for name in ("L", "twin")]
    made.do("twin", "close")
    del made.nodes["twin"]
    assert differing(before, snapshot(first.namespace)) == {}
    if made.kind == "xfrm":
        assert owners[0] != owners[1]
    assert pair.ping() == "!"


def test_an_address_that_goes_is_noticed_and_one_that_comes_is_used(made: LinuxRig) -> None:
    pair = Pair(made)
    name = made.nodes["L"].namespace
    ip("-n", name, "address", "delete", f"{ENDS['L']}/24", "dev", "veth0")
    assert pair.heard("L", LinkChanged((ip_address(ENDS["L"]),)))
    ip("-n", name, "address", "add", f"{ENDS['L']}/24", "dev", "veth0")
    made.wait(lambda: False, 0.5)
    pair.connect()
    assert pair.ping() == "!"


def test_a_worker_that_dies_is_replaced_and_no_number_is_used_twice(userspace: LinuxRig) -> None:
    pair = Pair(userspace)
    pair.connect()
    assert [pair.ping() for _ in range(3)] == ["!"] * 3
    for node in userspace.nodes.values():
        kill_worker(node)
    assert userspace.wait(lambda: all(map(replaced, userspace.nodes.values())))
    assert userspace.wait(lambda: pair.ping() == "!", 10)
    assert pair.ping("R") == "!"
    counters = pair.counters("L")
    assert counters.replays == 0
    assert userspace.wait(lambda: pair.counters("L").packets_out >= 5)


def test_an_sa_that_comes_while_there_is_no_worker_uses_no_number_twice(userspace: LinuxRig) -> None:
    pair = Pair(userspace)
    pair.connect()
    assert pair.ping() == "!"
    far, given = 5000, userspace.do("L", "give", [pair.spi("L")])
    kill_worker(userspace.nodes["L"])
    for state in given:
        outbound = state.install.direction is Direction.OUTBOUND
        userspace.do("L", "take", replace(state, sequence=far) if outbound else state)
    assert userspace.wait(lambda: replaced(userspace.nodes["L"]))
    assert userspace.wait(lambda: pair.ping() == "!", 10)
    numbers = {one.install.direction: one.sequence for one in userspace.do("L", "give", [pair.spi("L")])}
    assert numbers[Direction.OUTBOUND] > far
    assert numbers[Direction.INBOUND] < far


def test_as_many_flows_as_there_are_are_kept_out_of_the_clear(tmp_path: Path) -> None:
    with namespaces("N") as names, within(names["N"]):
        said: list[str] = []
        guard = Guard(Ledger(tmp_path, 0), said.append)
        near, *far = (Selector.of(IPv4Network(0x0A000000 + at), 6, (53, 53)) for at in range(25_000))
        guard.follow([(near, one) for one in far], "", ())
        guard.close()
        if "not supported" not in "".join(said):  # the kernel of tests/live/uml has no nftables
            assert said == []


@NEEDS_NFT
def test_the_table_bounds_segments_of_the_interfaces_that_say_so_while_they_do(userspace: LinuxRig) -> None:
    """As the kernel's ESP has it; here on a plane that would do so itself, since not every kernel has that ESP."""
    node = userspace.nodes["L"]
    assert isinstance(node.plane, UserspacePlane)

    def rules(segments: tuple[int, int]) -> str:
        base = intent("L")
        ports = tuple(replace(one, segments=segments) for one in base.network.interfaces)
        network = replace(base.network, interfaces=ports)
        userspace.do("L", "configure", replace(base, network=network, connections=()))
        with within(node.namespace):
            return subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True).stdout

    node.plane.clamps = True
    told = rules((1000, 0))
    if "nftables" in "".join(node.log):
        pytest.skip("this kernel has no nftables")
    device = node.plane.interfaces()[0].device
    assert told.count("tcp option maxseg size set 1000") >= 4, told
    assert f'oifname "{device}"' in told
    assert "maxseg" not in rules((0, 0))


def test_fragments_of_flows_with_ports_do_not_leave_in_the_clear(made: LinuxRig) -> None:
    """L forwards for hosts behind it, of which here the packets are made by hand."""
    local, remote = (replace(one, protocol=6) for one in flow("L"))
    remote = replace(remote, first_port=53, last_port=53)
    base = intent("L")
    row = replace(base.connections[0], flows=(Flow(local, remote),))
    made.configure({"L": replace(base, connections=(row,)), "R": replace(intent("R"), connections=())})
    name = made.nodes["L"].namespace
    if "nftables" in "".join(made.nodes["L"].log):  # the kernel of tests/live/uml has none
        assert "fragments of flows with ports" in "".join(made.nodes["L"].log)
        return
    with namespaces("H") as more:
        join(more["H"], name, ("10.1.9.9/24", "10.1.9.1/24"), "veth9")
        ip("-n", more["H"], "route", "add", "default", "via", "10.1.9.1")
        ip("-n", name, "route", "replace", NETS["R"], "via", ENDS["R"])
        with within(name):
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")

        def arrived(protocol: int, offset: int) -> bool:
            body = struct.pack("!HHHH", 9, 53, 0, 0) + bytes(100)
            packet = Packet(ip_address("10.1.9.9"), ip_address(INSIDE["R"]), protocol, body, offset=offset, more=True)
            before = received(made.nodes["R"].namespace)
            with within(more["H"]), socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
                raw.sendto(packet.write(), (INSIDE["R"], 0))
            return made.wait(lambda: received(made.nodes["R"].namespace) > before, 0.5)

        assert arrived(17, 0)
        assert not arrived(6, 0)
        assert not arrived(6, 800)


def received(namespace: str) -> int:
    """Return how many fragments came to a namespace."""
    with within(namespace):
        lines = [line.split() for line in Path("/proc/thread-self/net/snmp").read_text().splitlines()]
    names, values = (line for line in lines if line[0] == "Ip:")
    return int(dict(zip(names[1:], values[1:], strict=True))["ReasmReqds"])


def test_ipv6_for_the_gateway_itself_is_refused_in_the_clear(userspace: LinuxRig) -> None:
    for name, node in userspace.nodes.items():
        ip("-n", node.namespace, "address", "add", f"{ENDS6[name]}/64", "dev", "veth0", "nodad")
    userspace.configure({name: both_versions(name, 6, 6) for name in ("L", "R")})
    userspace.do("L", "configure", replace(both_versions("L", 6, 6), connections=()))
    assert userspace.ping("L", ENDS6["R"], ENDS6["L"]) == "!"
    assert userspace.ping("L", INSIDE6["R"]) == "."
    userspace.do("R", "configure", replace(both_versions("R", 6, 6), connections=()))
    assert userspace.ping("L", INSIDE6["R"]) == "!"


def shown(made: LinuxRig, name: str) -> dict[str, InterfaceView]:
    return {view.name: view for view in made.do(name, "interfaces")}


def test_a_default_route_that_comes_and_goes_takes_a_tunnel_up_and_down(made: LinuxRig) -> None:
    base = tunnelled("L", Carrier.GRE)
    outside, inside, tunnel = base.network.interfaces
    assert tunnel.tunnel is not None
    far = replace(tunnel, tunnel=replace(tunnel.tunnel, destination=ip_address("198.51.100.7")))
    network = replace(base.network, interfaces=(outside, inside, far))
    made.do("L", "configure", replace(base, network=network, connections=()))
    name, notices = made.nodes["L"].namespace, made.nodes["L"].notices
    assert not shown(made, "L")["Tunnel0"].line
    ip("-n", name, "route", "add", "default", "via", ENDS["R"])
    assert made.wait(lambda: LineChanged("Tunnel0", True) in notices)
    ip("-n", name, "route", "delete", "default")
    assert made.wait(lambda: LineChanged("Tunnel0", False) in notices)


def test_a_link_that_goes_down_is_noticed_and_its_routes_come_back_with_it(made: LinuxRig) -> None:
    tunnel = tunnelled("L", Carrier.GRE)
    routes = (*tunnel.network.routes, Route(IPv4Network("10.77.0.0/16"), ip_address(ENDS["R"])))
    network = replace(tunnel.network, routes=routes)
    made.do("L", "configure", replace(tunnel, network=network, connections=()))
    name, notices = made.nodes["L"].namespace, made.nodes["L"].notices
    wanted = "10.77.0.0/16"

    def has_route() -> bool:
        return wanted in {view.prefix for view in made.do("L", "routes")}

    assert made.wait(lambda: LineChanged("Tunnel0", True) in notices)
    assert has_route()
    ip("-n", name, "link", "set", "veth0", "down")
    assert made.wait(lambda: LineChanged("Tunnel0", False) in notices)
    assert not shown(made, "L")["outside"].line
    assert not has_route()
    notices.clear()
    ip("-n", name, "link", "set", "veth0", "up")
    assert made.wait(lambda: LineChanged("Tunnel0", True) in notices)
    assert made.wait(has_route)


def test_a_tunnel_that_cannot_be_had_takes_no_sa_and_says_why(made: LinuxRig) -> None:
    base = tunnelled("L", Carrier.IPSEC)
    outside, inside, tunnel = base.network.interfaces
    other = replace(tunnel, vrf="RED")
    made.do("L", "configure", replace(base, network=replace(base.network, interfaces=(outside, inside, other))))
    if "vrf" in made.nodes["L"].plane.features:  # tests/live/test_vrfs.py
        return
    why = "VRF RED: this kernel has no devices of the kind vrf"
    assert why in "".join(made.nodes["L"].log)
    label = base.connections[0].label
    with pytest.raises(Unavailable, match=why):
        made.do("L", "install", replace(Pair.sa("L", GCM, None, 1), connection=label))
    template = Interface("Virtual-Template1", unnumbered=inside.name, tunnel=Tunnel(Carrier.IPSEC), template=True)
    made.do("L", "configure", replace(base, network=replace(base.network, interfaces=(outside, inside, template))))
    ends = ip_address(ENDS["L"]), ip_address(ENDS["R"])
    access = Access("Virtual-Access1", template.name, Carrier.IPSEC, *ends, label, vrf="RED")
    with pytest.raises(Unavailable, match=why):
        made.do("L", "attach", access)
    assert "Virtual-Access1" not in shown(made, "L")


def test_gre_without_protection_goes_on_with_another_worker(userspace: LinuxRig) -> None:
    pair = Pair(userspace)
    userspace.configure({name: unprotected(name) for name in userspace.nodes})
    assert userspace.wait(lambda: pair.ping() == "!", 10)
    kill_worker(userspace.nodes["L"])
    assert userspace.wait(lambda: replaced(userspace.nodes["L"]))
    assert userspace.wait(lambda: pair.ping() == "!", 10)


def test_a_device_goes_into_another_and_back_with_the_routes_that_went(tmp_path: Path) -> None:
    """A bridge stands for a VRF here, which takes no routes away: that is done by hand."""
    with joined(f"{ENDS['L']}/24", f"{ENDS['R']}/24") as names:
        name = names["L"]
        for bridge in ("br0", "br1"):
            ip("-n", name, "link", "add", bridge, "address", f"02:00:00:00:00:0{bridge[-1]}", "type", "bridge")
        ip("-n", name, "link", "set", "veth0", "master", "br0")
        ip("-n", name, "address", "add", f"{ENDS6['L']}/64", "dev", "veth0", "nodad")
        for where in ("198.51.100.0/24", "203.0.113.0/24"):
            ip("-n", name, "route", "add", where, "via", ENDS["R"], "metric", "7")
        ip("-n", name, "route", "add", "2001:db8:9::/48", "via", ENDS6["R"])
        before = snapshot(name)
        said: list[str] = []

        def engine() -> LinuxNetwork:
            return LinuxNetwork(Ledger(tmp_path, 1), {}, said.append)

        with within(name):
            killed = engine()
            masters = killed.masters
            masters.follow({"veth0": "br1"})
            assert masters.now()["veth0"] == "br1"
            masters.follow({"veth0": "br1"})
            ip("route", "delete", "198.51.100.0/24")
            ip("-6", "route", "delete", "2001:db8:9::/48")
            killed.requests.close()
            engine().close()
        assert said == []
        assert differing(before, snapshot(name)) == {}
        assert list(Ledger(tmp_path, 1)) == []


def test_routes_stay_ours_however_often_they_are_configured(made: LinuxRig) -> None:
    node = made.nodes["L"]
    for name in made.nodes.values():
        ip("-n", name.namespace, "address", "add", f"{ENDS6['L']}/64", "dev", "veth0", "nodad")
    base = both_versions("L", 6, 6)
    far = Route(IPv6Network("2001:db8:9::/48"), ip_address(ENDS6["R"]))
    network = replace(base.network, routes=(*base.network.routes, far))
    before = snapshot(node.namespace)
    for hostname in ("one", "two", "three"):
        made.do("L", "configure", replace(base, hostname=hostname, network=network))
    assert str(far.prefix) in {row.prefix for row in made.do("L", "routes") if row.code == "S"}
    assert "exists" not in "".join(node.log)
    made.do("L", "configure", Intent())
    after = snapshot(node.namespace)
    assert before["-6 route show"] == after["-6 route show"]


def test_the_distance_of_a_route_is_its_metric_and_what_lies_behind_a_peer_needs_no_gateway(made: LinuxRig) -> None:
    node, peer = made.nodes["L"], ip_address(ENDS["R"])
    behind, past = IPv4Network("10.77.0.0/16"), IPv4Network("198.51.100.7/32")
    base = intent("L")
    far = Route(IPv6Network("2001:db8:9::/48"), None, "outside", 5)
    row = replace(base.connections[0], flows=(), peers=())
    network = replace(base.network, routes=(far,))
    before = snapshot(node.namespace)
    made.do("L", "configure", replace(base, network=network, connections=(row,)))
    routes = (
        Route(behind, ip_address("203.0.113.1"), row.interface, 20, learned=True, tag=7),
        Route(past, peer, "", 20, learned=True, tag=7),
    )
    made.do("L", "reach", Reach(1, LABEL, peer, routes=routes))
    tables = "".join(text for name, text in snapshot(node.namespace).items() if "route" in name)
    assert re.search(rf"{behind} dev .*metric 20", tables)
    assert re.search(rf"198.51.100.7 via {peer} dev .*metric 20", tables)
    assert re.search(rf"{far.prefix} dev .*metric 1028", tables)
    shown = {one.prefix: (one.gateway, one.distance, one.tag) for one in made.do("L", "routes") if one.code == "V"}
    assert shown == {str(behind): ("203.0.113.1", 20, 7), str(past): (str(peer), 20, 7)}
    made.do("L", "configure", Intent())
    made.do("L", "reach", Reach(1, LABEL, peer))
    left = differing(before, snapshot(node.namespace))
    assert left.keys() <= {"sockets", "xfrm policy"}
    policies = [line for line in left.get("xfrm policy", ("", ""))[1].splitlines() if "priority" in line]
    assert all(line.strip().startswith("socket ") for line in policies), "those of sockets are theirs"
