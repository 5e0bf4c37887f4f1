"""What is wrong with a grammar by itself (`lint`), and what the dataclasses of a model lack for it (`check`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass
from itertools import combinations
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from ikecli.language import shapes, tree
from ikecli.language.draft import default_slots, worded
from ikecli.language.grammar import Refusal
from ikecli.language.kinds import FREE, REST, kind
from ikecli.language.language import Dialect, Mode
from ikecli.language.negation import explicit, negates
from ikecli.language.notation import Declaration
from ikecli.language.paths import Done, Edge, Way, Ways
from ikecli.language.tree import Node


def lint(dialect: Dialect) -> list[str]:
    """Return what is wrong with a dialect's grammar: missing help, choices that reading or writing cannot make."""
    found: list[str] = []
    for mode in dialect.modes.values():
        found += _points(mode)
        for declaration in mode.file.declarations:
            found += [f"{declaration.place}: {wrong}" for wrong in _alone(declaration)]
        found += _indistinct(mode)
    return list(dict.fromkeys(found))


def _unordered(node: Node) -> Node:
    """Put a repeated choice for options in any order: the same neighbours, without a point for every subset."""
    if isinstance(node, tree.AnyOrder):
        return tree.Opt(tree.Repeat(tree.Choice(tuple(map(_unordered, node.items)))))
    return tree.rebuilt(node, [_unordered(part) for part in tree.parts(node)])


def _owner(way: Way | Done) -> Declaration:
    while isinstance(way, Way):
        way = way.then
    return way.declaration


def _points(mode: Mode) -> Iterator[str]:
    """Walk every point of the mode's grammar once."""
    ways = Ways()
    read = [declaration for declaration in mode.file.declarations if not declaration.target.part]
    waiting = [_unique([ways.way(_unordered(each.pattern), Done(each, "")) for each in read])]
    seen: set[tuple[Way | Done, ...]] = set()
    while waiting:
        point = waiting.pop()
        if point in seen:
            continue
        seen.add(point)
        edges = [edge for way in point for edge in ways.edges(way)]
        yield from _neighbours(edges, mode.dialect)
        then: dict[str, list[Way | Done]] = {}
        for edge in edges:
            if not isinstance(edge.leaf, Done):
                then.setdefault(_label(edge), []).append(edge.then)
        waiting += [_unique(each) for each in then.values()]


def _unique(ways: list[Way | Done]) -> tuple[Way | Done, ...]:
    return tuple(dict.fromkeys(ways))


def _label(edge: Edge) -> str:
    match edge.leaf:
        case tree.Word(text=text):
            return text.lower()
        case tree.Value(kind=spec):
            return spec
        case _:
            return "<cr>"


def _neighbours(edges: list[Edge], dialect: str) -> Iterator[str]:
    helped = {_label(edge) for edge in edges if not isinstance(edge.leaf, Done) and edge.leaf.help}
    values = [edge for edge in edges if isinstance(edge.leaf, tree.Value)]
    free = {_label(edge).partition("(")[0]: edge for edge in values if kind(_label(edge), dialect).rank == FREE}
    served = any(isinstance(edge.leaf, tree.Word) and not edge.leaf.exact for edge in edges)
    ends = {edge.leaf.declaration: edge for edge in edges if isinstance(edge.leaf, Done)}
    for edge in edges:
        place = _owner(edge.then).place
        if _label(edge) not in helped and not isinstance(edge.leaf, Done) and _needs_help(_owner(edge.then)):
            yield f"{place}: no help for {_label(edge)!r}"
        rest = isinstance(edge.leaf, tree.Value) and kind(edge.leaf.kind, dialect).rank == REST
        if rest and served and _owner(edge.then).target.operator in ("~", "~>"):
            yield f"{place}: {_label(edge)} of an inert command beside served words swallows typing errors"
    if len(free) > 1:
        places = ", ".join(sorted({_owner(edge.then).place for edge in free.values()}))
        yield f"{places}: {' and '.join(sorted(free))} stand at one place; the first takes every word"
    if len(ends) > 1 and not any(map(explicit, ends)):
        yield f"{', '.join(each.place for each in ends)}: the same line with another effect"


def _needs_help(declaration: Declaration) -> bool:
    """Inert commands may go without; what begins with `no` has the help of the commands it negates."""
    return declaration.target.operator not in ("~", "~>") and not negates(declaration)


def _alone(declaration: Declaration) -> Iterator[str]:
    target = declaration.target
    if target.off and target.always and target.default is None:
        yield "`off` and `always` without a default write one line for two states"
    if target.step and (target.path[-1].keys is None or len(target.path[-1].keys) != 1):
        yield "`step` numbers a collection of one key"
    for node in _all(declaration.pattern):
        if isinstance(node, tree.Repeat) and len(tree.slots(node)) != 1:
            yield "what is repeated binds one slot; make it a record"
    for text, read in ((target.default, default_slots), (target.negative, _negative)):
        try:
            read(declaration)
        except Refusal:
            yield f"{text!r} cannot be read by the command itself"


def _negative(declaration: Declaration) -> object:
    return declaration.target.negative and worded(declaration, declaration.target.negative)


def _all(node: Node) -> Iterator[Node]:
    yield node
    for part in tree.parts(node):
        yield from _all(part)


