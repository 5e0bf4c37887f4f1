"""Against strongSwan, our ESP in userspace at one end and its own (kernel-libipsec) at the other: a row a case."""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.daemon.engines import Engine
from tests.dataplane.namespaces import ip, join, namespaces
from tests.live.cases import CASES, CHILDLESS, DPD, HIDDEN, INSIDE, OUTSIDE, SHORT, Case, ours, theirs
from tests.live.machine import stream
from tests.live.peers import STRONGSWAN_5, STRONGSWAN_6, Peer, unpacked
from tests.live.strongswan import Charon

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]
MEGABYTE = 1 << 20
NAT = """table ip nat {
 chain out { type nat hook postrouting priority 100; oifname "veth0" masquerade; }
 chain in { type nat hook prerouting priority -100; iifname "veth0" udp dport { 500, 4500 } dnat to 192.168.0.2; }
}
"""


class Tunnel:
    """Our engine at L, strongSwan at R, and what an operator of either end does."""

    def __init__(self, stack: ExitStack, peer: Peer, case: Case) -> None:
        root = unpacked(peer)
        where = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.case = case
        self.names = names = stack.enter_context(namespaces("L", "R", *(["N"] if case.nat else [])))
        self._wire()
        for version, prefix in ((4, 32), (6, 128)):
            ip("-n", names["R"], "address", "add", f"{INSIDE[version]['R']}/{prefix}", "dev", "lo")
        if case.also:
            ip("-n", names["R"], "address", "add", f"{case.also}/32", "dev", "lo")
        text = theirs(case)
        self.charon = stack.enter_context(Charon(root, where / "R", names["R"], text, case.settings).running())
        within = ["ip", "netns", "exec", names["L"]]
        self.engine = Engine(where / "L", ours(case), "--dataplane", "userspace", within=within)
        stack.callback(self.engine.end)
        self.engine.until("STARTED")
        assert "CONFIG" not in self.engine.log.read_text()

    def _wire(self) -> None:
        outer = "N" if self.case.nat else "L"
        ends = self.names[outer], self.names["R"]
        join(*ends, (f"{OUTSIDE[4]['L']}/24", f"{OUTSIDE[4]['R']}/24"))
        for name, namespace in zip("LR", ends, strict=True):
            ip("-n", namespace, "address", "add", f"{OUTSIDE[6][name]}/64", "dev", "veth0", "nodad")
        if self.case.nat:
            join(self.names["L"], self.names["N"], (f"{HIDDEN}/24", "192.168.0.1/24"), "veth1")
            ip("-n", self.names["L"], "route", "add", "default", "via", "192.168.0.1")
            there = ["ip", "netns", "exec", self.names["N"]]
            subprocess.run([*there, "nft", "-f", "-"], input=NAT, text=True, check=True)
            subprocess.run([*there, "sysctl", "-qw", "net.ipv4.ip_forward=1"], check=True)

    def ends(self, sender: str) -> tuple[str, str, str, str]:
        inside = INSIDE[self.case.inner]
        receiver = {"L": "R", "R": "L"}[sender]
        return self.names[sender], inside[sender], self.names[receiver], inside[receiver]

    def pinging(self, sender: str, count: int, size: int, interval: float, to: str = "") -> subprocess.Popen[str]:
        """Begin to ping from one end to the other."""
        namespace, source, _, destination = self.ends(sender)
        command = ["ip", "netns", "exec", namespace, "ping", "-q", "-I", source, "-c", str(count), "-s", str(size)]
        command += ["-i", str(interval), "-W", "2", to or destination]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def first(self) -> None:
        """Ping until it is answered, as the first packets ask for the tunnel."""
        for _ in range(10):
            if lost(self.pinging("L", 1, 56, 1)) == 0:
                return
        raise AssertionError(self.engine.log.read_text() + self.charon.log[-5000:])

    def installed(self) -> list[str]:
        """Return the SPIs that strongSwan receives by, without those that were replaced."""
        return re.findall(r"INSTALLED.*?\n.*?\n +in +([0-9a-f]{8})", self.charon.control("--list-sas"))

    def until(self, text: str, there: bool = True) -> str:
        """Wait until strongSwan's list of SAs has a text or not; return the list."""
        deadline = time.monotonic() + 15
        while (text in (shown := self.charon.control("--list-sas"))) != there:
            assert time.monotonic() < deadline, shown + self.charon.log[-5000:]
            time.sleep(0.1)
        return shown


def lost(ping: subprocess.Popen[str]) -> int:
    """Wait for a ping to end; return how many packets are missing."""
    said = ping.communicate()[0]
    found = re.search(r"(\d+) packets transmitted, (\d+) received", said)
    assert found, said
    return int(found[1]) - int(found[2])


