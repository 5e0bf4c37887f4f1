"""A marker in every place where a secret is typed, also misspelled, and then the search for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.daemon.engines import Engine, port_options

MARKER = "Mk7Secret"
LINES = [
    "configure terminal",
    f"enable secret {MARKER}",
    f"enable sceret {MARKER}",
    f"enable secret 0 {MARKER} {MARKER}",
    f"username ann privilege 15 secret {MARKER}",
    f"username ann secrte {MARKER}",
    "crypto ikev2 keyring K",
    "peer A",
    "address 10.0.0.2",
    f"pre-shared-key {MARKER}",
    f"pre-shared-key local {MARKER}",
    f"pre-shared-key remote {MARKER}",
    f"pre-share-key local {MARKER}",
    f"pre-shared-key local {MARKER} {MARKER}",
    f"pre-shared-kye {MARKER}",
    f"preshared {MARKER}",
    f"no pre-shared-key lcal {MARKER} x",
    "do show version | include uptime",
    f"key config-key password-encrypt {MARKER}",
    f"key config-key pasword-encrypt {MARKER}",
    f"key config-key password-encrypt {MARKER} {MARKER}",
    f"no key config-key password-encrypt {MARKER}",
    f"snmp-server community {MARKER} RO",
    f"enable secret 5 {MARKER}",
    f"username eve password 7 {MARKER}",
    "end",
    "write memory",
    "show running-config",
    "show running-config all",
    "show running-config | json",
    "show startup-config",
    "show history",
    "show logging",
    "convert asa",
    "show configuration",
    "show configuration changes",
    "show archive config differences",
    "show users",
    "show crypto ikev2 profile | json",
]


def test_no_secret_is_seen_again(tmp_path: Path) -> None:
    one = Engine(tmp_path / "one", None, *port_options()).until("STARTED")
    trace = tmp_path / "socket"
    try:
        tap = subprocess.Popen(
            [
                sys.executable,
                str(Path(__file__).parent / "tap.py"),
                str(one.where / "c"),
                str(tmp_path / "t"),
                str(trace),
            ]
        )
        try:
            while not (tmp_path / "t").exists():
                assert tap.poll() is None
            said = subprocess.run(
                [sys.executable, "-m", "ikecli.main", "--control", str(tmp_path / "t")],
                input="\n".join([*LINES, ""]),
                capture_output=True,
                text=True,
                timeout=60,
            )
        finally:
            tap.terminate()
            tap.wait(10)
        assert "pre-shared-key local" in said.stdout, said.stdout + said.stderr
        searched = {
            "terminal": said.stdout + said.stderr,
            "what the engine sent": trace.read_text(),
            "log": one.log.read_text(),
            **{
                str(path): path.read_bytes().decode(errors="replace")
                for path in (one.where / "state").rglob("*")
                if path.is_file()
            },
        }
        assert trace.stat().st_size > 1000
        for place, text in searched.items():
            assert MARKER not in text, f"{place}: {[line for line in text.splitlines() if MARKER in line]}"
        assert MARKER in one.type("more system:running-config")
        assert "read in clear text" in one.log.read_text()
    finally:
        assert one.end() == 0
