"""A FlexVPN client with two hubs and two uplinks, each in a network namespace: cables that go, and come back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.config.reading import SAMPLES
from tests.daemon.engines import Engine
from tests.dataplane.namespaces import into, ip, join, namespaces, within
from tests.live.machine import differing, snapshot

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

FOLDER = SAMPLES / "backup-hubs"
QUICK = (("frequency 5", "frequency 1"), ("timeout 2000", "timeout 500"), ("down 5 up 20", "down 1 up 3"))
CLIENT = "show crypto ikev2 client flexvpn"


@contextmanager
def cabled() -> Iterator[dict[str, str]]:
    """Yield the namespaces of the branch, its hubs, and M between them."""
    with namespaces("Branch", "M", "Primary", "Secondary") as made:
        join(made["Branch"], made["M"], ("192.0.2.1/24", "192.0.2.254/24"), "veth0")
        join(made["Branch"], made["M"], ("203.0.113.1/24", "203.0.113.254/24"), "veth2")
        join(made["M"], made["Primary"], ("198.51.100.126/25", "198.51.100.2/25"), "veth3")
        join(made["M"], made["Secondary"], ("198.51.100.254/25", "198.51.100.130/25"), "veth4")
        with within(made["M"]):
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        yield made


def text(name: str) -> str:
    whole = (FOLDER / f"{name.lower()}.cfg").read_text()
    for old, new in QUICK if name == "Branch" else ():
        assert old in whole
        whole = whole.replace(old, new)
    return whole


def cable(made: dict[str, str], name: str, device: str, state: str) -> None:
    ip("-n", made[name], "link", "set", device, state)


def test_it_follows_cables_that_go_and_come_back(tmp_path: Path, kind: str) -> None:
    with cabled() as made:
        before = {name: snapshot(made[name]) for name in made}
        engines = {}
        for name in ("Primary", "Secondary", "Branch"):
            options = ("--interface", "GigabitEthernet0/1=lo", "--dataplane", kind)
            engines[name] = Engine(tmp_path / name, text(name), *options, within=into(made[name]))
        try:
            for engine in engines.values():
                engine.until("STARTED")
            branch = engines["Branch"]

            def at(peer: str, source: str, inside: str) -> None:
                """See the client be at a hub, and packets go through it both ways."""
                branch.show_until(CLIENT, f"Current state:ACTIVE\n  Peer : {peer}\n  Source : {source}")
                branch.show_until("show interfaces Tunnel0", "Tunnel0 is up, line protocol is up")
                marks = branch.type(f"ping {inside} source 10.1.1.1 repeat 5 timeout 1")
                assert "!!!" in marks, marks + branch.log.read_text()

            at("198.51.100.2", "GigabitEthernet0/0", "10.2.2.1")
            cable(made, "M", "veth3", "down")
            at("198.51.100.130", "GigabitEthernet0/0", "10.2.2.2")
            cable(made, "M", "veth3", "up")
            at("198.51.100.2", "GigabitEthernet0/0", "10.2.2.1")
            cable(made, "M", "veth0", "down")
            at("198.51.100.2", "GigabitEthernet0/2", "10.2.2.1")
            cable(made, "M", "veth0", "up")
            at("198.51.100.2", "GigabitEthernet0/0", "10.2.2.1")
        finally:
            for engine in engines.values():
                engine.end()
        for name in ("Primary", "Secondary"):
            assert differing(before[name], snapshot(made[name])) == {}
