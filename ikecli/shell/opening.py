"""Which terminal a session is typed at: given lines, a person's keys, or plain lines for a program."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Final

from ikecli.shell.history import History
from ikecli.shell.terminal import Terminal

AUTOMATION_COLUMNS: Final = 500
"""A window this wide belongs to a program: it gets plain lines."""


def open_terminal(commands: Sequence[str] | None, history: History) -> tuple[Terminal, Callable[[], None]]:
    """Return where a session is typed, and what leaves it as it was."""
    if commands is not None:
        from ikecli.shell.script import ScriptTerminal

        return ScriptTerminal(commands), lambda: None
    if not _has_keys():
        from ikecli.shell.plain import PlainTerminal

        plain = PlainTerminal()
        return plain, plain.close
    from ikecli.shell.keys import KeyTerminal

    keys = KeyTerminal(history.earlier(), hints="COLORTERM" in os.environ)
    keys.catch_signals()
    return keys, keys.close


def _has_keys() -> bool:
    """Tell whether a person sits at a terminal that can be redrawn."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM", "dumb") == "dumb":
        return False
    return os.get_terminal_size(sys.stdout.fileno()).columns < AUTOMATION_COLUMNS
