"""Our ESP in userspace against strongSwan's (kernel-libipsec): who begins does not matter, and packets pass."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.strongswan import CHARON, Charon
from tests.daemon.engines import Engine, config
from tests.dataplane.namespaces import ip, join, namespaces
from tests.dataplane.rigs import ENDS, INSIDE
from tests.live.machine import stream

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not CHARON.exists(), reason="strongSwan (charon, kernel-libipsec) is not installed"),
]
MEGABYTE = 1 << 20


class Peers:
    """Our engine at L, strongSwan at R."""

    def __init__(self, stack: ExitStack, where: Path) -> None:
        self.names = stack.enter_context(namespaces("L", "R"))
        join(self.names["L"], self.names["R"], (f"{ENDS['L']}/24", f"{ENDS['R']}/24"))
        ip("-n", self.names["R"], "address", "add", f"{INSIDE['R']}/32", "dev", "lo")
        self.charon = stack.enter_context(Charon(where / "charon", "R", self.names["R"]).running())
        text = config("Left", ENDS["L"], ENDS["R"], "10.1.0", "10.2.0")
        text = text.replace(
            "permit ip 10.1.0.0 0.0.0.255 10.2.0.0 0.0.0.255", f"permit ip host {INSIDE['L']} host {INSIDE['R']}"
        )
        way = f"ip route {INSIDE['R']} 255.255.255.255 {ENDS['R']}\nend\n"
        within = ["ip", "netns", "exec", self.names["L"]]
        self.engine = Engine(where / "L", text.replace("end\n", way), "--dataplane", "userspace", within=within)
        stack.callback(self.engine.end)
        self.engine.until("STARTED")


@pytest.fixture
def peers(tmp_path: Path) -> Iterator[Peers]:
    with ExitStack() as stack:
        where = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield Peers(stack, where)


@pytest.mark.parametrize("first", ["ikecli", "strongSwan"])
def test_packets_pass_whoever_begins(peers: Peers, first: str) -> None:
    if first == "strongSwan":
        peers.charon.control("--initiate", "--child", "net", "--timeout", "10")
    peers.engine.type(f"ping {INSIDE['R']} source Loopback0 repeat 3 timeout 2")
    peers.engine.show_until("show crypto ikev2 sa", "READY")
    assert "!!!" in peers.engine.type(f"ping {INSIDE['R']} source Loopback0 repeat 3 timeout 2")
    for sender, receiver in (("L", "R"), ("R", "L")):
        ends = peers.names[sender], INSIDE[sender], peers.names[receiver], INSIDE[receiver]
        assert stream(*ends, 10 * MEGABYTE)
    shown = peers.engine.type("show crypto ipsec sa")
    assert "#pkts encrypt: 0" not in shown
    assert "Tunnel UDP-Encaps" in shown
    peers.charon.control("--terminate", "--ike", "c")
    peers.engine.until("DOWN")
