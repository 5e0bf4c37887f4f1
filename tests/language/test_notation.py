"""Grammar files: what they say, and what is said to whoever writes them wrongly."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ikecli.language import Inert, NotationError, check, lint, load_from, tree
from ikecli.language.notation import Bang, Fragments, read_file, read_pattern
from tests.language.toys import asa, ios


def test_a_file_has_a_prompt_declarations_and_marks() -> None:
    text = "(config-x)\n# note\n@what := {b | c}\n    b  Bee\na @what$w\n  D.E = f\n!\n".replace("D.E", "NAME$n")
    found = read_file("x", text, {})
    assert found.prompt == "config-x"
    assert isinstance(found.items[1], Bang)
    assert [item.place for item in found.declarations] == ["x:5"]
    assert list(found.declarations[0].slots) == ["w", "n"]


@pytest.mark.parametrize(
    ("pattern", "slots"),
    [
        ("hostname NAME", {"hostname": True}),
        ("local-address INTERFACE", {"local_address": True}),
        ("a [NAME$n] [b]$f", {"n": False, "f": False}),
        ("{a NAME$n | b NAME$n}", {"n": True}),
        ("{a NAME$n | b N$m}", {"n": False, "m": False}),
        ("[a N$x & b N$y]", {"x": False, "y": False}),
        ("{a | b c}$s", {"s": True}),
        ("{a N$x | b}$s", {"s": True}),
        ("NAME$n ...", {"n": True}),
        ("'LOCAL' {'TCP' | udp}$p", {"p": True}),
    ],
)
def test_a_pattern_binds_slots(pattern: str, slots: dict[str, bool]) -> None:
    assert {name: slot.required for name, slot in tree.slots(read_pattern(pattern)).items()} == slots


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = b\n  c\n", "help is a word or slot"),
        ("a = b\n    c  Help\n", "help for 'c'"),
        ("  a = b\n", "belongs to a declaration"),
        ("a b\nc = d\n", "ends in its target"),
        ("a [b = c\n", "not closed"),
        ("a | b = c\n", "outside of brackets"),
        ("a {b | } = c\n", "empty place"),
        ("... = c\n", "follows what it repeats"),
        ("a FOO = c\n", "no kind of value"),
        ("NAME = c\n", "cannot be the name of a slot"),
        ("a NAME$kind = c\n", "cannot be the name of a slot"),
        ("a NAME$from = c\n", "cannot be the name of a slot"),
        ("a @b = c\n", "no fragment @b"),
        ("a {b & c} = d\n", "any order"),
        ("a NAME + b(c)\n", "names the slot 'c'"),
        ("a = b c\n", "no step of a path"),
        ("a = b, often\n", "no option of a target"),
        ("a ! Show\n", "no name to call"),
        ("a NAME > b(a)\n", "goes with"),
        ("a ~\n", "the reason why"),
    ],
)
def test_what_is_no_notation_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(NotationError, match=said) as wrong:
        read_file("mode", text, Fragments())
    assert str(wrong.value).startswith("mode:")


def write_grammar(directory: Path, **files: str) -> Path:
    for name, text in files.items():
        (directory / name).write_text(text)
    return directory


def test_an_opener_needs_its_file(tmp_path: Path) -> None:
    grammar = write_grammar(tmp_path, config="(config)\na NAME > b(a), in nowhere\n")
    with pytest.raises(NotationError, match="config:2: there is no mode file 'nowhere'"):
        load_from(grammar, "ios")


def test_words_are_shared_by_modes(tmp_path: Path) -> None:
    grammar = write_grammar(tmp_path, words="@n := NAME$n\n", config="(c)\na @n = f\n", other="(o)\nb @n = f\n")
    assert set(load_from(grammar, "asa").modes) == {"config", "other"}


def test_a_mode_may_be_a_folder_whose_files_are_one(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    write_grammar(folder, **{"1-first": "(c)\n# of c\n@n := NAME$n\na @n = f\n", "2-then": "b @n = g\n!\n"})
    mode = load_from(tmp_path, "ios").modes["config"]
    assert (mode.name, mode.prompt, mode.file.note) == ("config", "c", "of c")
    assert [one.place for one in mode.file.declarations] == ["config/1-first:4", "config/2-then:1"]
    write_grammar(folder, **{"2-then": "(c)\nb @n = g\n"})
    with pytest.raises(NotationError, match="config/2-then:1: "):
        load_from(tmp_path, "ios")


def test_the_toy_grammars_are_sound() -> None:
    for typist in (ios(), asa()):
        assert lint(typist.dialect) == []
        assert check(typist.dialect, type(typist.draft)) == []


@pytest.mark.parametrize(
    ("declarations", "said"),
    [
        ("a NAME$n = f\n    a  A\n", "no help for 'NAME'"),
        ("a {NAME$n | KEY$k} = f\n", "KEY and NAME stand at one place"),
        ("a NAME$n = f\na NAME$n = g\n", "the same line with another effect"),
        ("a {b LINE$x | c} = f\na b LINE ~ why\na b c = g\n", "swallows typing errors"),
        ("a NAME$n = f, off, always\n", "one line for two states"),
        ("a NAME$n N$m + c(n m), step 10\n", "one key"),
        ("a {N$x | NAME$y} ... = f\n", "binds one slot"),
        ("a <1-9>$n = f : 10\n", "'10' cannot be read"),
        ("a <1-9>$n = f : 5, no x\n", "'x' cannot be read"),
        ("a b NAME$n > c(n), in one\na d NAME$n > c(n), in two\n", "no stored slot tells apart"),
    ],
)
def test_lint_finds_what_is_wrong_with_a_grammar(tmp_path: Path, declarations: str, said: str) -> None:
    grammar = write_grammar(tmp_path, config="(config)\n" + declarations, one="(one)\n", two="(two)\n")
    assert [line for line in lint(load_from(grammar, "ios")) if said in line]


@dataclass(frozen=True)
class Pair:
    x: int
    y: str | None


@dataclass
class Entry:
    x: int | None = None


@dataclass
class Root:
    flag: bool | None = None
    number: int | None = None
    pair: Pair | None = None
    pairs: list[Pair] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    inert: dict[str, Inert] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("declaration", "said"),
    [
        ("a = flag", ""),
        ("a N = number", ""),
        ("a N$x [NAME$y] = pair", ""),
        ("a {b N$x | NAME$y}$p + pairs", "Pair has no field 'kind'"),
        ("a NAME + entries(a)", ""),
        ("a N$x NAME$n > entries(n), in entry", ""),
        ("a ~ why", ""),
        ("a = nothing", "Root has no field 'nothing'"),
        ("a = number", "does not take bool"),
        ("a NAME = number", "does not take str"),
        ("a N$x [NAME$z] = pair", "Pair has no field 'z'"),
        ("a N$x [N$y] = pair", "Pair.y does not take int"),
        ("a N$x [N$y] = number", "holds no dataclass for several slots"),
        ("a {b N$x | c}$r = number", "holds no dataclass for a record"),
        ("a N + number", "is a list"),
        ("a NAME + pairs(a)", "the target has keys"),
        ("a NAME = entries", "the target has no keys"),
        ("a NAME N$x = entries(a).y", "Entry has no field 'y'"),
        ("a NAME N$x = number.y", "holds no dataclass"),
    ],
)
def test_check_compares_targets_with_dataclasses(tmp_path: Path, declaration: str, said: str) -> None:
    dialect = load_from(write_grammar(tmp_path, config=f"(config)\n{declaration}\n", entry="(e)\n"), "ios")
    found = check(dialect, Root)
    assert said in found[0] if said else not found
