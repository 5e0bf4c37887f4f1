"""Log lines on their way to syslog servers."""

from __future__ import annotations

import asyncio
import os
import socket
from ipaddress import ip_address
from pathlib import Path

import pytest

from ikecli.boundary.views import LogLine
from ikecli.control.messages import ConfigBegin, ConfigEnd, ConfigLine, Monitor
from ikecli.control.replies import Heard
from ikecli.daemon.sessions import Session
from ikecli.daemon.syslog import LONGEST, WAITING, Sender, Stream, message
from ikecli.intent import Syslog
from ikecli.lab.lab import VirtualLab
from ikecli.shell import notices
from tests.daemon.engines import Engine, port_options

NOON = 1_767_268_800.25
HERE = ip_address("127.0.0.1")


def line(severity: int, text: str = "the tunnel is up") -> LogLine:
    return LogLine(NOON, severity, "CRYPTO", "IKEV2_SESSION_STATUS", text)


@pytest.mark.parametrize(("dialect", "priority"), [("ios", 23 * 8 + 5), ("asa", 20 * 8 + 5)])
def test_a_line_is_a_message_of_rfc_5424(dialect: str, priority: int) -> None:
    said = f"<{priority}>1 2026-01-01T12:00:00.250Z R1 ikecli {os.getpid()} IKEV2_SESSION_STATUS - "
    assert message(line(5), dialect, "R1").decode() == said + "%CRYPTO-5-IKEV2_SESSION_STATUS: the tunnel is up"


def test_what_a_peer_says_cannot_begin_another_message() -> None:
    octets = message(line(5, "\n<0>1 \x1b[2J\u202e" + "x" * 5000), "ios", "R 1\n")
    assert len(octets) == LONGEST
    assert octets.isascii()
    assert not any(char < 32 for char in octets)
    assert b" R1 ikecli " in octets


def test_only_what_is_grave_enough_is_sent() -> None:
    async def run() -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as server:
            server.bind((str(HERE), 0))
            server.settimeout(5)
            where = Syslog(HERE, server.getsockname()[1], False, 4)
            sender = Sender(asyncio.get_running_loop(), "ios", lambda: ("R1", (where,)))
            for severity in (5, 4, 7, 0):
                sender.send(line(severity))
            assert [server.recv(4096)[:6] for _ in range(2)] == [b"<188>1", b"<184>1"]
            server.setblocking(False)
            with pytest.raises(BlockingIOError):
                server.recv(4096)
            sender.close()

    asyncio.run(run())


def test_a_server_that_is_not_there_costs_a_bounded_number_of_lines() -> None:
    async def run() -> None:
        with socket.socket() as refused:
            refused.bind((str(HERE), 0))
            stream = Stream(asyncio.get_running_loop(), refused.getsockname())
            for number in range(2 * WAITING):
                stream.send(b"%d" % number)
            await asyncio.sleep(0)
            assert len(stream._waiting) == WAITING
            assert stream._waiting[-1] == b"4 1023"
            stream.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("dialect", "words"),
    [
        ("ios", "hostname R1\nlogging host 127.0.0.1 transport {} port {}\nend\n"),
        ("asa", "hostname R1\ninterface GigabitEthernet0/0\n nameif outside\n"
         "logging enable\nlogging trap notifications\nlogging host outside 127.0.0.1 {}/{}\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_an_engine_sends_its_log(tmp_path: Path, dialect: str, words: str, transport: str) -> None:
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    with socket.socket(type=kind) as server:
        server.bind((str(HERE), 0))
        server.settimeout(20)
        if transport == "tcp":
            server.listen()
        text = words.format(transport, server.getsockname()[1])
        engine = Engine(tmp_path / "engine", text, *port_options())
        try:
            if transport == "udp":
                said = server.recv(4096)
            else:
                one, _ = server.accept()
                one.settimeout(20)
                length, _, said = one.recv(4096).partition(b" ")
                assert int(length) == len(said)
                one.close()
            priority = 8 * {"ios": 23, "asa": 20}[dialect] + 5
            assert said.startswith(b"<%d>1 " % priority)
            assert b" R1 ikecli %d STARTED - %%IKECLI-5-STARTED: the engine answers at " % engine.process.pid in said
        finally:
            assert engine.end() == 0


def test_the_journal_is_told_how_grave_a_line_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1234")
    engine = Engine(tmp_path / "engine", "hostname R1\nend\n", *port_options())
    engine.until("STARTED")
    assert engine.end() == 0
    assert all(line.startswith("<5>*") for line in engine.log.read_text().splitlines())


def test_a_terminal_is_told_what_is_grave_enough_as_it_is_configured_at_the_time() -> None:
    lab = VirtualLab("monitor")
    node, _ = lab.add("hostname R1\n", "ios")
    heard: list[Heard] = []
    session = Session(node.appliance, 15, "ann", heard.append)
    other = Session(node.appliance, 15, "bob", lambda heard: None)
    session.handle(Monitor(True), lambda reply: None)

    def told(*lines: str) -> list[str]:
        for request in (ConfigBegin(), *map(ConfigLine, lines), ConfigEnd()):
            other.handle(request, lambda reply: None)
        heard.clear()
        node.appliance.journal.log(5, "SYS", "TEST", "hello")
        return [line for one in heard for line in notices.lines(one, "ios")]

    assert told() == ["*Jan  1 00:00:00.000: %SYS-5-TEST: hello"]
    assert told("service timestamps log datetime") == ["*Jan  1 00:00:00: %SYS-5-TEST: hello"]
    assert told("logging monitor warnings") == []
    assert told("logging monitor notifications", "no service timestamps") == ["%SYS-5-TEST: hello"]
    assert told("no logging monitor") == []
    assert told("logging monitor", "no logging on") == []
    assert told("logging on") == ["%SYS-5-TEST: hello"]
