"""Stored configurations, as IOS lists them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ikecli.boundary.machine import ArchiveView
from ikecli.show.options import Slots


def archive(views: Sequence[ArchiveView], slots: Slots) -> Iterator[str]:
    """`show archive`: a row for each configuration that there is room for."""
    for view in views:
        if not view.path:
            yield "Archive feature not enabled"
            continue
        yield f"The maximum archive configurations allowed is {view.maximum}."
        yield f"There are currently {len(view.names)} archive configurations saved."
        yield f"The next archive file will be named {view.next}"
        yield " Archive #  Name"
        for row in range(max(view.maximum, len(view.names))):
            name = view.names[row] if row < len(view.names) else ""
            yield f"   {row + 1:<8} {name}{' <- Most Recent' if row == len(view.names) - 1 else ''}"