def _indistinct(mode: Mode) -> Iterator[str]:
    """Find pairs of declarations for entries of one collection whose written form is told apart by nothing stored."""
    made = [
        each
        for each in mode.file.declarations
        if each.target.operator in ("+", ">") and each.target.path[-1].keys is not None
        if not (each.target.hidden or each.target.part)
    ]
    for one, other in combinations(made, 2):
        if [step.name for step in one.target.path] != [step.name for step in other.target.path]:
            continue
        if _signature(one) == _signature(other) and one.target.enters != other.target.enters:
            yield f"{one.place}, {other.place}: entries of one collection that no stored slot tells apart"


def _signature(declaration: Declaration) -> set[tuple[object, ...]]:
    return {
        (slot.name, slot.required, slot.binder.value if isinstance(slot.binder, tree.Word) else "")
        for slot in declaration.stored
    }


def check(dialect: Dialect, root: type, mode: str = "config") -> list[str]:
    """Return what the dataclasses under `root` lack for a dialect's targets and slots; see grammar/README.md."""
    found: list[str] = []
    waiting: list[tuple[str, type]] = [(mode, root)]
    seen: set[tuple[str, type]] = set()
    while waiting:
        name, model = waiting.pop()
        if (name, model) in seen:
            continue
        seen.add((name, model))
        for declaration in dialect.modes[name].file.declarations:
            if declaration.target.operator == "!":
                continue
            try:
                entered = _checked(declaration, model)
            except TypeError as wrong:
                found.append(f"{declaration.place}: {wrong}")
                continue
            if entered:
                waiting.append((declaration.target.enters, entered))
    return found


def _checked(declaration: Declaration, model: type) -> type | None:
    """Walk the paths of a declaration; return the dataclass of the mode it enters. Raises TypeError."""
    target = declaration.target
    if target.operator in ("~", "~>"):
        _annotation(model, "inert")
        return None
    clears = target.operator == "-"
    for path in target.also:
        _followed(path, model, clears)
    holder, annotation = _followed(target.path, model, clears)
    keyed = target.path[-1].keys is not None
    where = f"{holder.__name__}.{target.path[-1].name}"
    for name, _ in target.constants if target.operator != ">" else ():
        _annotation(holder, name)
    if target.operator == "+" and not keyed and get_origin(annotation) is not list:
        raise TypeError(f"{where} is a list: {annotation}")
    if target.operator == ">" or (target.operator == "+" and keyed):
        entry = shapes.record_in(annotation)
        if entry is None:
            raise TypeError(f"{where} holds no dataclass: {annotation}")
        _record_fits(entry, [slot.name for slot in declaration.stored], declaration)
        return entry if target.operator == ">" else None
    if target.operator in ("=", "+"):
        _value_fits(where, declaration, annotation)
    return None


def _annotation(model: type, name: str) -> Any:
    if name not in shapes.hints(model):
        raise TypeError(f"{model.__name__} has no field {name!r}")
    return shapes.hints(model)[name]


def _followed(path: Any, model: type, clears: bool) -> tuple[type, Any]:
    """Return the dataclass at the end of a path and the annotation there; what `clears` may name a whole collection."""
    for step in path[:-1]:
        annotation = _annotation(model, step.name)
        _keyed(model, step, annotation)
        entry = shapes.record_in(annotation)
        if entry is None:
            raise TypeError(f"{model.__name__}.{step.name} holds no dataclass: {annotation}")
        model = entry
    annotation = _annotation(model, path[-1].name)
    if path[-1].keys is not None or not clears:
        _keyed(model, path[-1], annotation)
    return model, annotation


def _keyed(model: type, step: Any, annotation: Any) -> None:
    if (step.keys is not None) != (get_origin(annotation) is dict):
        raise TypeError(
            f"{model.__name__}.{step.name} is {annotation}, the target {'has' if step.keys else 'has no'} keys"
        )


def _value_fits(where: str, declaration: Declaration, annotation: Any) -> None:
    if not declaration.stored:
        _takes(where, bool, annotation)
    elif declaration.bare:
        _slot_fits(where, declaration.bare, declaration.pattern, annotation)
    else:
        model = shapes.record_in(annotation)
        if model is None:
            raise TypeError(f"{where} holds no dataclass for several slots: {annotation}")
        _record_fits(model, [slot.name for slot in declaration.stored], declaration)


def _record_fits(model: type, names: list[str], declaration: Declaration) -> None:
    for name in names:
        _slot_fits(f"{model.__name__}.{name}", name, declaration.pattern, _annotation(model, name))


def _slot_fits(where: str, slot: str, pattern: Node, annotation: Any) -> None:
    """Check every place that binds a slot, records inward."""
    for node in tree.binders(pattern, slot):
        if isinstance(node, tree.Record):
            model = shapes.record_in(annotation)
            if model is None:
                raise TypeError(f"{where} holds no dataclass for a record: {annotation}")
            for name in tree.slots(node.item):
                _slot_fits(f"{model.__name__}.{name}", name, node.item, _annotation(model, name))
        elif isinstance(node, tree.Word):
            _takes(where, bool if node.value is True else str, annotation)
        else:
            _takes(where, kind(node.kind).python, annotation)


def _takes(where: str, python: type, annotation: Any) -> None:
    if python not in _leaves(annotation):
        raise TypeError(f"{where} does not take {python.__name__}: {annotation}")


def _leaves(annotation: Any) -> set[type]:
    """Return the plain types in an annotation."""
    origin = get_origin(annotation)
    if origin is Literal:
        return {type(value) for value in get_args(annotation)}
    if origin in (Union, UnionType, list, tuple):
        return set().union(*(_leaves(inner) for inner in get_args(annotation)))
    return {annotation} if isinstance(annotation, type) and not is_dataclass(annotation) else set()
