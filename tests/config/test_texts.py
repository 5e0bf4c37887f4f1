"""Texts of several lines in a configuration: none of their lines is read as a command, kept or refused."""

from __future__ import annotations

import pytest

from ikecli.config.reader import BLOCK_LIMIT
from tests.config.reading import commands, read

MACRO = "macro name phone\nhostname Wrong\nno such line\n@\nhostname Right\n"
WITHIN = "line vty 0 4\n vacant-message ^C\nhostname Wrong\n!\n  two in\n^C\n login local\nhostname Right\n"


@pytest.mark.parametrize("text", [MACRO, WITHIN])
def test_lines_of_a_text_are_kept_as_they_are(text: str) -> None:
    store, outcomes = read("ios", text)
    assert {outcome.verdict for outcome in outcomes} == {"accepted", "inert"}
    assert store.draft.hostname == "Right"
    assert text.removesuffix("hostname Right\n") in "\n".join(commands(store)) + "\n"
    assert read("ios", store.startup())[0].draft == store.draft


@pytest.mark.parametrize(
    ("begin", "end"), [("banner motd #", "#"), ("line vty 0 4\n vacant-message #", "#"), ("macro name M", "@")]
)
def test_what_is_left_of_a_text_that_is_too_long_is_passed_over(begin: str, end: str) -> None:
    rows = ["hostname Wrong"] * (BLOCK_LIMIT // 10)
    store, outcomes = read("ios", [*begin.splitlines(), *rows, end, "hostname Right"])
    assert [outcome.messages[0] for outcome in outcomes if outcome.verdict == "refused"] == [
        f"% The command is longer than {BLOCK_LIMIT} characters: all of it is passed over"
    ]
    assert [outcome.verdict for outcome in outcomes[-2:]] == ["skipped", "accepted"]
    assert store.draft.hostname == "Right"
