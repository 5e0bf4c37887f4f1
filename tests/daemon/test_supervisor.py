"""What systemd hears of an engine, and that its memory is closed to others."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.daemon.engines import Engine, port_options


def test_the_service_manager_hears_of_readiness_reloads_and_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "1000000")
        engine = Engine(tmp_path / "engine", "hostname A\nend\n", *port_options())

        def hear(beginning: str) -> str:
            while not (heard := manager.recv(4096).decode()).startswith(beginning):
                pass
            return heard

        assert hear("READY=1") == "READY=1\nSTATUS=data plane none, asked for"
        for _ in range(3):
            hear("WATCHDOG=1")
        engine.process.send_signal(signal.SIGHUP)
        assert "\nMONOTONIC_USEC=" in hear("RELOADING=1")
        assert hear("READY=1") == "READY=1\nSTATUS=the startup configuration was read again"
        engine.process.send_signal(signal.SIGTERM)
        hear("STOPPING=1")
        assert engine.process.wait(20) == 0


def test_a_watchdog_of_another_process_is_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    monkeypatch.setenv("WATCHDOG_PID", "1")
    from ikecli.daemon.supervisor import Supervisor

    assert not Supervisor()._interval


def test_an_engine_leaves_no_core_and_is_closed_to_its_own_user() -> None:
    text = """
import ctypes, resource
from ikecli.dataplane.linux.memory import keep_to_itself
keep_to_itself()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE))
"""
    said = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout
    assert said == "0 (0, 0)\n"
