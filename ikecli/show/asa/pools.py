"""`show ip local pool`, as an ASA lays it out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ikecli.boundary.lending import PoolView
from ikecli.show.options import Slots


def local_pool(views: Sequence[PoolView], slots: Slots) -> Iterator[str]:
    """`show ip local pool NAME`: the range of an IPv4 pool, then its addresses."""
    for view in views:
        if view.version != 4:
            continue
        yield "Begin           End             Mask            Free     Held     In use"
        for one in view.ranges:
            yield f"{one.first:<15} {one.last:<15} {view.netmask:<15} {one.free:>4}        0      {one.lent:>5}"
        yield ""
        yield "Available Addresses:"
        yield from view.available
        yield ""
        yield "In Use Addresses:"
        yield from view.lent or ("No IP addresses in use",)
