"""Railroad diagrams of a mode's commands, in one SVG file."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from typing import Final

import railroad

from ikecli.language import tree
from ikecli.language.reference import Described, label
from ikecli.language.tree import Node

STYLE: Final = """<style>
svg{background:#fff}
path{stroke:#345;stroke-width:1.5;fill:none}
text{font:13px monospace;text-anchor:middle;fill:#123}
rect{stroke:#345;stroke-width:1.5;fill:#e8f0e4}
.v rect{fill:#fff3d6}
.h{font-weight:bold;text-anchor:start}
</style>"""
_TITLE_HEIGHT: Final = 24
_SHRUNK: Final = (
    (re.compile(r' class="(?:terminal|railroad-diagram|)\s*"'), ""),
    (re.compile(r' class="non-terminal\s*"'), ' class="v"'),
    (re.compile(r' r[xy]="\d+"'), ' rx="8"'),
    (re.compile(r'( rx="8")+'), r"\1"),
    (re.compile(r"(\d)\.0\b"), r"\1"),
    (re.compile(r"(\d\.\d)\d+"), r"\1"),
    (re.compile(r"\n\s*"), ""),
    (re.compile(r'<path d="M[-.\d ]+[hv]0" />'), ""),
    (re.compile(r"<g></g>"), ""),
    (re.compile(r"></(?:rect|path)>"), "/>"),
    (re.compile(r" />"), "/>"),
)
"""What the library writes and a picture does not need."""


def svg(commands: Iterable[Described]) -> str:
    """Return a picture with each command's name and diagram, one below the other."""
    drawn: list[str] = []
    width, down = 0.0, 0.0
    for command in commands:
        drawing = railroad.Diagram(_node(command.declaration.pattern), type="simple", css=None)
        whole = io.StringIO()
        drawing.writeSvg(whole.write)
        width = max(width, float(drawing.attrs["width"]))
        title = railroad.escapeHtml(command.title)
        drawn.append(f'<text class="h" x="20" y="{down + 16:g}">{title}</text>')
        drawn.append(f'<g transform="translate(0 {down + _TITLE_HEIGHT - 10:g})">{_inner(whole.getvalue())}</g>')
        down += float(drawing.attrs["height"]) + _TITLE_HEIGHT - 10
    size = f'width="{width:g}" height="{down:g}" viewBox="0 0 {width:g} {down:g}"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', STYLE, *drawn, "</svg>", ""])


def _inner(whole: str) -> str:
    inside = whole[whole.index(">") + 1 : whole.rindex("</svg>")]
    for wordy, short in _SHRUNK:
        inside = wordy.sub(short, inside)
    return inside


def _node(node: Node) -> railroad.DiagramItem:
    match node:
        case tree.Word():
            return railroad.Terminal(label(node))
        case tree.Value():
            return railroad.NonTerminal(label(node))
        case tree.Seq(items):
            return railroad.Sequence(*map(_node, items))
        case tree.Choice(branches):
            return railroad.Choice(0, *map(_node, branches))
        case tree.Opt(item):
            return railroad.Optional(_node(item))
        case tree.AnyOrder(items):
            return railroad.OneOrMore(railroad.Choice(0, railroad.Skip(), *map(_node, items)))
        case tree.Repeat(item):
            return railroad.OneOrMore(_node(item))
        case tree.Record(item=item):
            return _node(item)
        case _:
            raise TypeError(node)
