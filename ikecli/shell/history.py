"""The lines typed before: for recall in this session, for `show history`, and for the next session's recall.

A line that may hold a secret is not kept anywhere. A line that was refused is kept for recall alone, since what looks
like no command may be a misspelled one with a secret in it.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import Final

from ikecli.language import lines_of

SHOWN: Final = 20
"""Lines that `show history` lists until `terminal history size` says otherwise."""

KEPT: Final = 500
"""Lines that the file keeps."""

SECRET_WORDS: Final = (
    *("pre-shared-key", "key", "password", "passwd", "secret", "passphrase", "hex", "community", "key-string"),
    "snmp-server",
)
_SECRET_WORD: Final = re.compile(r"\S+[-_](?:password|passwd|pw|key|secret)|au\S*|priv|md5|\S+://\S*@\S*")


def may_hold_secret(line: str) -> bool:
    """Tell whether a word of the line is, or abbreviates, one that a secret follows."""
    return any(
        secret.startswith(word) or _SECRET_WORD.fullmatch(word)
        for word in line.lower().split()
        for secret in SECRET_WORDS
    )


class History:
    """Lines of this session and, with a file of mode 0600, of those before."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self.shown: list[str] = []
        self.size = SHOWN

    @property
    def listed(self) -> list[str]:
        """The newest lines of this session, as many as are to be listed."""
        return self.shown[-self.size :] if self.size else []

    def earlier(self) -> list[str]:
        """Return the lines of former sessions, oldest first; a file that cannot be read has none."""
        if self._path is None:
            return []
        try:
            return lines_of(self._path.read_text(errors="replace"))[-KEPT:]
        except OSError:
            return []

    def add(self, line: str, accepted: bool, configuration: bool) -> bool:
        """Take a line that was carried out or refused; return whether it may be recalled.

        A command of exec mode that was accepted holds no secret, whatever its words.
        """
        line = line.strip()
        if not line or line[0] == "!" or (may_hold_secret(line) and (configuration or not accepted)):
            return False
        if accepted:
            self.shown = [*self.shown, line][-max(SHOWN, self.size) :]
        return True

    def save(self) -> None:
        """Write the file anew: former lines and this session's. Where that fails there is no recall next time."""
        if self._path is None or not self.shown:
            return
        text = "".join(f"{line}\n" for line in [*self.earlier(), *self.shown][-KEPT:])
        fresh = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
            fresh.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink()
