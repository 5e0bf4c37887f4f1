"""`?` at every point of both grammars: it lists what reading accepts there, with types, ranges, help and `<cr>`."""

from __future__ import annotations

import re

import pytest

from ikecli.language import LineError, Mode, NeedsLines, load
from tests.grammar.walk import Place, names, places, sample

MODES = [(dialect, mode) for dialect in ("ios", "asa") for mode in load(dialect).modes]


def wrong(mode: Mode, line: str) -> str:
    """Return what is wrong with a line, empty where nothing is."""
    try:
        mode.read(line, names)
    except NeedsLines:
        return ""
    except LineError as error:
        return error.wrong
    return ""


def faults(mode: Mode, place: Place) -> list[str]:
    """Return what `?` says at a place that reading does not agree with."""
    found = mode.ask(place.text, names)
    labels = [one.label for one in found if not one.live]
    words = [one.completes for one in found if one.completes and not one.live]
    told = [f"{label} has no help" for label in labels if label != "<cr>" and not helped(found, label)]
    told += [f"{label} twice" for label in set(labels) if labels.count(label) > 1]
    if not labels:
        told.append("nothing")
    if place.text and ("<cr>" in labels) != (wrong(mode, place.text.rstrip(" ")) == ""):
        told.append("<cr>")
    told += [f"{word} is refused" for word in words if wrong(mode, place.text + word) not in ("", "incomplete")]
    for label in labels:
        bounds = re.fullmatch(r"<(-?\d+)-(\d+)>", label)
        for bound in bounds.groups() if bounds else ():
            if wrong(mode, place.text + bound) == "invalid" and "Interface number" not in helped(found, label):
                told.append(f"{bound} is refused")
    return [f"{place.text!r} ? {each}" for each in told + begun(mode, place, words)]


def helped(found: list[object], label: str) -> str:
    return next(one.help for one in found if one.label == label)  # type: ignore[attr-defined]


def kinds(place: Place) -> set[str]:
    return {leaf.node.kind for leaf in (*place.point.values, *place.point.rest)}


def begun(mode: Mode, place: Place, words: list[str]) -> list[str]:
    """Return the words that are not listed once their first letter is typed, and the values while they are typed."""
    told = []
    for word in words if place.text else ():
        labels = {one.label for one in mode.ask(place.text + word[0], names)}
        if word not in labels or "<cr>" in labels:
            told.append(f"{word[0]}? without {word}")
    for kind in kinds(place):
        value = sample(kind).split("\n")[0]
        for end in range(1, len(value) + 1):
            if value[end - 1] != " " and not mode.ask(place.text + value[:end], names):
                told.append(f"{value[:end]}? of {kind}")
    return told


@pytest.mark.parametrize(("dialect", "name"), MODES)
def test_a_question_at_every_place_tells_what_may_stand_there(dialect: str, name: str) -> None:
    mode = load(dialect).modes[name]
    assert [fault for place in places(mode) for fault in faults(mode, place)] == []
