"""Keys on a real terminal, through prompt_toolkit's own input and output."""

from __future__ import annotations

import asyncio
import io
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.output.vt100 import Vt100_Output

from ikecli.boundary.views import LogLine
from ikecli.control.messages import ConfigLine, Ping
from ikecli.control.replies import Heard
from ikecli.shell import pasting
from ikecli.shell.keys import KeyTerminal
from ikecli.shell.session import Shell
from tests.shell.fake import Fake

ENTER, LEFT, UP = "\r", "\x1b[D", "\x1b[A"


class Desk:
    """A terminal with somebody at its keys."""

    def __init__(self, keys: PipeInput, fake: Fake, hints: bool) -> None:
        self.keys, self.fake = keys, fake
        self.paper = io.StringIO()
        output = Vt100_Output(self.paper, lambda: Size(rows=50, columns=120), term="xterm", enable_cpr=False)
        self.terminal = KeyTerminal(["show users"], keys, output, hints)
        self.shell = Shell(fake.client(), self.terminal)

    @property
    def screen(self) -> str:
        """All that was printed, without what moves the cursor."""
        return re.sub(r"\x1b\[[?>]?[\d;]*[ -/]*[@-~]|\x1b[=>]", "", self.paper.getvalue()).replace("\r", "")

    async def until(self, text: str, times: int = 1) -> None:
        for _ in range(600):
            if self.screen.count(text) >= times:
                return
            await asyncio.sleep(0.005)
        raise AssertionError(f"{text!r} did not come:\n{self.screen}")


@asynccontextmanager
async def desk(fake: Fake | None = None, hints: bool = False) -> AsyncIterator[Desk]:
    with create_pipe_input() as keys:
        one = Desk(keys, fake or Fake(), hints)
        running = asyncio.ensure_future(one.shell.run())
        try:
            yield one
        finally:
            if not running.done():
                keys.send_text("\x03")
                keys.send_text("end" + ENTER + "exit" + ENTER)
            await asyncio.wait_for(running, 5)


def typed(keys: str, fake: Fake | None = None) -> str:
    """Return the screen after keys and an `exit`."""

    async def run() -> str:
        async with desk(fake) as one:
            one.keys.send_text(keys)
            one.keys.send_text("exit" + ENTER)
            await one.until("#exit")
        return one.screen

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("line", "hint"), [("show crypto ikev2 ", "authorization  c"), ("show crypto ikev2 sa det", "known about")]
)
def test_a_line_below_says_what_may_come_next(line: str, hint: str) -> None:
    async def run() -> str:
        async with desk(hints=True) as one:
            one.keys.send_text("show cry" + ENTER + line)
            await one.until(hint)
            one.keys.send_text("\x15exit" + ENTER)
            await one.until("#exit")
        return one.screen

    assert asyncio.run(run()).endswith("#exit\n")


def test_a_terminal_without_hints_has_none() -> None:
    assert "authorization  c" not in typed("show crypto ikev2 \x15")


def test_a_question_mark_answers_at_once_and_the_line_stays() -> None:
    screen = typed("show cl?ock" + ENTER)
    assert "R1#show cl?\nclock\n" in screen
    assert "*00:00:00.000 UTC" in screen
    assert "  ikev2" in typed("show crypto ?\x15")


def test_tab_completes_and_what_was_typed_ahead_follows() -> None:
    screen = typed("sh\tcl\t| inc\t1970" + ENTER)
    assert "*00:00:00.000 UTC Thu Jan 1 1970\n" in screen


def test_tab_in_the_middle_keeps_what_stands_behind() -> None:
    fake = Fake()
    typed("configure terminal" + ENTER + "sec x" + LEFT * 2 + "\t" + ENTER + "end" + ENTER, fake)
    assert any(isinstance(one, ConfigLine) and one.line.split() == ["section", "x"] for one in fake.asked)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("nonsense\x15section", "section"),
        ("ection\x01s", "section"),
        ("section nonsense\x17", "section "),
        ("section junk" + LEFT * 5 + "\x0b", "section"),
        ("sectino\x7f\x7fon", "section"),
        ("ction\x01se\x05 x", "section x"),
        ("section\x16?", "section?"),
    ],
)
def test_editing_keys(keys: str, line: str) -> None:
    fake = Fake()
    typed("configure terminal" + ENTER + keys + ENTER + "end" + ENTER, fake)
    assert next(one.line for one in fake.asked if isinstance(one, ConfigLine)) == line


