"""The pyparsing grammar of a mode: a left-factored graph of `Point`s whose leaves are words, values and the end.

A `Point` is a MatchFirst that orders its leaves: exact word, specific value, free value, unambiguous abbreviation,
LINE, end. An exact word excludes its siblings there and nothing more. Points are built when first met; the graph has
cycles, so pyparsing may not walk it (no streamline, copy or diagram). Tokens are (node, value) pairs, the last first.

Most lines take the first leaf at every point, or one that reads the same: `Graph.walk` follows these without pyparsing,
whose search would go the same way, and gives up where they do not lead to the end.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Final, TypeAlias

import pyparsing as pp

from ikecli.language import tree
from ikecli.language.command import SEVERITY, Wrong
from ikecli.language.kinds import FREE, REST, SPECIFIC, Kind, kind
from ikecli.language.line import CR, CURSOR, Choice, Line
from ikecli.language.paths import Done, Edge, Marks, Way, Ways

Tokens: TypeAlias = tuple[int, Any]
NOWHERE: Final = 1 << 30
_TOKEN: Final = re.compile(r" *([^ \n]*)").match


class Refusal(pp.ParseException):
    """Why the text is refused at a place; `secret` is the first column that must not be shown again."""

    def __init__(self, text: str, wrong: Wrong, start: int, column: int, stop: int, secret: int = NOWHERE) -> None:
        super().__init__(text, column, wrong)
        self.wrong = wrong
        self.start = start
        self.stop = stop
        self.secret = secret

    @property
    def reach(self) -> tuple[int, int, int]:
        """How far the reading came; the furthest refusal is the one to tell."""
        return self.start, SEVERITY[self.wrong], self.loc


def _further(one: Refusal | None, other: Refusal) -> Refusal:
    if one is None:
        return other
    best = other if other.reach > one.reach else one
    best.secret = min(one.secret, other.secret)
    return best


class Leaf(pp.Token):
    """What one edge of the graph reads: a word or a value, and the point it leads to."""

    def __init__(self, node: tree.Word | tree.Value, marks: Marks, then: Point) -> None:
        super().__init__()
        self.skipWhitespace = self.callPreparse = self.mayIndexError = False
        self.streamlined = True
        self.node = node
        self.opens = tuple((mark, None) for mark in marks)
        self.marks = marks[::-1]
        self.then = then
        self.binds = node.slot is not None
        self.twins: tuple[Leaf, ...] = ()
        self.set_name(node.text if isinstance(node, tree.Word) else node.kind)

    def go_on(self, text: Line, stop: int, value: Any) -> Tokens:
        """Read on behind this leaf and add what it binds."""
        end, tokens = self.then.parseImpl(text, stop)
        if self.binds:
            tokens.append((self.node, value))
        for mark in self.marks:
            tokens.append((mark, None))
        return end, tokens


class WordLeaf(Leaf):
    """A literal, without case."""

    node: tree.Word

    def parseImpl(self, text: Any, loc: int, do_actions: bool = True) -> Any:
        """Read the word at `loc`, in whatever spelling the point accepted, and what follows it."""
        found = _TOKEN(text, loc)
        assert found
        return self.go_on(text, found.end(), self.node.value)


class ValueLeaf(Leaf):
    """A value of a kind."""

    node: tree.Value

    def __init__(self, node: tree.Value, marks: Marks, then: Point, dialect: str) -> None:
        super().__init__(node, marks, then)
        self.kind: Kind = kind(node.kind, dialect)
        self.take: Final = self.kind.take

    def parseImpl(self, text: Any, loc: int, do_actions: bool = True) -> Any:
        """Read the value at `loc` and what follows it; a Refusal says how far that came."""
        found = _TOKEN(text, loc)
        assert found
        start, stop = found.span(1)
        known = len(text.noted or ())
        taken = self.kind.take(text, start, stop, found[1])
        if text.noted is not None:
            text.noted[known:] = self.helped(text.noted[known:])
        if taken is None:
            raise Refusal(text, "invalid", start, start, stop)
        try:
            return self.go_on(text, taken[1], taken[0])
        except Refusal as refusal:
            if self.kind.secret:
                refusal.secret = min(refusal.secret, start)
            raise

    def helped(self, choices: Iterable[Choice]) -> list[Choice]:
        """Return choices of this leaf's kind, with the help of the leaf where they have none."""
        return [one if one.help or one.label == CR else replace(one, help=self.node.help) for one in choices]


