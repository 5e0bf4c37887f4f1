"""A terminal of lines: on a pseudo terminal as a program that automates routers uses it, on pipes and on files."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ikecli.control.messages import ConfigLine, Ping
from ikecli.language import LINE_LIMIT
from ikecli.shell.plain import CHUNK, PlainTerminal
from ikecli.shell.session import Shell
from ikecli.shell.terminal import EndOfInput, Interrupted
from tests.shell.fake import Fake


class Program:
    """What is at the other end of a pseudo terminal. It controls no process: signals are sent beside their keys."""

    def __init__(self, master: int) -> None:
        self.master = master
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    async def until(self, text: str) -> str:
        """Return what came up to a text; what comes behind it is read next time."""
        for _ in range(6000):
            while True:
                try:
                    self.seen += os.read(self.master, 4096).decode()
                except BlockingIOError:
                    break
            if text in self.seen:
                came, found, self.seen = self.seen.partition(text)
                return came + found
            await asyncio.sleep(0.005)
        raise AssertionError(f"{text!r} did not come: {self.seen!r}")


@asynccontextmanager
async def program(fake: Fake) -> AsyncIterator[Program]:
    master, slave = pty.openpty()
    os.set_blocking(master, False)
    terminal = PlainTerminal(slave, slave)
    running = asyncio.ensure_future(Shell(fake.client(), terminal).run())
    try:
        yield Program(master)
        await asyncio.wait_for(running, 3)
    finally:
        running.cancel()
        terminal.close()
        os.close(master)
        os.close(slave)


def test_a_program_sees_its_echo_then_the_output_then_the_prompt() -> None:
    async def run() -> None:
        async with program(Fake(level=1)) as one:
            assert await one.until("R1>") == "R1>"
            one.type("terminal width 511\n")
            assert await one.until("R1>") == "terminal width 511\r\nR1>"
            one.type("terminal length 0\n")
            assert await one.until("R1>") == "terminal length 0\r\nR1>"
            one.type("enable\n")
            assert await one.until("Password: ") == "enable\r\nPassword: "
            one.type("cisco\n")
            assert await one.until("R1#") == "\r\nR1#"
            one.type("show clock\n")
            assert await one.until("R1#") == "show clock\r\n*00:00:00.000 UTC Thu Jan 1 1970\r\nR1#"
            one.type("configure terminal\n")
            await one.until("R1(config)#")
            one.type("bad\n")
            came = await one.until("R1(config)#")
            assert came == f"bad\r\n{' ' * 11}^\r\n% Invalid input detected at '^' marker.\r\nR1(config)#"
            one.type("end\n")
            assert await one.until("R1#") == "end\r\nR1#"
            one.type("exit\n")

    asyncio.run(run())


def test_control_z_ends_the_line_and_the_mode() -> None:
    async def run() -> None:
        fake = Fake()
        async with program(fake) as one:
            one.type("configure terminal\n")
            await one.until("R1(config)#")
            one.type("section\x1a")
            await one.until("R1#")
            one.type("exit\n")
        assert ConfigLine("section", 11) in fake.asked

    asyncio.run(run())


def test_control_c_gives_up_a_line_and_control_six_stops_a_command() -> None:
    async def run() -> None:
        fake = Fake()
        fake.stuck = lambda request: isinstance(request, Ping)
        async with program(fake) as one:
            await one.until("R1#")
            one.type("half a li\x03")
            await one.until("^C")  # by then the terminal has dropped what nobody had read
            os.kill(os.getpid(), signal.SIGINT)
            await one.until("\r\nR1#")
            one.type("ping 10.0.0.2\n")
            await one.until("seconds:")
            one.type("\x1e")
            await one.until("^^")
            os.kill(os.getpid(), signal.SIGQUIT)
            await one.until("R1#")
            one.type("exit\n")

    asyncio.run(run())


def test_pages_are_turned_by_single_keys() -> None:
    async def run() -> None:
        async with program(Fake()) as one:
            one.type("terminal length 3\nshow running-config\n")
            await one.until("--More-- ")
            one.type("q")
            await one.until("R1#")
            one.type("exit\n")

    asyncio.run(run())


@pytest.mark.parametrize("tail", ["\n", ""])
def test_lines_of_a_pipe_and_of_a_file(tail: str, tmp_path: Path) -> None:
    text = f"configure terminal\r\nbad MARKER\n\x1ashow clock{tail}"

    async def through(source: int) -> str:
        reading, writing = os.pipe()
        fake = Fake()
        terminal = PlainTerminal(source, writing)
        shell = Shell(fake.client(), terminal)
        await shell.run()
        os.close(writing)
        with open(reading) as output:
            screen = output.read()
        assert shell.refused
        return screen

    def pipe() -> int:
        reading, writing = os.pipe()
        os.write(writing, text.encode())
        os.close(writing)
        return reading

    (tmp_path / "lines").write_bytes(text.encode())
    for source in (pipe(), os.open(tmp_path / "lines", os.O_RDONLY)):
        screen = asyncio.run(through(source))
        os.close(source)
        assert "R1#" not in screen
        assert "% Invalid input" in screen
        assert screen.endswith("*00:00:00.000 UTC Thu Jan 1 1970\n")


def test_nothing_to_read_is_the_end() -> None:
    async def run() -> None:
        source = os.open(os.devnull, os.O_RDONLY)
        with pytest.raises(EndOfInput):
            await PlainTerminal(source, source).line("", None)
        os.close(source)

    asyncio.run(run())


def test_a_control_c_between_lines_is_not_lost() -> None:
    async def run() -> None:
        master, slave = pty.openpty()
        terminal = PlainTerminal(slave, slave)
        stopped: list[str] = []
        try:
            os.kill(os.getpid(), signal.SIGINT)  # a line was read, its command has not begun
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            terminal.on_interrupt = lambda: stopped.append("command")
            await asyncio.sleep(0)
            assert stopped == ["command"]
            terminal.on_interrupt = None
            os.kill(os.getpid(), signal.SIGINT)  # the command has ended, no line is waited for
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            with pytest.raises(Interrupted):
                await terminal.line("R1#", None)
        finally:
            terminal.close()
            os.close(master)
            os.close(slave)

    asyncio.run(run())


def test_of_a_line_without_end_little_is_kept_and_it_is_refused() -> None:
    async def run() -> None:
        source, sink = os.pipe()
        terminal = PlainTerminal(source)
        line = asyncio.ensure_future(terminal.line("", None))
        for _ in range(40):
            os.write(sink, b"x" * 50_000)
            await asyncio.sleep(0.001)
            assert len(terminal._unread) <= 2 * CHUNK
        os.write(sink, b"x\nshow clock\n")
        assert LINE_LIMIT < len(await line) <= 2 * CHUNK
        assert await terminal.line("", None) == "show clock"
        os.close(sink)
        os.close(source)

    asyncio.run(run())
