"""The session alone: prompts, modes, refusals, questions, pages, interruption."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ikecli.boundary.events import IkeUp, Progress
from ikecli.boundary.views import LogLine
from ikecli.control.client import Gone
from ikecli.control.messages import Clear, ConfigLine, Copy, Debug, Fetch, Save, Show
from ikecli.control.replies import Heard
from ikecli.language import load
from ikecli.shell.call import COMMANDS
from ikecli.shell.session import Shell
from tests.shell.fake import Fake
from tests.shell.screen import TAB, Screen

CARET = "% Invalid input detected at '^' marker."


def typing(lines: Iterable[str], fake: Fake | None = None, **options: Any) -> tuple[str, Shell, Screen]:
    """Type lines into a session; return the screen, the session and the terminal."""
    fake = fake or Fake()
    screen = Screen(lines, **options)
    shell = Shell(fake.client(), screen)
    asyncio.run(shell.run())
    assert fake.closed
    return screen.text, shell, screen


@pytest.mark.parametrize("dialect", ["ios", "asa"])
def test_every_command_of_the_grammar_has_its_function(dialect: str) -> None:
    called = {one.target.calls for one in load(dialect).modes["exec"].file.declarations if one.target.calls}
    assert called <= set(COMMANDS)
    for name in called:
        assert asyncio.iscoroutinefunction(COMMANDS[name])


def test_no_function_is_without_its_command() -> None:
    called = {
        one.target.calls for dialect in ("ios", "asa") for one in load(dialect).modes["exec"].file.declarations
    } - {""}
    assert set(COMMANDS) == called


def test_commands_and_their_prompts() -> None:
    screen, shell, _ = typing(["show clock", "disable", "! a comment", "", "  show privilege", "exit", "never typed"])
    assert screen == (
        "R1#show clock\n*00:00:00.000 UTC Thu Jan 1 1970\nR1#disable\nR1>! a comment\nR1>\n"
        "R1>  show privilege\nCurrent privilege level is 1\nR1>exit\n"
    )
    assert not shell.refused


def test_banners_are_for_a_person_alone() -> None:
    fake = Fake()
    fake.banners = ("Hello\n", "Go\naway")
    assert typing(["exit"], fake)[0] == "Hello\nGo\naway\nR1#exit\n"
    assert typing(["exit"], fake, attended=False)[0] == ""


def test_refusals_have_their_caret_under_the_prompt() -> None:
    screen, shell, _ = typing(["show cryptu", "show", "d", "show clock | foo"])
    assert screen == (
        f"R1#show cryptu\n             ^\n{CARET}\n% Did you mean crypto?\n\n"
        "R1#show\n% Incomplete command.\n\n"
        'R1#d\n% Ambiguous command:  "d"\n\n'
        f"R1#show clock | foo\n{' ' * 16}^\n{CARET}\n\n"
    )
    assert shell.refused


def test_where_lines_are_not_seen_a_refused_one_is_printed_up_to_its_refused_word() -> None:
    screen, shell, _ = typing(["show cryptu MARKER", "show clock"], attended=False)
    assert screen == f"show cryptu\n          ^\n{CARET}\n% Did you mean crypto?\n\n*00:00:00.000 UTC Thu Jan 1 1970\n"
    assert shell.refused


def test_an_asa_says_error() -> None:
    screen, _, _ = typing(["show cryptu", "show"], Fake(dialect="asa"))
    assert f"ERROR: {CARET}" in screen
    assert "ERROR: % Incomplete command\n" in screen


def test_an_appliance_refuses_in_its_own_words() -> None:
    screen, shell, _ = typing(["show users", "show clock"])
    assert "R1#show users\n% Nothing of users\nR1#show clock\n*" in screen
    assert shell.refused


# Privilege


def test_enable_asks_for_the_password_without_showing_it() -> None:
    screen, _, _ = typing(["enable", "~wrong", "~cisco", "show privilege"], Fake(level=1))
    assert screen.startswith("R1>enable\nPassword: ~wrong\nPassword: ~cisco\nR1#show privilege\n")


@pytest.mark.parametrize(("dialect", "said"), [("ios", "% Bad secrets"), ("asa", "Access denied.")])
def test_three_wrong_passwords_end_it(dialect: str, said: str) -> None:
    screen, shell, _ = typing(["enable", "~a", "~b", "~c", "disable"], Fake(level=1, dialect=dialect))
    assert f"~c\n{'Invalid password' + chr(10) if dialect == 'asa' else ''}{said}\nR1>" in screen
    assert shell.refused


def test_login_asks_for_name_and_password() -> None:
    screen, _, _ = typing(["login", "ann", "~pw", "show privilege"], Fake(level=1))
    assert "Username: ann\nPassword: ~pw\nR1#" in screen


# Configuration


def test_configuration_mode() -> None:
    fake = Fake()
    lines = ["configure terminal", "section", "badly", "do show clock", "exit", "hostname R2", "end", "show clock"]
    screen, shell, terminal = typing(lines, fake)
    assert screen == (
        "R1#configure terminal\nEnter configuration commands, one per line.  End with CNTL/Z.\n"
        f"R1(config)#section\nR1(config-section)#badly\n{' ' * 19}^\n{CARET}\n"
        "R1(config-section)#do show clock\n*00:00:00.000 UTC Thu Jan 1 1970\n"
        "R1(config-section)#exit\nR1(config)#hostname R2\nR2(config)#end\nR2#show clock\n"
        "*00:00:00.000 UTC Thu Jan 1 1970\n"
    )
    assert shell.refused
    assert ConfigLine("badly", len("R1(config-section)#")) in fake.asked
    assert terminal.remembered == lines


def test_a_caret_below_do_stands_under_its_word() -> None:
    screen, _, _ = typing(["configure terminal", "do show cryptu"])
    assert f"R1(config)#do show cryptu\n{' ' * len('R1(config)#do show crypt')}^\n" in screen


def test_control_z_carries_the_line_out_and_ends_the_mode() -> None:
    fake = Fake()
    screen, _, _ = typing(["configure terminal", "section\x1a", "show clock"], fake)
    assert ConfigLine("section", 11) in fake.asked
    assert "\nR1#show clock\n" in screen


def test_a_long_hostname_is_cut_in_configuration_prompts() -> None:
    screen, _, _ = typing(["configure terminal", f"hostname {'h' * 30}", "end", "exit"])
    assert f"{'h' * 20}(config)#end\n{'h' * 30}#exit" in screen


def test_the_lines_of_a_block_have_no_prompt_and_no_help() -> None:
    fake = Fake()
    screen, _, terminal = typing(["configure terminal", "banner", "what?", "end"], fake)
    assert "R1(config)#banner\nEnd with #\nwhat?\nR1(config)#end\n" in screen
    assert ConfigLine("what?", 0) in fake.asked
    assert "what?" not in terminal.remembered


def test_configure_alone_asks_from_where() -> None:
    screen, _, _ = typing(["configure", "", "end", "conf", "memory", "exit"])
    question = "Configuring from terminal, memory, or network [terminal]? "
    assert f"R1#configure\n{question}\nEnter configuration" in screen
    assert f'{question}memory\n?Must be "terminal"\nR1#' in screen


def test_what_ends_in_configuration_mode_is_committed() -> None:
    fake = Fake()
    typing(["configure terminal", "section"], fake)
    assert fake.mode == ""


# Help


def test_a_question_behind_a_blank_lists_rows() -> None:
    screen, _, _ = typing(["show crypto ?", "terminal width ?", "show foo ?", "show clock | ?"])
    assert "R1#show crypto ?\n  ca           Certificates\n" in screen
    assert "\n  dynamic-map  What is protected" in screen
    assert "  <0-512>  Number of columns (0: without end)\n" in screen
    assert "R1#show foo ?\n% Unrecognized command\n" in screen
    assert "  count     Count the lines that match\n" in screen


def test_a_question_behind_a_word_lists_words() -> None:
    screen, _, _ = typing(["sh?", "c?"])
    assert "R1#sh?\nshow\n\n" in screen
    assert "R1#c?\nclear" in screen
    assert "configure" in screen


def test_configuration_help_comes_from_the_appliance() -> None:
    screen, _, _ = typing(["configure terminal", "ba?", "?", "end"])
    assert "R1(config)#ba?\nbad     banner\n\n" in screen
    assert "R1(config)#?\n  bad      The bad\n  banner   The banner\n  section  The section\n\n" in screen


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("sh<TAB>cl<TAB>", "show clock "),
        ("show crypto map tag <TAB>", "show crypto map tag "),
        ("show crypto map tag M<TAB>", "show crypto map tag MAP-"),
        ("show crypto map tag MAP-A<TAB>", "show crypto map tag MAP-A "),
        ("nothing<TAB>", "nothing"),
        ("show clock | inc<TAB>", "show clock | include "),
    ],
)
def test_completion(typed: str, whole: str) -> None:
    screen, _, _ = typing([typed])
    assert f"R1#{typed}\nR1#{whole}\n" in screen
    assert TAB in typed


def test_live_names_are_completed_not_listed() -> None:
    screen, _, _ = typing(["show crypto map tag ?"])
    assert "WORD" in screen
    assert "MAP-A" not in screen


# Output


def test_pages_end_with_more() -> None:
    lines = ["show running-config | include .", " ", "\n", "q", "show clock"]
    screen, _, _ = typing(lines, rows=3)
    erased = "\b" * 10 + " " * 10 + "\b" * 10
    assert screen.startswith(
        "R1#show running-config | include .\nhostname R1\n!\n"
        f" --More-- {erased}crypto map M 10 ipsec-isakmp\n set peer 10.0.0.2\n"
        f" --More-- {erased}!\n --More-- {erased}R1#show clock"
    )


def test_a_key_at_the_end_of_a_page_filters_what_follows() -> None:
    for key, expression, left in (
        ("/", "set", [" set peer 10.0.0.2", "!"]),
        ("-", "set", ["crypto map M 10 ipsec-isakmp", "!"]),
    ):
        screen, _, _ = typing(["show running-config", key, expression, "q"], rows=3)
        behind = screen.partition("filtering...\n")[2].partition("R1#")[0]
        assert [line for line in behind.splitlines() if "More" not in line][:2] == left


def test_length_zero_never_pauses() -> None:
    screen, shell, _ = typing(["terminal length 0", "show running-config"], rows=2)
    assert "More" not in screen
    assert shell.page == 0


def test_json_prints_the_views() -> None:
    screen, _, _ = typing(["show version | json"])
    assert json.loads(screen.partition("\n")[2])[0]["hostname"] == "R1"
    screen, _, _ = typing(["show clock", "show history | json"])
    assert "% json: this command prints text only" in screen


def test_a_width_that_programs_ask_for_ends_all_editing() -> None:
    assert typing(["terminal width 511"])[2].simple
    assert not typing(["terminal width 80"])[2].simple


def test_history_is_shown_without_what_was_refused() -> None:
    screen, _, terminal = typing(["show clock", "enable MARKER", "show history"])
    assert screen.endswith("R1#show history\n  show clock\n")
    assert terminal.remembered == ["show clock", "enable MARKER", "show history"]


# Monitoring


def test_what_is_heard_is_printed() -> None:
    class Listening(Fake):
        def answer(self, request: Any) -> Any:
            if isinstance(request, Show) and request.topic == "clock":
                self.pushes[0](Heard(0.0, log=LogLine(0.0, 5, "SYS", "CONFIG_I", "Configured"), lost=3))
                self.pushes[0](Heard(0.0, event=Progress(1, 2, "a step"), debugged=True))
                self.pushes[0](
                    Heard(
                        0.0,
                        event=IkeUp(1, 2, "10.0.0.1/500", "10.0.0.2/500", "a", "b", "P", True),
                        debugged=bool(self.debugs),
                        sessions=("ikev2",),
                    )
                )
            return super().answer(request)

    screen, _, _ = typing(["terminal monitor", "show clock", "terminal no monitor"], Listening())
    assert "% 3 lines were lost" in screen
    assert "%SYS-5-CONFIG_I: Configured\n" in screen
    assert "IKEv2:(SESSION ID = 2,SA ID = 1):a step" in screen
    assert screen.count("10.0.0.2") == 1, "what the log says is not said again unless it is debugged"
    debugged, _, _ = typing(["debug crypto ikev2", "terminal monitor", "show clock"], Listening())
    assert "IKEv2 default debugging is on\n" in debugged
    assert debugged.count("10.0.0.2") == 2


def test_debugs() -> None:
    fake = Fake()
    screen, _, _ = typing(["debug crypto ikev2 packet", "undebug crypto ikev2 packet", "u all"], fake)
    assert "R1#debug crypto ikev2 packet\nIKEv2 packet debugging is on\n" in screen
    assert "IKEv2 packet debugging is off\n" in screen
    assert "All possible debugging has been turned off\n" in screen
    assert Debug("ikev2.packet", True) in fake.asked
    assert Debug("all", False) in fake.asked


# Files and others


def test_storing_asks_where_and_enter_takes_it() -> None:
    fake = Fake()
    screen, _, _ = typing(["copy running-config startup-config", "", "write memory", "write"], fake)
    assert (
        "R1#copy running-config startup-config\nDestination filename [startup-config]? \n"
        "Building configuration...\n[OK]\nR1#write memory\nBuilding configuration...\n[OK]\n" in screen
    )
    assert fake.asked.count(Save()) == 3


def test_a_file_of_the_operator_is_read_and_written_here(tmp_path: Path) -> None:
    source, target = tmp_path / "in.cfg", tmp_path / "out.cfg"
    source.write_text("hostname R9\nbad\n")
    fake = Fake()
    screen, _, _ = typing(
        [
            *(f"copy file:{source} running-config", "", f"copy running-config file:{target}", ""),
            *(f"copy run file:{target}", "", "n", f"copy file:{source} start", "", "copy file:/nowhere run", ""),
        ],
        fake,
    )
    assert Copy(f"file:{source}", "running-config", "hostname R9\nbad\n") in fake.asked
    assert "line 2: wrong\n16 bytes copied in " in screen
    assert target.read_text().endswith("! running-config\n")
    assert target.stat().st_mode & 0o777 == 0o600
    assert "exists already. Overwrite it? [confirm]n\nR1#" in screen
    assert Copy(f"file:{source}", "startup-config", "hostname R9\nbad\n") in fake.asked
    assert "%Error opening file:/nowhere (No such file or directory)" in screen
    assert Fetch("running-config") in fake.asked


def test_lines_are_added_to_a_file_that_can_be_read_or_is_not_there() -> None:
    fake = Fake()
    screen, _, _ = typing(["show clock | append flash:sealed", "show clock | append flash:new"], fake)
    assert "%Error opening flash:sealed (Permission denied)" in screen
    assert [one.destination for one in fake.asked if isinstance(one, Copy)] == ["flash:new"], "what is there stays"


def test_where_nobody_answers_nothing_is_asked() -> None:
    fake = Fake()
    screen, _, _ = typing(["copy running-config startup-config", "clear logging", "write erase"], fake, attended=False)
    assert "?" not in screen
    assert Save() in fake.asked
    assert Clear("logging", {}) in fake.asked


def test_clearing_takes_what_was_typed() -> None:
    fake = Fake()
    typing(["clear crypto sa peer 10.0.0.2", "clear crypto ikev2 sa"], fake)
    assert Clear("ipsec.sa", {"peer": "10.0.0.2"}) in fake.asked
    assert Clear("ikev2.sa", {}) in fake.asked


# Other ends


def test_connect_goes_elsewhere_and_comes_back() -> None:
    other = Fake()
    other.who = other.who.__class__(15, "ann", "FW", "asa", "1.0", False)

    class Lab:
        def names(self) -> list[str]:
            return ["R1", "FW"]

        def open(self, name: str) -> Any:
            assert name == "FW"
            return other.client()

    fake, screen = Fake(), Screen(["connect F<TAB>", "show curpriv", "exit", "show clock"])
    asyncio.run(Shell(fake.client(), screen, elsewhere=Lab()).run())
    assert "R1#connect FW \nFW#show curpriv\n" in screen.text
    assert "FW#exit\nR1#show clock\n*" in screen.text
    assert "There is one appliance here" in typing(["connect FW"])[0]


def test_an_appliance_that_is_gone_ends_the_session() -> None:
    class Lost(Fake):
        def handle(self, request: Any, reply: Any) -> None:
            if isinstance(request, Show):
                raise Gone("the engine closed the session")
            super().handle(request, reply)

    with pytest.raises(Gone):
        asyncio.run(Shell(Lost().client(), Screen(["show clock"])).run())


def test_the_prompt_has_the_hostname_that_another_operator_has_set() -> None:
    fake = Fake()

    class Meanwhile(Screen):
        def write(self, text: str) -> None:
            super().write(text)
            if "UTC" in text:
                fake.who = replace(fake.who, hostname="R9")

    screen = Meanwhile(["show clock", "show privilege"])
    asyncio.run(Shell(fake.client(), screen).run())
    assert "R1#show clock\n" in screen.text
    assert "R9#show privilege\n" in screen.text
