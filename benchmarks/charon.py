"""What a handshake costs another responder: strongSwan's charon beside the engine in one run.

Both serve the same initiators an IKE SA without a Child SA (RFC 6023): charon's would want a data plane.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Final, Self

from benchmarks.initiator import open_ike_sas
from benchmarks.raw import raw_handshake_seconds
from benchmarks.responder import ADDRESS, FIRST_PEER, KEY, PATIENCE, Responder, cpu_clock, free_ports
from benchmarks.strongswan import CHARON, SWANCTL, Programs, found

ROUNDS: Final = 5
HANDSHAKES: Final = 200
WARM_UP: Final = 50

SETTINGS: Final = """charon {{
  load = random nonce aes sha2 hmac kdf gcm openssl curve25519 kernel-netlink socket-default vici
  port = {ike}
  port_nat_t = {nat}
  dos_protection = no
  install_routes = no
  keep_alive = 0
  syslog {{
    auth {{
      default = -1
    }}
    daemon {{
      default = -1
    }}
  }}
  plugins {{
    vici {{
      socket = unix:///run/vici
    }}
  }}
}}
"""
CONNECTION: Final = """connections {{
  all {{
    version = 2
    local_addrs = {address}
    remote_addrs = %any
    proposals = aes128gcm16-prfsha256-x25519
    childless = force
    unique = never
    local {{
      auth = psk
      id = {address}
    }}
    remote {{
      auth = psk
      id = %any
    }}
  }}
}}
secrets {{
  ike {{
    secret = {key}
  }}
}}
"""


class Charon:
    """A charon of its own as responder, as a context; `peers` as the engine's Responder has them."""

    def __init__(self, programs: Programs, count: int) -> None:
        self.peers: Final[Iterator[IPv4Address]] = iter([FIRST_PEER + at for at in range(count)])
        self.ports: Final = free_ports()
        self._directory: Final = tempfile.TemporaryDirectory(prefix="ikecli-bench-")
        self._where: Final = Path(self._directory.name)
        (self._where / "strongswan.conf").write_text(SETTINGS.format(ike=self.ports[0], nat=self.ports[1]))
        (self._where / "swanctl.conf").write_text(CONNECTION.format(address=ADDRESS, key=KEY))
        self._environment: Final = {
            **os.environ,
            "STRONGSWAN_CONF": "/run/strongswan.conf",
            "SWANCTL_DIR": "/run",
        }
        self._command: Final = programs.command(self._where, CHARON)
        self._load: Final = programs.command(self._where, SWANCTL, "--load-all", "--uri", "unix:///run/vici")

    def __enter__(self) -> Self:
        with open(self._where / "log", "wb") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment
            )
        deadline = time.monotonic() + PATIENCE
        while subprocess.run(self._load, capture_output=True, env=self._environment).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                why = (self._where / "log").read_text(errors="replace").strip().splitlines()[-1:]
                self.__exit__(None, None, None)
                raise RuntimeError("charon did not start" + "".join(f": {line}" for line in why))
            time.sleep(0.05)
        self._clock = cpu_clock(self._process.pid)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._directory.cleanup()

    def cpu(self) -> float:
        """Return the CPU seconds that the process has used, all its threads, user and system."""
        return time.clock_gettime(self._clock)


def compare(handshakes: int = HANDSHAKES, rounds: int = ROUNDS, warm_up: int = WARM_UP) -> str:
    """Return a line with the medians of some rounds, each of RAW, of charon and of the engine; or why there is none."""
    if os.geteuid():
        return "charon: not measured, since only root may start it"
    if (programs := found()) is None:
        return "charon: not measured, since charon is not installed, nor kept by the live tests"
    count = warm_up + rounds * handshakes
    rows = []
    try:
        with Charon(programs, count) as charon, Responder(count) as engine:
            ends = (charon, True), (engine, False)
            for end, marked in ends:
                open_ike_sas(end.peers, end.ports[0], warm_up, marked)
            for _ in range(rounds):
                row = [raw_handshake_seconds(handshakes)]
                for end, marked in ends:
                    start = end.cpu()
                    open_ike_sas(end.peers, end.ports[0], handshakes, marked)
                    row.append((end.cpu() - start) / handshakes)
                rows.append(row)
    except (RuntimeError, TimeoutError) as problem:
        return f"charon: not measured: {problem}"
    raw, charons, ours = (median(column) for column in zip(*rows, strict=True))
    return (
        f"charon: {median(row[1] / row[0] for row in rows):.2f} RAW where the engine costs "
        f"{median(row[2] / row[0] for row in rows):.2f}, {median(row[2] / row[1] for row in rows):.2f} times as much; "
        f"IKE SAs without Child SAs, its log off, {charons * 1e6:.0f} us and {ours * 1e6:.0f} us of CPU, "
        f"RAW {raw * 1e6:.0f} us, median of {rounds} rounds of {handshakes}"
    )


if __name__ == "__main__":
    print(compare())
