"""`show ip prefix-list`, `show ipv6 prefix-list` and `show route-map`, as IOS lays them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ikecli.boundary.filters import PrefixListView, RouteMapView
from ikecli.show.options import Slots


def prefix_lists(views: Sequence[PrefixListView], slots: Slots) -> Iterator[str]:
    """`show ip prefix-list` and `show ipv6 prefix-list`: the lines of each list."""
    for view in views:
        family = "ipv6" if view.version == 6 else "ip"
        yield f"{family} prefix-list {view.name}: {len(view.entries)} entries"
        if view.description:
            yield f"   Description: {view.description}"
        yield from (f"   seq {sequence} {entry}" for sequence, entry in view.entries)


def route_map(views: Sequence[RouteMapView], slots: Slots) -> Iterator[str]:
    """`show route-map`: what each entry matches."""
    for view in views:
        yield f"route-map {view.name}, {view.action}, sequence {view.sequence}"
        if view.description:
            yield f"  Description: {view.description}"
        yield "  Match clauses:"
        for what, names in (
            ("ip address prefix-lists:", view.prefix_lists),
            ("ip address (access-lists):", view.lists),
            ("ipv6 address prefix-lists:", view.prefix_lists6),
            ("ipv6 address", view.lists6),
        ):
            if names:
                yield f"    {what} {' '.join(names)} "
        yield "  Set clauses:"
        yield "  Policy routing matches: 0 packets, 0 bytes"