class EndLeaf(pp.Token):
    """The end of the line, or a comment; gives the declaration that the line is."""

    then: None = None

    def __init__(self, done: Done, marks: Marks) -> None:
        super().__init__()
        self.skipWhitespace = self.callPreparse = self.mayIndexError = False
        self.streamlined = True
        self.done = done
        self.opens = tuple((mark, None) for mark in marks)
        self.marks = marks[::-1]
        self.set_name(CR)

    def parseImpl(self, text: Any, loc: int, do_actions: bool = True) -> Any:
        """Accept the end of the text, or a blank and a `!`."""
        found = _TOKEN(text, loc)
        assert found
        start, stop = found.span(1)
        if stop < len(text) if start == stop else text[start - 1 : start + 1] != " !":
            raise Refusal(text, "invalid", start, start, stop)
        tokens: Any = [(self.done, None)]
        for mark in self.marks:
            tokens.append((mark, None))
        return len(text), tokens


class Point(pp.MatchFirst):
    """One point of the graph: what may stand here."""

    def __init__(self, graph: Graph, ways: tuple[Way | Done, ...]) -> None:
        super().__init__([])
        self.skipWhitespace = self.callPreparse = self.mayIndexError = False
        self.streamlined = True
        self.set_name("point")
        self.graph = graph
        self.ways = ways
        self.built = False
        self.words: dict[str, list[WordLeaf]] = {}
        self.spelled: list[str] = []
        self.served: list[str] = []
        self.initials: set[str] = set()
        self.values: list[ValueLeaf] = []
        self.rest: list[ValueLeaf] = []
        self.end: EndLeaf | None = None
        self.secret = False

    def build(self) -> None:
        """Make the leaves of this point: equal words and values with equal bindings share one."""
        words: dict[str, list[WordLeaf]] = {}
        values: dict[int, list[ValueLeaf]] = {SPECIFIC: [], FREE: [], REST: []}
        for edge, thens in self._factored():
            if isinstance(edge.leaf, Done):
                self.end = self.end or EndLeaf(edge.leaf, edge.marks)
                continue
            then = self.graph.point(thens)
            if isinstance(edge.leaf, tree.Word):
                words.setdefault(edge.leaf.text.lower(), []).append(WordLeaf(edge.leaf, edge.marks, then))
            else:
                value = ValueLeaf(edge.leaf, edge.marks, then, self.graph.dialect)
                values[value.kind.rank].append(value)
                self.secret |= value.kind.secret
        self.words, self.values, self.rest = words, values[SPECIFIC] + values[FREE], values[REST]
        for at, value in enumerate(self.values):
            value.twins = tuple(leaf for leaf in self.values[at + 1 :] if leaf.node.kind == value.node.kind)
        for leaves in words.values():
            for at, word in enumerate(leaves):
                word.twins = tuple(leaves[at + 1 :])
        self.spelled = sorted(words)
        self.served = sorted(text for text, leaves in words.items() if not all(w.node.exact for w in leaves))
        self.initials = {text[:1] for text in self.served}
        self.exprs = [
            *(leaf for each in words.values() for leaf in each),
            *self.values,
            *self.rest,
            *([self.end] if self.end else []),
        ]
        self.built = True  # last: another thread may be reading

    def _factored(self) -> Iterator[tuple[Edge, tuple[Way | Done, ...]]]:
        groups: dict[Any, tuple[Edge, list[Way | Done]]] = {}
        for way in self.ways:
            for edge in self.graph.ways.edges(way):
                key = _identity(edge)
                first, thens = groups.get(key, (edge, []))
                if not isinstance(edge.leaf, Done) and not isinstance(first.leaf, Done):
                    first = edge if edge.leaf.help and not first.leaf.help else first
                groups[key] = first, [*thens, edge.then]
        for first, thens in groups.values():
            yield first, tuple(dict.fromkeys(thens))

    def parseImpl(self, text: Any, loc: int, do_actions: bool = True) -> Any:
        """Read one leaf and what follows it; raise the furthest Refusal."""
        if not self.built:
            self.build()
        found = _TOKEN(text, loc)
        assert found
        start, stop = found.span(1)
        token = found[1]
        if token[-1:] == CURSOR:
            self.note(text, token[:-1], start > loc or not loc)
            raise Refusal(text, "incomplete", start, start, stop)
        worst: Refusal | None = None
        exact = self.words.get(token.lower())
        try:
            for leaf in exact or self.others(token, start > loc):
                try:
                    return leaf.parseImpl(text, start, do_actions)
                except Refusal as refusal:
                    worst = _further(worst, refusal)
            raise worst if exact and worst else _further(worst, self.refusal(text, loc))
        finally:
            worst = None  # its traceback holds this frame: neither would go without the collector of cycles

    def first(self, text: Line, loc: int) -> tuple[Leaf | EndLeaf, Any, int] | None:
        """Return the leaf that comes first at `loc`, its value and where that ends; None where no leaf fits."""
        if not self.built:
            self.build()
        found = _TOKEN(text, loc)
        assert found
        token = found[1]
        word = self.words.get(token)
        if word:
            return word[0], word[0].node.value, found.end()
        start, stop = found.span(1)
        low = token.lower()
        if low != token and (word := self.words.get(low)):
            return word[0], word[0].node.value, stop
        for leaf in self.values:
            taken = leaf.take(text, start, stop, token)
            if taken is not None:
                return leaf, *taken
        word = self._abbreviated(low)
        if word:
            return word[0], word[0].node.value, stop
        for leaf in self.rest:
            taken = leaf.take(text, start, stop, token)
            if taken is not None:
                return leaf, *taken
        if self.end and (not token or (start > loc and token[0] == "!")):
            return self.end, None, stop
        return None

    def beginnings(self) -> Callable[[str], bool]:
        """Return what tells whether something here may be read whose first word, in small letters, is that."""
        if not self.built:
            self.build()
        if self.values or self.rest or self.end:
            return lambda word: True
        return frozenset(word[:end] for word in self.words for end in range(len(word) + 1)).__contains__

    def fitting(self, text: Line, loc: int) -> int:
        """Count the leaves that read what stands at `loc`."""
        found = _TOKEN(text, loc)
        assert found
        (start, stop), token = found.span(1), found[1]
        if exact := self.words.get(token.lower()):
            return len(exact)
        values = (leaf.kind.take(text, start, stop, token) for leaf in (*self.values, *self.rest))
        return sum(taken is not None for taken in values) + len(self._abbreviated(token.lower()))

    def others(self, token: str, apart: bool) -> Iterator[Leaf | EndLeaf]:
        """Yield the leaves to try for what is no exact word, in order of precedence; `apart`: a blank is before it."""
        yield from self.values
        yield from self._abbreviated(token.lower())
        yield from self.rest
        if self.end and (not token or (apart and token[0] == "!")):
            yield self.end

    def _begun(self, token: str) -> Iterator[str]:
        for at in range(bisect_left(self.served, token), len(self.served)):
            if not self.served[at].startswith(token):
                return
            yield self.served[at]

    def _abbreviated(self, token: str) -> list[WordLeaf]:
        """Return the leaves of the one word that the token abbreviates; several that mean the same count as one."""
        if token[:1] not in self.initials:
            return []
        found = [[leaf for leaf in self.words[text] if not leaf.node.exact] for text in self._begun(token)]
        if len({tuple((leaf.then, leaf.node.slot) for leaf in leaves) for leaves in found}) != 1:
            return []
        return found[0] if len(found) == 1 or found[0][0].node.slot is None else []

    def refusal(self, text: Line, loc: int) -> Refusal:
        """Say why no leaf takes what stands at `loc`: the caret is at the first character that no word here shares."""
        found = _TOKEN(text, loc)
        assert found
        start, stop = found.span(1)
        token = found[1]
        secret = start if self.secret or (token and start and self._leads_to_secret()) else NOWHERE
        if not token:
            return Refusal(text, "incomplete", start, start, stop, secret)
        low = token.lower()
        if len(list(self._begun(low))) > 1:
            return Refusal(text, "ambiguous", start, start, stop, secret)
        if not text[stop:].strip() and any(leaf.kind.begins(token) for leaf in self.values):
            return Refusal(text, "incomplete", start, start, stop, secret)
        near = bisect_left(self.spelled, low)  # who shares most stands next to it in the alphabet
        shared = max((_shared(low, word) for word in self.spelled[max(near - 1, 0) : near + 1]), default=0)
        if shared == len(low):  # the beginning of a word that takes no abbreviation
            shared = 0
        return Refusal(text, "invalid", start, start + shared, stop, secret)

    def _leads_to_secret(self) -> bool:
        """Tell whether a secret stands behind a word that is due here: who leaves that word out types the secret."""
        thens = {leaf.then for leaves in self.words.values() for leaf in leaves}
        for then in thens:
            if not then.built:
                then.build()
        return any(then.secret for then in thens)

    def note(self, text: Line, begun: str, apart: bool) -> None:
        """Note what may stand at the cursor, where `begun` was typed already."""
        if text.noted is None:
            return
        for word, leaves in self.words.items():
            if word.startswith(begun.lower()):
                node = leaves[0].node
                text.noted.append(Choice(node.text, node.help, node.text))
        for leaf in (*self.values, *self.rest):
            text.noted += leaf.helped(leaf.kind.choices(begun, text.names))
        if self.end and apart and not begun:
            text.noted.append(Choice(CR))


