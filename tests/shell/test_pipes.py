"""What stands behind `|`."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from ikecli.errors import Rejected, Unavailable
from ikecli.language import LineError
from ikecli.shell import pipes
from ikecli.shell.terminal import Interrupted

CONFIG = """hostname R1
crypto map M 10 ipsec-isakmp
 set peer 10.0.0.1
  deeper
 set ip_address
interface Gi0
 ip address 10.0.0.2 255.0.0.0
crypto end""".splitlines()


def through(line: str) -> list[str]:
    one = pipes.read(line).filter
    return [text for source in CONFIG for text in one.line(source)] + list(one.end())


@pytest.mark.parametrize(
    ("pipe", "numbers"),
    [
        ("include crypto", [1, 7]),
        ("i 10\\.0\\.0\\.1$", [2]),
        ("inc peer|hostname", [0, 2]),
        ("exclude  ip", [0, 1, 2, 3, 5, 7]),
        ("begin ^interface", [5, 6, 7]),
        ("section crypto", [1, 2, 3, 4, 7]),
        ("sec set peer", [2, 3]),
        ("section include set peer", [2, 3]),
        ("grep peer", [2]),
        ("g -v [a-z]", []),
        ("section exclude crypto", [0, 5, 6]),
        ("section excluded", []),
        ("include ^_ip_", [6]),
        ("include ip\\_address", [4]),
    ],
)
def test_lines_that_pass(pipe: str, numbers: list[int]) -> None:
    if pipe.startswith("exclude"):
        numbers = [at for at, line in enumerate(CONFIG) if " ip" not in line]
    assert through(f"show run | {pipe}") == [CONFIG[number] for number in numbers]


def test_counting() -> None:
    assert through("show run | count crypto") == ["Number of lines which match regexp = 2"]


@pytest.mark.parametrize(
    ("line", "helped"),
    [
        ("show run | incldue x", "did you mean include?"),
        ("show run | foo x", ""),
        ("show run | json now", ""),
    ],
)
def test_a_misspelled_word_is_told_which_is_near(line: str, helped: str) -> None:
    with pytest.raises(LineError) as error:
        pipes.read(line)
    assert str(pipes.advice(line, error.value)) == helped


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("", list(pipes.MODIFIERS)),
        ("in", ["include"]),
        ("include ", ["LINE"]),
        ("include a", ["LINE"]),
        ("include a ", ["LINE", "<cr>"]),
        ("section e", ["exclude", "LINE"]),
        ("redirect file:x ", ["<cr>"]),
        ("json ", ["<cr>"]),
        ("foo ", []),
    ],
)
def test_a_question_behind_a_pipe(text: str, labels: list[str]) -> None:
    assert [one.label for one in pipes.choices(text)] == labels


def test_the_command_is_what_stands_before() -> None:
    assert pipes.read("show run | json").command.strip() == "show run"
    assert pipes.read("show run | j").json
    assert pipes.read("show run").command == "show run"
    assert pipes.read("description a|b").command == "description a|b"


@pytest.mark.parametrize(
    ("line", "wrong", "column", "shown"),
    [
        ("show run | foo bar", "invalid", 11, "show run | foo"),
        ("show run | json x", "invalid", 16, "show run | json x"),
        ("show run | ", "incomplete", 11, "show run | "),
        ("show run | include", "incomplete", 18, "show run | include"),
        ("show run | include ", "incomplete", 19, "show run | include "),
    ],
)
def test_pipes_that_are_not_understood(line: str, wrong: str, column: int, shown: str) -> None:
    with pytest.raises(LineError) as caught:
        pipes.read(line)
    assert (caught.value.wrong, caught.value.column, caught.value.shown) == (wrong, column, shown)


def test_a_bad_expression_is_said() -> None:
    with pytest.raises(Rejected, match="Failed to compile regular expression"):
        pipes.read("show run | include (")


def test_lines_into_a_file(tmp_path: Path) -> None:
    assert through(f"show run | redirect file:{tmp_path}/out") == []
    through(f"show run | append file:{tmp_path}/out")
    assert (tmp_path / "out").read_text().splitlines() == CONFIG * 2
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600
    assert through(f"show run | tee file:{tmp_path}/tee") == CONFIG
    assert through(f"show run | tee /append file:{tmp_path}/tee") == CONFIG
    assert (tmp_path / "tee").read_text().splitlines() == CONFIG * 2
    with pytest.raises(Rejected, match="file:PATH"):
        pipes.read("show run | redirect tftp:out")
    with pytest.raises(Unavailable, match=r"nowhere/out \(No such file"):
        through(f"show run | redirect file:{tmp_path}/nowhere/out")


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("", sorted(pipes.MODIFIERS)),
        ("e", ["exclude"]),
        ("include ", ["LINE"]),
        ("redirect ", ["file:PATH", "flash:NAME"]),
        ("tee ", ["/append", "file:PATH", "flash:NAME"]),
        ("grep ", ["-v", "LINE"]),
        ("grep -v ", ["LINE", "<cr>"]),
        ("json ", ["<cr>"]),
        ("foo ", []),
    ],
)
def test_what_may_come_next(text: str, labels: list[str]) -> None:
    assert [choice.label for choice in pipes.choices(text)] == labels


@pytest.mark.parametrize("expression", ["(" * 200, "(" * 5000, "a" * (pipes.EXPRESSION_LIMIT + 1), "a{99999999999}"])
def test_an_expression_is_sound_and_of_bounded_length(expression: str) -> None:
    with pytest.raises(Rejected, match="regular expression"):
        pipes.read(f"show version | include {expression}")


def test_ctrl_c_stops_an_expression_that_takes_for_ever() -> None:
    slow = pipes.read("show version | include (a+)+$").filter
    handler = signal.getsignal(signal.SIGINT)
    before = signal.signal(signal.SIGALRM, lambda number, frame: os.kill(os.getpid(), signal.SIGINT))
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(Interrupted):
            list(slow.line("a" * 60 + "b"))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert signal.getsignal(signal.SIGINT) is handler


def test_an_underscore_is_any_delimiter_and_itself() -> None:
    found = pipes.read("show log | include A_B").filter
    assert [text for text in ("A B", "A_B", "AB", "A,B") if list(found.line(text))] == ["A B", "A_B", "A,B"]
