"""Every point of a mode's grammar, with a line that leads there: what a test of `?` or of reading goes through."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ikecli.language import Mode
from ikecli.language.grammar import EndLeaf, Point, WordLeaf

NAME = "zq9"
"""A name that begins no word of the grammar."""

SAMPLES = {
    "A.B.C.D": "192.0.2.1",
    "MASK": "255.255.255.0",
    "WILDCARD": "0.0.0.255",
    "A.B.C.D/N": "192.0.2.0/24",
    "RANGE": "192.0.2.1-192.0.2.9",
    "X:X::X:X": "2001:db8::1",
    "X:X::X:X/N": "2001:db8::/64",
    "N": "7",
    "TCP-PORT": "7",
    "UDP-PORT": "7",
    "HEX": "0a",
    "HEX-KEY": "0a",
    "KEY-LINE": "zq9 zq9",
    "TIME": "10:00",
    "FLASH": "flash:zq9",
    "TEXT": '"zq 9"',
    "PAIR": "(zq9,zq9)",
    "PAREN": "(zq9)",
    "INTERFACE": "Tunnel7",
    "PORT": "GigabitEthernet0/7",
    "SUBINTERFACE": "GigabitEthernet0/7.7",
    "LINE": "zq9 zq9",
    "BANNER": "^zq^",
    "HEX-BLOCK": "\n0a\nquit",
    "MACRO": "\nzq\n@",
}


@dataclass(frozen=True)
class Place:
    """A point of the grammar, the line that leads to it, and the mode that the line enters if it ends here."""

    point: Point
    text: str
    enters: str


def sample(kind: str) -> str:
    """Return a value of a kind."""
    number = re.fullmatch(r"(?:NAME)?<(-?\d+)-\d+>", kind)
    return number[1] if number else SAMPLES.get(kind, NAME)


def names(path: str) -> Iterable[str]:
    """Know one name wherever names are asked for."""
    return (NAME,)


def places(mode: Mode) -> Iterator[Place]:
    """Yield every point of a mode, each with the shortest line."""
    known = {mode.graph.root: ""}
    waiting = deque(known)
    while waiting:
        point = waiting.popleft()
        text = known[point]
        if not point.built:
            point.build()
        enters = ""
        for leaf in point.exprs:
            if isinstance(leaf, EndLeaf):
                enters = "" if leaf.done.negated else leaf.done.declaration.target.enters
            elif leaf.then not in known:
                typed = leaf.node.text if isinstance(leaf, WordLeaf) else sample(leaf.node.kind)
                known[leaf.then] = f"{text}{typed} "
                waiting.append(leaf.then)
        yield Place(point, text, enters)
