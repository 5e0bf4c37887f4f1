"""The tree of a declared pattern: words, values, and how they may follow each other.

Nodes are compared by identity. Three nodes read nothing: `Open` and `Close` stand around the slots of a record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """A literal; with a slot it binds `value` (its own text, the text of its whole choice, or True)."""

    text: str
    slot: str | None = None
    value: str | bool = ""
    many: bool = False
    exact: bool = False
    help: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A value of a kind (`A.B.C.D`, `<1-10>`, `NAME(crypto_maps)!`) bound to a slot; `many` appends to a list."""

    kind: str
    slot: str
    many: bool = False
    help: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Seq:
    """All items, one after the other."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Opt:
    """The item or nothing."""

    item: Node


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """One of the branches."""

    branches: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AnyOrder:
    """Each item at most once, in any order."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Repeat:
    """The item once or more."""

    item: Node


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """The slots of the item, bound together as one value."""

    slot: str
    item: Node
    many: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Open:
    """The slots that follow belong to a record."""


@dataclass(frozen=True, slots=True, eq=False)
class Close:
    """The record is complete and bound to a slot."""

    slot: str
    many: bool = False


Node: TypeAlias = Word | Value | Seq | Opt | Choice | AnyOrder | Repeat | Record | Open | Close
OPEN = Open()


def parts(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below one."""
    match node:
        case Seq(items) | AnyOrder(items) | Choice(items):
            return items
        case Opt(item) | Repeat(item) | Record(item=item):
            return (item,)
        case _:
            return ()


def rebuilt(node: Node, items: Sequence[Node]) -> Node:
    """Return the same kind of node around other items."""
    match node:
        case Seq() | AnyOrder() | Choice():
            return type(node)(tuple(items))
        case Opt() | Repeat() | Record():
            return replace(node, item=items[0])
        case _:
            return node


def sequence(items: Iterable[Node]) -> Node:
    """Return the items as one node: nested sequences are opened, a single item stands alone."""
    flat: list[Node] = []
    for item in items:
        flat.extend(item.items if isinstance(item, Seq) else (item,))
    return flat[0] if len(flat) == 1 else Seq(tuple(flat))


def words_only(node: Node) -> bool:
    """Whether the node binds nothing and consists of words."""
    match node:
        case Word(slot=slot):
            return slot is None
        case Seq() | Opt() | Choice():
            return all(map(words_only, parts(node)))
        case _:
            return False


def spellings(node: Node) -> Iterator[tuple[Word, ...]]:
    """Yield each row of words that a words-only node stands for."""
    match node:
        case Word():
            yield (node,)
        case Seq(items):
            rows: list[tuple[Word, ...]] = [()]
            for item in items:
                rows = [row + more for row in rows for more in spellings(item)]
            yield from rows
        case Opt(item):
            yield from spellings(item)
            yield ()
        case Choice(branches):
            for branch in branches:
                yield from spellings(branch)


def bound_words(node: Node, slot: str, value: bool | None = None) -> Node:
    """Return a words-only node whose every spelling binds its text (or the value given) to the slot."""
    branches: list[Node] = []
    for row in spellings(node):
        bound = " ".join(word.text for word in row) if value is None else value
        branches.append(sequence((*row[:-1], replace(row[-1], slot=slot, value=bound))))
    return branches[0] if len(branches) == 1 else Choice(tuple(branches))


def with_kind(node: Node) -> Node:
    """Return the content of a record with the first word of each branch bound to `kind`."""
    match node:
        case Choice(branches):
            return Choice(tuple(with_kind(branch) for branch in branches))
        case Seq(items):
            return Seq((with_kind(items[0]), *items[1:]))
        case Word(slot=None, text=text):
            return replace(node, slot="kind", value=text)
        case _:
            return node


def listed(node: Node) -> Node:
    """Return the content of a repetition: what it binds is appended, records whole."""
    match node:
        case Word(slot=None) | Open() | Close():
            return node
        case Word() | Value() | Record():
            return replace(node, many=True)
        case _:
            return rebuilt(node, [listed(part) for part in parts(node)])


def exactly(node: Node) -> Node:
    """Return the pattern with words that take no abbreviation."""
    if isinstance(node, Word):
        return Word(node.text, node.slot, node.value, node.many, True, node.help)
    inner = parts(node)
    return rebuilt(node, [exactly(part) for part in inner]) if inner else node


@dataclass(frozen=True, slots=True)
class Slot:
    """What a pattern binds under one name."""

    name: str
    binder: Word | Value | Record
    required: bool

    def needed(self, required: bool) -> Slot:
        """Return the slot, required or not."""
        return self if self.required == required else Slot(self.name, self.binder, required)

    @property
    def flag(self) -> bool:
        """Whether it is true or absent."""
        return isinstance(self.binder, Word) and self.binder.value is True

    @property
    def many(self) -> bool:
        """Whether it is a list."""
        return self.binder.many


def slots(node: Node) -> dict[str, Slot]:
    """Return the slots of a pattern in declared order; those inside a record belong to the record."""
    match node:
        case Word(slot=str(name)) | Value(slot=name) | Record(slot=name):
            return {name: Slot(name, node, True)}
        case Choice(branches):
            found = [slots(branch) for branch in branches]
            merged: dict[str, Slot] = {}
            for name, slot in ((n, s) for each in found for n, s in each.items()):
                needed = all(name in each and each[name].required for each in found)
                merged.setdefault(name, slot.needed(needed))
            return merged
        case Opt() | AnyOrder():
            optional = (slot for part in parts(node) for slot in slots(part).values())
            return {slot.name: slot.needed(False) for slot in optional}
        case _:
            together: dict[str, Slot] = {}
            for part in parts(node):
                for name, slot in slots(part).items():
                    known = together.get(name)
                    together[name] = slot if known is None else known.needed(known.required or slot.required)
            return together


def binders(node: Node, name: str) -> Iterator[Word | Value | Record]:
    """Yield every node that binds a slot, without entering records."""
    if isinstance(node, Word | Value | Record):
        if node.slot == name:
            yield node
        return
    for part in parts(node):
        yield from binders(part, name)
