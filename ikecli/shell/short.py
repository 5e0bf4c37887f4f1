"""Short names of exec commands: what they stand for, and what `?` says of them. A blank before one makes it a word."""

from __future__ import annotations

from collections.abc import Iterable

from ikecli.control.replies import Choice

MARK = "*"
"""Begins a short name in what `?` lists."""


def in_full(line: str, aliases: Iterable[str]) -> str:
    """Return a line with the short name that it begins with written out; `aliases` are as in `Identified`."""
    first, blank, rest = line.partition(" ")
    for alias in aliases:
        name, command = alias.split(None, 1)
        if name.lower() == first.lower():
            return command + blank + rest
    return line


def expanded(begun: str, aliases: Iterable[str]) -> str:
    """Return a line that is still typed with its short name written out, once a blank tells that this is whole."""
    return in_full(begun, aliases) if " " in begun else begun


def choices(begun: str, aliases: Iterable[str]) -> list[Choice]:
    """Return the short names that a line of one begun word may stand for."""
    if not begun or " " in begun:
        return []
    names = (alias.split(None, 1) for alias in aliases)
    return [Choice(f"{MARK}{name}={command}", "", name) for name, command in names if name.startswith(begun.lower())]
