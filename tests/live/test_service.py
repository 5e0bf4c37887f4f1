"""An engine as packaging/systemd/ikecli.service runs it: a user of no rights but three capabilities."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.daemon.engines import Engine, config
from tests.dataplane.namespaces import into, joined
from tests.live.machine import differing, snapshot

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]
UNIT = Path(__file__).parent.parent.parent / "packaging/systemd/ikecli.service"
NOBODY = 65534


def capabilities() -> list[str]:
    """Return what the unit gives, in setpriv's words."""
    [line] = [one for one in UNIT.read_text().splitlines() if one.startswith("AmbientCapabilities=")]
    return [name.removeprefix("CAP_").lower() for name in line.partition("=")[2].split()]


def test_three_capabilities_are_enough_and_leave_nothing(tmp_path: Path) -> None:
    """The interpreter of this machine may lie where only root looks, so that reading files is allowed as well."""
    kept = ",".join(["-all", "+dac_read_search", *(f"+{name}" for name in capabilities())])
    who = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs"]
    drop = ["setpriv", *who, f"--bounding-set={kept}", f"--inh-caps={kept}", f"--ambient-caps={kept}"]
    os.mknod(tmp_path / "tun", stat.S_IFCHR | 0o666, os.makedev(10, 200))  # as udev has it, for all
    (tmp_path / "tun").chmod(0o666)
    drop = ["sh", "-c", f'mount --bind {tmp_path}/tun /dev/net/tun && exec {" ".join(drop)} "$@"', "sh"]
    with joined("192.0.2.1/24", "192.0.2.2/24") as made:
        before = snapshot(made["L"])
        (tmp_path / "L").mkdir()
        os.chown(tmp_path / "L", NOBODY, NOBODY)
        ends = {
            "L": config("L", "192.0.2.1", "192.0.2.2", "10.1.1", "10.2.2"),
            "R": config("R", "192.0.2.2", "192.0.2.1", "10.2.2", "10.1.1"),
        }
        engines = []
        for (name, text), gateway, rights in zip(ends.items(), ("192.0.2.2", "192.0.2.1"), (drop, []), strict=True):
            inside = "10.2.2.0" if name == "L" else "10.1.1.0"
            whole = text.replace("end\n", f"ip route {inside} 255.255.255.0 {gateway}\nend\n")
            within = [*into(made[name]), *rights]
            engines.append(Engine(tmp_path / name, whole, "--dataplane", "userspace", within=within).until("STARTED"))
        try:
            engines[0].type("ping 10.2.2.1 source Loopback0 repeat 3 timeout 2")
            assert "!!!" in engines[0].type("ping 10.2.2.1 source Loopback0 repeat 3 timeout 2")
            status = Path(f"/proc/{engines[0].process.pid}/status").read_text()
            assert f"Uid:\t{NOBODY}" in status
            assert "DATAPLANE" not in engines[0].log.read_text()
        finally:
            ended = [engine.end() for engine in engines]
        assert ended == [0, 0]
        assert differing(before, snapshot(made["L"])) == {}
