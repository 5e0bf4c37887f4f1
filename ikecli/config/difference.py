"""The difference of two configurations, line by line in their sections: `show archive config differences`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Section:
    """The lines below a line, each with its own."""

    lines: dict[str, _Section] = field(default_factory=dict)

    def printed(self, sign: str, depth: int) -> Iterator[str]:
        for line, below in self.lines.items():
            yield f"{' ' * depth}{sign}{line}"
            yield from below.printed(sign, depth + 1)


def difference(old: Iterable[str], new: Iterable[str]) -> list[str]:
    """Return the lines of `old` alone with a `-`, of `new` alone with a `+`, below the sections they lie in.

    The order of lines is not compared: where it matters they are numbered.
    """
    return list(_compared(_tree(old), _tree(new), 0))


def _tree(lines: Iterable[str]) -> _Section:
    root = _Section()
    above = [(-1, root)]
    for line in lines:
        text = line.strip()
        if not text or text.startswith(("!", ":")) or line == "end":
            continue
        indent = len(line) - len(line.lstrip(" "))
        while above[-1][0] >= indent:
            above.pop()
        above.append((indent, above[-1][1].lines.setdefault(text, _Section())))
    return root


def _compared(old: _Section, new: _Section, depth: int) -> Iterator[str]:
    margin = " " * depth
    for line, below in old.lines.items():
        if line not in new.lines:
            yield f"{margin}-{line}"
            yield from below.printed("-", depth + 1)
            continue
        inside = list(_compared(below, new.lines[line], depth + 1))
        if inside:
            yield f"{margin}{line}"
            yield from inside
    for line, below in new.lines.items():
        if line not in old.lines:
            yield f"{margin}+{line}"
            yield from below.printed("+", depth + 1)
