"""From values back to words: a pattern is walked with the slots that it bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ikecli.language import shapes, tree
from ikecli.language.kinds import kind
from ikecli.language.tree import Node
from ikecli.secret import Secret

Reveal: TypeAlias = Callable[[Secret], str]


@shapes.cached
def _words_only(node: Node) -> bool:
    return tree.words_only(node)


@shapes.cached
def _slot_names(node: Node) -> tuple[str, ...]:
    return tuple(tree.slots(node))


def present(value: Any) -> bool:
    """Whether a slot or field holds something: None, False and () stand for nothing."""
    return value is not None and value is not False and value != ()


def slots_of(record: Any) -> dict[str, Any]:
    """Return the slots that a record holds."""
    names = shapes.fields(type(record))
    return {name: value for name in names if present(value := getattr(record, name))}


class Emitter:
    """Writes patterns of one dialect; `reveal` gives the text of a secret."""

    def __init__(self, dialect: str, reveal: Reveal) -> None:
        self.dialect = dialect
        self.reveal = reveal

    def text(self, pattern: Node, slots: Mapping[str, Any]) -> str | None:
        """Return the command that binds exactly these slots, or None where the pattern cannot say them all."""
        words: list[str] = []
        used: list[str] = []
        if not self._emit(pattern, slots, words, used) or not slots.keys() <= set(used):
            return None
        return " ".join(words).replace(" \n", "\n")

    def _emit(self, node: Node, slots: Mapping[str, Any], words: list[str], used: list[str]) -> bool:
        match node:
            case tree.Word(text=text, slot=None):
                words.append(text)
                return True
            case tree.Word(text, slot, value):
                held = slots.get(slot or "")
                if (held is not True) if value is True else (held != value):
                    return False
                words.append(text)
                used.append(slot or "")
                return True
            case tree.Value(spec, slot):
                return self._value(spec, slot, slots, words, used)
            case tree.Seq(items):
                return all(self._emit(item, slots, words, used) for item in items)
            case tree.Opt(item):
                return self._optional(item, slots, words, used)
            case tree.AnyOrder(items):
                return all(self._optional(item, slots, words, used) for item in items)
            case tree.Choice(branches):
                return self._choice(node, branches, slots, words, used)
            case tree.Repeat(item):
                return self._repeat(item, slots, words, used)
            case tree.Record(slot, item):
                return self._record(slot, item, slots, words, used)
            case _:
                return True

    def _value(self, spec: str, slot: str, slots: Mapping[str, Any], words: list[str], used: list[str]) -> bool:
        value = slots.get(slot)
        if value is None or isinstance(value, bool):
            return False
        found = kind(spec, self.dialect)
        if not found.holds(value):
            return False
        words.append(self.reveal(value) if isinstance(value, Secret) else found.write(value))
        used.append(slot)
        return True

    def _optional(self, node: Node, slots: Mapping[str, Any], words: list[str], used: list[str]) -> bool:
        before, known = len(words), len(used)
        if not self._emit(node, slots, words, used) or len(used) == known:
            del words[before:], used[known:]
        return True

    def _choice(
        self, node: Node, branches: tuple[Node, ...], slots: Mapping[str, Any], words: list[str], used: list[str]
    ) -> bool:
        if _words_only(node):
            return self._emit(branches[0], slots, words, used)
        best: tuple[list[str], list[str]] | None = None
        for branch in branches:
            said: list[str] = []
            took: list[str] = []
            if self._emit(branch, slots, said, took) and (best is None or len(took) > len(best[1])):
                best = said, took
        if best is None:
            return False
        words += best[0]
        used += best[1]
        return True

    def _repeat(self, item: Node, slots: Mapping[str, Any], words: list[str], used: list[str]) -> bool:
        (slot,) = _slot_names(item)
        values = slots.get(slot)
        if not values:
            return False
        return all(self._emit(item, {slot: value}, words, used) for value in values)

    def _record(self, slot: str, item: Node, slots: Mapping[str, Any], words: list[str], used: list[str]) -> bool:
        record = slots.get(slot)
        if record is None:
            return False
        inner = record if isinstance(record, dict) else slots_of(record)
        took: list[str] = []
        if not self._emit(item, inner, words, took) or not inner.keys() <= set(took):
            return False
        used.append(slot)
        return True
