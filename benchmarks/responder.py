"""An engine process on loopback that any number of initiators may set up tunnels with."""

from __future__ import annotations

import atexit
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path
from types import TracebackType
from typing import Final, Self

ADDRESS: Final = IPv4Address("127.0.0.1")
FIRST_PEER: Final = IPv4Address("127.1.0.1")
KEY: Final = "benchmark-5uB"
PATIENCE: Final = 30.0
"""Seconds that a process may take to do what it is waited for."""
LAST: Final = 10
"""Lines of the engine's log that are shown when something went wrong."""
SCRIPT: Final = Path(sysconfig.get_path("scripts")) / "ikecli"

CONFIG: Final = """hostname Responder
crypto ikev2 proposal P
 encryption aes-gcm-128
 prf sha256
 group 31
crypto ikev2 policy P
 proposal P
crypto ikev2 keyring K
 peer everyone
  address 127.0.0.0 255.0.0.0
  pre-shared-key {key}
crypto ikev2 profile P
 match identity remote address 127.0.0.0 255.0.0.0
 authentication remote pre-share
 authentication local pre-share
 keyring local K
crypto ipsec transform-set T esp-gcm
 mode tunnel
crypto map M 10 ipsec-isakmp
{peers}
 set transform-set T
 set ikev2-profile P
 match address L
interface GigabitEthernet0/0
 ip address {address} 255.0.0.0
 crypto map M
ip access-list extended L
 permit ip 10.1.0.0 0.0.255.255 10.2.0.0 0.0.255.255
end
"""


class Responder:
    """The engine, as a context; `peers` are the addresses it admits, each for one initiator.

    `environment` is for the processes that are measured: it has bytecode kept, as it is of what is installed.
    """

    def __init__(self, count: int, python: Sequence[str] = (sys.executable,)) -> None:
        """Prepare an engine that admits `count` initiators, to be run by `python`."""
        self.peers: Final[Iterator[IPv4Address]] = iter([FIRST_PEER + at for at in range(count)])
        self.ports: Final = free_ports()
        self._directory: Final = tempfile.TemporaryDirectory(prefix="ikecli-bench-")
        where = Path(self._directory.name)
        lines = "\n".join(f" set peer {FIRST_PEER + at}" for at in range(count))
        (where / "config").write_text(CONFIG.format(key=KEY, peers=lines, address=ADDRESS))
        self._control, self._log = where / "c", where / "log"
        self.environment: Final = {**os.environ, "PYTHONPYCACHEPREFIX": _bytecode()}
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        ports = ("--port", str(self.ports[0]), "--nat-port", str(self.ports[1]))
        places = ("--config", str(where / "config"), "--control", str(self._control), "--state", str(where / "state"))
        self._command: Final = (*python, "-m", "ikecli.main", "engine", "--dataplane", "none", *ports, *places)

    def __enter__(self) -> Self:
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment
            )
        deadline = time.monotonic() + PATIENCE
        while "STARTED" not in self._log.read_text():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__(None, None, None)
                raise RuntimeError("the engine did not start")
            time.sleep(0.02)
        self._clock = cpu_clock(self._process.pid)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None or self._process.poll() is not None:
            sys.stderr.writelines(self._log.read_text().splitlines(keepends=True)[-LAST:])
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(PATIENCE)
        self._directory.cleanup()

    @property
    def process_id(self) -> int:
        """The engine's process."""
        return self._process.pid

    def cpu(self) -> float:
        """Return the CPU seconds that the process has used, all its threads, user and system."""
        return time.clock_gettime(self._clock)

    def show(self, line: str) -> tuple[str, float]:
        """Type a line into a session of its own; return what it prints and the seconds it took, process and all."""
        start = time.perf_counter()
        ran = subprocess.run(
            [SCRIPT, "--control", self._control, "-c", line],
            stdout=subprocess.PIPE,
            timeout=PATIENCE,
            check=True,
            env=self.environment,
        )
        return ran.stdout.decode(), time.perf_counter() - start


@cache
def _bytecode() -> str:
    """Return a directory for bytecode that is there until this process ends."""
    directory = tempfile.mkdtemp(prefix="ikecli-bench-")
    atexit.register(shutil.rmtree, directory)
    return directory


def free_ports() -> tuple[int, int]:
    """Return two UDP ports that nobody used just now."""
    with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as two:
        one.bind(("", 0))
        two.bind(("", 0))
        return one.getsockname()[1], two.getsockname()[1]


def cpu_clock(process: int) -> int:
    """Return the clock of a process's CPU time, which counts in nanoseconds (clock_getcpuclockid(3))."""
    clock = ctypes.c_int()
    if error := ctypes.CDLL(None).clock_getcpuclockid(process, ctypes.byref(clock)):
        raise OSError(error, os.strerror(error))
    return clock.value
