"""What is left of long answers that a session asks for piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from ikecli.control.replies import Shown
from ikecli.errors import Rejected

OPEN: Final = 4
"""Answers of a session that may be unfinished; the oldest is forgotten for a further one."""


class Cursors:
    """The unfinished answers of a session, by number."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[str, Iterator[Any]]] = {}
        self._number = 0

    def begin(self, topic: str, views: Iterator[Any], limit: int) -> Shown:
        """Return the first views of a topic, and where the others are."""
        self._number += 1
        return self._piece(self._number, topic, views, limit)

    def further(self, number: int, limit: int) -> Shown:
        """Return further views; raises Rejected for those of an answer that was forgotten."""
        if number not in self._open:
            raise Rejected("% What was shown is known no more: type the command again")
        return self._piece(number, *self._open.pop(number), limit)

    def topic(self, number: int) -> str:
        """Return what an unfinished answer is about."""
        return self._open[number][0] if number in self._open else ""

    def clear(self) -> None:
        """Forget all."""
        self._open.clear()

    def _piece(self, number: int, topic: str, views: Iterator[Any], limit: int) -> Shown:
        found = tuple(islice(views, limit))
        if len(found) < limit:
            return Shown(found)
        self._open[number] = topic, views
        if len(self._open) > OPEN:
            del self._open[next(iter(self._open))]
        return Shown(found, number)
