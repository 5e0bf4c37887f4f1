"""The worker's process as the engine has it: started, told, heard, and started again when it has died."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
from collections import deque
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
STUCK_SECONDS: Final = 10.0
"""How long a worker may hear nothing while messages wait for it, before another takes its place."""
LOOK_SECONDS: Final = 0.01
"""How often it is looked whether it hears again."""
MOST_WAITING: Final = 1 << 20


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
        self._waiting: deque[tuple[object, tuple[int, ...]]] = deque()
        self._patience = 0.0
        self._pipe: Pipe | None = None
        self._coming: Pipe | None = None
        self._start()

    @property
    def number(self) -> int:
        """The process's number."""
        return self._process.pid

    def tell(self, message: object, files: tuple[int, ...] = ()) -> None:
        """Tell the worker, soon where it does not listen; raises Unavailable.

        While there is none, the next one is told all anyway.
        """
        if self._pipe is None or (not self._waiting and self._send(message, files)):
            return
        self._waiting.append((message, tuple(os.dup(file) for file in files)))
        if len(self._waiting) == 1:
            self._patience = self._host.clock.now() + STUCK_SECONDS
            self._look_again(self._pipe)
        elif len(self._waiting) > MOST_WAITING:
            self._replace()

    def ask(self, message: object, kind: type[Answer]) -> Answer | None:
        """Return what the worker answers, None when there is none or it does not. What else it says is heard later.

        One that does not answer is replaced: the next has not heard the question.
        """
        if self._pipe is None or self._waiting or not self._send(message, ()):
            return None
        deadline = self._host.clock.now() + ANSWER_SECONDS
        while (left := deadline - self._host.clock.now()) > 0:
            self._pipe.socket.settimeout(left)
            try:
                heard = self._pipe.receive()
            except OSError:
                heard = None
            finally:
                self._pipe.socket.setblocking(False)
            if heard is None:
                break
            if isinstance(heard[0], kind):
                return heard[0]
            self._host.clock.call_at(self._host.clock.now(), partial(self._hear, heard[0]))
        self._replace()
        return None

    def _send(self, message: object, files: tuple[int, ...]) -> bool:
        """Send a message now; return whether that is done with."""
        assert self._pipe is not None
        try:
            self._pipe.send(message, files)
        except BlockingIOError:
            return False
        except (BrokenPipeError, ConnectionResetError):
            return True
        except OSError as error:
            raise Unavailable(f"the data plane's worker: {error.strerror}") from error
        return True

    def _look_again(self, pipe: Pipe) -> None:
        clock = self._host.clock
        clock.call_at(clock.now() + LOOK_SECONDS, lambda: self._go_on(pipe))

    def _go_on(self, pipe: Pipe) -> None:
        """Send what waits, as far as the worker hears it; replace one that has heard nothing for long."""
        if self._pipe is not pipe or not self._waiting:
            return
        before = len(self._waiting)
        try:
            while self._waiting and self._send(*self._waiting[0]):
                self._drop(self._waiting.popleft()[1])
        except Unavailable as problem:
            self._host.log(str(problem))
            self._drop(self._waiting.popleft()[1])
        now = self._host.clock.now()
        if len(self._waiting) < before:
            self._patience = now + STUCK_SECONDS
        if now >= self._patience:
            self._replace()
        elif self._waiting:
            self._look_again(pipe)

    @staticmethod
    def _drop(files: tuple[int, ...]) -> None:
        for file in files:
            os.close(file)

    def _replace(self) -> None:
        """End a worker that does not listen, and start another."""
        self._host.log("the data plane's worker does not listen, and is ended")
        self._process.kill()
        self._lost()

    def close(self) -> None:
        """End it."""
        self._closed = True
        self._end()

    def _begin(self) -> Pipe:
        """Start a process, which says when it is ready; return our end of its pipe."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        files = (theirs.fileno(), *self._files)
        command = [sys.executable, "-m", "ikecli.dataplane.userspace.worker", *map(str, files)]
        self._started = self._host.clock.now()
        with theirs:
            self._process = subprocess.Popen(command, pass_fds=files, stdin=subprocess.DEVNULL)
        return Pipe(ours)

    def _start(self) -> None:
        """Start the first worker, and wait until it is ready."""
        self._coming = pipe = self._begin()
        pipe.socket.settimeout(START_SECONDS)
        try:
            heard = pipe.receive()
        except OSError:
            heard = None
        pipe.socket.setblocking(False)
        if heard is None or not isinstance(heard[0], Ready):
            self._end()
            raise Unavailable("the data plane's worker did not start")
        self._serve(pipe)

    def _serve(self, pipe: Pipe) -> None:
        self._pipe, self._coming = pipe, None
        self._host.watch(pipe.socket.fileno(), self._read)

    def _arrived(self, pipe: Pipe) -> None:
        """Hear that another worker is ready, or is not."""
        try:
            heard = pipe.receive()
        except BlockingIOError:
            return
        except (OSError, pickle.UnpicklingError):
            heard = None
        if heard is None or not isinstance(heard[0], Ready):
            self._lost()
            return
        self._host.unwatch(pipe.socket.fileno())
        self._serve(pipe)
        self._again()

    def _late(self, pipe: Pipe) -> None:
        if self._coming is pipe:
            self._host.log("the data plane's worker did not start")
            self._process.kill()
            self._lost()

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
        """Start another worker; when it is ready it is told all that the last one had."""
        if self._closed:
            return
        clock = self._host.clock
        try:
            self._coming = pipe = self._begin()
        except OSError as problem:
            self._host.log(f"the data plane's worker: {problem.strerror}")
            self._lost()
            return
        pipe.socket.setblocking(False)
        self._host.watch(pipe.socket.fileno(), lambda: self._arrived(pipe))
        clock.call_at(clock.now() + START_SECONDS, lambda: self._late(pipe))

    def _end(self) -> None:
        for _, files in self._waiting:
            self._drop(files)
        self._waiting.clear()
        for pipe in (self._pipe, self._coming):
            if pipe is not None:
                self._host.unwatch(pipe.socket.fileno())
                pipe.socket.close()
        self._pipe = self._coming = None
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
