"""The command notation: the text of a grammar file becomes declarations. grammar/README.md describes the notation."""

from __future__ import annotations

import itertools
import keyword
import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from operator import is_
from typing import TypeAlias

from ikecli.language import kinds, tree
from ikecli.language.target import OPERATORS, NotationError, Operator, Target, read_target
from ikecli.language.tree import Node

Fragments: TypeAlias = dict[str, Node]


@dataclass(frozen=True, eq=False)
class Declaration:
    """One command: its pattern, its target, where it is written, the comment above it.

    `opened` names the paths that its file enters, `takes` is what the lines of a section `~>` look like.
    """

    file: str
    line: int
    text: str
    pattern: Node
    target: Target
    slots: Mapping[str, tree.Slot]
    dialect: str
    opened: AbstractSet[tuple[str, ...]] = frozenset()
    note: str = ""
    takes: Node | None = None

    @property
    def mode(self) -> str:
        """The name of its mode: that of the file, or of the folder that the file is in."""
        return self.file.partition("/")[0]

    @property
    def place(self) -> str:
        """File and line, for messages to whoever writes the grammar."""
        return f"{self.file}:{self.line}"

    @cached_property
    def stored(self) -> tuple[tree.Slot, ...]:
        """The slots that make the value: all but keys and the position of `, at`."""
        apart = {*self.target.keys, self.target.at}
        return tuple(slot for name, slot in self.slots.items() if name not in apart)

    @cached_property
    def stored_names(self) -> tuple[str, ...]:
        """The names of the stored slots."""
        return tuple(slot.name for slot in self.stored)

    @cached_property
    def constant(self) -> tuple[str, ...]:
        """The stored slots that are always this declaration's own word, as in `object-group network$type`."""
        items = self.pattern.items if isinstance(self.pattern, tree.Seq) else (self.pattern,)
        return tuple(slot.name for slot in self.stored if slot.binder in items and isinstance(slot.binder, tree.Word))

    @cached_property
    def bare(self) -> str | None:
        """The slot whose value stands alone, when there is exactly one stored slot and it is required."""
        match self.stored:
            case [slot] if slot.required:
                return slot.name
            case _:
                return None


@dataclass(frozen=True, slots=True)
class Bang:
    """A line `!`: the written configuration has one here."""


@dataclass(frozen=True, slots=True)
class GrammarFile:
    """One mode: its prompt and its declarations in the order of the running-config."""

    name: str
    prompt: str
    items: tuple[Declaration | Bang, ...]
    note: str = ""

    @property
    def declarations(self) -> tuple[Declaration, ...]:
        """The declarations alone."""
        return tuple(item for item in self.items if isinstance(item, Declaration))


_TOKEN = re.compile(
    r"\s*(?:(?P<more>\.\.\.)(?=[\s\]}|&]|$)|(?P<mark>[\[\]{}|&])|'(?P<quoted>[^']+)'|@(?P<fragment>[a-z][\w-]*)"
    r"|(?P<plain>[^\s\[\]{}|&$']+))(?:\$(?P<slot>\w+))?"
)
_OPERATOR = re.compile(
    r"\s(" + "|".join(re.escape(op) for op in sorted(OPERATORS, key=len, reverse=True)) + r")(?=\s|$)"
)
_FRAGMENT = re.compile(r"@([a-z][\w-]*)\s*:=\s*(.*)", re.DOTALL)


