"""A paste as the terminal marks it: taken in one piece, however long it is, and no more of it than is of use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

PASTE_LIMIT: Final = 1 << 23
"""Characters that are taken of a paste; of a longer one, one more, and the rest is thrown away."""

_END: Final = "\x1b[201~"


class PasteParser(Vt100Parser):
    """Takes keys from a terminal; a paste costs the time to read it, once."""

    def __init__(self, feed_key_callback: Callable[[KeyPress], None]) -> None:
        self._parts: list[str] = []
        self._size = 0
        super().__init__(feed_key_callback)

    def feed(self, data: str) -> None:
        """Take what came."""
        if not self._in_bracketed_paste:
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
