"""The running-config of a draft: declared order, one blank of indentation a level, collections entry by entry."""

from __future__ import annotations

from dataclasses import dataclass, field, is_dataclass
from typing import Any, TypeAlias

from ikecli.language.draft import default_slots, is_flag
from ikecli.language.emit import Emitter, Reveal, present, slots_of
from ikecli.language.language import Dialect, Mode
from ikecli.language.negation import head
from ikecli.language.notation import Bang, Declaration
from ikecli.language.target import Step

_Keys: TypeAlias = tuple[Any, ...]
_BANG = "!"


@dataclass(slots=True)
class _Group:
    """The declarations that begin with one step of a path: of a field, a section or a collection.

    `here` are those that end with it, `spare` the hidden ones among them: they write what no other can say. Of one that
    is not `loud` nothing is written where it holds nothing, unless defaults are.
    """

    step: Step
    depth: int
    here: list[Declaration] = field(default_factory=list)
    spare: list[Declaration] = field(default_factory=list)
    items: list[_Item] = field(default_factory=list)
    sorted: bool = False
    loud: bool = False
    stored: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Here:
    """In a group: the place of the lines for the field or entry itself."""


_Item: TypeAlias = Bang | _Group | _Here | Declaration


def _planned(items: tuple[Bang | Declaration, ...], depth: int) -> list[_Item]:
    """Gather declarations by the step at this depth; each group stands where it is first declared."""
    plan: list[_Item] = []
    groups: dict[str, _Group] = {}
    below: dict[str, list[Declaration]] = {}
    hidden: dict[str, list[Declaration]] = {}
    for item in items:
        if isinstance(item, Bang):
            plan.append(item)
            continue
        target = item.target
        if target.operator in ("-", "!"):
            continue
        if target.operator in ("~", "~>") or target.part:
            plan.append(item)
            continue
        step = target.path[depth]
        if target.hidden:
            hidden.setdefault(step.name, []).append(item)
            continue
        if step.name not in groups:
            groups[step.name] = _Group(step, depth)
            plan.append(groups[step.name])
        below.setdefault(step.name, []).append(item)
    for name, group in groups.items():
        _fill(group, below[name], hidden.get(name, []))
    return plan


def _fill(group: _Group, declarations: list[Declaration], hidden: list[Declaration]) -> None:
    at = group.depth + 1
    group.here = [each for each in declarations if len(each.target.path) == at]
    group.spare = [each for each in hidden if len(each.target.path) == at]
    group.loud = any(each.target.always for each in declarations)
    group.stored = frozenset(slot.name for each in group.here for slot in each.stored)
    group.items = _planned(tuple(each for each in (*declarations, *hidden) if len(each.target.path) > at), at)
    if group.here:
        first = declarations.index(group.here[0])
        before = {each.target.path[at].name for each in declarations[:first]}
        place = sum(1 for item in group.items if isinstance(item, _Group) and item.step.name in before)
        group.items.insert(place, _Here())
    for each in declarations:
        keyed = [depth for depth, step in enumerate(each.target.path) if step.keys is not None]
        group.sorted |= each.target.sorted and keyed[-1:] == [group.depth]


