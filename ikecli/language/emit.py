"""From values back to words: a pattern is walked with the slots that it bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

from ikecli.language import shapes, tree
from ikecli.language.kinds import kind
from ikecli.language.tree import Node
from ikecli.secret import Secret

Reveal: TypeAlias = Callable[[Secret], str]


def present(value: Any) -> bool:
    """Whether a slot or field holds something: None, False and () stand for nothing."""
    return value is not None and value is not False and (value.__class__ is not tuple or len(value) > 0)


def slots_of(record: Any, among: AbstractSet[str] | None = None) -> dict[str, Any]:
    """Return the slots that a record holds, or those of them that are among some names."""
    names = shapes.fields(type(record)).keys()
    return {
        name: value for name in (names if among is None else names & among) if present(value := getattr(record, name))
    }


Slots: TypeAlias = Mapping[str, Any]
Say: TypeAlias = Callable[[Slots, list[str], list[str]], bool]
"""Adds the words of slots and the names of the slots that these say; False where they cannot be said."""


class Emitter:
    """Writes patterns of one dialect; `reveal` gives the text of a secret. Each pattern is made a function once."""

    def __init__(self, dialect: str, reveal: Reveal) -> None:
        self.dialect = dialect
        self.reveal = reveal
        self._known: dict[Node, Say] = {}

    def text(self, pattern: Node, slots: Slots) -> str | None:
        """Return the command that binds exactly these slots, or None where the pattern cannot say them all."""
        words: list[str] = []
        used: list[str] = []
        if not self._say(pattern)(slots, words, used) or not slots.keys() <= set(used):
            return None
        text = " ".join(words)
        return text.replace(" \n", "\n") if "\n" in text else text

    def _say(self, node: Node) -> Say:
        known = self._known.get(node)
        if known is None:
            known = self._known[node] = self._made(node)
        return known

    def _made(self, node: Node) -> Say:
        match node:
            case tree.Word(text=text, slot=None):
                return _word(text)
            case tree.Word(text, str(slot), value):
                return _bound_word(text, slot, value)
            case tree.Value(spec, slot):
                return self._value(spec, slot)
            case tree.Seq(items):
                return _all([self._say(item) for item in items])
            case tree.Opt(item):
                return _optional(self._say(item))
            case tree.AnyOrder(items):
                return _all([_optional(self._say(item)) for item in items])
            case tree.Choice(branches):
                says = [self._say(branch) for branch in branches]
                return says[0] if tree.words_only(node) else _best(says)
            case tree.Repeat(item):
                return _repeat(self._say(item), next(iter(tree.slots(item))))
            case tree.Record(slot, item):
                return _record(self._say(item), slot)
            case _:
                return lambda slots, words, used: True

    def _value(self, spec: str, slot: str) -> Say:
        found, reveal = kind(spec, self.dialect), self.reveal

        def say(slots: Slots, words: list[str], used: list[str]) -> bool:
            value = slots.get(slot)
            if value is None or isinstance(value, bool) or not found.holds(value):
                return False
            words.append(reveal(value) if isinstance(value, Secret) else found.write(value))
            used.append(slot)
            return True

        return say


def _word(text: str) -> Say:
    def say(slots: Slots, words: list[str], used: list[str]) -> bool:
        words.append(text)
        return True

    return say


def _bound_word(text: str, slot: str, value: Any) -> Say:
    def say(slots: Slots, words: list[str], used: list[str]) -> bool:
        held = slots.get(slot)
        if (held is not True) if value is True else (held != value):
            return False
        words.append(text)
        used.append(slot)
        return True

    return say


def _all(says: Sequence[Say]) -> Say:
    """Say one after the other; in a loop, since `all` takes twice as long and this is run for every word."""

    def say(slots: Slots, words: list[str], used: list[str]) -> bool:
        for each in says:  # noqa: SIM110
            if not each(slots, words, used):
                return False
        return True

    return say


def _optional(inner: Say) -> Say:
    def say(slots: Slots, words: list[str], used: list[str]) -> bool:
        before, known = len(words), len(used)
        if not inner(slots, words, used) or len(used) == known:
            del words[before:], used[known:]
        return True

    return say


def _best(says: Sequence[Say]) -> Say:
    """Say it by the branch that says most."""

    def say(slots: Slots, words: list[str], used: list[str]) -> bool:
        best: tuple[list[str], list[str]] | None = None
        for each in says:
            said: list[str] = []
            took: list[str] = []
            if each(slots, said, took) and (best is None or len(took) > len(best[1])):
                best = said, took
        if best is None:
            return False
        words += best[0]
        used += best[1]
        return True

    return say


def _repeat(inner: Say, slot: str) -> Say:
    def say(slots: Slots, words: list[str], used: list[str]) -> bool:
        values = slots.get(slot)
        return bool(values) and all(inner({slot: value}, words, used) for value in values or ())

    return say


def _record(inner: Say, slot: str) -> Say:
    def say(slots: Slots, words: list[str], used: list[str]) -> bool:
        record = slots.get(slot)
        if record is None:
            return False
        held = record if isinstance(record, dict) else slots_of(record)
        took: list[str] = []
        if not inner(held, words, took) or not held.keys() <= set(took):
            return False
        used.append(slot)
        return True

    return say