class _Pattern:
    """Reads one pattern by recursive descent; raises ValueError with the reason."""

    def __init__(self, text: str, fragments: Fragments) -> None:
        self.fragments = fragments
        self.tokens: list[re.Match[str]] = []
        self.at = 0
        self.word = ""
        place = 0
        text = text.rstrip()
        while place < len(text):
            token = _TOKEN.match(text, place)
            if not token:
                raise ValueError(f"{text[place:].strip()!r} is no notation")
            self.tokens.append(token)
            place = token.end()

    def read(self) -> Node:
        node = self.row()
        if self.at < len(self.tokens):
            raise ValueError(f"{self.tokens[self.at][0].strip()!r} stands outside of brackets")
        return node

    def mark(self) -> str | None:
        return self.tokens[self.at]["mark"] if self.at < len(self.tokens) else None

    def row(self) -> Node:
        items: list[Node] = []
        while self.at < len(self.tokens) and self.mark() not in ("|", "&", "]", "}"):
            if self.tokens[self.at]["more"]:
                if not items:
                    raise ValueError("`...` follows what it repeats")
                items[-1] = tree.Repeat(tree.listed(items[-1]))
                self.at += 1
            else:
                items.append(self.item())
        if not items:
            raise ValueError("an empty place where a word or a value must stand")
        return tree.sequence(items) if len(items) > 1 else items[0]

    def item(self) -> Node:
        token = self.tokens[self.at]
        self.at += 1
        slot = token["slot"]
        if slot:
            _slot_name(slot)
        if token["mark"]:
            return self.bracket(token["mark"])
        if token["fragment"]:
            if token["fragment"] not in self.fragments:
                raise ValueError(f"no fragment @{token['fragment']} is defined above")
            return _bound(self.fragments[token["fragment"]], slot)
        text = token["quoted"] or token["plain"]
        if token["plain"] and kinds.looks_like_kind(text):
            kinds.kind(text)
            return tree.Value(text, slot or _slot_name(re.sub(r"\W", "_", self.word)))
        self.word = text
        return tree.Word(text, slot, text if slot else "")

    def bracket(self, opened: str) -> Node:
        branches = [self.row()]
        separator = self.mark() if self.mark() in ("|", "&") else "|"
        while self.mark() == separator:
            self.at += 1
            branches.append(self.row())
        if self.mark() != {"[": "]", "{": "}"}[opened]:
            raise ValueError(f"a {opened!r} that is not closed, or `|` and `&` in one bracket")
        slot = self.tokens[self.at]["slot"]
        self.at += 1
        if separator == "&" and len(branches) > 1:
            if opened != "[" or slot:
                raise ValueError("options in any order stand in `[x & y]`, without a slot of their own")
            return tree.AnyOrder(tuple(branches))
        inner = branches[0] if len(branches) == 1 else tree.Choice(tuple(branches))
        if opened == "{":
            return _bound(inner, slot)
        if slot and tree.words_only(inner):
            return tree.Opt(tree.bound_words(inner, _slot_name(slot), True))
        return tree.Opt(_bound(inner, slot))


def _slot_name(name: str) -> str:
    if not name.isidentifier() or keyword.iskeyword(name) or name == "kind":
        raise ValueError(f"{name!r} cannot be the name of a slot: give the value another, as in NAME$name")
    return name


def _bound(node: Node, slot: str | None) -> Node:
    if slot is None:
        return node
    _slot_name(slot)
    return tree.bound_words(node, slot) if tree.words_only(node) else tree.Record(slot, tree.with_kind(node))


def read_pattern(text: str, fragments: Fragments | None = None) -> Node:
    """Read a pattern such as `dpd <10-3600>$interval {on-demand | periodic}$mode`; raise ValueError."""
    return _Pattern(text, fragments or {}).read()


def with_help(node: Node, texts: Mapping[str, str], used: set[str]) -> Node:
    """Return the pattern with help at its words (by text) and values (by slot or kind); note which texts were used."""
    match node:
        case tree.Word(text=text, help="") if text in texts:
            used.add(text)
            return tree.Word(text, node.slot, node.value, node.many, node.exact, texts[text])
        case tree.Value(kind=kind, slot=slot):
            name = kind if kind in texts else slot
            used.add(name)
            text = node.help or texts.get(name, "")
            return node if text == node.help else tree.Value(kind, slot, node.many, text)
        case _:
            parts = tree.parts(node)
            helped = [with_help(part, texts, used) for part in parts]
            return node if all(map(is_, parts, helped)) else tree.rebuilt(node, helped)


@dataclass(slots=True)
class _Entry:
    """The lines of one declaration or fragment as they are gathered."""

    line: int
    text: str
    note: str = ""
    help: dict[str, str] = field(default_factory=dict)

    def complete(self) -> bool:
        return self.balanced() and (self.text.startswith("@") or bool(_OPERATOR.search(self.text)))

    def balanced(self) -> bool:
        bare = re.sub(r"'[^']*'", "", self.text)
        return bare.count("[") == bare.count("]") and bare.count("{") == bare.count("}")


