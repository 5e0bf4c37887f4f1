"""The unit of systemd: it says when it is ready, may what it needs and little else, is watched, and leaves nothing.

Run by test_uml.py in a User-Mode Linux whose init is systemd; the unit's folders and user are made there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
UNIT = ROOT / "packaging" / "systemd" / "ikecli.service"
STATE, RUN, OPT = Path("/var/lib/ikecli"), Path("/run/ikecli"), Path("/opt/ikecli")
CAPABILITIES = (1 << 10) | (1 << 12) | (1 << 13)
"""CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW."""
WATCHDOG = 6
ADDRESS = "192.0.2.77"
CONFIG = f"hostname Unit\ninterface Loopback7\n ip address {ADDRESS} 255.255.255.255\n"
PATIENCE = 60

pytestmark = [
    pytest.mark.live,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        os.environ.get("UML") is None or Path("/proc/1/comm").read_text().strip() != "systemd",
        reason="the unit is tested in User-Mode Linux with systemd as init: test_uml.py",
    ),
]


def run(*words: str) -> str:
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{' '.join(words)}: {ran.stdout}{ran.stderr}{journal()}"
    return ran.stdout


def journal() -> str:
    words = ("journalctl", "--no-pager", "-u", "ikecli", "-n", "40")
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout


def shown(name: str) -> str:
    return run("systemctl", "show", "ikecli", "-P", name).strip()


def typed(*lines: str) -> str:
    return run(
        str(OPT / "bin/ikecli"), "--control", str(RUN / "control"), *(word for one in lines for word in ("-c", one))
    )


def until(check: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not check():
        assert time.monotonic() < end, f"not within {PATIENCE} s: {what}\n{journal()}"
        time.sleep(0.2)


def restarted(pid: str) -> bool:
    return shown("MainPID") not in ("0", pid) and shown("ActiveState") == "active"


@pytest.fixture(scope="module", autouse=True)
def unit() -> Iterator[None]:
    """Install as docs/deploy.md says, but with this checkout and the packages of this Python."""
    python = Path("/usr/bin") / f"python{sys.version_info.major}.{sys.version_info.minor}"
    if not python.exists():
        pytest.skip(f"the unit is not tested: {python} is not here, and a Python below /root is hidden from units")
    for part, source in (("src", ROOT), ("lib", Path(sysconfig.get_path("purelib")))):
        (OPT / part).mkdir(parents=True)
        run("mount", "--bind", str(source), str(OPT / part))
    (OPT / "bin").mkdir()
    program = OPT / "bin" / "ikecli"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={OPT}/src:{OPT}/lib exec {python} -m ikecli.main "$@"\n')
    program.chmod(0o755)
    run("useradd", "--system", "--user-group", "--home-dir", str(STATE), "--shell", "/usr/sbin/nologin", "ikecli")
    units = Path("/etc/systemd/system")
    (units / UNIT.name).write_bytes(UNIT.read_bytes())
    (units / f"{UNIT.name}.d").mkdir()
    (units / f"{UNIT.name}.d" / "quick.conf").write_text(f"[Service]\nWatchdogSec={WATCHDOG}\n")
    run("systemctl", "daemon-reload")
    run("systemctl", "start", "ikecli")
    yield
    subprocess.run(["systemctl", "stop", "ikecli"], check=False)


def test_systemd_has_nothing_to_say_about_it() -> None:
    ran = subprocess.run(["systemd-analyze", "verify", UNIT.name], capture_output=True, text=True, check=False)
    assert [line for line in (ran.stdout + ran.stderr).splitlines() if "ikecli" in line] == []


def test_it_is_ready_when_start_returns_and_has_the_kernels_esp() -> None:
    assert shown("ActiveState") == "active"
    assert "ikecli" in typed("show version")
    assert "xfrm" in typed("show crypto engine brief")


def test_it_runs_as_its_user_with_three_capabilities_and_leaves_no_core() -> None:
    pid = shown("MainPID")
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
    )
    assert status["Uid"].split()[0] == run("id", "-u", "ikecli").strip()
    assert {name: int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")} == dict.fromkeys(
        ("CapEff", "CapPrm", "CapBnd"), CAPABILITIES
    )
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert Path(f"/proc/{pid}/mem").stat().st_uid == 0, "it can be looked into: it is dumpable"
    limits = [line.split() for line in Path(f"/proc/{pid}/limits").read_text().splitlines()]
    assert [words[4:6] for words in limits if words[:4] == ["Max", "core", "file", "size"]] == [["0", "0"]]


def test_what_is_typed_takes_effect_is_kept_by_itself_alone_and_comes_back_at_reload() -> None:
    typed("configure terminal", *CONFIG.splitlines(), "end", "write memory")
    assert ADDRESS in run("ip", "address", "show", "dev", "lo")
    kept = STATE / "startup-config"
    assert (kept.owner(), kept.stat().st_mode & 0o777) == ("ikecli", 0o600)
    assert STATE.stat().st_mode & 0o777 == 0o700
    typed("configure terminal", "hostname Other", "end")
    run("systemctl", "reload", "ikecli")
    until(lambda: "hostname Unit" in typed("show running-config"), "the reload")


@pytest.mark.parametrize("signal", ["STOP", "KILL"])
def test_one_that_hangs_or_dies_is_started_again(signal: str) -> None:
    pid = shown("MainPID")
    run("kill", f"-{signal}", pid)
    until(lambda: restarted(pid), f"another engine after SIG{signal}")
    assert "hostname Unit" in typed("show running-config")
    assert ADDRESS in run("ip", "address", "show", "dev", "lo")


def test_after_a_stop_nothing_is_left_but_its_state() -> None:
    run("systemctl", "stop", "ikecli")
    assert shown("Result") == "success"
    assert ADDRESS not in run("ip", "address", "show", "dev", "lo")
    assert run("ip", "xfrm", "state") + run("ip", "xfrm", "policy") == ""
    assert not RUN.exists()
    assert (STATE / "startup-config").exists()
