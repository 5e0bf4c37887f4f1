"""`show ip local pool`, as IOS lays it out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ikecli.boundary.lending import PoolView
from ikecli.show.options import Slots


def local_pool(views: Sequence[PoolView], slots: Slots) -> Iterator[str]:
    """`show ip local pool [NAME]`: IPv4 pools by range; of one that is named also its addresses."""
    if slots.get("name") and not views:
        yield f"% Pool {slots['name']} not found"
        return
    yield " Pool                     Begin           End             Free  In use   Blocked"
    for view in views:
        if view.version != 4:
            continue
        for number, one in enumerate(view.ranges):
            name = view.name if number == 0 else ""
            yield f" {name:<24} {one.first:<15} {one.last:<15} {one.free:>4}  {one.lent:>6}         0"
        if slots.get("name"):
            yield "Available addresses:"
            yield from (f"   {address:<15}" for address in view.available)
            yield "Inuse addresses:"
            yield from (f"   {address:<15}" for address in view.lent)


def ipv6_local_pool(views: Sequence[PoolView], slots: Slots) -> Iterator[str]:
    """`show ipv6 local pool`: IPv6 pools by range."""
    yield "Pool                  Addresses                                    Free  In use"
    for view in views:
        if view.version == 6:
            for one in view.ranges:
                yield f"{view.name:<21} {f'{one.first}-{one.last}':<41} {one.free:>7}  {one.lent:>6}"
