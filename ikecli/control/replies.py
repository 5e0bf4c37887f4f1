"""What the daemon answers on its socket: plain values, a class a kind of reply."""

from __future__ import annotations

from typing import Any

from ikecli.boundary.events import Event
from ikecli.boundary.views import LogForm, LogLine
from ikecli.value import value


@value
class Reply:
    """The root of all replies."""


@value
class Done(Reply):
    """It is done; `text` is what to print, or empty."""

    text: str = ""


@value
class Error(Reply):
    """It is refused; the text is the operator's, in the router's form."""

    text: str


@value
class Identified(Reply):
    """The session's standing. `has_enable` tells whether an enable secret is set; `aliases` are short names of exec
    commands, each with its command behind it; `log` is how the log is printed. `levels` are those of exec commands that
    the configuration says (`language.Levels`); `enables` are the levels that have an enable secret of their own."""

    level: int
    user: str
    hostname: str
    dialect: str
    version: str
    has_enable: bool
    aliases: tuple[str, ...] = ()
    log: LogForm = LogForm()
    levels: tuple[str, ...] = ()
    enables: tuple[int, ...] = ()


@value
class Shown(Reply):
    """Views, in order; the appliance may make them one by one, while they are sent.

    With a `cursor` that is not 0 further ones may come, if they are asked for.
    """

    views: tuple[Any, ...]
    cursor: int = 0


@value
class Lines(Reply):
    """Text lines."""

    lines: tuple[str, ...]


@value
class Copied(Reply):
    """How many octets were copied, and what was wrong with them."""

    octets: int
    messages: tuple[str, ...] = ()


@value
class Replaced(Reply):
    """The running configuration is what was asked for; `changed` tells whether it was something else before."""

    changed: bool


@value
class ConfigState(Reply):
    """Where configuration stands: `mode` is the prompt's words ("config-if"), empty once it was left.

    `messages` are printed as they are; `accepted` is off when the line was refused or skipped; `wants_more` says a
    block (a banner) is open; `execute` is a line that belongs to exec mode (`do ...`), for the session to run; `shown`
    is a refused line as it may be printed again, where its words were wrong; `asks` are questions with one hidden
    answer, which is to be sent behind the line.
    """

    mode: str
    hostname: str
    accepted: bool = True
    messages: tuple[str, ...] = ()
    wants_more: bool = False
    execute: str = ""
    shown: str = ""
    asks: tuple[str, ...] = ()


@value
class ConfigStates(Reply):
    """Where configuration stands after each of some lines; what follows one that the session must act on is unread."""

    states: tuple[ConfigState, ...]


@value
class Choice:
    """One thing that may come next: what `?` shows, its help, and the word TAB completes (empty for values).

    `live` marks names that exist now, which TAB completes and `?` does not list.
    """

    label: str
    help: str
    word: str = ""
    live: bool = False


@value
class Choices(Reply):
    """What `?` lists, in order."""

    choices: tuple[Choice, ...]


@value
class Pinged(Reply):
    """An echo's outcome: the mark that a router prints, and milliseconds.

    `!` answered, `.` timed out, `U` unreachable, `M` too long to pass whole, `T` no hops left; `hop` is who said so.
    `why` says what kept it from being sent; one that is not `routed` found no way to its destination.
    """

    mark: str
    milliseconds: float = 0
    why: str = ""
    routed: bool = True
    hop: str = ""


@value
class Heard:
    """Pushed to a monitoring session: a debug event or a log line, with wall time. `lost` counts what it missed.

    `debugged` says that a debug was on for the event when it was heard, `form` how it is printed. `sessions` are the
    lines that a router has then of a session's begin and end: "session", "ikev2", both or none.
    """

    time: float
    event: Event | None = None
    log: LogLine | None = None
    lost: int = 0
    debugged: bool = False
    form: LogForm = LogForm()
    sessions: tuple[str, ...] = ()
