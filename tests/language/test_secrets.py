"""No refused line gives a secret away, wherever it is broken."""

from __future__ import annotations

from unittest import mock

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ikecli.language import LineError, NeedsLines, message
from tests.language import strategies
from tests.language.toys import ios

MARK = "5EC5E75EC5E7"
MODES = ios().dialect.modes
WITH_KEYS = ("config", "ikev2-keyring-peer", "ikev2-profile")


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(st.data(), st.sampled_from(WITH_KEYS))
def test_no_broken_line_shows_its_secret(data: st.DataObject, mode: str) -> None:
    with mock.patch.dict(strategies.SAMPLES, {"KEY": (MARK,), "KEY-LINE": (MARK,), "HEX-KEY": (MARK,)}):
        line = data.draw(strategies.commands(MODES[mode]).filter(lambda line: MARK in line))
    at = data.draw(st.integers(0, len(line)))
    broken = line[:at] + data.draw(st.sampled_from(["", " ", "x", " y ", "\t", "!", " 0 ", "\x07"])) + line[at:]
    broken += data.draw(st.sampled_from(["", " more"]))
    if MARK not in broken:
        return
    said = ""
    try:
        said = repr(MODES[mode].read(broken).slots)
    except LineError as error:
        said = f"{error} {error!r} {error.shown} {message(error, 0, 'ios')}"
    except NeedsLines:
        return
    assert MARK not in said