def _entries(name: str, lines: list[tuple[int, str]]) -> Iterator[_Entry | Bang]:
    entry: _Entry | None = None
    note: list[str] = []
    for number, line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            note = [*note, line.lstrip("# ")] if line.strip() else []
            continue
        if line[0] != " ":
            if entry:
                yield entry
            entry = None
            if line.strip() == "!":
                yield Bang()
            else:
                entry = _Entry(number, line.rstrip(), " ".join(note))
        elif entry is None:
            raise NotationError(f"{name}:{number}: an indented line belongs to a declaration above it")
        elif entry.help or entry.complete():
            word, _, text = line.strip().partition("  ")
            if not text.strip():
                raise NotationError(f"{name}:{number}: help is a word or slot, two blanks, and a text")
            entry.help[word.strip("'")] = text.strip()
        else:
            entry.text += "\n" + line.rstrip()
        note = []
    if entry:
        yield entry


def _head_note(lines: list[tuple[int, str]]) -> list[str]:
    """Return the comment that directly follows the prompt, a row a line."""
    return [line.lstrip("# ") for _, line in itertools.takewhile(lambda row: row[1].startswith("#"), lines)]


def read_file(name: str, text: str, fragments: Fragments, dialect: str = "ios") -> GrammarFile:
    """Read one grammar file; its fragments are added to those given. `words` files have no prompt.

    Raises NotationError with file and line.
    """
    return read_mode(name, ((name, text),), fragments, dialect)


def read_mode(name: str, parts: Iterable[tuple[str, str]], fragments: Fragments, dialect: str = "ios") -> GrammarFile:
    """Read the files of one mode, names and texts, as one; the first has the prompt. Raises NotationError."""
    prompt, note = "", ""
    items: list[Declaration | Bang] = []
    opened: set[tuple[str, ...]] = set()
    for part, text in parts:
        lines = list(enumerate(text.expandtabs().splitlines(), 1))
        first = next((row for row in lines if row[1].strip() and not row[1].startswith("#")), None)
        if first and first[1].startswith("(") and not items:
            prompt = first[1].strip().strip("()")
            lines = lines[first[0] :]
            head = _head_note(lines)
            note, lines = " ".join(head), lines[len(head) :]
        items += _read(part, lines, fragments, dialect, opened)
    return GrammarFile(name, prompt, tuple(items), note)


def _read(
    part: str, lines: list[tuple[int, str]], fragments: Fragments, dialect: str, opened: set[tuple[str, ...]]
) -> Iterator[Declaration | Bang]:
    for entry in _entries(part, lines):
        if isinstance(entry, Bang):
            yield entry
            continue
        try:
            declaration = _declare(part, entry, fragments, dialect, opened)
        except ValueError as wrong:
            raise NotationError(f"{part}:{entry.line}: {wrong}") from wrong
        if declaration:
            yield declaration
            if declaration.target.operator == ">":
                opened.add(tuple(step.name for step in declaration.target.path))


def _declare(
    name: str, entry: _Entry, fragments: Fragments, dialect: str, opened: AbstractSet[tuple[str, ...]]
) -> Declaration | None:
    used: set[str] = set()
    fragment = _FRAGMENT.fullmatch(entry.text)
    if fragment:
        fragments[fragment[1]] = with_help(read_pattern(fragment[2], fragments), entry.help, used)
        _all_used(entry, used)
        return None
    operator = _OPERATOR.search(entry.text)
    if not operator:
        raise ValueError("a declaration ends in its target, such as `= field` or `! name`")
    pattern = with_help(read_pattern(entry.text[: operator.start()], fragments), entry.help, used)
    _all_used(entry, used)
    op: Operator = operator[1]  # type: ignore[assignment]
    target = read_target(op, entry.text[operator.end() :].strip())
    if op in ("~", "~>"):
        pattern = tree.exactly(pattern)
    takes = None
    if target.takes:
        takes = fragments.get(target.takes.removeprefix("@"))
        if takes is None:
            raise ValueError(f"no fragment {target.takes} is defined above")
    declaration = Declaration(
        name, entry.line, entry.text, pattern, target, tree.slots(pattern), dialect, opened, entry.note, takes
    )
    numbered = target.path[-1].keys if target.step else ()
    for slot in (*target.keys, target.hide, target.at):
        if slot and slot not in declaration.slots and slot not in (numbered or ()):
            raise ValueError(f"the target names the slot {slot!r}, which the pattern has not")
    return declaration


def _all_used(entry: _Entry, used: set[str]) -> None:
    for word in entry.help:
        if word not in used:
            raise ValueError(f"help for {word!r}, which is no word, slot or kind of this declaration")
