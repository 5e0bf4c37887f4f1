"""What a control session may do, and who does it: every request checked against its level, answered once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from ikecli import __version__
from ikecli.boundary.events import CATEGORIES
from ikecli.boundary.views import LogForm, UserView
from ikecli.config import ConfigReader, Outcome, greeting
from ikecli.control.commands import below
from ikecli.control.messages import (
    FAULT,
    LEVELS,
    OPERATOR,
    USER_NAMES,
    Clear,
    ConfigBegin,
    ConfigEnd,
    ConfigHelp,
    ConfigLine,
    ConfigLines,
    Connect,
    Debug,
    Disable,
    Enable,
    Identify,
    KeyLog,
    Login,
    Monitor,
    Names,
    Ping,
    Request,
    Show,
    ShowFurther,
    config_prompt,
)
from ikecli.control.replies import (
    Choice,
    Choices,
    ConfigState,
    ConfigStates,
    Done,
    Error,
    Heard,
    Identified,
    Lines,
    Pinged,
    Reply,
    Shown,
)
from ikecli.daemon import clients, keeping
from ikecli.daemon.appliance import Appliance
from ikecli.daemon.clearing import clear
from ikecli.daemon.cursors import Cursors
from ikecli.daemon.exclusive import UNCOMMITTED, Exclusive
from ikecli.daemon.permits import needed_level
from ikecli.daemon.queries import query
from ikecli.dataplane.base import Echo, EchoResult
from ikecli.errors import IkecliError, Rejected

Answer = Callable[[Reply], None]


class Session:
    """One operator at one appliance."""

    def __init__(self, appliance: Appliance, level: int, user: str, push: Callable[[Heard], None]) -> None:
        self.level = level
        self.user = user
        self._origin = level
        self._appliance = appliance
        self._push: Final = lambda heard: push(replace(heard, form=self._form()))
        self._reader: ConfigReader | None = None
        self._exclusive: Exclusive | None = None
        self._changers: set[str] = set()
        self._before = ""
        self._cursors: Final = Cursors()
        self._heard_at = appliance.clock.now()
        self.line = appliance.enter(self)

    def handle(self, request: Request, reply: Answer) -> None:
        """Do what is asked and reply once, now or (Ping, a failed Enable) later."""
        needed = needed_level(request, self._appliance.store)
        if self.level < needed:
            reply(Error(below(needed, self.level)))
            return
        self._heard_at = self._appliance.clock.now()
        if not isinstance(request, ConfigLine | ConfigLines | ConfigHelp):
            self._appliance.settle()
        jobs = self._appliance.jobs
        if jobs.busy and not self._free(request):
            jobs.later(lambda: self._handle_late(request, reply))
        elif _heavy(request) and self._appliance.large(getattr(request, "text", "")):
            jobs.begin(lambda: self._answer(request), lambda outcome: _finish(outcome, reply))
        else:
            try:
                _HANDLERS[type(request)](self, request, reply)
            except IkecliError as problem:
                reply(Error(str(problem)))

    def _free(self, request: Request) -> bool:
        """Tell whether a request touches no configuration, so that it waits for no work on it."""
        match request:
            case Show(topic):
                return topic in _ENGINE_TOPICS
            case ShowFurther(cursor):
                return self._cursors.topic(cursor) in _ENGINE_TOPICS
        return isinstance(request, Identify | Ping | Debug | Monitor)

    def _handle_late(self, request: Request, reply: Answer) -> None:
        try:
            self.handle(request, reply)
        except Exception:  # nobody else answers it now
            reply(Error(FAULT))
            raise

    def _answer(self, request: Request) -> Reply:
        """Return the reply to a request that is answered when it has been worked on."""
        replies: list[Reply] = []
        _HANDLERS[type(request)](self, request, replies.append)
        return replies[0]

    def close(self) -> None:
        """End the session; an open configuration section is committed."""
        self._appliance.journal.forget(self._push)
        self._appliance.guard.forget(self)
        self._appliance.leave(self)
        self._cursors.clear()
        self._close_configuration()

    def _close_configuration(self) -> None:
        jobs = self._appliance.jobs
        if jobs.busy:
            jobs.later(self._close_configuration)
        elif self._reader is None:
            return
        elif self._appliance.large():
            jobs.begin(self._leave_configuration)
        else:
            self._leave_configuration()

    def seen_by(self, line: int) -> UserView:
        """Return this session as the session of `line` sees it."""
        idle = int(self._appliance.clock.now() - self._heard_at)
        return UserView(self.line, self.user, "", idle, self.line == line)

    # Who

    def _identify(self, request: Request, reply: Answer) -> None:
        a = self._appliance
        short = greeting.aliases(a.store)
        reply(
            Identified(
                self.level,
                self.user,
                a.hostname,
                a.dialect,
                __version__,
                a.store.has_enable,
                short,
                self._form(),
                a.store.levels,
                a.store.enable_levels,
            )
        )

    def _form(self) -> LogForm:
        a = self._appliance
        return greeting.log_form(a.store, a.clock.wall() - (a.clock.now() - a.started))

    def _enable(self, request: Enable, reply: Answer) -> None:
        store = self._appliance.store
        asked = store.has_enable or request.level in store.enable_levels
        by_right = self._origin >= request.level and not asked
        if self.level >= request.level or by_right:
            self._rise(request.level, reply)
            return
        self._appliance.guard.try_password(
            self,
            lambda: store.verify_enable(request.password, request.level),
            lambda right: self._rise(request.level, reply) if right else reply(Error("% Access denied")),
        )

    def _rise(self, level: int, reply: Answer) -> None:
        self.level = max(self.level, level)
        self._identify(Identify(), reply)

    def _login(self, request: Login, reply: Answer) -> None:
        def found(level: int | None) -> None:
            if level is None:
                reply(Error("% Login invalid"))
                return
            self._fall(level)
            self.level = self._origin = level
            self.user = request.username
            self._identify(request, reply)

        store = self._appliance.store
        self._appliance.guard.try_password(self, lambda: store.verify_user(request.username, request.password), found)

    def _disable(self, request: Disable, reply: Answer) -> None:
        self._fall(request.level)
        self._identify(request, reply)

    def _fall(self, level: int) -> None:
        self.level = min(self.level, level)
        self._cursors.clear()
        if self.level < LEVELS[Monitor]:
            self._appliance.journal.forget(self._push)

    # What there is

    def _show(self, request: Show, reply: Answer) -> None:
        if request.topic == "users":
            reply(Shown(tuple(one.seen_by(self.line) for one in self._appliance.sessions.values())))
        else:
            found: Any = query(self._appliance, request.topic, request.options)
            if isinstance(found, Iterator) and request.limit:
                reply(self._cursors.begin(request.topic, found, request.limit))
            else:
                views: Any = found if isinstance(found, Iterator) else tuple(found)
                reply(Shown(views))

    def _show_further(self, request: ShowFurther, reply: Answer) -> None:
        reply(self._cursors.further(request.cursor, request.limit))

    def _names(self, request: Names, reply: Answer) -> None:
        if request.path not in USER_NAMES and self.level < OPERATOR:
            raise Rejected(below(OPERATOR, self.level))
        reply(Lines(tuple(self._appliance.store.names(request.path))))

    def _clear(self, request: Clear, reply: Answer) -> None:
        clear(self._appliance, request.topic, request.options)
        reply(Done())

    def _connect(self, request: Connect, reply: Answer) -> None:
        clients.connect(self._appliance, request.name)
        reply(Done())

    def _ping(self, request: Ping, reply: Answer) -> None:
        def done(result: EchoResult) -> None:
            reply(Pinged(result.mark, result.milliseconds, result.why, result.routed, result.hop))

        echo = Echo(
            request.destination,
            request.source,
            request.size,
            request.timeout,
            request.sequence,
            request.vrf,
            request.whole,
            request.ttl,
        )
        self._appliance.plane.echo(echo, done)

    def _debug(self, request: Debug, reply: Answer) -> None:
        if request.category not in (*CATEGORIES, "all"):
            raise Rejected(f"% There is no debug category {request.category}: {', '.join(CATEGORIES)} or all")
        self._appliance.journal.switch(request.category, request.on)
        if request.category == "all" and not request.on:
            self._appliance.keylog.stop(f"ended by {self.user}")
        reply(Lines(tuple(sorted(self._appliance.journal.debugs))))

    def _keylog(self, request: KeyLog, reply: Answer) -> None:
        if request.folder:
            reply(Done(self._appliance.keylog.start(request.folder, self.user)))
            return
        self._appliance.keylog.stop(f"ended by {self.user}")
        reply(Done())

    def _monitor(self, request: Monitor, reply: Answer) -> None:
        if request.on:
            self._appliance.journal.listen(self._push)
        else:
            self._appliance.journal.forget(self._push)
        reply(Done())

    # Configuration

    def _config_begin(self, request: ConfigBegin, reply: Answer) -> None:
        self._must_be_free()
        others = self._editors()
        if request.exclusive and others:
            raise Rejected(f"% {', '.join(one.name for one in others)} in configuration mode: try later")
        before = self._appliance.store.startup()
        if request.minutes:
            self._appliance.pending.schedule(request.minutes, self.user, before)
        if self._reader is not None:
            self._reader.end()
        self._before = before
        if request.exclusive:
            self._appliance.holder, self._exclusive = self, Exclusive(self._appliance, self.user)
            self._reader = self._exclusive.reader
        else:
            self._reader = ConfigReader(self._appliance.store)
        reply(self._state(messages=tuple(f"% {one.name} is in configuration mode too" for one in others)))

    def _config_line(self, request: ConfigLine, reply: Callable[[ConfigState], None]) -> None:
        reader = self._reading()
        if self._exclusive is not None:
            self._exclusive_line(self._exclusive, request, reply)
            return
        if reader.store is not self._appliance.store:
            self._reader = None
            reply(self._state(False, ("% The configuration was reloaded meanwhile: type configure terminal again",)))
            return
        outcome = reader.feed(request.line, request.prompt_width)
        messages = outcome.messages
        if outcome.ended:
            messages += tuple(self._appliance.commit())
        elif outcome.commit:
            self._appliance.commit_soon()
        if outcome.accepted and not outcome.execute:
            for other in self._editors():
                other._changers.add(self.name)
        messages += tuple(f"% {name} changes the configuration too" for name in sorted(self._changers))
        self._changers.clear()
        if outcome.ended:
            self._reader = None
            self._note_changes()
        reply(self._told(outcome, messages))

    def _config_lines(self, request: ConfigLines, reply: Answer) -> None:
        states: list[ConfigState] = []
        for line in request.lines:
            reader = self._reader
            shown = config_prompt(self._appliance.hostname, reader.prompt) if reader and request.typed else ""
            width = 0 if states and states[-1].wants_more else len(shown)
            try:
                self._config_line(ConfigLine(line, width), states.append)
            except IkecliError:
                if not states:
                    raise
                break
            if states[-1].execute or states[-1].asks or not states[-1].mode:
                break
        reply(ConfigStates(tuple(states)))

    def _exclusive_line(self, alone: Exclusive, request: ConfigLine, reply: Callable[[ConfigState], None]) -> None:
        outcome = alone.feed(request.line, request.prompt_width)
        self._reader = None if outcome.ended else alone.reader
        if outcome.ended:
            self._let_go()
        reply(self._told(outcome, outcome.messages))

    def _told(self, outcome: Outcome, messages: tuple[str, ...]) -> ConfigState:
        state = self._state(outcome.accepted, messages, outcome.wants_more, outcome.execute)
        return replace(state, shown=outcome.error.shown if outcome.error is not None else "", asks=outcome.asks)

    def _let_go(self) -> None:
        self._appliance.holder = self._exclusive = None

    @property
    def name(self) -> str:
        """Who it is, for other operators."""
        return f"{self.user} (vty {self.line})"

    def _editors(self) -> list[Session]:
        """Return the other sessions that change the configuration."""
        return [one for one in self._appliance.sessions.values() if one is not self and one._reader is not None]

    def _must_be_free(self) -> None:
        """Raise Rejected while another operator has the configuration alone."""
        holder = self._appliance.holder
        if holder is not None and holder is not self:
            raise Rejected(
                f"Configuration mode is locked by user '{holder.user}' from terminal '{holder.line}'. Please try later."
            )

    def _config_help(self, request: ConfigHelp, reply: Answer) -> None:
        found = (self._exclusive or self._reading()).help(request.text)
        reply(Choices(tuple(Choice(one.label, one.help, one.completes or "", one.live) for one in found)))

    def _config_end(self, request: Request, reply: Answer) -> None:
        if self._exclusive is not None and self._exclusive.changed:
            reply(self._state(False, (UNCOMMITTED,)))
        else:
            reply(self._state(messages=self._leave_configuration()))

    def _leave_configuration(self) -> tuple[str, ...]:
        if self._exclusive is not None:
            self._reader = None
            self._let_go()
        if self._reader is not None:
            current = self._reader.store is self._appliance.store
            self._reader.end()
            self._reader = None
            messages = tuple(self._appliance.commit())
            if current:
                self._note_changes()
            return messages
        return ()

    def _note_changes(self) -> None:
        """Keep what ran before this session's changes, and log that there were some."""
        if self._appliance.archive.changed_from(self._before):
            text = f"Configured from console by {self.user} on vty{self.line}"
            self._appliance.journal.log(5, "SYS", "CONFIG_I", text)

    def _reading(self) -> ConfigReader:
        if self._reader is None:
            raise IkecliError("% Not in configuration mode: type configure terminal")
        return self._reader

    def _state(
        self, accepted: bool = True, messages: tuple[str, ...] = (), wants_more: bool = False, execute: str = ""
    ) -> ConfigState:
        mode = self._reader.prompt if self._reader is not None else ""
        return ConfigState(mode, self._appliance.hostname, accepted, messages, wants_more, execute)

    # Whole configurations

    def _keep(self, request: Request, reply: Answer) -> None:
        if keeping.changes(request):
            self._must_be_free()
        reply(keeping.ACTS[type(request)](self._appliance, self.user, request))


