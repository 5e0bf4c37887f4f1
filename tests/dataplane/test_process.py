"""A worker that stops to listen: the engine goes on, and after a while another worker takes over."""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from ikecli.dataplane.linux.host import Host
from ikecli.dataplane.userspace.counts import Counts
from ikecli.dataplane.userspace.pipe import Give, Given, Leave, Lines
from ikecli.dataplane.userspace.process import MOST_WAITING, START_SECONDS, STUCK_SECONDS, Process
from ikecli.errors import Unavailable
from ikecli.intent import Selector
from ikecli.lab.clock import VirtualClock
from tests.dataplane.rigs import IkeSockets

ADDRESS = ip_address("192.0.2.1")
END = Selector.of(ip_network("10.0.0.0/8"))
LONG = Lines(tuple((END, END, f"{at:0400}") for at in range(500)), last=False)


class Engine:
    """The engine's end: its clock is virtual, the worker and the pipe are real."""

    def __init__(self, state: Path) -> None:
        self.clock, self.log, self.again = VirtualClock(), list[str](), 0
        tun, self.device = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.counts, self.tun = Counts(), tun.detach()
        self.watched: dict[int, Callable[[], None]] = {}

        def trouble(problem: Unavailable) -> None:
            raise problem

        host = Host(
            self.clock, lambda notice: None, os.urandom, IkeSockets(), state, self.watched.__setitem__,
            lambda file: self.watched.pop(file, None), self.log.append, trouble,
        )  # fmt: skip
        self.worker = Process(host, self.counts.file, self.tun, lambda said: None, self.told_again)

    def told_again(self) -> None:
        self.again += 1

    def replaced(self) -> bool:
        """Wait for the worker that comes in place of another; return whether it was told all."""
        before = self.again
        self.clock.run(self.clock.now() + 0.001)
        assert self.worker.ask(Give(()), Given) is None
        while self.again == before:
            [file] = self.watched
            assert select.select([file], (), (), 30)[0]
            self.watched[file]()
        return self.worker.ask(Give(()), Given) == Given(())

    def stop(self) -> int:
        number = self.worker.number
        os.kill(number, signal.SIGSTOP)
        os.waitid(os.P_PID, number, os.WSTOPPED | os.WNOWAIT)
        return number

    def close(self) -> None:
        self.worker.close()
        self.device.close()
        os.close(self.tun)
        os.close(self.counts.file)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with closing(Engine(tmp_path)) as made:
        yield made


def fill(engine: Engine) -> None:
    """Tell the worker more than its pipe holds."""
    for _ in range(60):
        engine.worker.tell(LONG)
    assert engine.worker._waiting


def test_a_worker_that_hears_again_is_told_all_that_waited(engine: Engine) -> None:
    number = engine.stop()
    fill(engine)
    os.kill(number, signal.SIGCONT)
    assert engine.worker._pipe is not None
    while engine.worker._waiting:
        assert select.select((), (engine.worker._pipe.socket,), (), 20)[1]
        engine.clock.run(engine.clock.now() + 0.02)
    assert select.select((), (engine.worker._pipe.socket,), (), 20)[1]
    assert engine.worker.ask(Give(()), Given) == Given(())
    assert (engine.worker.number, engine.log) == (number, [])


def test_a_worker_that_hears_nothing_is_replaced_and_the_engine_waits_for_it_nowhere(engine: Engine) -> None:
    number = engine.stop()
    fill(engine)
    assert engine.worker.ask(Give(()), Given) is None
    engine.clock.run(engine.clock.now() + STUCK_SECONDS - 1)
    assert (engine.worker.number, engine.again) == (number, 0)
    engine.clock.run(engine.clock.now() + 1.5)
    assert engine.replaced()
    assert (engine.worker.number != number, engine.again) == (True, 1)
    assert engine.log == [
        "the data plane's worker does not listen, and is ended",
        "the data plane's worker ended (signal 9); another takes its SAs over",
    ]


def test_files_that_wait_are_kept_open_and_closed_with_the_worker(engine: Engine) -> None:
    engine.stop()
    fill(engine)
    gc.collect()  # what other tests left open
    before = len(os.listdir("/proc/self/fd"))
    with open(os.devnull) as file:
        engine.worker.tell(Leave(ADDRESS, udp=True), (file.fileno(),))
    assert len(os.listdir("/proc/self/fd")) == before + 1
    engine.clock.run(engine.clock.now() + STUCK_SECONDS + 1)
    assert engine.replaced()
    assert len(os.listdir("/proc/self/fd")) == before


def test_no_more_waits_than_there_is_room_for(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ikecli.dataplane.userspace.process.MOST_WAITING", 10)
    assert MOST_WAITING > 10
    number = engine.stop()
    for _ in range(60):
        engine.worker.tell(LONG)
    assert engine.replaced()
    assert (engine.worker.number != number, engine.again) == (True, 1)


def test_workers_that_do_not_come_are_tried_again_ever_more_seldom(engine: Engine) -> None:
    for _ in range(3):
        os.kill(engine.worker.number, signal.SIGKILL)
        [file] = engine.watched
        assert select.select([file], (), (), 30)[0]
        engine.watched[file]()
        engine.clock.run(engine.clock.now() + 3)
    assert engine.again == 0
    assert [line.partition("over")[2] for line in engine.log] == ["", " in 1 s", " in 2 s"]
    assert engine.replaced()


def test_a_worker_that_never_is_ready_is_ended(engine: Engine) -> None:
    os.kill(engine.worker.number, signal.SIGKILL)
    [file] = engine.watched
    assert select.select([file], (), (), 30)[0]
    engine.watched[file]()
    engine.clock.run(engine.clock.now() + 0.001)
    engine.stop()
    engine.clock.run(engine.clock.now() + START_SECONDS)
    assert engine.log[-2:] == [
        "the data plane's worker did not start",
        "the data plane's worker ended (signal 9); another takes its SAs over",
    ]
    assert engine.replaced()
