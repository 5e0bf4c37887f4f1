"""What a monitoring session prints of what it hears: log lines always, debug lines while something is debugged."""

from __future__ import annotations

from collections.abc import Iterator

from ikecli.control.messages import Heard


def lines(heard: Heard, dialect: str) -> Iterator[str]:
    """Yield the lines."""
    from ikecli.debug import logged, render
    from ikecli.show.ios.system import log_line
    from ikecli.show.text import stamp

    if heard.lost:
        yield f"% {heard.lost} lines were lost here: this session did not read them in time"
    event = heard.event
    if event is not None and heard.debugged:
        yield from render(event, dialect, stamp(heard.time, dialect))
    kept = logged(heard, dialect)
    if kept is not None:
        yield log_line(kept, dialect)
