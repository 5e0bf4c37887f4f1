"""Two engines in two network namespaces, on the real UDP ports 500 and 4500. Needs root."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.engines import Engine, config

pytestmark = pytest.mark.live

LEFT, RIGHT = "ikecli-left", "ikecli-right"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


@pytest.fixture
def namespaces() -> Iterator[None]:
    """Two namespaces, joined by a veth pair with 192.0.2.1 and 192.0.2.2."""
    for name in (LEFT, RIGHT):
        ip("netns", "add", name)
    try:
        ip("link", "add", "veth0", "netns", LEFT, "type", "veth", "peer", "name", "veth0", "netns", RIGHT)
        for name, address in ((LEFT, "192.0.2.1/24"), (RIGHT, "192.0.2.2/24")):
            ip("-n", name, "address", "add", address, "dev", "veth0")
            ip("-n", name, "link", "set", "veth0", "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield
    finally:
        for name in (LEFT, RIGHT):
            ip("netns", "delete", name)


def test_two_engines_meet_on_the_real_ports(tmp_path: Path, namespaces: None) -> None:
    left = Engine(
        tmp_path / "left",
        config("Left", "192.0.2.1", "192.0.2.2", "10.1.1", "10.2.2"),
        within=["ip", "netns", "exec", LEFT],
    )
    right = Engine(
        tmp_path / "right",
        config("Right", "192.0.2.2", "192.0.2.1", "10.2.2", "10.1.1"),
        within=["ip", "netns", "exec", RIGHT],
    )
    try:
        left.until("STARTED"), right.until("STARTED")
        listening = subprocess.run(
            ["ip", "netns", "exec", LEFT, "ss", "-uln"], capture_output=True, text=True, check=True
        ).stdout
        assert "192.0.2.1:500 " in listening
        assert "192.0.2.1:4500 " in listening
        left.type("ping 10.2.2.1 source Loopback0 repeat 1 timeout 1")
        for end in (left, right):
            end.show_until("show crypto ikev2 sa", "READY")
        assert left.end() == 0
        right.until("DOWN")
    finally:
        left.end()
        right.end()