def test_control_z_ends_configuration() -> None:
    fake = Fake()
    screen = typed("configure terminal" + ENTER + "section\x1a" + "show clock" + ENTER, fake)
    assert fake.mode == ""
    assert "*00:00:00.000 UTC" in screen
    assert any(isinstance(one, ConfigLine) and one.line == "section" for one in fake.asked)


def test_control_c_gives_the_line_up() -> None:
    screen = typed("show cryptu\x03" + "show clock" + ENTER)
    assert "Invalid" not in screen
    assert "*00:00:00.000 UTC" in screen


def test_control_d_on_an_empty_line_ends_the_session() -> None:
    async def run() -> None:
        fake = Fake()
        async with desk(fake) as one:
            one.keys.send_text("x\x04\x15\x04")
        assert fake.closed

    asyncio.run(run())


def test_earlier_lines_are_recalled_but_none_with_secrets() -> None:
    async def run() -> None:
        async with desk() as one:
            for keys, shown in [
                ("\x10", "show users"),
                ("\x15show clock" + ENTER, "1970"),
                ("\x10", "show clock"),
                (UP, "users"),
                ("\x0e" + ENTER, "1970"),
                ("configure terminal" + ENTER, "R1(config)#"),
                ("pre-shared-key MARKER" + ENTER, "R1(config)#"),
                (UP, "configure terminal"),
            ]:
                seen = one.screen.count(shown)
                one.keys.send_text(keys)
                await one.until(shown, seen + 1)
                await asyncio.sleep(0.02)
        assert one.screen.count("MARKER") <= 2, "typed once, perhaps drawn twice"

    asyncio.run(run())


def test_a_password_is_not_seen() -> None:
    async def run() -> None:
        fake = Fake(level=1)
        async with desk(fake) as one:
            one.keys.send_text("enable" + ENTER)
            await one.until("Password:")
            one.keys.send_text("cisco" + ENTER)
            await one.until("R1#")
            one.keys.send_text(UP)
            await one.until("R1#enable")
        assert "cisco" not in one.screen
        assert "*****" not in one.screen

    asyncio.run(run())


def test_pasted_lines_are_entered_one_after_the_other() -> None:
    async def run() -> None:
        fake = Fake()
        lines = [
            "section",
            *(f"bad {number}" if number % 50 == 0 else f"line {number}" for number in range(300)),
            "end",
        ]
        async with desk(fake) as one:
            one.keys.send_text("configure terminal" + ENTER)
            await one.until("(config)#")
            one.keys.send_text("\x1b[200~" + "\r\n".join(lines) + "\r\n\x1b[201~")
            await one.until("#end\n")
        assert [request.line for request in fake.asked if isinstance(request, ConfigLine)] == lines
        caret = " " * len("R1(config-section)#") + "^"
        for number in range(0, 300, 50):
            assert f"R1(config-section)#bad {number}\n{caret}\n% Invalid" in one.screen
        assert one.screen.count(caret + "\n") == 6

    asyncio.run(run())


def test_a_paste_that_is_too_long_is_refused_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pasting, "PASTE_LIMIT", 10_000)

    async def run() -> None:
        fake = Fake()
        async with desk(fake) as one:
            one.keys.send_text("configure terminal" + ENTER)
            await one.until("(config)#")
            one.keys.send_text("\x1b[200~" + "line\r\n" * 2000 + "\x1b[201~hostname R2" + ENTER)
            await one.until("#hostname R2")
        assert "% The paste is longer than" in one.screen
        assert [request.line for request in fake.asked if isinstance(request, ConfigLine)][:1] == ["hostname R2"]

    asyncio.run(run())