class _Writer:
    def __init__(self, dialect: Dialect, every: bool, reveal: Reveal) -> None:
        self.dialect = dialect
        self.every = every
        self.emitter = Emitter(dialect.name, reveal)
        self.plans: dict[str, tuple[list[_Item], bool]] = {}
        self.changed: list[bool] = [False]
        self.lines: list[str] = []

    def plan(self, mode: Mode) -> tuple[list[_Item], bool]:
        """Return a mode's plan, and whether `!` closes its section."""
        if mode.name not in self.plans:
            items = mode.file.items
            closed = bool(items) and isinstance(items[-1], Bang)
            self.plans[mode.name] = _planned(items[:-1] if closed else items, 0), closed
        return self.plans[mode.name]

    def line(self, level: int, text: str) -> None:
        """Write a command at its level; the further lines of a block stand as they are."""
        self.changed = [True] * (level + 1)
        first, *block = text.split("\n")
        self.lines.append(" " * level + first)
        self.lines += block

    def bang(self, level: int) -> None:
        """Write `!` if something was written at this level since the last one."""
        if level < len(self.changed) and self.changed[level]:
            self.changed[level:] = [False]
            self.lines.append(" " * level + _BANG)

    def body(self, owner: Any, plan: list[_Item], level: int, keys: _Keys) -> None:
        """Write what a plan says of an object; `keys` are those of the path to it, one a step."""
        for item in plan:
            match item:
                case _Group():
                    held = getattr(owner, item.step.name)
                    if item.loud or self.every or not _empty(held):
                        self.group(owner, item, held, level, keys)
                case Declaration() if item.target.part:
                    self.part(owner, item, level)
                case Declaration() if owner.inert:
                    self.inert(owner, item, level)
                case Bang():
                    self.bang(level)

    def group(self, owner: Any, group: _Group, held: Any, level: int, keys: _Keys) -> None:
        """Write the lines of a field, a section or a collection, which holds this."""
        if group.step.keys is not None:
            for key, entry in sorted(held.items()) if group.sorted else held.items():
                for item in group.items:
                    if isinstance(item, _Here):
                        self.entry(owner, group, entry, level, (*keys, key))
                    else:
                        self.body(entry, [item], level, (*keys, key))
            return
        for item in group.items:
            if isinstance(item, _Here):
                self.field(owner, group, held, level, keys)
            elif held:
                self.body(held, [item], level, (*keys, None))

    def entry(self, owner: Any, group: _Group, entry: Any, level: int, keys: _Keys) -> None:
        """Write the line that makes an entry, and its section."""
        values = slots_of(entry, group.stored)
        for each in (*group.here, *group.spare):
            made = entry if each.target.operator == ">" else owner
            if all(getattr(made, name) == value for name, value in each.target.constants):
                text = self.emitter.text(each.pattern, {**_key_slots(each, keys), **values})
                if text is not None:
                    self.opened(each, text, entry, level)
                    return
        if values:
            raise ValueError(f"no declaration writes {group.step.name} {keys[-1]} with {', '.join(values)}")

    def opened(self, declaration: Declaration, text: str, entry: Any, level: int) -> None:
        """Write a line and, if it opens a section, what that holds."""
        self.line(level, text)
        if declaration.target.enters:
            plan, closed = self.plan(self.dialect.modes[declaration.target.enters])
            self.body(entry, plan, level + 1, ())
            if closed:
                self.bang(level)

    def part(self, owner: Any, declaration: Declaration, level: int) -> None:
        """Write the sections of which this opener writes one part, where there is something to write."""
        (step,) = declaration.target.path
        for key, entry in getattr(owner, step.name).items():
            text = self.emitter.text(declaration.pattern, _key_slots(declaration, (key,)))
            before = len(self.lines)
            self.opened(declaration, text or "", entry, level)
            if len([line for line in self.lines[before:] if line.strip() != _BANG]) <= 1:
                del self.lines[before:]

    def inert(self, owner: Any, declaration: Declaration, level: int) -> None:
        """Write the kept lines of a family."""
        for text, kept in owner.inert.items():
            if kept.family == declaration.text:
                self.line(level, f"no {text}" if kept.negated else text)
                for line in kept.lines:
                    self.lines.append(" " * (level + 1) + line)

    def field(self, owner: Any, group: _Group, held: Any, level: int, keys: _Keys) -> None:
        """Write the line of a field, or those of a list."""
        first = group.here[0]
        if first.target.operator == ">":
            slots = {} if held is None else slots_of(held)
            values = {name: slot for name, slot in slots.items() if name in group.stored}
            text = self.emitter.text(first.pattern, {**_key_slots(first, keys), **values})
            if held is not None and text is not None:
                self.opened(first, text, held, level)
        elif first.target.operator == "+":
            self.items(group, held, level, keys)
        elif is_flag(first):
            self.flag(first, held, level, keys)
        elif held is False:
            self.negation(first, level, keys)
        elif not present(held):
            self.unset(group, level, keys)
        else:
            self.line(level, self.value(group, held, keys))

    def flag(self, declaration: Declaration, held: bool | None, level: int, keys: _Keys) -> None:
        """Write a flag where it is not at its default, or where defaults are written."""
        default = declaration.target.default == "on"
        on = default if held is None else held
        if on == default and not (declaration.target.always or self.every):
            return
        if on:
            self.line(level, self.emitter.text(declaration.pattern, _key_slots(declaration, keys)) or "")
        else:
            self.negation(declaration, level, keys)

    def negation(self, declaration: Declaration, level: int, keys: _Keys) -> None:
        """Write `no` and the head of a command."""
        self.line(level, f"no {self.emitter.text(head(declaration), _key_slots(declaration, keys))}")

    def unset(self, group: _Group, level: int, keys: _Keys) -> None:
        """Write the default of a field that holds nothing, where it is written."""
        always = any(each.target.always for each in group.here)
        if not always and not self.every:
            return
        for each in group.here:
            default = default_slots(each)
            if default is not None:
                text = self.emitter.text(each.pattern, {**_key_slots(each, keys), **default})
                self.line(level, text or "")
                return
        if always:
            self.negation(group.here[0], level, keys)

    def value(self, group: _Group, held: Any, keys: _Keys) -> str:
        """Return the first command that says a value whole."""
        for each in (*group.here, *group.spare):
            values = {each.bare: held} if each.bare else slots_of(held) if is_dataclass(held) else None
            if values is not None:
                text = self.emitter.text(each.pattern, {**_key_slots(each, keys), **values})
                if text is not None:
                    return text
        raise ValueError(f"no declaration writes {group.step.name} of {type(held).__name__}")

    def items(self, group: _Group, held: list[Any], level: int, keys: _Keys) -> None:
        """Write a list: item by item, or as one line where the command repeats."""
        first = group.here[0]
        if first.bare and first.slots[first.bare].many:
            if held:
                self.line(level, self.value(group, tuple(held), keys))
            return
        for item in held:
            self.line(level, self.value(group, item, keys))


def _empty(held: Any) -> bool:
    return held is None or (isinstance(held, tuple | list | dict) and not held)


def _key_slots(declaration: Declaration, keys: _Keys) -> dict[str, Any]:
    """Return the keys of a path under the names that this declaration gives them; hidden ones are left out."""
    slots: dict[str, Any] = {}
    if not keys:
        return slots
    for step, key in zip(declaration.target.path, keys, strict=False):
        if step.keys is not None:
            for name, value in zip(step.keys, (key,) if len(step.keys) == 1 else key, strict=True):
                if value is not None:
                    slots[name] = value
    if declaration.target.hide:
        slots.pop(declaration.target.hide, None)
    return slots


def write(
    dialect: Dialect, draft: Any, *, every: bool = False, reveal: Reveal = str, mode: str = "config"
) -> list[str]:
    """Return the running-config of a draft, a line an item.

    `every` writes defaults too. `reveal` gives the text of a secret; left alone it is *****, and such
    a text cannot be read back. Raises ValueError for a value that no declaration can say.
    """
    writer = _Writer(dialect, every, reveal)
    plan, closed = writer.plan(dialect.modes[mode])
    writer.body(draft, plan, 0, ())
    if closed:
        writer.bang(0)
    return writer.lines