def _heavy(request: Request) -> bool:
    """Tell whether a request is worked on for as long as the configuration is large."""
    return isinstance(request, _CONFIGURING) or (isinstance(request, Show) and request.topic in ("running", "startup"))


def _finish(outcome: Any, reply: Answer) -> None:
    if isinstance(outcome, IkecliError):
        reply(Error(str(outcome)))
    elif isinstance(outcome, Exception):
        reply(Error(FAULT))
        raise outcome
    else:
        reply(outcome)


_CONFIGURING: Final = (ConfigBegin, ConfigLine, ConfigLines, ConfigEnd, *keeping.ACTS)
_ENGINE_TOPICS: Final = frozenset(
    {"ikev2.sa", "isakmp.sa", "ikev2.session", "ikev2.stats", "admission", "version", "clock", "users", "logging"}
)


_HANDLERS: Final[dict[type[Request], Callable[..., None]]] = {
    Identify: Session._identify,
    Enable: Session._enable,
    Login: Session._login,
    Disable: Session._disable,
    Show: Session._show,
    ShowFurther: Session._show_further,
    Names: Session._names,
    Clear: Session._clear,
    Connect: Session._connect,
    Ping: Session._ping,
    Debug: Session._debug,
    KeyLog: Session._keylog,
    Monitor: Session._monitor,
    ConfigBegin: Session._config_begin,
    ConfigLine: Session._config_line,
    ConfigLines: Session._config_lines,
    ConfigHelp: Session._config_help,
    ConfigEnd: Session._config_end,
    **dict.fromkeys(keeping.ACTS, Session._keep),
}
