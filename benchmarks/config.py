"""Reading a configuration: our grammar against the same commands in stock pyparsing with first-word dispatch.

Both read the same lines in the same run, in turn; the figure is the ratio of the medians. Ours reads abbreviations,
knows the column of an error and answers `?` from the same grammar; the stock one does none of that.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Final, TypeAlias

import pyparsing as pp

from benchmarks.figure import Figure
from ikecli.config import dialect_of
from ikecli.language import LineError, load, tree
from ikecli.language.language import DIALECTS, Mode

SAMPLES: Final = Path(__file__).parent.parent / "sample-configs"
LINES: Final = 10_000
ROUNDS: Final = 5
BOUND: Final = 2

Lines: TypeAlias = list[tuple[str, str]]
"""Lines with the names of the modes that read them."""
Readers: TypeAlias = Mapping[str, Callable[[str], object]]

_PATTERNS: Final = {"LINE": r".+", "A.B.C.D": r"\d+(\.\d+){3}", "MASK": r"\d+(\.\d+){3}", "WILDCARD": r"\d+(\.\d+){3}"}


def stock(node: tree.Node) -> pp.ParserElement:
    """Return a pattern as pyparsing's own elements would have it."""
    match node:
        case tree.Word(text, slot):
            word = pp.CaselessKeyword(text, ident_chars=pp.printables)
            return word(slot) if slot else word
        case tree.Value(kind, slot):
            pattern = r"\d+" if kind.startswith("<") else _PATTERNS.get(kind, r"\S+")
            return pp.Regex(pattern)(slot)
        case tree.Seq(items):
            return pp.And([stock(item) for item in items])
        case tree.Choice(branches):
            return pp.MatchFirst([stock(branch) for branch in branches])
        case tree.Opt(item):
            return pp.Optional(stock(item))
        case tree.Repeat(item):
            return pp.OneOrMore(stock(item))
        case tree.AnyOrder(items):
            return pp.ZeroOrMore(pp.MatchFirst([stock(item) for item in items]))
        case tree.Record(_, item):
            return pp.Group(stock(item))
    return pp.Empty()


class StockMode:
    """The commands of one mode by their first words."""

    def __init__(self, mode: Mode) -> None:
        self._by_word: dict[str, list[pp.ParserElement]] = {}
        for declaration in mode.file.declarations:
            element = stock(declaration.pattern) + pp.StringEnd()
            for word in _first_words(declaration.pattern):
                self._by_word.setdefault(word, []).append(element)
        self._dispatch = {word: pp.MatchFirst(elements) for word, elements in self._by_word.items()}

    def read(self, line: str) -> pp.ParseResults:
        """Return what a line parses to; raises ParseException or KeyError."""
        return self._dispatch[line.split(None, 1)[0].lower()].parse_string(line)


def _first_words(node: tree.Node) -> Iterable[str]:
    match node:
        case tree.Word(text):
            yield text.lower()
        case tree.Seq(items):
            yield from _first_words(items[0])
            if isinstance(items[0], tree.Opt):
                yield from _first_words(items[1])
        case tree.Choice(items):
            for item in items:
                yield from _first_words(item)
        case tree.Opt(item) | tree.Record(item=item):
            yield from _first_words(item)


def sample_lines(dialect: str, count: int) -> Lines:
    """Return `count` (mode, line) of the sample configurations that both grammars read, repeated as need be."""
    modes = load(dialect).modes
    stocks = {name: StockMode(mode) for name, mode in modes.items()}
    found: Lines = []
    for path in sorted(SAMPLES.glob("*/*.cfg")):
        if dialect_of(path.read_text()) == dialect:
            found += _placed(path.read_text().splitlines(), modes, stocks)
    return (found * (count // len(found) + 1))[:count]


def _placed(lines: Iterable[str], modes: Mapping[str, Mode], stocks: Mapping[str, StockMode]) -> Lines:
    found: Lines = []
    stack = ["config"]
    for line in lines:
        text = line.strip()
        if not re.match(r"[a-z]", text):
            continue
        for mode in reversed(stack):
            try:
                command = modes[mode].read(text)
                stocks[mode].read(text)
            except (LineError, pp.ParseException, KeyError):
                continue
            found.append((mode, text))
            del stack[stack.index(mode) + 1 :]
            if command.declaration.target.enters:
                stack.append(command.declaration.target.enters)
            break
    return found


def measure(dialect: str, lines: int = LINES, rounds: int = ROUNDS) -> Figure:
    """Return the median of some rounds, each of ours and then of the stock grammar."""
    typed = sample_lines(dialect, lines)
    modes = load(dialect).modes
    ours: Readers = {name: mode.read for name, mode in modes.items()}
    stock: Readers = {name: StockMode(mode).read for name, mode in modes.items()}
    pairs = [(_seconds(ours, typed), _seconds(stock, typed)) for _ in range(rounds)]
    mine, theirs = (lines / median(pair[side] for pair in pairs) for side in (0, 1))
    return Figure(
        f"configuration read ({dialect})",
        median(other / one for one, other in pairs),
        "x stock pyparsing",
        BOUND,
        f"{mine:,.0f} lines/s, stock {theirs:,.0f} lines/s, median of {rounds} rounds of {lines:,}",
        least=True,
    )


def _seconds(read: Readers, lines: Lines) -> float:
    """Return the CPU seconds that reading the lines takes."""
    start = time.process_time()
    for mode, line in lines:
        read[mode](line)
    return time.process_time() - start


if __name__ == "__main__":
    for each in DIALECTS:
        print(measure(each))
