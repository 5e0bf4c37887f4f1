"""Whatever is typed, pasted or read: no exception, a place within the line, work and memory bounded by its length."""

from __future__ import annotations

import time
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ikecli.config import ConfigReader
from ikecli.config.check import check
from ikecli.language import LINE_LIMIT, load
from tests.config.reading import SAMPLES, new_store

WORDS = {
    dialect: sorted(
        {word for path in SAMPLES.glob("*/*.cfg") for line in path.read_text().splitlines() for word in line.split()}
        | {
            piece
            for mode in load(dialect).modes.values()
            for one in mode.file.declarations
            for piece in one.text.split()
        }
    )
    for dialect in ("ios", "asa")
}
ANY = st.text(st.characters(exclude_categories=()), max_size=60)


def lines_of_words(dialect: str) -> st.SearchStrategy[str]:
    """Lines of words that some command has, with other characters between them here and there."""
    words = st.one_of(
        st.sampled_from(WORDS[dialect]), st.sampled_from(["no", "default", "do", "!", "?", "|", '"']), ANY
    )
    return st.tuples(
        st.sampled_from(["", " ", "\t", "R1(config)#", "R1# ", " --More-- "]), st.lists(words, max_size=12)
    ).map(lambda both: both[0] + " ".join(both[1]))


@pytest.mark.parametrize("quiet", [True, False])
@pytest.mark.parametrize("dialect", ["ios", "asa"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_lines_of_any_words_are_read_or_refused_at_a_place(dialect: str, quiet: bool, data: st.DataObject) -> None:
    store = new_store(dialect)
    reader = ConfigReader(store, quiet=quiet)
    for line in data.draw(st.lists(lines_of_words(dialect), max_size=10)):
        if not reader.prompt:
            return
        outcome = reader.feed(line)
        if outcome.error is not None:
            assert 0 <= outcome.error.start <= outcome.error.column <= len(line)
        assert outcome.accepted or outcome.messages
    reader.end()
    store.commit()
    store.startup()


@settings(max_examples=60, deadline=None)
@given(octets=st.binary(max_size=2000))
def test_octets_are_read_as_a_file_of_some_dialect(octets: bytes) -> None:
    found = check(octets.decode(errors="surrogateescape"), "octets")
    assert len(found.errors) <= found.lines


@pytest.mark.parametrize("dialect", ["ios", "asa"])
@settings(max_examples=100, deadline=None)
@given(text=ANY)
def test_questions_have_an_answer(dialect: str, text: str) -> None:
    reader = ConfigReader(new_store(dialect))
    assert isinstance(reader.help(text), list)


LONG = {
    "a word": "x" * LINE_LIMIT,
    "blanks": " " * (LINE_LIMIT - 10) + "x",
    "many words": "permit " * (LINE_LIMIT // 8),
    "many options": "ip route 0.0.0.0 0.0.0.0 " + "name x tag 1 " * 200,
    "many addresses": "crypto map M 10 set peer " + "10.0.0.1 " * 400,
    "brackets": "nat (" * 700,
    "quotes": 'description "' + '" "' * 1000,
    "digits": "ip route " + "1" * 4000,
    "colons": "ipv6 route " + ":" * 4000,
    "dots": "ip route " + "1." * 2000,
    "prompts": "R1(config)#" * 300,
    "page marks": " --More-- " * 400,
    "backspaces": "x\b" * 2000,
    "escapes": "\x1b[" * 2000,
}


@pytest.mark.parametrize("dialect", ["ios", "asa"])
@pytest.mark.parametrize("name", LONG)
def test_a_long_line_takes_little_time_and_memory(dialect: str, name: str) -> None:
    reader = ConfigReader(new_store(dialect))
    reader.feed("interface Loopback0")  # so that the grammar is built
    tracemalloc.start()
    before = time.process_time()
    try:
        for _ in range(3):
            reader.feed(LONG[name])
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert time.process_time() - before < 3
    assert most < 20_000_000


USED = {
    "asa": "interface Gi0/0\n nameif outside\n ip address 192.0.2.1 255.255.255.0\n"
    "access-list L extended permit ip object-group G0 any\n"
    "crypto map M 10 match address L\ncrypto map M 10 set peer 192.0.2.9\ncrypto map M interface outside\n",
    "ios": "ip access-list extended L\n permit ip object-group G0 any\n"
    "crypto map M 10 ipsec-isakmp\n set peer 192.0.2.9\n match address L\n"
    "interface Gi0/0\n ip address 192.0.2.1 255.255.255.0\n crypto map M\n",
}


def group(name: str, *inner: str) -> str:
    return f"object-group network {name}\n" + "".join(f" group-object {each}\n" for each in inner)


@pytest.mark.parametrize("dialect", ["ios", "asa"])
def test_groups_that_hold_each_other_are_found(dialect: str) -> None:
    found = check(group("G0", "G1") + group("G1", "G0") + USED[dialect], "loop", dialect)
    assert [each.message for each in found.complaints if "names object-group G0" in each.message]


@pytest.mark.parametrize("dialect", ["ios", "asa"])
def test_groups_of_groups_are_looked_at_once(dialect: str) -> None:
    levels = [[f"G{level}", *(f"G{level}-{at}" for at in range(9))] for level in range(9)]
    text = "".join(group(name, *inner) for outer, inner in pairwise(levels) for name in outer)
    before = time.process_time()
    check(text + USED[dialect], "wide", dialect)
    assert time.process_time() - before < 3