def _twin(leaf: Leaf, loc: int, text: Line) -> Leaf | None:
    """Return what else reads what a leaf read, up to `loc`; no word that is kept is read from its beginning."""
    twin = leaf.twins[0]
    typed = not isinstance(twin, WordLeaf) or text[loc - len(twin.node.text) : loc].lower() == twin.node.text.lower()
    return twin if typed else None


def _shared(one: str, other: str) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _identity(edge: Edge) -> tuple[object, ...]:
    marks = tuple((type(mark), getattr(mark, "slot", ""), getattr(mark, "many", False)) for mark in edge.marks)
    match edge.leaf:
        case tree.Word(text, slot, value, many, exact):
            return "word", text.lower(), slot, value, many, exact, marks
        case tree.Value(name, slot, many):
            return "value", name, slot, many, marks
        case done:
            return "done", done, marks


class Graph:
    """The grammar of one mode."""

    def __init__(self, patterns: Iterable[tuple[tree.Node, Done]], dialect: str) -> None:
        self.dialect = dialect
        self.ways = Ways()
        self._points: dict[tuple[Way | Done, ...], Point] = {}
        self.root = self.point(tuple(self.ways.way(pattern, done) for pattern, done in patterns))
        self.root.parse_with_tabs()

    def point(self, ways: tuple[Way | Done, ...]) -> Point:
        """Return the one point that stands before these ways."""
        known = self._points.get(ways)
        if known is None:
            known = self._points[ways] = Point(self, ways)
        return known

    def parse(self, text: Line) -> tuple[Done, dict[str, Any]]:
        """Return what the text is, and its slots: records are dicts, repeated slots lists. Raises Refusal."""
        return self.walk(text) or self.search(text)

    def walk(self, text: Line) -> tuple[Done, dict[str, Any]] | None:
        """Read by the first leaf at every point, and by its twins where that ends; return None where they do, too."""
        point, loc = self.root, 0
        pairs: list[tuple[Any, Any]] = []
        twins: list[tuple[Leaf, Any, int, int]] = []
        leaf: Leaf | EndLeaf | None
        while True:
            if (found := point.first(text, loc)) is not None:
                leaf, value, loc = found
            else:
                leaf = None
                while leaf is None:
                    if not twins:
                        return None
                    other, value, loc, kept = twins.pop()
                    leaf = _twin(other, loc, text)
                value = leaf.node.value if isinstance(leaf, WordLeaf) else value
                del pairs[kept:]
            if leaf.then is None:
                return leaf.done, _slots((*pairs, *leaf.opens))
            if leaf.twins:
                twins.append((leaf, value, loc, len(pairs)))
            if leaf.opens:
                pairs += leaf.opens
            if leaf.binds:
                pairs.append((leaf.node, value))
            point = leaf.then

    def branches(self, text: Line) -> bool:
        """Tell whether more than one leaf fits somewhere on the way of `walk`, so that a search may lead further."""
        point, loc = self.root, 0
        while (found := point.first(text, loc)) is not None and found[0].then is not None:
            if point.fitting(text, loc) > 1:
                return True
            point, loc = found[0].then, found[2]
        return False

    def stop(self, text: Line) -> Refusal:
        """Return the refusal of a text too long to be searched: where its walk ends."""
        point, loc, secret = self.root, 0, NOWHERE
        while (found := point.first(text, loc)) is not None and found[0].then is not None:
            if isinstance(found[0], ValueLeaf) and found[0].kind.secret:
                secret = min(secret, loc)
            point, loc = found[0].then, found[2]
        refusal = point.refusal(text, loc)
        refusal.secret = min(refusal.secret, secret)
        return refusal

    def search(self, text: Line) -> tuple[Done, dict[str, Any]]:
        """Read by trying every leaf that fits. Raises Refusal."""
        pairs = list(self.root.parse_string(text))
        return pairs[0][0], _slots(reversed(pairs[1:]))


def _slots(pairs: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    slots: dict[str, Any] = {}
    outer: list[dict[str, Any]] = []
    for node, value in pairs:
        if node is tree.OPEN:
            outer.append(slots)
            slots = {}
            continue
        if type(node) is tree.Close:
            value, slots = slots, outer.pop()
        if node.many:
            slots.setdefault(node.slot, []).append(value)
        else:
            slots[node.slot] = value
    return slots
