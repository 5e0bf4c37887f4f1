"""What the engine tells of its machine is what the machine says."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ikecli.boundary.machine import LoadView, MemoryView, RoomView, SocketView
from ikecli.daemon.load import STEP, Load
from ikecli.daemon.queries import query
from ikecli.daemon.storage import FileStorage
from ikecli.lab.clock import VirtualClock
from ikecli.lab.lab import VirtualLab


def shown(topic: str) -> list[object]:
    node, _ = VirtualLab().add("hostname R1\n", "ios")
    return list(query(node.appliance, topic, {}))


def test_memory_is_this_process_s_and_adds_up() -> None:
    [view] = shown("memory")
    assert isinstance(view, MemoryView)
    with open("/proc/self/statm") as file:
        resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    assert abs(view.used - resident) < resident
    assert view.lowest <= view.free <= view.machine
    assert view.total == view.used + view.free


def test_sockets_are_those_of_this_process() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six,
    ):
        one.bind(("127.0.0.1", 0))
        six.bind(("::1", 0))
        found = shown("udp")
        assert SocketView("127.0.0.1", one.getsockname()[1], 0, 0) in found
        assert SocketView("::1", six.getsockname()[1], 0, 0) in found
        port = one.getsockname()[1]
    assert SocketView("127.0.0.1", port, 0, 0) not in shown("udp")


def test_a_file_of_flash_has_its_time_and_its_file_system_room(tmp_path: Path) -> None:
    storage = FileStorage(tmp_path / "state")
    storage.write_file("a.cfg", "hostname A\n")
    os.utime(tmp_path / "state" / "flash" / "a.cfg", (5, 5))
    assert storage.written("a.cfg") == 5
    total, free = storage.room()
    assert 0 < free <= total
    assert RoomView(total, free).total == total
    storage.close()


def test_load_is_a_share_of_the_time_that_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, took = VirtualClock(), [0.0]
    monkeypatch.setattr("ikecli.daemon.load.time.process_time", lambda: took[0])
    load = Load(clock)
    clock.run(60)
    took[0] = 3.0
    clock.run(60 + STEP)
    view = load.view()
    assert isinstance(view, LoadView)
    assert (view.five_seconds, view.minute) == (6000, 500)
    clock.run(130)
    assert load.view().five_seconds == 0
