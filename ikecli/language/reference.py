"""A declared command as a manual gives it: its syntax, what each word means, what `no` does, its default."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from ikecli.language import tree
from ikecli.language.kinds import FREE, kind
from ikecli.language.language import DEFAULT, NO, Dialect, Mode
from ikecli.language.negation import explicit, head, negated_pattern
from ikecli.language.notation import Declaration
from ikecli.language.tree import Node

_Before: TypeAlias = tuple[str, ...]
_UNSIGNED: Final = "<0-4294967295>"


@dataclass(frozen=True, slots=True)
class Described:
    """One command of a manual. `words` are rows of a word or value and its help, `negation` a sentence on `no`."""

    title: str
    syntax: str
    words: tuple[tuple[str, str], ...]
    note: str
    default: str
    negation: str
    enters: str
    declaration: Declaration


def label(node: tree.Word | tree.Value) -> str:
    """Return how a manual shows a word or value: names by what they name, other values by their form."""
    if isinstance(node, tree.Word):
        return node.text
    if node.kind == "N":
        return _UNSIGNED
    if node.kind.startswith("NAME<"):
        return node.kind.removeprefix("NAME")
    return node.slot.upper().replace("_", "-") if _named(node) else node.kind


def _named(value: tree.Value) -> bool:
    return kind(value.kind.removesuffix("!")).rank == FREE


def syntax(node: Node) -> str:
    """Return a pattern in the conventions of command references: `[optional]`, `{one | of}`, `...`."""
    match node:
        case tree.Word() | tree.Value():
            return label(node)
        case tree.Seq(items):
            return " ".join(map(syntax, items))
        case tree.Choice(branches):
            return f"{{{' | '.join(map(syntax, branches))}}}"
        case tree.Opt(item):
            return f"[{syntax(item)[1:-1] if isinstance(item, tree.Choice) else syntax(item)}]"
        case tree.AnyOrder(items):
            return f"[{' & '.join(map(syntax, items))}]"
        case tree.Repeat(item):
            return f"{syntax(item)} ..."
        case tree.Record(item=item):
            return syntax(item)
        case _:
            return ""


def describe(mode: Mode) -> Iterator[Described]:
    """Yield the commands of a mode in the order of its grammar file; those that only write are left out."""
    helps: dict[tuple[_Before, str], str] = {((), word.text): word.help for word in (NO, DEFAULT)}
    read = [each for each in mode.file.declarations if not each.target.part]
    for declaration in read:
        for before, leaf in _leaves(declaration.pattern, ()):
            if leaf.help:
                for place in (before, before[:1], ()):
                    helps.setdefault((place, label(leaf)), leaf.help)
    for declaration in read:
        yield _described(declaration, helps)


def ways_in(dialect: Dialect, mode: Mode) -> Iterator[tuple[Mode, str]]:
    """Yield the modes and commands that enter a mode."""
    for other in dialect.modes.values():
        for declaration in other.file.declarations:
            if declaration.target.enters == mode.name and not declaration.target.part:
                yield other, syntax(declaration.pattern)


def _described(declaration: Declaration, helps: dict[tuple[_Before, str], str]) -> Described:
    rows: dict[str, str] = {}
    for before, leaf in _leaves(declaration.pattern, ()):
        shown = label(leaf)
        if not rows.get(shown):
            places = (before, before[:1], ())
            rows[shown] = leaf.help or next((helps[place, shown] for place in places if (place, shown) in helps), "")
    target = declaration.target
    return Described(
        syntax(head(declaration)),
        syntax(declaration.pattern),
        tuple(rows.items()),
        declaration.note,
        _default(declaration),
        _negation(declaration),
        target.enters,
        declaration,
    )


def _leaves(node: Node, before: _Before) -> Iterator[tuple[_Before, tree.Word | tree.Value]]:
    """Yield each word and value with the words and values that surely stand before it."""
    match node:
        case tree.Word() | tree.Value():
            yield before, node
        case tree.Seq(items):
            for item in items:
                yield from _leaves(item, before)
                if isinstance(item, tree.Word | tree.Value):
                    before = (*before, label(item))
        case _:
            for part in tree.parts(node):
                yield from _leaves(part, before)


def _default(declaration: Declaration) -> str:
    match declaration.target.default:
        case None:
            return ""
        case "on":
            return syntax(declaration.pattern)
        case words:
            return f"{syntax(head(declaration))} {words}"


def _negation(declaration: Declaration) -> str:
    """Return a sentence on `no`, empty where there is no such command."""
    target = declaration.target
    if explicit(declaration) or target.fixed or negated_pattern(declaration) is None:
        return ""
    line = syntax(head(declaration))
    match target.operator:
        case "=" if target.negative is not None:
            return f"`no {line}` sets `{target.negative}`."
        case "=" if target.off:
            return f"`no {line}` sets none, `default {line}` the default."
        case "=" if target.default is not None:
            return f"`no {line}` {'turns it off' if target.default == 'on' else 'sets the default'}."
        case ">":
            return f"`no {line}` removes it with all it holds."
        case "+" if target.path[-1].keys is None:
            return "With `no` in front, the same line is removed."
        case _:
            return f"`no {line}` removes it."
