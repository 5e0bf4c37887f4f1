"""What `no` and `default` may leave out: the pattern of a declaration with its tail made optional."""

from __future__ import annotations

from ikecli.language import tree
from ikecli.language.notation import Declaration
from ikecli.language.tree import Node


def negated_pattern(declaration: Declaration) -> Node | None:
    """Return what may follow `no`, or None where nothing may: `-` and `!`, and what itself begins with a negation."""
    target, pattern = declaration.target, declaration.pattern
    if target.operator in ("-", "!") or target.part or explicit(declaration):
        return None
    if target.operator in ("~", "~>"):
        return _shortest_family(_items(pattern))
    keyed = target.path[-1].keys is not None
    if target.operator == "+" and not keyed:
        return pattern
    keys = frozenset(target.keys)
    if target.step:
        return _numbered(pattern, keys)
    return _tail_optional(pattern, keys, words=not keyed)


def _numbered(pattern: Node, keys: frozenset[str]) -> Node:
    """Where the key may be left out, the rest is needed when it is."""
    items = _items(pattern)
    at = next(
        (at for at, item in enumerate(items) if isinstance(item, tree.Opt) and keys & tree.slots(item).keys()), None
    )
    if at is None:
        return pattern
    by_number = tree.sequence([*items[:at], *_items(tree.parts(items[at])[0])])
    rest = items[at + 1 :]
    numbered = tree.sequence([by_number, *([tree.Opt(tree.sequence(rest))] if rest else [])])
    return tree.Choice((numbered, tree.sequence([*items[:at], *rest])))


def explicit(declaration: Declaration) -> bool:
    """Whether the declaration itself begins with `no`, `default` or `clear`."""
    first = _items(declaration.pattern)[0]
    return isinstance(first, tree.Word) and first.text in ("no", "default", "clear")


def negates(declaration: Declaration) -> bool:
    """Whether the declaration itself begins with `no` or `default`."""
    first = _items(declaration.pattern)[0]
    return isinstance(first, tree.Word) and first.text in ("no", "default")


def _items(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, tree.Seq) else (node,)


def _fixed(node: Node) -> bool:
    return tree.words_only(node) and not isinstance(node, tree.Opt)


def fixed_length(pattern: Node, keys: frozenset[str], words: bool) -> int:
    """Count the items of a pattern that stand up to its last key and, if asked, the fixed words behind that."""
    items = _items(pattern)
    cut = max((at for at, item in enumerate(items, 1) if keys & tree.slots(item).keys()), default=0)
    while words and cut < len(items) and _fixed(items[cut]):
        cut += 1
    return max(cut, 1)


def head(declaration: Declaration) -> Node:
    """Return the fixed words and path keys of a declaration: what `no` of a `=` needs."""
    cut = fixed_length(declaration.pattern, frozenset(declaration.target.keys), words=True)
    return tree.sequence(_items(declaration.pattern)[:cut])


def tail(declaration: Declaration) -> Node | None:
    """Return what follows the head: the value of a `=`."""
    cut = fixed_length(declaration.pattern, frozenset(declaration.target.keys), words=True)
    rest = _items(declaration.pattern)[cut:]
    return tree.sequence(rest) if rest else None


def _tail_optional(pattern: Node, keys: frozenset[str], words: bool) -> Node:
    items = list(_items(pattern))
    cut = fixed_length(pattern, keys, words)
    for at in range(cut - 1, -1, -1):
        if keys & tree.slots(items[at]).keys():
            items[at] = _shortened(items[at], keys)
            break
    rest = items[cut:]
    return tree.sequence([*items[:cut], *([tree.Opt(tree.sequence(rest))] if rest else [])])


def _shortened(node: Node, keys: frozenset[str]) -> Node:
    match node:
        case tree.Opt(item):
            return tree.Opt(_tail_optional(item, keys, words=False))
        case tree.Choice(branches):
            return tree.Choice(
                tuple(
                    _tail_optional(branch, keys, words=False) if keys & tree.slots(branch).keys() else branch
                    for branch in branches
                )
            )
        case _:
            return node


def _shortest_family(items: tuple[Node, ...]) -> Node:
    """What is kept without effect may be cut off at any word behind the words that all of its family begin with."""
    cut = max(1, next((at for at, item in enumerate(items) if not isinstance(item, tree.Word)), len(items)))
    rest = [tree.Opt(_any_prefix(tree.sequence(items[cut:])))] if items[cut:] else []
    return tree.sequence([*items[:cut], *rest])


def _any_prefix(node: Node) -> Node:
    match node:
        case tree.Seq(items):
            first = _any_prefix(items[0])
            return tree.sequence([first, tree.Opt(_any_prefix(tree.sequence(items[1:])))]) if items[1:] else first
        case tree.Choice(branches):
            return tree.Choice(tuple(_any_prefix(branch) for branch in branches))
        case tree.Opt(item):
            return tree.Opt(_any_prefix(item))
        case _:
            return node
