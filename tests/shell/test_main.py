"""The command line itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ikecli import __version__
from ikecli.daemon import places
from ikecli.main import main
from tests.config.reading import SAMPLES


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"ikecli {__version__}\n"


def test_a_command_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["frobnicate"])
    assert ended.value.code == 2
    assert "invalid choice: 'frobnicate'" in capsys.readouterr().err
    assert main(["decode", "FILE", "--keys", "PATH"]) == 1
    assert capsys.readouterr().err.startswith("ikecli: decode comes with a later release")
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "later release" not in capsys.readouterr().out


@pytest.mark.parametrize("port", ["0", "65536", "x", "-1"])
def test_ports_are_ports(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["engine", f"--port={port}"])
    assert "1 to 65535" in capsys.readouterr().err


def test_checking_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(SAMPLES / "modern" / "left.cfg")]) == 0
    assert "Left (ios)" in capsys.readouterr().out
    assert main(["check", "/nowhere"]) == 1
    assert capsys.readouterr().err == "ikecli: /nowhere: No such file or directory\n"


def test_a_lab_types_lines_at_several_appliances(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(SAMPLES / "modern" / f"{side}.cfg") for side in ("left", "right")]
    lines = ["ping 10.20.0.1 source Loopback0", "connect Right", "show crypto session"]
    assert main(["lab", *files, *(word for line in lines for word in ("-c", line))]) == 0
    said = capsys.readouterr().out
    assert "Success rate is 100 percent (5/5)" in said
    assert "UP-ACTIVE" in said
    assert main(["lab", *files, "--node", "Right", "-c", "show cryptu"]) == 1


def test_a_reader_that_has_enough_is_no_crash() -> None:
    read, write = os.pipe()
    os.close(read)
    ran = subprocess.run(
        [sys.executable, "-m", "ikecli.main", "--control", "/nowhere", "-c", "show version"],
        stdout=write,
        stderr=subprocess.PIPE,
    )
    os.close(write)
    assert ran.returncode == 1
    assert b"Traceback" not in ran.stderr


def test_places_follow_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places.os, "geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", "/home/ann")
    state = places.state_directory({})
    assert state == Path("/home/ann/.local/state/ikecli")
    assert places.state_directory({"XDG_STATE_HOME": "/x"}) == Path("/x/ikecli")
    assert places.control_socket(state, {"XDG_RUNTIME_DIR": "/run/user/1000"}) == Path("/run/user/1000/ikecli/control")
    assert places.control_socket(state, {}) == state / "control"
    monkeypatch.setattr(places.os, "geteuid", lambda: 0)
    assert places.state_directory({"XDG_STATE_HOME": "/x"}) == Path("/var/lib/ikecli")
    assert places.control_socket(state, {}) == Path("/run/ikecli/control")
