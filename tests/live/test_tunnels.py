"""Tunnel interfaces of two engines in two network namespaces: a device each, whose routes lead into the SA."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.config.reading import SAMPLES
from tests.daemon.engines import Engine, config
from tests.dataplane.namespaces import into, ip, join, namespaces, within
from tests.live.machine import differing, snapshot
from tests.live.test_planes import INSIDE, MEGABYTE, OTHER, OUTSIDE, Two, ends

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

FLEX = SAMPLES / "hub-and-spoke"
TUNNEL = {"L": "172.16.0.1", "R": "172.16.0.2"}
MODES = {
    "vti": " tunnel mode ipsec ipv4\n",
    "gre": "",
    "gre-transport": "",
}


def text(name: str, mode: str) -> str:
    """The configuration of one end."""
    other = OTHER[name]
    whole = config(name, OUTSIDE[name], OUTSIDE[other], INSIDE[name], INSIDE[other])
    whole = re.sub(
        r"crypto map M 10.*?match address L\n",
        "crypto ipsec profile PROF\n set transform-set T\n set ikev2-profile P\n",
        whole,
        flags=re.DOTALL,
    )
    whole = whole.split("ip access-list")[0].replace(" crypto map M\n", "")
    if mode.endswith("transport"):
        whole = whole.replace(" mode tunnel", " mode transport")
    return (
        whole
        + f"""interface Tunnel0
 ip address {TUNNEL[name]} 255.255.255.252
 tunnel source GigabitEthernet0/0
 tunnel destination {OUTSIDE[other]}
{MODES[mode]} tunnel protection ipsec profile PROF
ip route {INSIDE[other]}.0 255.255.255.0 Tunnel0
end
"""
    )


class Tunnels(Two):
    """Both ends of a tunnel."""

    def text(self, name: str) -> str:
        return text(name, self.more)


@pytest.fixture(params=list(MODES))
def two(tmp_path: Path, kind: str, request: pytest.FixtureRequest) -> Iterator[Tunnels]:
    with ends() as made:
        both = Tunnels(tmp_path, kind, made, request.param)
        try:
            for site in both.sites.values():
                site.engine.show_until("show interfaces", "Tunnel0 is up, line protocol is up")
            yield both
        finally:
            both.end()


def test_what_is_routed_into_it_comes_out_at_the_other_end(two: Tunnels) -> None:
    assert "!!" in two.ping("L", 5)
    assert two.ping("R") == "!!!"
    before = two.encrypted("L")
    assert two.stream("L", 10 * MEGABYTE)
    assert two.stream("R", 10 * MEGABYTE)
    assert two.encrypted("L") - before > 10 * MEGABYTE // 1500
    shown = two.sites["L"].engine.type("show interfaces")
    assert "Hardware is Tunnel, Linux Tu0" in shown
    devices = subprocess.run(["ip", "-n", two.made["L"], "address", "show", "Tu0"], capture_output=True, text=True)
    assert f"{TUNNEL['L']}/30" in devices.stdout


def test_a_stop_leaves_no_device_and_a_kill_none_that_stays(two: Tunnels) -> None:
    two.ping("L")
    two.crash("L")
    two.end_without_a_trace()


def test_a_peer_that_ends_takes_the_line_down_and_the_route_with_it(two: Tunnels) -> None:
    two.ping("L")
    two.sites["R"].engine.end()
    if two.more == "vti":
        two.sites["L"].engine.show_until("show interfaces", "Tunnel0 is up, line protocol is down")
        routes = subprocess.run(["ip", "-n", two.made["L"], "route", "show"], capture_output=True, text=True)
        assert "Tu0" not in routes.stdout
    assert two.ping("L") != "!!!"


def test_a_hub_makes_an_interface_for_a_spoke_and_routes_what_it_tells(tmp_path: Path, kind: str) -> None:
    with namespaces("Hub", "Spoke") as made:
        join(made["Hub"], made["Spoke"], ("192.0.2.1/24", "192.0.2.11/24"))
        ip("-n", made["Hub"], "address", "add", "192.0.2.254/24", "dev", "veth0")
        before = {name: snapshot(made[name]) for name in made}
        hub = (FLEX / "flex-hub.cfg").read_text()
        spoke = (FLEX / "flex-spoke1.cfg").read_text().replace("198.51.100.", "192.0.2.")
        engines = {}
        for name, whole in (("Hub", hub), ("Spoke", spoke)):
            named = ("--interface", "GigabitEthernet0/1=lo", "--dataplane", kind)
            engines[name] = Engine(tmp_path / name, whole, *named, within=into(made[name]))
        try:
            for engine in engines.values():
                engine.until("STARTED")
            engines["Hub"].show_until("show ip route", "S        10.1.0.0/24 is directly connected, Virtual-Access1")
            engines["Spoke"].show_until("show ip route", "is directly connected, Tunnel0")
            said = engines["Hub"].type("ping 10.1.0.1 source Loopback0 repeat 3 timeout 1").splitlines()[3]
            assert "!!" in said
            with within(made["Spoke"]):
                command = ["ping", "-c", "2", "-W", "1", "-I", "10.1.0.1", "10.0.0.1"]
                ran = subprocess.run(command, capture_output=True, text=True)
            assert "2 received" in ran.stdout
            engines["Spoke"].end()
            deadline = time.monotonic() + 10
            while "Virtual-Access1" in engines["Hub"].type("show ip route"):
                assert time.monotonic() < deadline
        finally:
            for engine in engines.values():
                engine.end()
        for name in made:
            assert differing(before[name], snapshot(made[name])) == {}


def test_a_router_and_a_firewall_route_through_their_tunnel(tmp_path: Path, kind: str) -> None:
    samples = SAMPLES / "route-based"
    with namespaces("Router", "M", "Firewall") as made:
        join(made["Router"], made["M"], ("192.0.2.1/24", "192.0.2.254/24"), "veth0")
        join(made["M"], made["Firewall"], ("198.51.100.254/24", "198.51.100.2/24"), "veth1")
        with within(made["M"]):
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        engines = {}
        for name, file, dialect in (("Router", "router.cfg", "ios"), ("Firewall", "asa.cfg", "asa")):
            options = ("--dialect", dialect, "--interface", "GigabitEthernet0/1=lo", "--dataplane", kind)
            whole = (samples / file).read_text()
            engines[name] = Engine(tmp_path / name, whole, *options, within=into(made[name]))
        try:
            for engine in engines.values():
                engine.until("STARTED")
            engines["Router"].show_until("show interfaces Tunnel0", "Tunnel0 is up, line protocol is up")
            marks = engines["Router"].type("ping 10.2.0.1 source 10.1.0.1 repeat 5 timeout 1")
            assert "!!!" in marks, marks
            assert "!!!" in engines["Firewall"].type("ping inside 10.1.0.1 repeat 5 timeout 1")
        finally:
            for engine in engines.values():
                engine.end()
