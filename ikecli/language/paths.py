"""Where a pattern may go on: every point of a parse is a list of ways, each what remains to be read.

Ways are shared: equal points are the same object, so a repetition is a cycle and not an endless tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ikecli.language import tree
from ikecli.language.command import Negation
from ikecli.language.notation import Declaration
from ikecli.language.tree import Close, Node, Open

Marks: TypeAlias = tuple[Open | Close, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """The line ends here and is this declaration, or its negation."""

    declaration: Declaration
    negated: Negation


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A node to be read, then what follows it."""

    node: Node
    then: Way | Done


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """A possible next leaf and where it leads, or the end; `marks` are the records opened and closed before it."""

    leaf: tree.Word | tree.Value | Done
    marks: Marks
    then: Way | Done


class Ways:
    """Makes ways, each only once."""

    def __init__(self) -> None:
        self._ways: dict[tuple[Node, Way | Done], Way] = {}
        self._again: dict[Node, tree.Opt] = {}
        self._closes: dict[tree.Record, Close] = {}
        self._less: dict[tuple[Node, ...], tree.AnyOrder] = {}

    def way(self, node: Node, then: Way | Done) -> Way:
        """Return the one way that reads the node and goes on with `then`."""
        return self._ways.setdefault((node, then), Way(node, then))

    def edges(self, way: Way | Done, marks: Marks = ()) -> Iterator[Edge]:
        """Yield the leaves that may come next, in declared order."""
        if isinstance(way, Done):
            yield Edge(way, marks, way)
            return
        match way.node:
            case tree.Word() | tree.Value():
                yield Edge(way.node, marks, way.then)
            case Open() | Close():
                yield from self.edges(way.then, (*marks, way.node))
            case tree.AnyOrder(items):
                for at, item in enumerate(items):
                    yield from self.edges(self.way(item, self.way(self._without(way.node, at), way.then)), marks)
                yield from self.edges(way.then, marks)
            case tree.Choice(branches):
                for branch in branches:
                    yield from self.edges(self.way(branch, way.then), marks)
            case tree.Opt(item):
                yield from self.edges(self.way(item, way.then), marks)
                yield from self.edges(way.then, marks)
            case _:
                yield from self.edges(self._unfolded(way.node, way.then), marks)

    def _unfolded(self, node: Node, then: Way | Done) -> Way | Done:
        match node:
            case tree.Seq(items):
                for item in reversed(items):
                    then = self.way(item, then)
                return then
            case tree.Repeat(item):
                return self.way(item, self.way(self._again.setdefault(node, tree.Opt(node)), then))
            case tree.Record(slot, item, many):
                close = self._closes.setdefault(node, Close(slot, many))
                return self.way(tree.OPEN, self.way(item, self.way(close, then)))
            case _:
                raise AssertionError(node)

    def _without(self, node: tree.AnyOrder, at: int) -> tree.AnyOrder:
        rest = (*node.items[:at], *node.items[at + 1 :])
        return self._less.setdefault(rest, tree.AnyOrder(rest))
