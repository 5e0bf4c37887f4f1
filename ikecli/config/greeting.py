"""What an operator's session begins with: banners, short names of commands, the form of the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal

from ikecli.boundary.views import LogForm
from ikecli.config import syslog
from ikecli.config.asa import Asa
from ikecli.config.store import Store

ORDER: Final = ("motd", "login", "exec")

BUILT_IN: Final = {"h": "help", "lo": "logout", "p": "ping", "s": "show", "u": "undebug", "un": "undebug"}
"""The short names that a router has by itself; one that is configured takes the place of its namesake."""


def banners(store: Store, kinds: Iterable[str] = ORDER) -> Iterator[str]:
    """Yield the texts that a session begins with, of these kinds."""
    names = {"$(hostname)": store.hostname}
    if isinstance(store.draft, Asa):
        names["$(domain)"] = store.draft.domain or ""
        texts = {kind: "\n".join(one.text or "" for one in held.lines) for kind, held in store.draft.banners.items()}
    else:
        texts = {kind: held.text for kind, held in store.draft.banners.items()}
    for kind in kinds:
        text = texts.get(kind)
        if text is not None:
            for token, name in names.items():
                text = text.replace(token, name)
            yield text


def log_form(store: Store, started: float) -> LogForm:
    """Return how sessions print the log, of an engine that started at a wall time."""
    draft = store.draft
    if isinstance(draft, Asa):
        return LogForm(
            stamps=syslog.words_of(draft.log_stamps),
            buffered=_down_to(draft.log_buffered),
            octets=draft.log_octets,
            monitor=_down_to(draft.log_monitor),
        )
    on = draft.logging is not False
    stamps, debug_stamps = map(syslog.words_of, (draft.log_stamps, draft.debug_stamps))
    return LogForm(
        stamps=stamps,
        debug_stamps=debug_stamps,
        buffered=syslog.lowest(draft.log_buffered, on),
        octets=draft.log_buffered.octets if draft.log_buffered else None,
        monitor=syslog.lowest(draft.log_monitor, on),
        started=started if "uptime" in (*stamps, *debug_stamps) else 0,
    )


def _down_to(level: int | str | Literal[False] | None) -> int:
    """Return the severity down to which a firewall's lines are shown; all where nothing is said."""
    return syslog.lowest(False if level is False else syslog.Shown(level=level), True)


def aliases(store: Store) -> tuple[str, ...]:
    """Return the short names of exec commands, each with its command behind it."""
    if isinstance(store.draft, Asa):
        return ()
    known = BUILT_IN | {name: held.command for name, held in store.draft.aliases.items()}
    return tuple(f"{name} {command}" for name, command in sorted(known.items()) if command is not None)