@pytest.fixture(params=[STRONGSWAN_5, STRONGSWAN_6], ids=lambda peer: peer.name)
def peer(request: pytest.FixtureRequest) -> Peer:
    assert isinstance(request.param, Peer)
    return request.param


@pytest.fixture
def tunnel(peer: Peer, request: pytest.FixtureRequest) -> Iterator[Tunnel]:
    case = request.param
    if case.only_6 and peer is STRONGSWAN_5:
        pytest.skip(f"strongSwan 5 has no {case.name}")
    with ExitStack() as stack:
        yield Tunnel(stack, peer, case)


@pytest.mark.parametrize("tunnel", CASES, ids=lambda case: case.name, indirect=True)
def test_a_row(tunnel: Tunnel) -> None:
    """Ours begins; either end rekeys under traffic, nothing is lost; theirs ends it, begins anew; ours ends that."""
    engine, charon = tunnel.engine, tunnel.charon
    tunnel.first()
    for sender in ("L", "R"):
        assert lost(tunnel.pinging(sender, 3, 1000, 0.01)) == 0
        assert stream(*tunnel.ends(sender), 10 * MEGABYTE, tunnel.case.port)
    encrypted = re.findall(r"#pkts encrypt: (\d+)", engine.type("show crypto ipsec sa"))
    assert sum(map(int, encrypted)) > 0
    if also := tunnel.case.also:
        assert lost(tunnel.pinging("L", 3, 56, 0.1, also)) == 0

    before = tunnel.installed()
    pings = [tunnel.pinging(sender, 2000, 1300, 0.003) for sender in ("L", "R")]
    for words in (["--child", "net"], ["--ike", "c"], ["--child", "net"]):
        time.sleep(1)
        charon.control("--rekey", *words)
    assert [lost(ping) for ping in pings] == [0, 0]
    assert len(tunnel.installed()) == 1 == len({*tunnel.installed()} - {*before})

    charon.control("--terminate", "--ike", "c")
    engine.until("DOWN")
    assert "READY" not in engine.type("show crypto ikev2 sa")
    charon.control("--initiate", "--child", "net", "--timeout", "10")
    engine.show_until("show crypto ikev2 sa", "READY")
    assert lost(tunnel.pinging("R", 3, 56, 0.1)) == 0
    engine.type("clear crypto ikev2 sa")
    tunnel.until("ESTABLISHED", there=False)
    assert tunnel.case.log in charon.log


@pytest.mark.parametrize("tunnel", [CHILDLESS], ids=lambda case: case.name, indirect=True)
def test_an_ike_sa_without_a_child_sa(tunnel: Tunnel) -> None:
    """Theirs insists on it (RFC 6023); the Child SA comes by CREATE_CHILD_SA."""
    tunnel.charon.control("--initiate", "--ike", "c", "--timeout", "10")
    tunnel.engine.show_until("show crypto ikev2 sa", "READY")
    assert "net:" not in tunnel.charon.control("--list-sas")
    tunnel.first()
    assert stream(*tunnel.ends("R"), MEGABYTE)
    assert tunnel.case.log in tunnel.charon.log


@pytest.mark.parametrize("tunnel", [SHORT], ids=lambda case: case.name, indirect=True)
def test_lifetimes_of_ours_end_without_a_lost_packet(tunnel: Tunnel) -> None:
    tunnel.first()
    spis, ike = tunnel.installed(), tunnel.charon.control("--list-sas").splitlines()[0]
    pings = [tunnel.pinging(sender, 1300, 200, 0.1) for sender in ("L", "R")]
    assert [lost(ping) for ping in pings] == [0, 0]
    assert not {*spis} & {*tunnel.installed()}
    assert ike.split("IKEv2")[1] != tunnel.charon.control("--list-sas").splitlines()[0].split("IKEv2")[1]
    assert "DOWN" not in tunnel.engine.log.read_text()


@pytest.mark.parametrize("tunnel", [DPD], ids=lambda case: case.name, indirect=True)
def test_either_end_notices_that_the_link_is_cut_and_traffic_comes_back_with_it(tunnel: Tunnel) -> None:
    tunnel.first()
    ip("-n", tunnel.names["R"], "link", "set", "veth0", "down")
    tunnel.engine.until("DOWN", 40)
    tunnel.until("ESTABLISHED", there=False)
    ip("-n", tunnel.names["R"], "link", "set", "veth0", "up")
    tunnel.first()
    assert len(tunnel.installed()) == 1
    assert tunnel.engine.type("show crypto ikev2 sa").count("READY") == 1
    assert stream(*tunnel.ends("R"), MEGABYTE)
