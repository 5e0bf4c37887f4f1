"""The worker's process as the engine has it: started, told, heard, and started again when it has died."""

from __future__ import annotations

import pickle
import socket
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from ikecli.dataplane.linux.host import Host
from ikecli.dataplane.userspace.pipe import Pipe, Ready
from ikecli.errors import Unavailable

START_SECONDS: Final = 20.0
"""How long the worker may take to begin."""
END_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 2.0
"""How long an answer of the worker is waited for."""
LAST_PAUSE: Final = 60.0
"""Seconds at most before a worker is started again; the first time at once, then 1, 2, 4 ... if they die soon."""
SOON: Final = 10.0


Answer = TypeVar("Answer")


class Process:
    """One worker at a time on the same device and counters.

    `hear` takes what it says; `again` gives a new one all that the old one had.
    """

    def __init__(
        self, host: Host, counts: int, tun: int, hear: Callable[[object], None], again: Callable[[], None]
    ) -> None:
        """Start it; raises Unavailable."""
        self._host, self._files, self._hear, self._again = host, (counts, tun), hear, again
        self._deaths, self._closed = 0, False
        self._start()

    @property
    def number(self) -> int:
        """The process's number."""
        return self._process.pid

    def tell(self, message: object, files: tuple[int, ...] = ()) -> None:
        """Tell the worker; raises Unavailable. While there is none, the next one is told all anyway."""
        if self._pipe is None:
            return
        try:
            self._pipe.send(message, files)
        except (BrokenPipeError, ConnectionResetError):
            return
        except OSError as error:
            raise Unavailable(f"the data plane's worker: {error.strerror}") from error

    def ask(self, message: object, kind: type[Answer]) -> Answer | None:
        """Return what the worker answers, None when there is none or it does not. What else it says is heard later."""
        self.tell(message)
        deadline = self._host.clock.now() + ANSWER_SECONDS
        while self._pipe is not None and (left := deadline - self._host.clock.now()) > 0:
            self._pipe.socket.settimeout(left)
            try:
                heard = self._pipe.receive()
            except OSError:
                heard = None
            finally:
                self._pipe.socket.settimeout(None)
            if heard is None:
                break
            if isinstance(heard[0], kind):
                return heard[0]
            self._host.clock.call_at(self._host.clock.now(), partial(self._hear, heard[0]))
        return None

    def close(self) -> None:
        """End it."""
        self._closed = True
        self._end()

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        files = (theirs.fileno(), *self._files)
        command = [sys.executable, "-m", "ikecli.dataplane.userspace.worker", *map(str, files)]
        self._process = subprocess.Popen(command, pass_fds=files, stdin=subprocess.DEVNULL)
        theirs.close()
        ours.settimeout(START_SECONDS)
        self._pipe: Pipe | None = Pipe(ours)
        self._started = self._host.clock.now()
        try:
            heard = self._pipe.receive()
        except OSError:
            heard = None
        if heard is None or not isinstance(heard[0], Ready):
            self._end()
            raise Unavailable("the data plane's worker did not start")
        ours.settimeout(None)
        self._host.watch(ours.fileno(), self._read)

    def _read(self) -> None:
        if self._pipe is None:
            return
        try:
            heard = self._pipe.receive(socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except (OSError, pickle.UnpicklingError) as problem:
            self._host.log(f"the data plane's worker: {problem}")
            heard = None
        if heard is None:
            self._lost()
        else:
            self._hear(heard[0])

    def _lost(self) -> None:
        """Start another worker, at once unless this one lived but shortly."""
        clock = self._host.clock
        self._end()
        lived = clock.now() - self._started
        self._deaths = self._deaths + 1 if lived < SOON else 1
        pause = min(2.0 ** (self._deaths - 2), LAST_PAUSE) if self._deaths > 1 else 0.0
        status = self._process.returncode
        why = f"signal {-status}" if status < 0 else f"status {status}"
        after = f" in {pause:.0f} s" if pause else ""
        self._host.log(f"the data plane's worker ended ({why}); another takes its SAs over{after}")
        clock.call_at(clock.now() + pause, self._restart)

    def _restart(self) -> None:
        if self._closed:
            return
        try:
            self._start()
        except Unavailable as problem:
            self._host.log(str(problem))
            self._started = self._host.clock.now()
            self._lost()
            return
        self._again()

    def _end(self) -> None:
        if self._pipe is not None:
            self._host.unwatch(self._pipe.socket.fileno())
            self._pipe.socket.close()
            self._pipe = None
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
