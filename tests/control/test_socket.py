"""The control socket: who gets in, how much a session may have open, and what becomes of one that does not read."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ikecli.control import codec, levels, server
from ikecli.control.client import LocalClient, Push, SocketClient
from ikecli.control.messages import OPERATOR, USER, Identify, Ping, Request, Show
from ikecli.control.replies import Done, Error, Heard, Lines, Pinged, Reply
from ikecli.control.server import REQUESTS, Server
from ikecli.errors import Unavailable


class Appliance:
    """Answers Show with many lines, Ping when told to, and everything else with Done."""

    def __init__(self) -> None:
        self.pushes: list[Push] = []
        self.waiting: list[Callable[[Reply], None]] = []
        self.handled: list[Request] = []
        self.closed = 0
        self.levels: list[int] = []

    def open(self, level: int, user: str, push: Push) -> Appliance:
        self.level = level
        self.levels.append(level)
        self.pushes.append(push)
        return self

    def handle(self, request: Request, reply: Callable[[Reply], None]) -> None:
        self.handled.append(request)
        match request:
            case Show():
                reply(Lines(tuple("line" * 250 for _ in range(2000))))
            case Ping():
                self.waiting.append(reply)
            case _:
                reply(Done())

    def close(self) -> None:
        self.closed += 1


@asynccontextmanager
async def listening(path: Path, **options: Any) -> AsyncIterator[tuple[Appliance, Server]]:
    appliance = Appliance()
    listener = Server(appliance.open, **options)
    await listener.listen(path)
    try:
        yield appliance, listener
    finally:
        listener.close()


async def settle(done: Callable[[], bool]) -> None:
    """Wait until something is true, for two seconds at most."""
    for _ in range(400):
        if done():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come")


def test_requests_are_answered_in_pieces_and_side_by_side(tmp_path: Path) -> None:
    async def run() -> None:
        async with listening(tmp_path / "c") as (appliance, _):
            client = await SocketClient.connect(tmp_path / "c")
            slow = asyncio.ensure_future(client.request(Ping("10.0.0.1")))
            shown = await client.request(Show("x", {}))
            assert isinstance(shown, Lines)
            assert len(shown.lines) == 2000
            assert not slow.done()
            appliance.waiting[0](Pinged("!"))
            assert await slow == Pinged("!")
            await client.close()
            await settle(lambda: appliance.closed == 1)

    asyncio.run(run())


def test_the_local_client_lets_time_pass_until_the_answer_comes() -> None:
    async def run() -> None:
        appliance = Appliance()

        def wait(done: Callable[[], bool]) -> None:
            appliance.waiting.pop()(Pinged("."))
            assert done()

        client = LocalClient(appliance.open, 15, "console", wait)
        heard: list[Heard] = []
        client.on_push = heard.append
        assert await client.request(Ping("10.0.0.1")) == Pinged(".")
        appliance.pushes[0](Heard(1.0))
        assert heard == [Heard(1.0)]
        await client.close()
        assert appliance.closed == 1

    asyncio.run(run())


def test_only_so_many_requests_are_open(tmp_path: Path) -> None:
    async def run() -> None:
        async with listening(tmp_path / "c") as (appliance, _):
            client = await SocketClient.connect(tmp_path / "c")
            asked = [asyncio.ensure_future(client.request(Ping("10.0.0.1", sequence=at))) for at in range(REQUESTS + 9)]
            await settle(lambda: len(appliance.waiting) == REQUESTS)
            await asyncio.sleep(0.02)
            assert len(appliance.handled) == REQUESTS
            while appliance.waiting or not all(one.done() for one in asked):
                for reply in appliance.waiting:
                    reply(Pinged("!"))
                appliance.waiting.clear()
                await asyncio.sleep(0.002)
            assert len(appliance.handled) == REQUESTS + 9
            await client.close()

    asyncio.run(run())


def test_a_session_that_does_not_read_loses_lines_then_its_session(tmp_path: Path) -> None:
    async def run() -> None:
        async with listening(tmp_path / "c", patience=0.2) as (appliance, listener):
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "c"), limit=1 << 24)
            await settle(lambda: bool(appliance.pushes))
            writer.transport.pause_reading()
            (connection,) = listener.connections
            while not connection._paused:
                appliance.pushes[0](Heard(0.0))
            for _ in range(7):
                appliance.pushes[0](Heard(0.0))
            writer.write(codec.encode_request(1, Identify()))
            await asyncio.sleep(0.02)
            assert not appliance.handled, "nothing is done for a session that does not read"
            writer.transport.resume_reading()
            await settle(lambda: not connection._paused)
            appliance.pushes[0](Heard(9.0))
            lost = [json.loads(line)["event"] for line in await lines_until(reader, b'"time":9.0')][-1]
            assert lost["lost"] == 7
            assert appliance.handled == [Identify()]
            writer.transport.pause_reading()
            while not connection._paused:
                appliance.pushes[0](Heard(0.0))
            await settle(lambda: appliance.closed == 1)
            writer.close()

    asyncio.run(run())


async def lines_until(reader: asyncio.StreamReader, mark: bytes) -> list[bytes]:
    found = [b""]
    while mark not in found[-1]:
        found.append(await reader.readline())
    return [line for line in found if b'"event"' in line]


def test_a_line_without_end_is_not_collected(tmp_path: Path) -> None:
    async def run() -> None:
        async with listening(tmp_path / "c") as (appliance, _):
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "c"))
            writer.write(b"x" * (codec.LINE_LIMIT + 1))
            assert f"at most {codec.LINE_LIMIT} octets".encode() in await reader.readline()
            assert await reader.readline() == b""
            await settle(lambda: appliance.closed == 1)
            writer.close()

    asyncio.run(run())


def test_who_may_not_send_configurations_has_shorter_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "caller", lambda connection: (USER, "a"))

    async def run() -> None:
        async with listening(tmp_path / "c") as (appliance, _):
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "c"))
            writer.write(b"x" * (codec.USER_LINE_LIMIT + 1))
            assert f"at most {codec.USER_LINE_LIMIT} octets".encode() in await reader.readline()
            assert await reader.readline() == b""
            await settle(lambda: appliance.closed == 1)
            writer.close()

    asyncio.run(run())


def test_nonsense_is_answered_and_the_session_goes_on(tmp_path: Path) -> None:
    async def run() -> None:
        async with listening(tmp_path / "c"):
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "c"))
            writer.write(b'nonsense\n{"id":7,"do":"Reboot"}\n' + codec.encode_request(8, Identify()))
            writer.write_eof()
            answers = [json.loads(await reader.readline()) for _ in range(3)]
            assert [(one["id"], "error" in one) for one in answers] == [(0, True), (7, True), (8, False)]
            assert await reader.readline() == b"", "what was asked is answered, then the session ends"
            writer.close()

    asyncio.run(run())


def test_a_fault_costs_one_answer_not_the_session(tmp_path: Path) -> None:
    class Faulty(Appliance):
        def handle(self, request: Request, reply: Callable[[Reply], None]) -> None:
            if isinstance(request, Ping):
                raise OverflowError("marker")
            super().handle(request, reply)
            reply(Error("a second answer"))

    async def run() -> None:
        told: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context["exception"]))
        appliance = Faulty()
        listener = Server(appliance.open)
        await listener.listen(tmp_path / "c")
        client = await SocketClient.connect(tmp_path / "c")
        assert await client.request(Ping("10.0.0.1")) == Error("% The engine failed at this; its log says more.")
        assert [str(one) for one in told] == ["marker"]
        for _ in range(3 * REQUESTS):
            assert await client.request(Identify()) == Done()
        await client.close()
        listener.close()

    asyncio.run(run())


def test_more_sessions_than_there_may_be_are_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "SESSIONS", 2)

    async def run() -> None:
        async with listening(tmp_path / "c"):
            clients = [await SocketClient.connect(tmp_path / "c") for _ in range(3)]
            assert await clients[0].request(Identify()) == Done()
            with pytest.raises(Unavailable, match="All 2 sessions are in use"):
                await clients[2].request(Identify())
            for client in clients:
                await client.close()

    asyncio.run(run())


def test_some_sessions_are_kept_for_operators(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "SESSIONS", 3)
    monkeypatch.setattr(server, "RESERVED", 1)
    callers = [(USER, "a"), (USER, "b"), (USER, "c"), (OPERATOR, "d")]
    monkeypatch.setattr(levels, "caller", lambda connection: callers.pop(0))

    async def run() -> None:
        async with listening(tmp_path / "c"):
            *users, refused, operator = [await SocketClient.connect(tmp_path / "c") for _ in range(4)]
            with pytest.raises(Unavailable, match="All 2 sessions are in use"):
                await refused.request(Identify())
            for client in (*users, operator):
                assert await client.request(Identify()) == Done()
            for client in (*users, refused, operator):
                await client.close()

    asyncio.run(run())


def test_the_last_session_that_ends_is_noticed(tmp_path: Path) -> None:
    async def run() -> None:
        empty = asyncio.Event()
        async with listening(tmp_path / "c", when_empty=empty.set):
            one, two = [await SocketClient.connect(tmp_path / "c") for _ in range(2)]
            await one.request(Identify())
            await two.request(Identify())
            await one.close()
            await asyncio.sleep(0.02)
            assert not empty.is_set()
            await two.close()
            await asyncio.wait_for(empty.wait(), 2)

    asyncio.run(run())


def test_an_engine_that_goes_tells_what_is_open(tmp_path: Path) -> None:
    async def run() -> None:
        async with listening(tmp_path / "c") as (appliance, listener):
            client = await SocketClient.connect(tmp_path / "c")
            asked = asyncio.ensure_future(client.request(Ping("10.0.0.1")))
            await settle(lambda: bool(appliance.waiting))
            listener.close()
            with pytest.raises(Unavailable, match="closed the session"):
                await asked
            with pytest.raises(Unavailable):
                await client.request(Identify())
            appliance.waiting[0](Pinged("!"))
            await client.close()

    asyncio.run(run())


def test_the_socket_is_its_owners_and_a_stale_one_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "control"
    first = server.listening_socket(path)
    group = levels.admitted_group()
    assert stat.S_IMODE(path.stat().st_mode) == (0o600 if group is None else 0o660)
    with pytest.raises(Unavailable, match="another engine answers there"):
        server.listening_socket(path)
    first.close()
    server.listening_socket(path).close()


def test_paths_that_no_socket_can_have_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="at most 107"):
        server.listening_socket(tmp_path / ("x" * 108))
    (tmp_path / "file").write_text("kept")
    with pytest.raises(Unavailable, match="no socket"):
        server.listening_socket(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "kept"
    with pytest.raises(Unavailable, match="control socket"):
        asyncio.run(SocketClient.connect(tmp_path / "nothing"))


def test_levels_come_from_who_is_at_the_other_end(monkeypatch: pytest.MonkeyPatch) -> None:
    here, _there = socket.socketpair()
    with here, _there:
        assert levels.caller(here) == (15, __import__("pwd").getpwuid(os.getuid()).pw_name)
        monkeypatch.setattr(levels.os, "geteuid", lambda: 4_000_000)
        monkeypatch.setattr(levels.struct, "unpack", lambda form, data: (1, 3_999_999, 77))
        monkeypatch.setattr(levels, "admitted_group", lambda: 77)
        assert levels.caller(here) == (1, "3999999")
        monkeypatch.setattr(levels, "admitted_group", lambda: 78)
        assert levels.caller(here) is None


def test_strangers_are_refused_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "caller", lambda connection: None)

    async def run() -> None:
        async with listening(tmp_path / "c") as (appliance, _):
            client = await SocketClient.connect(tmp_path / "c")
            with pytest.raises(Unavailable, match="Only root"):
                await client.request(Identify())
            assert not appliance.levels
            await client.close()

    asyncio.run(run())


def test_an_error_is_an_ordinary_reply() -> None:
    assert codec.decode_answer(b'{"id":4,"error":"% No"}') == (4, Error("% No"), False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to groups")
def test_a_service_admits_its_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "admitted_group", lambda: 65534)
    path = tmp_path / "run" / "control"
    server.listening_socket(path).close()
    found = path.stat()
    assert (stat.S_IMODE(found.st_mode), found.st_gid) == (0o660, 65534)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755
