"""What a monitoring session prints of what it hears: log lines always, debug lines while something is debugged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ikecli.control.replies import Heard

DEBUGGING: Final = 7
"""The severity of what debugs tell."""


def lines(heard: Heard, dialect: str) -> Iterator[str]:
    """Yield the lines."""
    from ikecli.debug import logged, render
    from ikecli.show.ios.system import log_line
    from ikecli.show.text import stamp

    if heard.lost:
        yield f"% {heard.lost} lines were lost here: this session did not read them in time"
    event, form = heard.event, heard.form
    if event is not None and heard.debugged and form.monitor >= DEBUGGING:
        yield from render(event, dialect, stamp(heard.time, dialect, form.debug_stamps, form.started))
    for kept in logged(heard, dialect):
        if kept.severity <= form.monitor:
            yield log_line(kept, dialect, form)
