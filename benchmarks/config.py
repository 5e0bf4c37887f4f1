"""Reading a configuration: our grammar against the same commands in stock pyparsing with first-word dispatch.

Both read the same lines in the same run, in turn; the figure is the ratio of the medians. Ours reads abbreviations,
knows the column of an error and answers `?` from the same grammar; the stock one does none of that.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Final

import pyparsing as pp

from ikecli.language import LineError, load, tree
from ikecli.language.language import Mode

SAMPLES: Final = Path(__file__).parent.parent / "sample-configs"
LINES: Final = 10_000
ROUNDS: Final = 5

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


def sample_lines(dialect: str) -> list[tuple[str, str]]:
    """Return (mode, line) of the sample configurations that both grammars read, repeated to LINES."""
    modes = load(dialect).modes
    stocks = {name: StockMode(mode) for name, mode in modes.items()}
    found: list[tuple[str, str]] = []
    for path in sorted(SAMPLES.glob("*/*.cfg")):
        if ("tunnel-group" in path.read_text()) is (dialect == "asa"):
            found += _placed(path.read_text().splitlines(), modes, stocks)
    return (found * (LINES // len(found) + 1))[:LINES]


def _placed(lines: list[str], modes: dict[str, Mode], stocks: dict[str, StockMode]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
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


def seconds(read: dict[str, object], lines: list[tuple[str, str]]) -> float:
    """Return the CPU seconds that reading the lines takes."""
    start = time.process_time()
    for mode, line in lines:
        read[mode](line)  # type: ignore[operator]
    return time.process_time() - start


def main() -> None:
    """Print lines a second of both, and the ratio."""
    for dialect in ("ios", "asa"):
        lines = sample_lines(dialect)
        modes = load(dialect).modes
        ours = {name: mode.read for name, mode in modes.items()}
        theirs = {name: StockMode(mode).read for name, mode in modes.items()}
        pairs = [(seconds(ours, lines), seconds(theirs, lines)) for _ in range(ROUNDS)]
        mine, stocks = median(a for a, _ in pairs), median(b for _, b in pairs)
        print(
            f"configuration read ({dialect}): {len(lines) / mine:,.0f} lines/s, "
            f"stock pyparsing {len(lines) / stocks:,.0f} lines/s, ratio {stocks / mine:.2f} (wanted: at least 2)"
        )


if __name__ == "__main__":
    main()
