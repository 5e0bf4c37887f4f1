"""Connections joined with the SAs that serve them: some at a time, as they are then, so that nobody waits for all.

What is kept while that goes on are numbers of IKE SAs, SPIs and connections, never views of SAs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeAlias

from ikecli.boundary.views import ConnectionView, IkeSaView
from ikecli.config import views
from ikecli.ike.views import Carrier
from ikecli.intent import Connection

if TYPE_CHECKING:
    from ikecli.daemon.appliance import Appliance

TOGETHER: Final = 50
"""Connections, or SAs, that are looked at at a time."""

_Keys: TypeAlias = list[tuple[int, int]]
"""Child SAs: the number of the IKE SA and the inbound SPI of each."""


def connections(appliance: Appliance) -> Iterator[ConnectionView]:
    """Yield the connections in use, each with its Child SAs.

    One without several flows that very many Child SAs serve is yielded again for each lot of these.
    """
    served = _served(appliance.engine.carriers())
    parts = _parts(views.connections(appliance.store, _rows(appliance)), served)
    while some := list(islice(parts, TOGETHER)):
        children = {one.inbound_spi: one for one in appliance.children(key for _, keys in some for key in keys)}
        for view, keys in some:
            yield replace(view, children=tuple(children[spi] for _, spi in keys if spi in children))


def _rows(appliance: Appliance) -> list[Connection]:
    own = map(appliance.watching.watcher.carried, views.in_use(appliance.store))
    return [*own, *appliance.engine.connections()]


def _served(carriers: Iterable[Carrier]) -> dict[str, _Keys]:
    """Return the Child SAs of each connection."""
    found: dict[str, _Keys] = {}
    for one in carriers:
        for spi, label in one.children:
            found.setdefault(label, []).append((one.number, spi))
    return found


def _parts(rows: Iterable[ConnectionView], served: dict[str, _Keys]) -> Iterator[tuple[ConnectionView, _Keys]]:
    for view in rows:
        keys = served.get(label_of(view), [])
        size = TOGETHER if len(view.flows) < 2 else len(keys)
        yield view, keys[:size]
        yield from ((view, keys[at : at + size]) for at in range(size, len(keys), max(size, 1)))


def label_of(view: ConnectionView) -> str:
    """Return the label of the connection that is seen."""
    return f"{view.name} {view.sequence} {view.interface}"


@dataclass(slots=True)
class _Group:
    """Connections that have an IKE SA in common, or a peer on one interface; and their IKE SAs."""

    rows: list[Connection] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)


def sessions(appliance: Appliance) -> Iterator[IkeSaView | ConnectionView]:
    """Yield the IKE SAs and the connections in use, what belongs together next to each other: first IKE SAs, then
    the connections that they serve. IKE SAs without connection come last.
    """
    carriers = appliance.engine.carriers()
    groups = _groups(_rows(appliance), carriers)
    placed = {number for group in groups for number in group.numbers}
    rest = [one.number for one in carriers if one.number not in placed]
    found = views.connections(appliance.store, (row for group in groups for row in group.rows))
    waiting = next(found, None)
    for some in _lots(groups):
        sas = {sa.id: sa for sa in appliance.each_sa([number for group in some for number in group.numbers])}
        for group in some:
            mine = [sas[number] for number in group.numbers if number in sas]
            yield from mine
            labels = {row.label for row in group.rows}
            while waiting is not None and label_of(waiting) in labels:
                yield _serving(waiting, mine)
                waiting = next(found, None)
    yield from appliance.each_sa(rest)


def _serving(view: ConnectionView, sas: Iterable[IkeSaView]) -> ConnectionView:
    label = label_of(view)
    return replace(view, children=tuple(child for sa in sas for child in sa.children if child.connection == label))


def _lots(groups: Sequence[_Group]) -> Iterator[list[_Group]]:
    """Yield groups, so many together as have few IKE SAs and connections."""
    lot: list[_Group] = []
    size = 0
    for group in groups:
        lot.append(group)
        size += max(len(group.numbers), len(group.rows))
        if size >= TOGETHER:
            yield lot
            lot, size = [], 0
    if lot:
        yield lot


def _groups(rows: Sequence[Connection], carriers: Sequence[Carrier]) -> list[_Group]:
    """Put together what a session is made of, in the order of the connections."""
    parents = list(range(len(rows)))

    def first(at: int) -> int:
        while parents[at] != at:
            parents[at] = at = parents[parents[at]]
        return at

    def together(some: Sequence[int]) -> None:
        roots = sorted({first(at) for at in some})
        for root in roots[1:]:
            parents[root] = roots[0]

    by_label = {row.label: at for at, row in enumerate(rows)}
    by_place: dict[tuple[str, int], int] = {}
    by_peer: dict[int, list[int]] = {int(one.remote): [] for one in carriers if not one.children}
    for at, row in enumerate(rows):
        interface = row.interface
        for peer in map(int, row.peers):  # an address is slow to look up
            if (other := by_place.setdefault((interface, peer), at)) != at:
                together((other, at))
            if peer in by_peer:
                by_peer[peer].append(at)
    served: list[tuple[int, int]] = []
    for number, remote, children in carriers:
        mine = [by_label[label] for _, label in children if label in by_label] if children else by_peer[int(remote)]
        if len(mine) > 1:
            together(mine)
        if mine:
            served.append((number, mine[0]))
    groups: dict[int, _Group] = {}
    for at, row in enumerate(rows):
        if parents[at] == at:
            groups[at] = _Group([row])
        else:
            groups[first(at)].rows.append(row)
    for number, at in served:
        groups[first(at)].numbers.append(number)
    return list(groups.values())
