"""Sample lines of declared commands: each word and value at least once, optional parts there and left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ikecli.language import Names, tree
from ikecli.language.kinds import kind
from ikecli.language.line import Line
from ikecli.language.notation import Declaration
from ikecli.language.reference import label
from ikecli.language.tree import Node

VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "A.B.C.D": ("10.1.1.77", "10.1.9.78"),
    "MASK": ("255.255.255.0", "255.255.255.128"),
    "WILDCARD": ("0.0.0.255", "0.0.0.127"),
    "RANGE": ("10.8.0.1-10.8.0.9", "10.8.0.1-10.8.0.8"),
    "X:X::X:X": ("2001:db8:7::1", "2001:db8:8::2"),
    "A.B.C.D/N": ("10.7.0.0/20", "10.6.0.0/20"),
    "X:X::X:X/N": ("2001:db8:7::/64", "2001:db8:8::/64"),
    "TCP-PORT": ("7", "8"),
    "UDP-PORT": ("7", "8"),
    "HEX-KEY": ("0a0a", "0b0b"),
    "FLASH": ("flash:one", "flash:two"),
    "TIME": ("01:02", "03:04:05"),
    "NAME": ("one", "two"),
    "HOST": ("one", "two"),
    "KEY": ("alpha", "beta"),
    "KEY-LINE": ("alpha", "two words"),
    "TEXT": ("one", '"two words"'),
    "PAIR": ("(inside,outside)", "(outside,inside)"),
    "PAREN": ("(inside)", "(outside)"),
    "INTERFACE": ("GigabitEthernet0/1", "GigabitEthernet0/2"),
    "LINE": ("some words", "other words"),
    "BANNER": ("#some words#", "#other words#"),
    "MACRO": ("\nsome words\n@", "\nother words\n@"),
}
"""Two values of each kind that fit the base configurations."""
_NUMBERS: Final = re.compile(r"(?:NAME)?<(-?\d+)-(\d+)>")
_REFERENCE: Final = re.compile(r"NAME\(([a-z_0-9.:]+)(?:/i)?\)!?")


@dataclass(frozen=True, slots=True)
class Sample:
    """The words of a line, and the `leaf` (a word or a value) that it has other than the sample at `than`."""

    words: tuple[str, ...]
    leaf: str = ""
    than: int = 0

    @property
    def line(self) -> str:
        """The line as it is typed."""
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class _Later:
    """A value whose samples come the other way around."""

    value: tree.Value


class Sampler:
    """Makes lines of declarations; names are live ones."""

    def __init__(self, dialect: str, names: Names) -> None:
        self.dialect: Final = dialect
        self.names: Final = names

    def samples(self, declaration: Declaration, keys: Mapping[str, str]) -> list[Sample]:
        """Return lines of a command with these keys. The first is the shortest; each other differs in one place."""
        return self._variants(declaration.pattern, keys)

    def keys(self, declaration: Declaration, owner: object) -> list[dict[str, str]]:
        """Return the keys of what is there on a declaration's path, as they are typed: of each entry that fits."""
        return list(self._keys(declaration, owner, 0)) or [{}]

    def _keys(self, declaration: Declaration, owner: Any, at: int) -> Iterator[dict[str, str]]:
        target = declaration.target
        if at == len(target.path) or owner is None:
            yield {}
            return
        step, held = target.path[at], getattr(owner, target.path[at].name)
        if step.keys is None:
            yield from self._keys(declaration, held, at + 1)
        elif at == len(target.path) - 1 and target.operator not in (">", "-"):
            yield {}
        else:
            for key, entry in held.items():
                parts = key if isinstance(key, tuple) else (key,)
                typed = {name: str(part) for name, part in zip(step.keys, parts, strict=False) if part is not None}
                if self._reads(declaration.pattern, typed):
                    yield from ({**typed, **more} for more in self._keys(declaration, entry, at + 1))

    def _reads(self, pattern: Node, keys: Mapping[str, str]) -> bool:
        """Tell whether each key can be typed somewhere in the pattern."""
        return all(any(self._takes(one, text) for one in tree.binders(pattern, slot)) for slot, text in keys.items())

    def _fits(self, branch: Node, keys: Mapping[str, str]) -> bool:
        """Tell whether the keys can be typed in a branch."""
        return all(self._takes(one, keys[slot]) for slot in keys for one in tree.binders(branch, slot))

    def _takes(self, binder: Node, text: str) -> bool:
        if not isinstance(binder, tree.Value):
            return True
        return kind(binder.kind, self.dialect).take(Line(text), 0, len(text), text) is not None

    def _variants(self, node: Node | _Later, keys: Mapping[str, str]) -> list[Sample]:
        match node:
            case tree.Word(text=text):
                return [Sample((text,))]
            case tree.Value(slot=slot):
                values = (keys[slot],) if slot in keys else self._values(node.kind)
                return [Sample((each,), label(node)) for each in values]
            case _Later(value):
                return self._variants(value, keys)[::-1]
            case tree.Seq(items):
                return _varied([self._variants(item, keys) for item in self._apart(items)])
            case tree.AnyOrder(items):
                return _varied([_either([((), ""), (item, self._variants(item, keys))]) for item in items])
            case tree.Choice(branches):
                fitting = [branch for branch in branches if self._fits(branch, keys)]
                return _either([(branch, self._variants(branch, keys)) for branch in fitting])
            case tree.Opt(item):
                return _either([((), ""), (item, self._variants(item, keys))])
            case tree.Repeat(item):
                each = self._variants(item, keys)
                return [*each, *(Sample((*each[0].words, *one.words), one.leaf) for one in each[1:])]
            case tree.Record(item=item):
                return self._variants(item, {})
            case _:
                return [Sample(())]

    def _apart(self, items: Iterable[Node]) -> Iterator[Any]:
        """Yield the items; of two values of one kind the second begins with its other sample."""
        before = ""
        for item in items:
            named = item.kind if isinstance(item, tree.Value) else ""
            yield _Later(item) if named and named == before else item
            before = named

    def _values(self, named: str) -> tuple[str, ...]:
        if numbers := _NUMBERS.fullmatch(named):
            low, high = int(numbers[1]), int(numbers[2])
            return tuple(str(each) for each in dict.fromkeys((min(low + 1, high), low + (high - low) // 3)))
        if reference := _REFERENCE.fullmatch(named):
            return tuple(self.names(reference[1]))[:-3:-1] or ("one",)
        return VALUES[named]


def _either(branches: list[tuple[Any, Any]]) -> list[Sample]:
    """Return the samples of all branches: the first of each is another than the first of all."""
    found: list[Sample] = []
    for node, samples in branches:
        start = len(found)
        for at, each in enumerate(samples or [Sample(())]):
            leaf = each.leaf if at else _first(node)
            found.append(replace(each, leaf=leaf, than=start + each.than if at else 0))
    return found


def _first(node: Any) -> str:
    """Return the word or value that a pattern begins with, as a manual shows it."""
    if isinstance(node, tree.Word | tree.Value):
        return label(node)
    return next((name for part in tree.parts(node) if (name := _first(part))), "") if node else ""


def _varied(columns: list[list[Sample]]) -> list[Sample]:
    """Return the row of all firsts, then it with each other entry in its place."""
    first = [column[0].words for column in columns]
    rows = [(first, "", 0)]
    for at, column in enumerate(columns):
        start = len(rows) - 1
        rows += [
            ([*first[:at], other.words, *first[at + 1 :]], other.leaf, start + other.than if other.than else 0)
            for other in column[1:]
        ]
    return [Sample(tuple(word for words in row for word in words), leaf, than) for row, leaf, than in rows]
