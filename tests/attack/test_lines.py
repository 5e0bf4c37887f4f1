"""Hostile configuration: spoiled samples, endless lines, control characters; refused cleanly, read back as written."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ikecli.config import ConfigReader
from ikecli.config.check import check
from ikecli.config.ios import Ios
from tests.config.reading import SAMPLES, new_store, read

ODD = (
    "0 -1 65536 4294967296 255.255.255.255 999.1.1.1 :: fe80::1%1 10.0.0.9-10.0.0.1 192.0.2.1/33 \" ' | ? ^ \\ * ( ) "
    "# ! %s {0} no do default end exit any host range hex 0x all é \u202e " + "x" * 300 + " " + "1" * 50
).split()
TEXTS = [path.read_text() for path in sorted(SAMPLES.rglob("*.cfg"))]
TEXTS += [path.read_text() for path in sorted((Path(__file__).parent.parent / "config").glob("article-*.txt"))]
WORDS = sorted({word for text in TEXTS for word in text.split()})


def spoiled(line: str, dice: random.Random) -> str:
    """Return a line with a word replaced, dropped, cut or added."""
    words = line.split(" ")
    at = dice.randrange(len(words))
    match dice.randrange(5):
        case 0:
            words[at] = dice.choice(WORDS)
        case 1:
            words[at] = dice.choice(ODD)
        case 2:
            del words[at]
        case 3:
            words[at] = words[at][: dice.randrange(len(words[at]) + 1)]
        case _:
            words.insert(at, dice.choice((*ODD, *WORDS)))
    return " ".join(words)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("dialect", ["ios", "asa"])
def test_spoiled_configurations_are_refused_line_by_line_and_the_rest_is_stable(dialect: str, seed: int) -> None:
    dice = random.Random(seed)
    lines = dice.choice(TEXTS).split("\n")
    text = [spoiled(line, dice) if dice.random() < 0.3 else line for line in lines]
    if seed % 4 == 3:
        dice.shuffle(text)
    store, _ = read(dialect, text)
    store.running({"all": True})
    stored = store.startup()
    again, outcomes = read(dialect, stored.split("\n"))
    assert [outcome.messages for outcome in outcomes if not outcome.accepted] == []
    assert again.startup() == stored
    check("\n".join(text), "file", dialect)


@pytest.mark.parametrize("dialect", ["ios", "asa"])
@pytest.mark.parametrize(
    "line",
    [
        "a" * 300_000,
        "crypto " * 40_000,
        "no " * 100_000,
        "do " * 100_000,
        "hostname" + " " * 300_000 + "x y",
        "crypto map M " + "9" * 5_000 + " match address x",
        "ip route " + "1" * 5_000,
        "interface Loopback" + "9" * 100_000,
    ],
    ids=lambda line: line[:12],
)
def test_endless_lines_are_refused(dialect: str, line: str) -> None:
    store = new_store(dialect)
    before = store.startup()
    reader = ConfigReader(store)
    reader.feed(line)
    reader.help(line)
    reader.end()
    assert store.commit() == []
    assert store.startup() == before


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x08", "\x0b", "\x0c", "\x1b", "\x1c", "\x1e", "\x7f"])
@pytest.mark.parametrize(
    ("dialect", "line"),
    [
        ("ios", "hostname a{}b"),
        ("ios", "crypto ikev2 keyring a{}b"),
        ("ios", "snmp-server location a{}b"),
        ("asa", "hostname a{}b"),
        ("asa", "object network a{}b"),
        ("asa", "banner motd a{}b"),
        ("asa", "access-list L remark a{}b"),
    ],
)
def test_no_control_character_gets_into_a_configuration(dialect: str, line: str, character: str) -> None:
    store, _ = read(dialect, [line.replace("{}", character)])
    assert character not in "\n".join(store.running(clear=True))


def test_a_list_of_very_many_entries_is_read_and_written() -> None:
    entries = [f" permit ip host 10.0.{at >> 8}.{at & 255} host 11.0.{at >> 8}.{at & 255}" for at in range(2000)]
    store, outcomes = read("ios", ["ip access-list extended L", *entries])
    assert all(outcome.accepted for outcome in outcomes)
    assert sum("permit ip host" in line for line in store.running()) == len(entries)


def test_entries_without_a_number_follow_the_highest_one_whatever_was_taken_out() -> None:
    lines = """ip access-list extended L
 permit ip host 10.0.0.1 any
 70 permit ip host 10.0.0.7 any
 20 permit ip host 10.0.0.2 any
 permit ip host 10.0.0.8 any
 permit ip host 10.0.0.8 any
 no 80
 permit ip host 10.0.0.9 any
 no permit ip host 10.0.0.9 any
 no 70
ip access-list extended M
 permit ip host 10.0.0.1 any
ip access-list extended L
 permit ip host 10.0.0.3 any"""
    store, _ = read("ios", lines)
    assert isinstance(store.draft, Ios)
    assert list(store.draft.access_lists["L"].entries) == [10, 20, 30]
