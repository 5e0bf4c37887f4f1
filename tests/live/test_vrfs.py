"""VRFs of two engines as VRF devices: the front door in one, what is protected in others, the same networks twice."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.daemon.engines import Engine
from tests.dataplane.namespaces import into, ip, join, joined, namespaces, within
from tests.live.machine import differing, snapshot

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

OTHER = {"L": "R", "R": "L"}
NUMBER = {"L": 1, "R": 2}
IKE = """crypto ikev2 proposal P
 encryption aes-gcm-256
 prf sha384
 group 31
crypto ikev2 policy P
 match fvrf any
 proposal P
crypto ikev2 keyring K
 peer other
  address 192.0.2.0 255.255.255.0
  pre-shared-key between-us-5uB
crypto ikev2 profile P
 match fvrf any
 match identity remote address 192.0.2.0 255.255.255.0
 authentication remote pre-share
 authentication local pre-share
 keyring local K
crypto ipsec transform-set T esp-gcm 256
 mode tunnel
crypto ipsec profile PROF
 set transform-set T
 set ikev2-profile P
"""


def definitions(*vrfs: str) -> str:
    return "".join(f"vrf definition {vrf}\n address-family ipv4\n address-family ipv6\n" for vrf in vrfs if vrf)


def lies(vrf: str) -> str:
    return f" vrf forwarding {vrf}\n" if vrf else ""


def through(vrf: str) -> str:
    return f"vrf {vrf} " if vrf else ""


def tunnels(name: str, front: str, *inner: str, mode: str = " tunnel mode ipsec ipv4\n") -> str:
    """One end: a tunnel for each inner table, all with the same networks; L's LAN is in the first."""
    here, there = NUMBER[name], NUMBER[OTHER[name]]
    text = f"hostname {name}\n{definitions(*dict.fromkeys((front, *inner)))}{IKE}"
    text += f"interface GigabitEthernet0/0\n{lies(front)} ip address 192.0.2.{here} 255.255.255.0\n"
    for at, vrf in enumerate(inner):
        if at:
            text += (
                f"interface GigabitEthernet0/0.{at}\n{lies(front)} ip address 192.0.2.{here + 10 * at} 255.255.255.0\n"
            )
        inside = "GigabitEthernet0/1" if name == "L" and not at else f"Loopback{at}"
        source = f"GigabitEthernet0/0.{at}" if at else "GigabitEthernet0/0"
        text += f"""interface {inside}
{lies(vrf)} ip address 10.{here}.0.1 255.255.255.0
interface Tunnel{at}
{lies(vrf)} ip address 172.16.0.{here} 255.255.255.252
 tunnel source {source}
 tunnel destination 192.0.2.{there + 10 * at}
{f" tunnel vrf {front}" + chr(10) if front else ""}{mode} tunnel protection ipsec profile PROF
ip route {through(vrf)}10.{there}.0.0 255.255.255.0 Tunnel{at}
"""
    return text + "end\n"


def mapped(name: str, vrf: str) -> str:
    """One end with a crypto map in a VRF."""
    here, there = NUMBER[name], NUMBER[OTHER[name]]
    return f"""hostname {name}
{definitions(vrf)}{IKE}crypto map M 10 ipsec-isakmp
 set peer 192.0.2.{there}
 set transform-set T
 set ikev2-profile P
 match address A
ip access-list extended A
 permit ip 10.{here}.0.0 0.0.0.255 10.{there}.0.0 0.0.0.255
interface GigabitEthernet0/0
{lies(vrf)} ip address 192.0.2.{here} 255.255.255.0
 crypto map M
interface {"GigabitEthernet0/1" if name == "L" else "Loopback0"}
{lies(vrf)} ip address 10.{here}.0.1 255.255.255.0
ip route {through(vrf)}10.{there}.0.0 255.255.255.0 192.0.2.{there}
end
"""


def has_vrf() -> bool:
    with namespaces("probe") as made:
        ran = subprocess.run(
            ["ip", "-n", made["probe"], "link", "add", "v", "type", "vrf", "table", "9"], capture_output=True
        )
    return ran.returncode == 0