def test_a_paste_is_read_once_however_it_comes() -> None:
    text = "".join(f"line {number}\r" for number in range(200_000))
    pressed: list[KeyPress] = []
    parser = pasting.PasteParser(pressed.append)
    whole = f"a\x1b[200~{text}\x1b[20 is no end\x1b[201~b"
    began = time.process_time()
    for at in range(0, len(whole), 1023):
        parser.feed(whole[at : at + 1023])
    assert [one.data for one in pressed] == ["a", f"{text}\x1b[20 is no end", "b"]
    assert time.process_time() - began < 2


def test_lines_that_come_at_once_are_a_paste_though_the_terminal_does_not_say_so() -> None:
    async def run() -> None:
        fake = Fake()
        lines = ["section", *(f"line {number}" for number in range(500)), "bad word", "end"]
        text = "\r".join(lines) + "\r"
        async with desk(fake) as one:
            one.keys.send_text("configure terminal" + ENTER)
            await one.until("(config)#")
            for at in range(0, len(text), 333):
                one.keys.send_text(text[at : at + 333])
            await one.until("#end\n")
        assert [request.line for request in fake.asked if isinstance(request, ConfigLine)] == lines
        caret = " " * len("R1(config-section)#") + "^"
        assert f"R1(config-section)#bad word\n{caret}\n% Invalid" in one.screen

    asyncio.run(run())


def test_what_is_typed_is_no_paste() -> None:
    pressed: list[KeyPress] = []
    parser = pasting.PasteParser(pressed.append)
    for text in ("show version\r", "show ?\rend\r", "a\x03b\rc\r"):
        parser.feed(text)
    assert not any(isinstance(one.data, pasting.Burst) for one in pressed)
    parser.feed("one\rtwo\rthr")
    assert isinstance(pressed[-1].data, pasting.Burst)


def test_of_a_paste_without_end_no_more_is_kept_than_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pasting, "PASTE_LIMIT", 5000)
    pressed: list[KeyPress] = []
    parser = pasting.PasteParser(pressed.append)
    parser.feed("\x1b[200~")
    for _ in range(100):
        parser.feed("x" * 1024)
    assert sum(map(len, parser._parts)) == 5001
    parser.feed("\x1b[201~")
    assert len(pressed[0].data) == 5001


def test_log_lines_stand_above_the_line_being_typed() -> None:
    async def run() -> None:
        fake = Fake()
        async with desk(fake) as one:
            one.keys.send_text("terminal monitor" + ENTER + "show cl")
            await one.until("show cl")
            for number in range(3):
                fake.pushes[0](Heard(0.0, log=LogLine(0.0, 5, "SYS", "TEST", f"number {number}")))
            await one.until("number 2")
            one.keys.send_text("ock" + ENTER)
            await one.until("1970\n")
        lines = [line for line in one.screen.splitlines() if "number" in line]
        assert [line[-8:] for line in lines] == ["number 0", "number 1", "number 2"]

    asyncio.run(run())


def test_a_command_that_takes_long_is_stopped_and_the_prompt_comes_back() -> None:
    async def run() -> None:
        fake = Fake()
        fake.stuck = lambda request: isinstance(request, Ping)
        async with desk(fake) as one:
            one.keys.send_text("ping 10.0.0.2" + ENTER)
            await one.until("timeout is 2 seconds")
            one.terminal._interrupted()
            one.keys.send_text("show clock" + ENTER)
            await one.until("1970")

    asyncio.run(run())


def test_pages_are_turned_by_keys() -> None:
    async def run() -> None:
        async with desk() as one:
            one.keys.send_text("terminal length 3" + ENTER + "show running-config" + ENTER)
            await one.until("--More--")
            one.keys.send_text("\r")
            await one.until("--More--", 2)
            one.keys.send_text("q")
            await one.until("R1#", 3)
            assert "set peer" not in one.screen

    asyncio.run(run())


def test_the_line_is_printed_again_when_asked() -> None:
    assert typed("show clo\x12ck" + ENTER).count("R1#show clo") >= 2
