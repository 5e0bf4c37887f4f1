"""Engines as processes, two of which can meet, for the tests of this machine and of network namespaces."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

IKECLI = (sys.executable, "-m", "ikecli.main")
PATIENCE = 20.0


def config(name: str, local: str, remote: str, inside: str, other_inside: str, key: str = "between-us-5uB") -> str:
    """Return an IOS configuration of one end of a tunnel between two inside networks (their third octet's /24)."""
    return f"""hostname {name}
crypto ikev2 proposal P
 encryption aes-gcm-256
 prf sha384
 group 31
crypto ikev2 policy P
 proposal P
crypto ikev2 keyring K
 peer other
  address {remote}
  pre-shared-key {key}
crypto ikev2 profile P
 match identity remote address {remote} 255.255.255.255
 authentication remote pre-share
 authentication local pre-share
 keyring local K
crypto logging ikev2
crypto ipsec transform-set T esp-gcm 256
 mode tunnel
crypto map M 10 ipsec-isakmp
 set peer {remote}
 set transform-set T
 set ikev2-profile P
 match address L
interface Loopback0
 ip address {inside}.1 255.255.255.0
interface GigabitEthernet0/0
 ip address {local} 255.255.255.0
 crypto map M
ip access-list extended L
 permit ip {inside}.0 0.0.0.255 {other_inside}.0 0.0.0.255
end
"""


class Engine:
    """An engine process on a configuration of its own."""

    def __init__(self, where: Path, text: str | None, *options: str, within: Sequence[str] = ()) -> None:
        self.where = where
        self.within = tuple(within)
        where.mkdir(mode=0o700, exist_ok=True)
        if text is not None:
            (where / "config").write_text(text)
            options = ("--config", str(where / "config"), *options)
        if "--dataplane" not in options:
            options = (*options, "--dataplane", "none")
        places = ("--control", str(where / "c"), "--state", str(where / "state"))
        self.log = where / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*self.within, *IKECLI, "engine", *places, *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def until(self, text: str, patience: float = PATIENCE) -> Engine:
        """Wait until the log has a text."""
        deadline = time.monotonic() + patience
        while text not in self.log.read_text():
            assert time.monotonic() < deadline, f"{text!r} did not come:\n{self.log.read_text()}"
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.02)
        return self

    def type(self, *lines: str, status: int = 0) -> str:
        """Type lines into a session of its own; return what they print."""
        commands = [word for line in lines for word in ("-c", line)]
        ran = subprocess.run(
            [*IKECLI, "--control", str(self.where / "c"), *commands], capture_output=True, text=True, timeout=PATIENCE
        )
        assert ran.returncode == status, ran.stdout + ran.stderr
        return ran.stdout

    def show_until(self, line: str, text: str) -> str:
        """Type a line until what it prints has a text; return that."""
        deadline = time.monotonic() + PATIENCE
        while text not in (shown := self.type(line)):
            assert time.monotonic() < deadline, shown + self.log.read_text()
            time.sleep(0.05)
        return shown

    def hang_up(self) -> None:
        """Have it read its configuration again."""
        self.process.send_signal(signal.SIGHUP)

    def end(self) -> int:
        """Have it end; return its status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def free_ports() -> tuple[int, int]:
    """Return two UDP ports that nobody used just now."""
    with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as two:
        one.bind(("", 0))
        two.bind(("", 0))
        return one.getsockname()[1], two.getsockname()[1]


def port_options() -> tuple[str, ...]:
    """Return the options of an engine on ports that nobody used just now."""
    ike, nat = free_ports()
    return "--port", str(ike), "--nat-port", str(nat)


def failing(*arguments: str, environment: dict[str, str] | None = None) -> str:
    """Run a command that must fail with status 1; return the one line that it says."""
    if arguments[:1] == ("engine",) and "--dataplane" not in arguments:
        arguments = (*arguments, "--dataplane", "none")
    ran = subprocess.run(
        [*IKECLI, *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
    )
    assert ran.returncode == 1, ran
    lines = ran.stderr.splitlines()
    assert len(lines) == 1, ran.stderr
    return lines[0]
