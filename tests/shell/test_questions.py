"""`?` at every point of both grammars, asked in a session of an appliance: its labels, and how long it takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from ikecli.language import Mode, load
from ikecli.shell.asking import here
from ikecli.shell.session import Shell
from tests.grammar.walk import places
from tests.shell.screen import Screen
from tests.transcripts.sessions import Lab

BOUND = 0.03
"""Seconds of computing for an answer."""


def openers(dialect: str) -> dict[str, list[str]]:
    """Return lines that lead from global configuration into each mode, one after the other."""
    modes = load(dialect).modes
    found: dict[str, list[str]] = {"config": []}
    waiting = ["config"]
    while waiting:
        name = waiting.pop()
        for place in places(modes[name]):
            if place.enters and place.enters not in found:
                found[place.enters] = [*found[name], place.text.rstrip()]
                waiting.append(place.enters)
    return found


# What has to be there before.
FIRST = {
    "tunnel-general": ["tunnel-group zq9 type remote-access"],
    "tunnel-ipsec": ["tunnel-group zq9 type ipsec-l2l"],
    "group-policy": ["group-policy zq9 internal"],
}

MODES = [
    (dialect, name, lines) for dialect in ("ios", "asa") for name, lines in [("exec", None), *openers(dialect).items()]
]


def asked(mode: Mode) -> Iterator[str]:
    """Yield what is typed before `?`: the line to every point, and the first letter of the word that led there."""
    for place in places(mode):
        if "\n" not in place.text:
            yield place.text
            word = place.text.rstrip().rpartition(" ")[2]
            yield place.text.rstrip()[: 1 - len(word)] if len(word) > 1 and '"' not in word else place.text


def labels(told: str) -> set[str]:
    return {line.split("  ")[1] for line in told.splitlines() if line.startswith("  ")}


async def audit(dialect: str, name: str, lines: list[str] | None) -> list[str]:
    """Return the questions of a mode that were answered with too little, or too late."""
    screen = Screen([])
    shell = Shell(Lab([dialect], 15).open({"ios": "Router", "asa": "ciscoasa"}[dialect]), screen)
    await shell.identify()
    shell.speak(dialect)
    for line in ("configure terminal", *FIRST.get(name, ()), *lines) if lines is not None else ():
        await shell.execute(line)
    assert not shell.refused, screen.text
    mode = load(dialect).modes[name]
    wrong = []
    for text in asked(mode):
        began = time.thread_time()
        told = await shell.help(text)
        took = time.thread_time() - began
        due = {one.label for one in mode.ask(text) if not one.live} if text.endswith(" ") or not text else set()
        if name == "exec":
            due = {one for one in due if not here(mode).hides(tuple(text.split()), one, 0)} or due
        if not due <= labels(told) or (took > BOUND and await again(shell, text) > BOUND):
            wrong.append(f"{text!r} ? {due - labels(told)} after {took:.3f} s")
    return wrong


async def again(shell: Shell, text: str) -> float:
    began = time.thread_time()
    await shell.help(text)
    return time.thread_time() - began


@pytest.mark.parametrize(("dialect", "name", "lines"), MODES, ids=[f"{dialect}-{name}" for dialect, name, _ in MODES])
def test_every_question_is_answered_at_once(dialect: str, name: str, lines: list[str] | None) -> None:
    assert asyncio.run(audit(dialect, name, lines)) == []


def test_every_mode_is_asked() -> None:
    apart = {"common", "exclusive", "master-key", "words"}
    for dialect in ("ios", "asa"):
        assert {name for each, name, _ in MODES if each == dialect} == load(dialect).modes.keys() - apart
