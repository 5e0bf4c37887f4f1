"""The level that a request needs: its own, unless the configuration says another of the command that makes it."""

from __future__ import annotations

from functools import lru_cache

from ikecli.config import Store
from ikecli.control.commands import fixed, makers, own_level
from ikecli.control.messages import LEVELS, OPERATOR, OPERATOR_TOPICS, Clear, Request, Show
from ikecli.language import Levels, load


def needed_level(request: Request, store: Store) -> int:
    """Return the privilege level that a request needs; where several commands make it, the least of theirs."""
    operator = isinstance(request, Show) and request.topic in OPERATOR_TOPICS
    own = OPERATOR if operator else LEVELS[type(request)]
    rules = store.levels
    if not rules:
        return own
    typed = request.options if isinstance(request, Show | Clear) else None
    found = (_levels(rules).made(command, typed) for command in makers(request))
    return min((level for level in found if level is not None), default=own)


@lru_cache(4)
def _levels(rules: tuple[str, ...]) -> Levels:
    return Levels(load("ios").modes["exec"], own_level, rules, fixed)
