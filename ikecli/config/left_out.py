"""What a configuration has that it names nowhere: no part of the intent, and so of no conversion."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

from ikecli.language import Dialect, NeedsLines, tree
from ikecli.language.draft import key_of
from ikecli.language.notation import Declaration

Entry: TypeAlias = tuple[str, Any]
"""A field of the draft, and the key where it is a collection."""
_NAMED: Final = re.compile(r"NAME\(([a-z_0-9]+)")
_OF_THEMSELVES: Final = frozenset(
    {"profiles", "policies", "tunnel_groups", "group_policies", "crypto_maps", "interfaces"}
)
"""What does something though nothing names it."""
_APART: Final = frozenset(
    {"banners", "aliases", "timestamps", "debug_stamps", "log_stamps", "logging", "logging_enable", "log_buffered"}
    | {
        "log_monitor",
        "log_octets",
        "log_sessions",
        "log_ikev2",
        "diagnose",
        "password_encryption",
        "hosts",
        "domain",
        "aaa_networks",
    }
    | {"aaa_new_model", "nat_overloads", "nat_statics", "ipv6_routing", "names_used"}
)
"""What is no part of what is protected."""

_WORDS: Final = ("description ", "remark ")


def left_out(dialect: Dialect, lines: Iterable[str]) -> Iterator[str]:
    """Yield the first line of each thing that a configuration has and that says nothing of what is protected.

    That is what is there to be named by others and is named by nothing in use, and settings of the system.
    """
    entries = _entries(dialect, lines)
    using: defaultdict[str, set[int]] = defaultdict(set)
    places: defaultdict[Entry | None, set[int]] = defaultdict(set)
    for place, (entry, own) in enumerate(entries):
        places[entry].add(place)
        for word in {word for line in own for word in line.split()}:
            using[word].add(place)
    taken = {path for mode in dialect.modes.values() for each in mode.file.declarations for path in named(each)}
    waiting = {one for one in places if one and one[0] in taken - _OF_THEMSELVES}
    gone: set[int] = set()
    while found := {one for one in waiting if one and not using[str(one[1])] - gone - places[one]}:
        waiting -= found
        gone |= {place for one in found for place in places[one]}
    said: set[Entry] = set()
    for place, (entry, own) in enumerate(entries):
        if entry and entry not in said and (place in gone or entry[0] in _APART):
            said.add(entry)
            yield own[0].partition("\n")[0]
        elif " remark " in own[0]:
            yield own[0]
        elif place not in gone and entry and entry[0] != "interfaces":
            yield from (f"{own[0]}: {line.strip()}" for line in own if line.strip().startswith(_WORDS))


def _entries(dialect: Dialect, lines: Iterable[str]) -> list[tuple[Entry | None, list[str]]]:
    """Return a configuration in its sections, each with the field of the draft that it is about."""
    found: list[tuple[Entry | None, list[str]]] = []
    rest = iter(lines)
    for line in rest:
        if line.startswith(" ") and found:
            found[-1][1].append(line)
            continue
        try:
            command = dialect.modes["config"].attempt(line)
        except NeedsLines as block:
            for more in rest:
                line += f"\n{more}"
                if block.ends(more):
                    break
            command = dialect.modes["config"].attempt(line)
        path = command.declaration.target.path if command else ()
        found.append(((path[0].name, key_of(path[0], command.slots)) if command and path else None, [line]))
    return found


def named(declaration: Declaration) -> Iterator[str]:
    """Yield the collections whose names a command takes."""
    waiting = [declaration.pattern]
    while waiting:
        node = waiting.pop()
        waiting += tree.parts(node)
        if isinstance(node, tree.Value) and (found := _NAMED.match(node.kind)):
            yield found[1]
