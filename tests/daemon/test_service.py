"""The engine as a process: what it says when it cannot begin, two that meet on loopback, signals, what is kept."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.daemon.engines import IKECLI, Engine, config, failing, port_options


@pytest.fixture
def ports() -> tuple[str, ...]:
    return port_options()


@pytest.fixture
def pair(tmp_path: Path, ports: tuple[str, ...]) -> Iterator[tuple[Engine, Engine]]:
    left = Engine(tmp_path / "left", config("Left", "127.0.0.1", "127.0.0.2", "10.1.1", "10.2.2"), *ports)
    right = Engine(tmp_path / "right", config("Right", "127.0.0.2", "127.0.0.1", "10.2.2", "10.1.1"), *ports)
    try:
        yield left.until("STARTED"), right.until("STARTED")
    finally:
        left.end()
        right.end()


def test_two_engines_set_a_tunnel_up_and_take_it_down(pair: tuple[Engine, Engine]) -> None:
    left, right = pair
    left.type("ping 10.2.2.1 source Loopback0 repeat 1 timeout 1")
    for end in pair:
        assert "READY" in end.show_until("show crypto ikev2 sa", "READY")
        assert "inbound esp sas" in end.type("show crypto ipsec sa")
    (sa,) = json.loads(left.type("show crypto ikev2 sa | json"))
    assert (sa["local"], sa["local_port"], sa["remote"], sa["remote_port"]) == ("127.0.0.1", 500, "127.0.0.2", 500)
    assert left.end() == 0
    right.until("DOWN")
    assert "READY" not in right.type("show crypto ikev2 sa")
    assert right.end() == 0
    assert "UP" in right.log.read_text()


def test_a_ping_without_a_data_plane_says_that_nothing_was_sent(pair: tuple[Engine, Engine]) -> None:
    assert pair[0].type("ping 10.2.2.1 source Loopback0 repeat 2 timeout 1").splitlines() == [
        "Type escape sequence to abort.",
        "Sending 2, 100-byte ICMP Echos to 10.2.2.1, timeout is 1 seconds:",
        "Packet sent with a source address of 10.1.1.1 ",
        "..",
        "Success rate is 0 percent (0/2)",
        "% No packet was sent: this engine has no data plane (--dataplane none); the tunnel alone was asked for",
    ]


def test_a_wrong_key_is_told_on_both_sides(tmp_path: Path, ports: tuple[str, ...]) -> None:
    left = Engine(tmp_path / "left", config("Left", "127.0.0.1", "127.0.0.2", "10.1.1", "10.2.2"), *ports)
    right = Engine(tmp_path / "right", config("Right", "127.0.0.2", "127.0.0.1", "10.2.2", "10.1.1", "other"), *ports)
    try:
        left.until("STARTED"), right.until("STARTED")
        left.type("ping 10.2.2.1 source Loopback0 repeat 1 timeout 1")
        left.until("NEG_ABORT")
        right.until("NEG_ABORT")
        assert "between-us" not in left.log.read_text() + right.log.read_text()
    finally:
        left.end()
        right.end()


def test_what_is_written_is_there_at_the_next_start(tmp_path: Path, ports: tuple[str, ...]) -> None:
    one = Engine(tmp_path / "one", None, *ports).until("STARTED")
    said = one.type("configure terminal", "hostname Kept", "end", "write memory", "show version | include uptime")
    assert "[OK]" in said
    assert "Kept uptime is" in said
    assert one.end() == 0
    two = Engine(tmp_path / "one", None, *ports).until("STARTED")
    try:
        assert "hostname Kept\n" in two.type("show running-config")
        assert "hostname Kept\n" in two.type("show startup-config")
    finally:
        assert two.end() == 0


def test_hanging_up_applies_the_difference(tmp_path: Path, ports: tuple[str, ...]) -> None:
    one = Engine(tmp_path / "one", "hostname Before\n", *ports).until("STARTED")
    try:
        (one.where / "config").write_text("hostname After\nnonsense\n")
        one.hang_up()
        one.until("RELOADED")
        assert "hostname After" in one.type("show running-config")
        assert "line 2" in one.log.read_text()
        (one.where / "config").unlink()
        one.hang_up()
        one.until("nothing was changed")
        assert "hostname After" in one.type("show running-config")
    finally:
        assert one.end() == 0


def test_refusals_make_status_one_and_the_rest_is_done(tmp_path: Path, ports: tuple[str, ...]) -> None:
    one = Engine(tmp_path / "one", "hostname One\nnonsense\n", *ports).until("STARTED")
    try:
        assert "config: line 2" in one.log.read_text()
        said = one.type("show cryptu", "show clock", status=1)
        assert said.startswith(
            "show cryptu\n          ^\n% Invalid input detected at '^' marker.\n% Did you mean crypto?\n\n*"
        )
        said = one.type("configure terminal", "hostnme MARKER", "hostname Two", "end", "show version", status=1)
        assert "\nhostnme\n     ^\n% Invalid input" in said
        assert "MARKER" not in said
        assert "Two uptime is" in said
    finally:
        assert one.end() == 0


def test_two_engines_on_one_state_directory_or_socket_are_refused(tmp_path: Path, ports: tuple[str, ...]) -> None:
    one = Engine(tmp_path / "one", None, *ports).until("STARTED")
    try:
        state, control = str(one.where / "state"), str(one.where / "c")
        line = failing("engine", "--state", state, "--control", str(tmp_path / "c2"), *ports)
        assert f"another engine (process {one.process.pid}) uses it" in line
        line = failing("engine", "--state", str(tmp_path / "s2"), "--control", control, *port_options())
        assert "another engine answers there" in line
        line = failing("engine", "--state", str(tmp_path / "s2"), "--control", str(tmp_path / "c2"), *ports)
        assert f"UDP port {ports[1]}: another program uses it" in line
    finally:
        assert one.end() == 0
    assert not (one.where / "c").exists()


def test_what_cannot_be_read_or_used_is_one_line(tmp_path: Path, ports: tuple[str, ...]) -> None:
    places = ("--state", str(tmp_path / "s"), "--control", str(tmp_path / "c"))
    assert "missing.cfg: No such file" in failing("engine", *places, "--config", str(tmp_path / "missing.cfg"))
    assert "at most 107" in failing("engine", *places[:2], "--control", str(tmp_path / ("x" * 120)), *ports)
    assert "must differ" in failing("engine", *places, "--port", "7", "--nat-port", "7")
    assert "no engine answers there" in failing("--control", str(tmp_path / "c"))
    assert "later release" in failing("explain", "a", "b")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give itself away")
def test_a_port_without_permission_is_one_line() -> None:
    """In a folder of its own: pytest's is root's alone, and every run that begins makes it so again."""
    unprivileged = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    home = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        engine = [*unprivileged, *IKECLI, "engine", "--state", f"{folder}/s", "--control", f"{folder}/c"]
        ran = subprocess.run([*engine, "--dataplane", "none"], capture_output=True, text=True, env=home)
        assert ran.returncode == 1
        assert ran.stderr.splitlines() == [
            "ikecli: UDP port 500: no permission; run the engine as root, or choose ports with --port and --nat-port"
        ]
        ran = subprocess.run(engine, capture_output=True, text=True, env=home)
    assert "ESP needs root or CAP_NET_ADMIN; --dataplane none carries IKE alone" in ran.stderr


def test_show_version_needs_no_engine(tmp_path: Path) -> None:
    nowhere = ["--control", str(tmp_path / "c")]
    ran = subprocess.run([*IKECLI, *nowhere, "-c", "show version"], capture_output=True, text=True)
    assert ran.returncode == 0
    assert ran.stdout.startswith("ikecli ")
    ran = subprocess.run([*IKECLI, *nowhere, "-c", "show crypto ikev2 sa"], capture_output=True, text=True)
    assert ran.returncode == 1
    assert "no engine answers there; start one with `ikecli engine`" in ran.stdout


def test_a_session_that_breaks_off_leaves_the_engine(tmp_path: Path, ports: tuple[str, ...]) -> None:
    one = Engine(tmp_path / "one", None, *ports).until("STARTED")
    try:
        with socket.socket(socket.AF_UNIX) as broken:
            broken.connect(str(one.where / "c"))
            broken.sendall(b'{"id":1,"do":"ConfigBegin"}\n{"id":2,"do":"Conf')
        assert "uptime" in one.type("show version")
    finally:
        assert one.end() == 0


def test_a_control_socket_that_was_removed_is_there_again(tmp_path: Path, ports: tuple[str, ...]) -> None:
    engine = Engine(tmp_path / "engine", "hostname Left\nend\n", *ports[:4]).until("STARTED")
    try:
        with socket.socket(socket.AF_UNIX) as before:
            before.connect(str(engine.where / "c"))
            (engine.where / "c").unlink()
            deadline = time.monotonic() + 20
            while not (engine.where / "c").exists():
                assert time.monotonic() < deadline
                time.sleep(0.05)
            assert "Left" in engine.type("show running-config | include hostname")
            before.settimeout(0.2)
            with pytest.raises(TimeoutError):
                before.recv(1)
    finally:
        assert engine.end() == 0
    assert not (engine.where / "c").exists()
