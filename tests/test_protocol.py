"""docs/protocol.md names files that are there, and each algorithm as the registry has it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ikecli.numbers import ALGORITHMS, Algorithm, TransformType

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "protocol.md").read_text()
FEATURES = re.findall(r"^\| ([^|]+) \| [^|]+ \| ([^|]*`[^|]*) \| [^|]* \| [^|]* \| ([^|]+) \|$", TEXT, re.MULTILINE)
KINDS = {
    TransformType.ENCR: "Encryption",
    TransformType.PRF: "PRF",
    TransformType.INTEG: "Integrity",
    TransformType.KE: "Key exchange",
}


def cell(row: Algorithm, use: str, dialect: str) -> str:
    word = getattr(getattr(row, use), dialect)
    if not word:
        return ""
    return f"*{word}*" if (use, dialect) in row.ours else f"`{word}`"


def line(row: Algorithm) -> str:
    name = f"{row.name}, {row.key_bits} bits" if row.key_bits else row.name
    uses = ("ike", "ake") if row.type is TransformType.KE else ("ike", "esp")
    cells = [cell(row, use, dialect) for use in uses for dialect in ("ios", "asa")]
    state = f"refused: {row.refused}" if row.refused else f"weak: {row.weak}" if row.weak else "served"
    return f"| {name} | {row.number} | {' | '.join(cells)} | {state} |".replace("|  |", "| |").replace("|  |", "| |")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_algorithm_is_listed_as_the_registry_has_it(kind: TransformType) -> None:
    section = TEXT.split(f"### {KINDS[kind]}\n")[1].split("\n#")[0]
    listed = [one for one in section.splitlines() if one.startswith("|")][2:]
    assert listed == [line(row) for row in ALGORITHMS if row.type is kind]


def test_the_files_of_each_feature_are_there() -> None:
    assert FEATURES
    for feature, places, test in FEATURES:
        for place in re.findall(r"`([^`]+)`", places):
            assert (ROOT / "ikecli" / place).is_file(), f"{feature}: {place}"
        for place in re.findall(r"`([^`]+)`", test):
            assert (ROOT / "tests" / place.split("::")[0]).is_file(), f"{feature}: {place}"
