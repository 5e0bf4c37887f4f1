"""Commands take effect on a draft: a tree of mutable dataclasses with dicts for keyed collections.

grammar/README.md says how targets map to attributes. Nothing here knows a command word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ikecli.errors import Rejected
from ikecli.language import shapes
from ikecli.language.command import Command
from ikecli.language.grammar import Graph
from ikecli.language.language import Mode
from ikecli.language.line import Line
from ikecli.language.members import Members
from ikecli.language.negation import tail
from ikecli.language.notation import Declaration
from ikecli.language.paths import Done
from ikecli.language.target import Path, Step

_MEMBERS = Members()


class MissingEntry(Rejected):
    """The command needs something that is not there: the `key` in the collection `what`."""

    def __init__(self, what: str, key: object) -> None:
        super().__init__(f"{what} {key} does not exist")
        self.what = what
        self.key = key


class OtherEntry(Rejected):
    """The name is taken by an entry of another kind: the word of the opening command, such as `network`, differs."""

    def __init__(self, what: str, key: object, there: object) -> None:
        super().__init__(f"{key} exists already and is {there}")
        self.what = what
        self.key = key
        self.there = there


class FixedEntry(Rejected):
    """The command would remove what cannot go, such as a physical port."""

    def __init__(self, what: str, key: object) -> None:
        super().__init__(f"{key} cannot be removed")
        self.what = what
        self.key = key


@dataclass(slots=True)
class Inert:
    """A line kept without effect, and the lines of its section; `family` is the declaration that keeps it."""

    family: str
    negated: bool = False
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Passed:
    """An entry or section that a path went through."""

    owner: Any
    step: Step
    key: Any
    entry: Any
    path: tuple[str, ...]


def apply(draft: Any, command: Command) -> Any:
    """Carry a configuration command out on the mode's object; return the object that `>` enters (`~>`: the Inert).

    Raises MissingEntry, OtherEntry and FixedEntry; the draft is then as before. ValueError for a `!` command.
    """
    declaration = command.declaration
    match command.operator:
        case "=":
            _set(draft, command)
        case "+" if declaration.target.path[-1].keys is None:
            _add(draft, command)
        case "+":
            _put(draft, command)
        case ">":
            return _enter(draft, command)
        case "-":
            for path in (declaration.target.path, *declaration.target.also):
                _clear(draft, path, (), command)
        case "~" | "~>":
            return _keep(draft, command)
        case _:
            raise ValueError(f"{declaration.place}: a call has no effect on a configuration")
    return None


def key_of(step: Step, slots: Mapping[str, Any]) -> Any:
    """Return the key of an entry: the value of its slot, or a tuple of several."""
    keys = step.keys or ()
    return slots.get(keys[0]) if len(keys) == 1 else tuple(slots.get(key) for key in keys)


def _owner(draft: Any, command: Command) -> tuple[Any, list[_Passed]]:
    """Return the object that the last step of the path acts on, made where it is missing unless this is a `no`."""
    target = command.declaration.target
    passed: list[_Passed] = []
    names: tuple[str, ...] = ()
    for step in target.path[:-1]:
        names = (*names, step.name)
        owner, draft = draft, _entry(draft, step, command)
        if draft is None:
            return None, []
        passed.append(_Passed(owner, step, key_of(step, command.slots), draft, names))
    if not command.negated and target.operator != ">":
        for name, value in target.constants:
            setattr(draft, name, value)
    return draft, passed


def _entry(owner: Any, step: Step, command: Command) -> Any:
    """Return the entry or section that a step names, made where it is missing unless this is a `no`."""
    held = getattr(owner, step.name)
    found = held if step.keys is None else held.get(key_of(step, command.slots))
    if found is None and not command.negated:
        if command.declaration.target.needs and step.keys is not None:
            raise MissingEntry(step.name, key_of(step, command.slots))
        model = shapes.record_in(shapes.hints(type(owner))[step.name])
        if model is None:
            raise TypeError(f"{command.declaration.place}: {step.name} of {type(owner).__name__} holds no dataclass")
        found = model()
        if step.keys is None:
            setattr(owner, step.name, found)
        else:
            _name(found, step.keys, command.slots)
            held[key_of(step, command.slots)] = found
    return found


def _name(entry: Any, keys: tuple[str, ...], slots: Mapping[str, Any]) -> None:
    for key in keys:
        if key in shapes.fields(type(entry)):
            setattr(entry, key, slots.get(key))


def _prune(command: Command, passed: list[_Passed]) -> None:
    """Remove entries that a `no` left empty, innermost first, but for those that a `>` opens."""
    for place in reversed(passed):
        if place.path in command.declaration.opened or not _empty(place.entry, place.step.keys or (), command):
            return
        _remove(place.owner, place.step, place.key)


def _empty(entry: Any, keys: tuple[str, ...], command: Command) -> bool:
    """Whether an entry holds nothing but its name and the constants of the declaration."""
    apart = {*keys, *(name for name, _ in command.declaration.target.constants)}
    model = type(entry)
    names = [name for name in shapes.fields(model) if name not in apart]
    return all(getattr(entry, name) == shapes.initial(model, name) for name in names)


@lru_cache(None)
def worded(declaration: Declaration, text: str) -> dict[str, Any]:
    """Read a default as it is written in the notation: the words that stand behind the head of the command."""
    pattern = tail(declaration)
    if pattern is None:
        return {}
    _, slots = Graph([(pattern, Done(declaration, ""))], declaration.dialect).parse(Line(text))
    return slots


def default_slots(declaration: Declaration) -> dict[str, Any] | None:
    """Return the slots of a `=` at its default, or None where it has no default or is a flag."""
    default = declaration.target.default
    return None if default is None or not declaration.stored else worded(declaration, default)


def is_flag(declaration: Declaration) -> bool:
    """Whether a `=` sets a flag: it stores no slot."""
    return not declaration.stored


def value_of(declaration: Declaration, raw: Mapping[str, Any], annotation: Any) -> Any:
    """Return the value of stored slots: a bare one, or a record."""
    if declaration.bare:
        return shapes.build(raw[declaration.bare], annotation)
    return shapes.build(dict(raw), annotation)


def _stored(command: Command) -> dict[str, Any]:
    slots = command.slots
    return {name: slots[name] for name in command.declaration.stored_names if name in slots}


def _set(draft: Any, command: Command) -> None:
    declaration = command.declaration
    target = declaration.target
    owner, passed = _owner(draft, command)
    if owner is None:
        return
    name = target.path[-1].name
    value = _new_value(type(owner), name, command)
    setattr(owner, name, value)
    if value is None or value == ():
        _prune(command, passed)


def _new_value(model: type, name: str, command: Command) -> Any:
    declaration, target = command.declaration, command.declaration.target
    if command.negated == "default":
        return shapes.initial(model, name)
    if is_flag(declaration):
        on = not command.negated
        return shapes.initial(model, name) if on == (target.default == "on") else on
    if not command.negated:
        raw = _stored(command)
    elif target.off:
        return False
    elif target.negative is not None:
        raw = worded(declaration, target.negative)
    else:
        return shapes.initial(model, name)
    if raw == default_slots(declaration):
        return shapes.initial(model, name)
    return value_of(declaration, raw, shapes.hints(model)[name])


def _add(draft: Any, command: Command) -> None:
    declaration, target = command.declaration, command.declaration.target
    owner, passed = _owner(draft, command)
    if owner is None:
        return
    name = target.path[-1].name
    items: list[Any] = getattr(owner, name)
    value = value_of(declaration, _stored(command), shapes.hints(type(owner))[name])
    many = declaration.bare and declaration.slots[declaration.bare].many
    for item in value if many else (value,):
        if command.negated:
            items[:] = [kept for kept in items if kept != item]
        elif target.keep or not _MEMBERS.hold(items, item):
            at = command.slots.get(target.at) if target.at else None
            items.insert(len(items) if at is None else at - 1, item)
            if not target.keep:
                _MEMBERS.follow(items)
    if command.negated:
        _prune(command, passed)


def _put(draft: Any, command: Command) -> None:
    declaration, target = command.declaration, command.declaration.target
    owner, passed = _owner(draft, command)
    if owner is None:
        return
    step = target.path[-1]
    entries: dict[Any, Any] = getattr(owner, step.name)
    key = key_of(step, command.slots)
    model = _model(owner, step, declaration)
    raw = _stored(command)
    if target.step:
        _put_numbered(entries, key, model, command)
    elif command.negated:
        _removable(command, step, key)
        _remove(owner, step, key)
    elif target.merge:
        entry = entries.get(key)
        if entry is None:
            entry = entries[key] = model()
            _name(entry, step.keys or (), command.slots)
        _fill(entry, raw)
    else:
        _same_kind(entries.get(key), step, key, {name: raw[name] for name in declaration.constant})
        named = {name: command.slots.get(name) for name in step.keys or () if name in shapes.fields(model)}
        entries[key] = shapes.record(model, {**named, **raw})
    if command.negated:
        _prune(command, passed)


def _put_numbered(entries: dict[Any, Any], key: int | None, model: type, command: Command) -> None:
    """Put an entry whose number may be left out; one that is there already, under whatever number, stays as it is."""
    step = command.declaration.target.step
    if command.negated and key is not None:
        entries.pop(key, None)
        return
    entry = shapes.record(model, _stored(command))
    if command.negated:
        for known in [known for known, other in entries.items() if other == entry]:
            del entries[known]
    elif not _MEMBERS.hold(entries, entry):
        number = _MEMBERS.highest(entries) // step * step + step if key is None else key
        entries[number] = entry
        _MEMBERS.follow(entries, number)


def _model(owner: Any, step: Step, declaration: Declaration) -> type:
    model = shapes.record_in(shapes.hints(type(owner))[step.name])
    if model is None:
        raise TypeError(f"{declaration.place}: {step.name} of {type(owner).__name__} holds no dataclass")
    return model


def _fill(entry: Any, raw: Mapping[str, Any]) -> None:
    types = shapes.hints(type(entry))
    for name, value in raw.items():
        setattr(entry, name, shapes.build(value, types[name]))


def _removable(command: Command, step: Step, key: Any) -> None:
    if command.declaration.target.fixed:
        raise FixedEntry(step.name, key)


def _enter(draft: Any, command: Command) -> Any:
    target = command.declaration.target
    owner, passed = _owner(draft, command)
    if owner is None:
        return None
    step = target.path[-1]
    if command.negated:
        key = key_of(step, command.slots)
        if (target.fixed or target.resets) and command.negated == "default" and step.keys is not None:
            kept = (*step.keys, *(slot.name for slot in command.declaration.stored))
            _empty_out(getattr(owner, step.name).get(key), kept)
            return None
        _removable(command, step, key)
        _remove(owner, step, key)
        _prune(command, passed)
        return None
    entry = _entry(owner, step, command)
    model = type(entry)
    raw = _stored(command)
    words = {name: raw[name] for name in command.declaration.constant}
    _same_kind(entry, step, key_of(step, command.slots), {**words, **dict(target.constants)})
    unset = {slot.name: shapes.initial(model, slot.name) for slot in command.declaration.stored if slot.name not in raw}
    for name, value in (*unset.items(), *target.constants):
        setattr(entry, name, value)
    _fill(entry, raw)
    return entry


def _same_kind(entry: Any, step: Step, key: Any, wanted: Mapping[str, Any]) -> None:
    """Raise OtherEntry where an entry is there that was made by another word."""
    for name, word in wanted.items():
        there = getattr(entry, name, None)
        if there is not None and there != word:
            raise OtherEntry(step.name, key, there)


def _empty_out(entry: Any, keys: tuple[str, ...]) -> None:
    """Set all of an entry back to its beginning but for its name and what its opening line says."""
    for name in shapes.fields(type(entry)) if entry is not None else ():
        if name not in keys:
            setattr(entry, name, shapes.initial(type(entry), name))


def _clear(owner: Any, path: Path, names: tuple[str, ...], command: Command) -> None:
    step, *rest = path
    names = (*names, step.name)
    if step.keys is None:
        held = getattr(owner, step.name)
        if not rest:
            _remove(owner, step, None)
        elif held is not None:
            _clear(held, tuple(rest), names, command)
        return
    entries: dict[Any, Any] = getattr(owner, step.name)
    for key in _agreeing(entries, step.keys, command.slots):
        if rest:
            _clear(entries[key], tuple(rest), names, command)
        if not rest or (names not in command.declaration.opened and _empty(entries[key], step.keys, command)):
            _remove(owner, step, key)


def _remove(owner: Any, step: Step, key: Any) -> None:
    """Remove an entry or section; one that every new object has is as new again."""
    born = shapes.initial(type(owner), step.name)
    if step.keys is None:
        setattr(owner, step.name, born)
        return
    entries: dict[Any, Any] = getattr(owner, step.name)
    if key in born:
        entries[key] = born[key]  # in its place: the order is that of the running-config
    else:
        entries.pop(key, None)


def _agreeing(entries: dict[Any, Any], names: tuple[str, ...], slots: Mapping[str, Any]) -> list[Any]:
    """Return the keys that agree with what was typed; a part that was not typed agrees with all."""
    typed = [(at, slots[name]) for at, name in enumerate(names) if name in slots]
    if len(names) == 1:
        return [key for key in entries if all(key == value for _, value in typed)]
    return [key for key in entries if all(key[at] == value for at, value in typed)]


def _keep(draft: Any, command: Command) -> Inert | None:
    kept: dict[str, Inert] = draft.inert
    text = command.text.strip()
    if command.negated:
        text = text.split(None, 1)[1]
        begun = [line for line, inert in kept.items() if not inert.negated and f"{line} ".startswith(f"{text} ")]
        for line in begun:
            del kept[line]
        if not begun and command.negated == "no":
            kept[text] = Inert(command.declaration.text, negated=True)
        return None
    known = kept.get(text)
    if known and known.negated:
        del kept[text]
        return None
    return kept.setdefault(text, Inert(command.declaration.text))


def defaults(mode: Mode, model: type, below: str = "") -> dict[str, Any]:
    """Return the defaults of a mode's `=` fields, by field, as the annotations of the dataclass want them.

    `below` is the path of the collections whose entry the dataclass is, without keys ("crypto_maps.entries"), empty for
    the mode's own object. A flag has a default always; other fields where the notation gives one.
    """
    found: dict[str, Any] = {}
    for declaration in mode.file.declarations:
        target = declaration.target
        if target.operator != "=" or ".".join(step.name for step in target.path[:-1]) != below:
            continue
        name = target.path[-1].name
        raw = default_slots(declaration)
        if is_flag(declaration):
            found.setdefault(name, target.default == "on")
        elif raw is not None:
            found[name] = value_of(declaration, raw, shapes.hints(model)[name])
    return found
