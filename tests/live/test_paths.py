"""The way between two engines: a router whose link is narrow, one that translates addresses, and TCP that fits."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ikecli.dataplane.linux.guard import Guard
from ikecli.dataplane.linux.ledger import Ledger
from tests.daemon.engines import Engine, config
from tests.dataplane.namespaces import into, ip, join, namespaces, within
from tests.live.test_planes import INSIDE, OTHER
from tests.live.translation import translate

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

LEFT, RIGHT = "198.51.100.1", "192.0.2.2"
ROUTER = {"L": "198.51.100.254", "R": "192.0.2.254"}
NARROW = 1300


class Routed:
    """L and R with a router M between them."""

    def __init__(self, where: Path, kind: str, made: dict[str, str], peer: str, more: str = "") -> None:
        self.made, self.engines = made, dict[str, Engine]()
        texts = {"L": text("L", LEFT, RIGHT, RIGHT, more), "R": text("R", RIGHT, peer, LEFT, more)}
        for name, whole in texts.items():
            engine = Engine(where / name, whole, "--dataplane", kind, within=into(made[name]))
            self.engines[name] = engine.until("STARTED")

    def until_it_passes(self, name: str) -> None:
        """Ping three times as an operator does, until all are answered."""
        self.engines[name].show_until(self.line(name), "!!!")

    @staticmethod
    def line(name: str) -> str:
        return f"ping {INSIDE[OTHER[name]]}.1 source Loopback0 repeat 3 timeout 1"


def text(name: str, local: str, peer: str, identity: str, more: str) -> str:
    other = OTHER[name]
    whole = config(name, local, peer, INSIDE[name], INSIDE[other])
    whole = whole.replace(f"match identity remote address {peer} ", f"match identity remote address {identity} ")
    routes = f"ip route {INSIDE[other]}.0 255.255.255.0 {ROUTER[name]}\nip route 0.0.0.0 0.0.0.0 {ROUTER[name]}\n"
    if "mode transport" in more:
        whole = whole.replace(" mode tunnel", " mode transport")
        whole = re.sub(r"permit ip .*", f"permit ip host {local} host {identity}", whole)
        more = ""
    return whole.replace(" crypto map M\n", f" crypto map M\n{more}").replace("end\n", f"{routes}end\n")


@contextmanager
def routed(where: Path, kind: str, peer: str = LEFT, more: str = "") -> Iterator[Routed]:
    with namespaces("L", "M", "R") as made:
        join(made["L"], made["M"], (f"{LEFT}/24", f"{ROUTER['L']}/24"), "veth0")
        join(made["M"], made["R"], (f"{ROUTER['R']}/24", f"{RIGHT}/24"), "veth1")
        with within(made["M"]):
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        if peer != LEFT:
            translate(made["M"], "veth1", (20_000, 20_099))
        both = Routed(where, kind, made, peer, more)
        try:
            yield both
        finally:
            for engine in both.engines.values():
                engine.end()


def test_a_sender_is_told_what_a_narrow_link_lets_pass(tmp_path: Path, kind: str) -> None:
    with routed(tmp_path, kind) as both:
        both.until_it_passes("L")
        ip("-n", both.made["M"], "link", "set", "veth1", "mtu", str(NARROW))
        said = ""
        deadline = time.monotonic() + 10
        while "mtu" not in said.lower():
            assert time.monotonic() < deadline, said
            with within(both.made["L"]):
                command = ["ping", "-c", "2", "-W", "1", "-M", "do", "-s", "1350", "-I", f"{INSIDE['L']}.1"]
                ran = subprocess.run([*command, f"{INSIDE['R']}.1"], capture_output=True, text=True)
            said = ran.stdout + ran.stderr
        [told] = {int(number) for number in re.findall(r"mtu\s?=\s?(\d+)", said)}
        assert 1200 < told < NARROW
        with within(both.made["L"]):
            command = [*command[:-3], str(told - 28), "-I", f"{INSIDE['L']}.1", f"{INSIDE['R']}.1"]
            ran = subprocess.run(command, capture_output=True, text=True)
        assert "2 received" in ran.stdout, ran.stdout


def test_tcp_connections_have_no_larger_segments_than_configured(tmp_path: Path, kind: str) -> None:
    with routed(tmp_path, kind, more=" ip tcp adjust-mss 1000\n") as both:
        both.until_it_passes("L")
        if kind == "xfrm" and not Guard(Ledger(tmp_path, 9), print).can_clamp():
            said = both.engines["L"].log.read_text()
            assert "ip tcp adjust-mss has no effect with the data plane xfrm: this kernel has no nftables" in said
            return
        with within(both.made["R"]):
            server = socket.create_server((f"{INSIDE['R']}.1", 0))
        with within(both.made["L"]):
            client = socket.create_connection(server.getsockname(), 5, (f"{INSIDE['L']}.1", 0))
        with server, client, server.accept()[0] as taken:
            client.settimeout(5)
            taken.settimeout(5)
            sizes = [one.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) for one in (client, taken)]
            assert [900 < size <= 1000 for size in sizes] == [True, True], sizes
            client.sendall(bytes(5000))
            assert taken.makefile("rb").read(5000) == bytes(5000)


def test_transport_mode_protects_what_goes_between_the_ends_themselves(tmp_path: Path, kind: str) -> None:
    with routed(tmp_path, kind, more=" mode transport") as both:
        both.engines["L"].show_until(f"ping {RIGHT} repeat 5 timeout 1", "!!!")
        shown = both.engines["L"].type("show crypto ipsec sa")
        assert "in use settings ={Transport" in shown
        before = int(re.findall(r"#pkts encrypt: (\d+)", shown)[0])
        with within(both.made["R"]):
            server = socket.create_server((RIGHT, 0))
        with within(both.made["L"]):
            client = socket.create_connection(server.getsockname(), 5)
        with server, client, server.accept()[0] as taken:
            taken.settimeout(5)
            client.sendall(bytes(100_000))
            assert taken.makefile("rb").read(100_000) == bytes(100_000)
        after = int(re.findall(r"#pkts encrypt: (\d+)", both.engines["L"].type("show crypto ipsec sa"))[0])
        assert after - before > 50


def test_a_peer_whose_translation_changes_is_answered_where_it_is_now(tmp_path: Path, kind: str) -> None:
    with routed(tmp_path, kind, peer=ROUTER["R"]) as both:
        both.until_it_passes("L")
        assert "200" in both.engines["R"].show_until("show crypto ikev2 sa", f"{ROUTER['R']}/200")
        translate(both.made["M"], "veth1", (30_000, 30_099))
        with within(both.made["M"]):
            ip("link", "set", "veth1", "down")  # masquerade forgets what it has translated there
            ip("link", "set", "veth1", "up")
        both.until_it_passes("L")
        both.engines["R"].show_until("show crypto ikev2 sa", f"{ROUTER['R']}/300")
        assert "!!!" in both.engines["R"].type(both.line("R"))