def in_order(namespace: str) -> dict[str, str]:
    """Return what a namespace holds, whatever order the kernel tells it in: that of devices that were up before."""
    return {what: "\n".join(sorted(text.splitlines())) for what, text in snapshot(namespace).items()}


class Ends:
    """Both ends, and a host H behind L."""

    def __init__(self, where: Path, kind: str, stack: ExitStack) -> None:
        if not has_vrf():
            pytest.skip("this kernel has no VRF devices: tests/live/test_uml.py brings one that has")
        self.where, self.kind, self.stack = where, kind, stack
        self.made = made = stack.enter_context(namespaces("L", "R", "H"))
        join(made["L"], made["R"], ("192.0.2.1/24", "192.0.2.2/24"))
        join(made["L"], made["H"], ("10.1.0.1/24", "10.1.0.9/24"), "veth1")
        ip("-n", made["H"], "route", "add", "default", "via", "10.1.0.1")
        for name in NUMBER:  # the kernel's rule for VRFs comes with the first and stays
            ip("-n", made[name], "link", "add", "first", "type", "vrf", "table", "9")
            ip("-n", made[name], "link", "delete", "first")
        ip("-n", made["L"], "address", "add", "2001:db8:1::1/64", "dev", "veth0", "nodad")
        ip("-n", made["L"], "route", "add", "203.0.113.0/24", "via", "192.0.2.9")
        self.before = {name: in_order(made[name]) for name in NUMBER}
        self.engines: dict[str, Engine] = {}

    def start(self, name: str, text: str) -> Engine:
        named = ("--interface", "GigabitEthernet0/0=veth0", "--interface", "GigabitEthernet0/0.1=veth0")
        options = (*named, "--interface", "GigabitEthernet0/1=veth1", "--dataplane", self.kind)
        engine = Engine(self.where / name, text, *options, within=into(self.made[name]))
        self.stack.callback(engine.end)
        self.engines[name] = engine.until("STARTED")
        return engine

    def until(self, name: str, line: str, marks: str = "!!!") -> str:
        """Ping as an operator does, until it is answered."""
        deadline = time.monotonic() + 20
        while marks not in (said := self.engines[name].type(f"ping {line} repeat 3 timeout 1")):
            told = [engine.log.read_text() + engine.type("show ip route") for engine in self.engines.values()]
            assert time.monotonic() < deadline, said + "\n".join(told)
        return said

    def from_behind(self, destination: str) -> bool:
        """Ping from the host behind L."""
        with within(self.made["H"]):
            ran = subprocess.run(["ping", "-c", "3", "-W", "1", destination], capture_output=True, text=True)
        return "3 received" in ran.stdout

    def encrypted(self) -> int:
        shown = self.engines["L"].type("show crypto ipsec sa")
        return sum(
            int(line.split("#pkts encrypt: ")[1].split(",")[0]) for line in shown.splitlines() if "encrypt" in line
        )

    def end(self) -> None:
        """Stop both, and see that nothing is left."""
        for engine in self.engines.values():
            assert engine.end() == 0
        for name in NUMBER:  # the kernel brings IPv6 addresses back when it has time to
            deadline = time.monotonic() + 5
            while left := differing(self.before[name], in_order(self.made[name])):
                assert time.monotonic() < deadline, "\n".join("\n".join(both) for both in left.values())


@pytest.fixture
def ends(tmp_path: Path, kind: str) -> Iterator[Ends]:
    with ExitStack() as stack:
        yield Ends(tmp_path, kind, stack)


GRE = ""
TABLES = pytest.mark.parametrize(
    ("front", "inner", "mode"),
    [
        ("INTERNET", "", " tunnel mode ipsec ipv4\n"),
        ("", "RED", " tunnel mode ipsec ipv4\n"),
        ("INTERNET", "RED", " tunnel mode ipsec ipv4\n"),
        ("RED", "RED", " tunnel mode ipsec ipv4\n"),
        ("INTERNET", "RED", GRE),
    ],
    ids=["front", "inner", "both", "same", "gre"],
)


