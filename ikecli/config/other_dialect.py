"""A configuration written in the other dialect, with what of it has no counterpart there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ikecli.config.asa import DEFAULT_POLICY, Asa
from ikecli.config.express import express
from ikecli.config.left_out import left_out
from ikecli.config.running import body, kept, starred
from ikecli.config.store import Store
from ikecli.language import load

NAMED: Final = 200
"""Lines without effect that are named of those that are not converted."""


def converted(store: Store, dialect: str) -> list[str]:
    """Return a configuration in a dialect; what is not in it stands before it, a comment each.

    Keys are encrypted as in a stored configuration, under the same master key. What is a default is not written.
    """
    expressed = express(store.intent, dialect)
    lost = [*_incomplete(store), *expressed.lost, *_unexpressed(store)]
    head = f"! Converted from {store.dialect}; " + (f"without counterpart ({len(lost)}):" if lost else "all of it.")
    lines = body(load(dialect), expressed.draft, "store", store.mask_for(dialect))
    return [head, *(f"!   {one}" for one in lost), "!", *lines, ": end" if dialect == "asa" else "end"]


def _incomplete(store: Store) -> Iterator[str]:
    """Yield what is missing or wrong: what it belongs to means nothing yet."""
    for one in store.complaints:
        if one.severity == "error" or one.cause == "crypto-map-not-applied":
            yield f"not working here: {one.message}"


def _unexpressed(store: Store) -> Iterator[str]:
    """Yield what is no part of the intent."""
    draft = store.draft
    if store.has_enable:
        yield "enable: its password is a hash that the other system does not read"
    if store.levels or store.enable_levels:
        yield "privilege: levels of commands"
    for name in draft.users:
        yield f"username {name}: its password is a hash that the other system does not read"
    if isinstance(draft, Asa):
        groups = draft.tunnel_groups.values()
        used = {DEFAULT_POLICY, *(one.general.group_policy for one in groups if one.general)}
        yield from (f"group-policy {name}: no tunnel group has it" for name in draft.group_policies if name not in used)
    elif draft.archive is not None:
        yield "archive: there is no such command"
    own = body(store.language, draft, "show", store.mask_for(store.dialect))
    yield from (f"left out: {starred(line)}" for line in left_out(store.language, own))
    lines = [starred(line.partition("\n")[0]) for line in dict.fromkeys(kept(draft, inside=False))]
    yield from (f"without effect here: {line}" for line in lines[:NAMED])
    if len(lines) > NAMED:
        yield f"without effect here: {len(lines) - NAMED} lines more"
