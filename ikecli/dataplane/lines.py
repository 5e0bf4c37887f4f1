"""The policies of all connections as one list of lines, of which the first that covers a packet decides.

A `deny` of a crypto map's access list takes a packet out of that entry only: the entries behind it still see it. So
each deny is preceded by what it has in common with those entries' lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from ikecli.errors import Unavailable
from ikecli.intent import Connection, Intent, Selector
from ikecli.intent.selectors import LAST_PORT

MAX_LINES: Final = 20_000
"""Lines that a plane takes."""

Pair = tuple[Selector, Selector]


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of packets between two ends: the connection that protects them, or none of them."""

    local: Selector
    remote: Selector
    connection: Connection | None

    @property
    def label(self) -> str:
        """The connection's label, nothing without one."""
        return "" if self.connection is None else self.connection.label


def lines_of(intent: Intent) -> list[Line]:
    """Return the lines in order; raises Unavailable when there are too many."""
    by_interface: dict[str, list[Connection]] = {}
    for connection in intent.connections:
        by_interface.setdefault(connection.interface, []).append(connection)
    found = (line for some in by_interface.values() for line in _lines(some, None))
    lines = list(islice(found, MAX_LINES + 1))
    if len(lines) > MAX_LINES:
        raise Unavailable(f"the crypto maps have more than {MAX_LINES} lines when their denies are taken apart")
    return lines


def torn(lines: Sequence[Line]) -> Iterator[Line]:
    """Yield the lines with ports of what is protected whose fragments, which show none, no other line decides of."""
    whole = [(at, one) for at, one in enumerate(lines) if one.local.any_port and one.remote.any_port]
    for at, line in enumerate(lines):
        if line.connection is None or (line.local.any_port and line.remote.any_port):
            continue
        near, far = (replace(end, first_port=0, last_port=LAST_PORT) for end in (line.local, line.remote))
        if not any(
            near.within(one.local) and far.within(one.remote) and (before < at or one.connection is not None)
            for before, one in whole
        ):
            yield line


def _lines(connections: Sequence[Connection], within: Pair | None) -> Iterator[Line]:
    for at, connection in enumerate(connections):
        for flow in connection.flows:
            pair = _common((flow.local, flow.remote), within)
            if pair is None:
                continue
            if flow.permit:
                yield Line(*pair, connection)
            else:
                yield from _lines(connections[at + 1 :], pair)
                yield Line(*pair, None)


def _common(pair: Pair, within: Pair | None) -> Pair | None:
    if within is None:
        return pair
    local, remote = pair[0].intersection(within[0]), pair[1].intersection(within[1])
    return (local, remote) if local and remote else None
