"""What both dialects say of the machine below alike: shares of the processor, files and the room for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from ikecli.boundary.machine import FileView, LoadView, RoomView

HUNDREDTHS: Final = 100
"""Of a percent, as LoadView has them."""


def spans(view: LoadView) -> tuple[int, int, int]:
    """Return what a process took of the last five seconds, minute and five minutes, in hundredths of a percent."""
    return view.five_seconds, view.minute, view.five_minutes


def percents(view: LoadView) -> list[str]:
    """Return the same as whole percents."""
    return [f"{round(one / HUNDREDTHS)}%" for one in spans(view)]


def directory(
    views: Sequence[object], place: str, file: Callable[[int, FileView], str], room: Callable[[RoomView], str]
) -> Iterator[str]:
    """Yield the files of a place, numbered, and what room there is."""
    yield f"Directory of {place}"
    yield ""
    files = [view for view in views if isinstance(view, FileView)]
    yield from (file(number, view) for number, view in enumerate(files, 1))
    if not files:
        yield "No files in directory"
    for view in views:
        if isinstance(view, RoomView) and view.total:
            yield ""
            yield room(view)


def written(wall: float, form: Callable[[datetime], str]) -> str:
    """Return when a file was written."""
    return form(datetime.fromtimestamp(wall, UTC)) if wall else "<no date>"
