"""Two engines in two network namespaces, on the real UDP ports 500 and 4500. Needs root."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.engines import Engine, config
from tests.dataplane.namespaces import into, joined

pytestmark = pytest.mark.live


@pytest.fixture
def made() -> Iterator[dict[str, str]]:
    """Two namespaces, joined by a cable with 192.0.2.1 and 192.0.2.2."""
    with joined("192.0.2.1/24", "192.0.2.2/24") as names:
        yield names


@pytest.mark.parametrize("plane", ["none", "userspace"])
def test_the_log_says_that_there_is_no_route_to_a_peer(tmp_path: Path, made: dict[str, str], plane: str) -> None:
    text = config("Left", "192.0.2.1", "198.51.100.2", "10.1.1", "10.2.2")
    text = text.replace("end\n", "ip route 10.2.2.0 255.255.255.0 192.0.2.2\nend\n")
    left = Engine(tmp_path / "left", text, "--dataplane", plane, within=into(made["L"]))
    try:
        left.until("STARTED")
        left.type("ping 10.2.2.1 source Loopback0 repeat 1 timeout 1")
        left.until("%IKEV2-4-UNSENT: IKE_SA_INIT request 0 was not sent: no route to 198.51.100.2; it will be tried")
        assert left.log.read_text().count("UNSENT") == 1
    finally:
        left.end()


def test_two_engines_meet_on_the_real_ports(tmp_path: Path, made: dict[str, str]) -> None:
    left = Engine(
        tmp_path / "left",
        config("Left", "192.0.2.1", "192.0.2.2", "10.1.1", "10.2.2"),
        within=into(made["L"]),
    )
    right = Engine(
        tmp_path / "right",
        config("Right", "192.0.2.2", "192.0.2.1", "10.2.2", "10.1.1"),
        within=into(made["R"]),
    )
    try:
        left.until("STARTED"), right.until("STARTED")
        listening = subprocess.run([*into(made["L"]), "ss", "-uln"], capture_output=True, text=True, check=True).stdout
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