@TABLES
def test_a_tunnel_goes_through_one_table_for_what_is_in_another(ends: Ends, front: str, inner: str, mode: str) -> None:
    for name in NUMBER:
        ends.start(name, tunnels(name, front, inner, mode=mode))
    ends.until("L", f"{through(inner)}10.2.0.1")
    ends.until("R", f"{through(inner)}10.1.0.1 source 10.2.0.1")
    before = ends.encrypted()
    assert ends.from_behind("10.2.0.1")
    assert ends.encrypted() - before >= 3
    ends.until("L", f"{through(front)}192.0.2.2")
    if front != inner:
        assert "!" not in ends.engines["L"].type(f"ping {through(front)}10.2.0.1 repeat 1 timeout 1").splitlines()[2]
    shown = ends.engines["L"].type("show crypto ikev2 sa")
    assert f"{front or 'none'}/{inner or 'none'}" in shown
    left = ends.engines["L"]
    left.process.kill()
    left.process.wait()
    ends.start("L", tunnels("L", front, inner, mode=mode))
    ends.until("L", f"{through(inner)}10.2.0.1")
    ends.end()


def test_two_customers_have_the_same_networks(ends: Ends) -> None:
    for name in NUMBER:
        ends.start(name, tunnels(name, "INTERNET", "RED", "BLUE"))
    for vrf in ("RED", "BLUE"):
        ends.until("L", f"vrf {vrf} 10.2.0.1")
    assert ends.from_behind("10.2.0.1")
    routes = ends.engines["L"].type("show ip route vrf BLUE")
    assert "10.2.0.0/24 is directly connected, Tunnel1" in routes
    assert "Tunnel0" not in routes
    ends.end()


def test_a_crypto_map_protects_in_its_interfaces_table(ends: Ends, kind: str) -> None:
    for name in NUMBER:
        ends.start(name, mapped(name, "RED"))
    if kind == "userspace":
        assert "a crypto map in a VRF is carried by the kernel" in ends.engines["L"].log.read_text()
        ends.end()
        return
    ends.until("L", "vrf RED 10.2.0.1 source 10.1.0.1")
    before = ends.encrypted()
    assert ends.from_behind("10.2.0.1")
    assert ends.encrypted() - before >= 3
    ends.until("R", "vrf RED 10.1.0.9 source 10.2.0.1")
    ends.end()


def test_a_vrf_of_the_machines_own_is_used_and_left_alone(ends: Ends) -> None:
    name = ends.made["L"]
    ip("-n", name, "link", "add", "INTERNET", "type", "vrf", "table", "77")
    ip("-n", name, "link", "set", "INTERNET", "up")
    ip("-n", name, "link", "set", "veth0", "master", "INTERNET")
    ends.before["L"] = in_order(name)
    for one in NUMBER:
        ends.start(one, tunnels(one, "INTERNET", ""))
    ends.until("L", "10.2.0.1")
    with within(name):
        shown = subprocess.run(["ip", "-d", "link", "show", "INTERNET"], capture_output=True, text=True).stdout
    assert "vrf table 77" in shown
    ends.end()


def test_a_kernel_without_vrf_devices_is_told_of_and_takes_no_sa(tmp_path: Path, kind: str) -> None:
    if has_vrf():
        return
    with joined("192.0.2.1/24", "192.0.2.2/24") as made, ExitStack() as stack:
        before = in_order(made["L"])
        options = ("--interface", "GigabitEthernet0/1=lo", "--dataplane", kind)
        engine = Engine(tmp_path / "L", tunnels("L", "INTERNET", "RED"), *options, within=into(made["L"]))
        stack.callback(engine.end)
        said = engine.until("STARTED").log.read_text()
        assert "% VRF INTERNET, RED has no effect: this kernel has no devices of the kind vrf" in said
        assert "interface Tunnel0: VRF INTERNET: this kernel has no devices of the kind vrf" in said
        assert "VRF RED: this kernel has no devices" in engine.type(
            "ping vrf RED 10.2.0.1 repeat 1 timeout 1", status=1
        )
        assert engine.end() == 0
        assert differing(before, in_order(made["L"])) == {}
