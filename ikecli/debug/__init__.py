"""Events to lines: what `debug` prints, and what the log keeps. A failure says what differs and what to type."""

from ikecli.debug.lines import render
from ikecli.debug.syslog import log, logged

__all__ = ["log", "logged", "render"]
