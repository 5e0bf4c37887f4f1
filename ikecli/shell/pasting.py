"""A paste as the terminal marks it: taken in one piece, however long it is, and no more of it than is of use.

Where a terminal marks none, lines that come in one piece are a paste too: nobody types so fast.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

PASTE_LIMIT: Final = 1 << 23
"""Characters that are taken of a paste; of a longer one, one more, and the rest is thrown away."""

_END: Final = "\x1b[201~"
_KEYS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f?]").search
"""Keys that do something, and questions."""
_ENDS: Final = re.compile(r"\r\n?|\n").findall


class Burst(str):
    """Pasted text that goes on: its last line has no end yet."""


class PasteParser(Vt100Parser):
    """Takes keys from a terminal; a paste costs the time to read it, once."""

    def __init__(self, feed_key_callback: Callable[[KeyPress], None]) -> None:
        self._parts: list[str] = []
        self._size = 0
        super().__init__(feed_key_callback)

    def feed(self, data: str) -> None:
        """Take what came."""
        if not self._in_bracketed_paste:
            if len(_ENDS(data)) > 1 and not _KEYS(data):
                self.feed_key_callback(KeyPress(Keys.BracketedPaste, Burst(data)))
            else:
                super().feed(data)
            return
        text, mark, rest = (self._paste_buffer + data).partition(_END)
        begun = len(text) if mark else max(0, len(text) + 1 - len(_END))
        part = text[: min(begun, PASTE_LIMIT + 1 - self._size)]
        self._parts.append(part)
        self._size += len(part)
        self._paste_buffer = text[begun:]
        if mark:
            whole = "".join(self._parts)
            self._parts, self._size, self._in_bracketed_paste = [], 0, False
            self.feed_key_callback(KeyPress(Keys.BracketedPaste, whole))
            self.feed(rest)
