"""A session: lines in, modes and prompts, commands run one after the other, refusals in the router's words."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Iterable
from dataclasses import replace
from typing import Final, Protocol

from ikecli.control.client import Client, Gone
from ikecli.control.commands import below
from ikecli.control.messages import ConfigEnd, ConfigHelp, ConfigLine, Identify, Monitor, Request, Show, config_prompt
from ikecli.control.replies import Choice, Choices, ConfigState, Error, Heard, Identified, Reply, Shown
from ikecli.errors import IkecliError, Rejected
from ikecli.language import LINE_LIMIT, LineError, advice, message, unwrapped
from ikecli.shell import asking, notices, pipes, short
from ikecli.shell.ahead import Ahead
from ikecli.shell.call import COMMANDS, Call
from ikecli.shell.history import History
from ikecli.shell.output import Output, Quit
from ikecli.shell.terminal import END_OF_MODE, EndOfInput, Interrupted, Terminal

_LOOKS: Final = re.compile(r"\s*(sho?w?|mor?e?)\s", re.IGNORECASE)
"""How a line begins that only shows something."""
_DO: Final = re.compile(r"\s*do\s+", re.IGNORECASE)
"""How a line of configuration mode begins that is for exec mode."""


class Elsewhere(Protocol):
    """Other appliances that `connect` can reach."""

    def names(self) -> Iterable[str]:
        """Return their names."""

    def open(self, name: str) -> Client:
        """Open a session; raises errors.Unavailable when there is none of this name."""


class Shell:
    """One session of an appliance, typed at a terminal. `refused` tells whether any line was."""

    def __init__(
        self, client: Client, terminal: Terminal, history: History | None = None, elsewhere: Elsewhere | None = None
    ) -> None:
        self.client: Final = client
        self.terminal: Final = terminal
        self.history: Final = history if history is not None else History()
        self.elsewhere: Final = elsewhere
        self.who = Identified(0, "", "", "ios", "", False)
        self.mode = ""
        self.length: int | None = None
        self.width = asking.SCREEN
        self.refused = False
        self.ended = False
        self._block = False
        self._changed = False
        self._ahead: Final = Ahead(terminal, self.ask)
        self._exec: asking.Exec

    async def run(self) -> None:
        """Run until the session ends; raises control.client.Gone when the appliance goes away."""
        self.client.on_push = self._heard
        try:
            await self.identify()
            self.speak(self.who.dialect)
            if self.terminal.attended:
                await self._greet()
            while not self.ended:
                await self._turn()
        finally:
            self.client.on_push = None
            await self.client.close()

    def speak(self, dialect: str) -> None:
        """Read and answer the commands of exec mode in a dialect; the configuration keeps its own."""
        nodes = tuple(self.elsewhere.names()) if self.elsewhere is not None else ()
        self._exec = asking.Exec(self.client, dialect, {"nodes": nodes})

    @property
    def spoken(self) -> str:
        """The dialect of exec mode: that of the configuration until `terminal dialect` names another."""
        return self._exec.dialect

    @property
    def aliases(self) -> tuple[str, ...]:
        """Short names of exec commands, each with its command behind it, where the dialect spoken has such."""
        return self.who.aliases if self.spoken == self.who.dialect else ()

    @property
    def prompt(self) -> str:
        """What stands before the line that is typed."""
        if self._block:
            return ""
        if self.mode:
            return config_prompt(self.who.hostname, self.mode)
        return f"{self.who.hostname}{'#' if self.who.level > 1 else '>'}"

    @property
    def page(self) -> int:
        """Lines of a page; 0 for no paging."""
        return self.terminal.rows if self.length is None else self.length

    async def ask(self, request: Request) -> Reply:
        """Return the appliance's reply; raises Rejected with its words when it refuses."""
        reply = await self.client.request(request)
        if isinstance(reply, Error):
            raise Rejected(reply.text)
        return reply

    async def _greet(self) -> None:
        """Print the banners."""
        reply = await self.client.request(Show("banners", {}))
        for text in reply.views if isinstance(reply, Shown) else ():
            self.terminal.write(text.removesuffix("\n") + "\n")

    async def identify(self, request: Request | None = None) -> None:
        """Take over who this session is: as it is, or after a request that changes it."""
        reply = await self.ask(request or Identify())
        assert isinstance(reply, Identified)
        self.who = reply

    async def _refresh(self) -> None:
        """Take over anew who this session is where lines of configuration may have changed that."""
        if self._changed:
            await self.identify()
            self._changed = False

    def take_over(self, other: Shell) -> None:
        """Go on after a session elsewhere, on the same terminal, has ended."""
        self.client.on_push = self._heard
        self.length = other.length
        self.refused |= other.refused

    async def monitor(self, on: bool) -> None:
        """Hear what happens, or no more."""
        await self.ask(Monitor(on))

    # Lines

    async def _turn(self) -> None:
        if not self.mode:
            self._changed |= self.terminal.attended
            await self._refresh()
        prompt = self.prompt
        try:
            line = await self.terminal.line(prompt, None if self._block else self)
        except Interrupted:
            self._ahead.clear()
            return
        except EndOfInput:
            await self._end_of_input()
            return
        await self.execute(line, len(prompt) if self.terminal.typed else 0)

    async def _end_of_input(self) -> None:
        if self.mode:
            await self._configured(ConfigEnd())
        self.ended = True

    async def execute(self, line: str, width: int = 0) -> None:
        """Do what a line says; `width` is the column where it stands on the screen."""
        ends = line.endswith(END_OF_MODE)
        line = line.removesuffix(END_OF_MODE)
        if line.endswith("?") and not self._block and not self.terminal.has_keys:
            self.terminal.write(await self.help(line[:-1]))
            return
        if len(line) > LINE_LIMIT:
            self.terminal.write(f"% The line is longer than {LINE_LIMIT} characters\n")
            self.refused = True
            return
        in_mode, in_block = bool(self.mode), self._block
        accepted = True
        typed = line if in_block else unwrapped(line, self.who.dialect)[0]
        if not in_mode:
            line, width = typed, width + len(line) - len(typed)
        if in_mode and (line.strip() or in_block):
            accepted = await self._guarded(self._configure(line, width), line)
        elif line.strip() and not line.lstrip().startswith("!"):
            accepted = await self._guarded(self._execute(line, width), line)
        if not in_block and self.history.add(typed, accepted, in_mode):
            self.terminal.remember(typed)
        self.refused |= not accepted
        if ends and self.mode:
            await self._guarded(self._configured(ConfigEnd()), line)

    async def _guarded(self, work: Awaitable[bool], line: str) -> bool:
        """Run a command so that Ctrl-C can stop it; return whether it was accepted."""
        task = asyncio.ensure_future(work)
        self.terminal.on_interrupt = lambda: _cancel(task)
        try:
            return await task
        except Quit:
            return True
        except asyncio.CancelledError:
            if not task.cancelled():
                raise
            self._ahead.clear()
            self.terminal.write("\n")
            return True
        except EndOfInput:
            self.ended = True
            return True
        except Interrupted:
            self._ahead.clear()
            self.terminal.write("\n")
            return True
        except Gone:
            raise
        except IkecliError as refusal:
            self.terminal.write(f"{refusal}\n")
            return False
        finally:
            self.terminal.on_interrupt = None

    async def _execute(self, line: str, width: int) -> bool:
        await self._refresh()
        typed, line = line, short.in_full(line, self.aliases)
        try:
            pipe = pipes.read(line)
            command = await self._exec.read(pipe.command)
            self._exec.barred(command, pipe.command, self.who)
        except LineError as error:
            if line != typed:
                width = 0
                self.terminal.write(f"{line}\n")
            self._refuse(error, line, width)
            return False
        output = Output(self.terminal, pipe.filter, pipe.json, self.page, self.spoken)
        await COMMANDS[command.calls](Call(self, output, command.calls, command.arguments, line, command.says))
        await self._finish(output, pipe.filter)
        return True

    async def _finish(self, output: Output, filter: pipes.Filter) -> None:
        """Print what the pipe kept, or write it where it goes."""
        await output.finish()
        if isinstance(filter, pipes.Write) and isinstance(filter.place, str):
            from ikecli.shell.commands.files import keep

            await keep(self, filter)

    async def run_within(self, out: Output, line: str) -> None:
        """Run a line of exec mode whose output is a part of another's; raises Rejected."""
        command = await self._exec.read(line)
        try:
            self._exec.barred(command, line, self.who)
        except asking.Barred as error:
            raise Rejected(below(error.needed, self.who.level)) from error
        await COMMANDS[command.calls](Call(self, out, command.calls, command.arguments, line, command.says))

    def _refuse(self, error: LineError, line: str, width: int) -> None:
        if not self.terminal.typed:
            self.terminal.write(error.shown + "\n")
        if isinstance(error, asking.Barred):
            lines = [below(error.needed, self.who.level)]
        else:
            lines = (pipes.advice(line, error) or advice(self._exec.mode, line, error)).lines(self.spoken)
        for text in message(error, width, self.spoken, lines):
            self.terminal.write(text + "\n")

    # Configuration mode

    async def _configure(self, line: str, width: int) -> bool:
        command, pipe, _ = pipes.split(line)
        if pipe is not None and not self._block and _LOOKS.match(command):
            return await self._look(line, command, width)
        return await self._configured(ConfigLine(line, width))

    async def _look(self, line: str, command: str, width: int) -> bool:
        """Show something in configuration mode through a pipe, which is the session's: a candidate, or of exec mode."""
        state = await self._ahead.state(ConfigLine(command, width), self.who.dialect)
        if state.execute:
            return await self._execute(line, width)
        if not state.accepted:
            self.entered(state)
            return False
        self.entered(replace(state, messages=()))
        filter = pipes.read(line).filter
        output = Output(self.terminal, filter, False, self.page, self.who.dialect)
        await output.lines(state.messages)
        await self._finish(output, filter)
        return True

    async def _configured(self, request: Request) -> bool:
        state = await self._ahead.state(request, self.who.dialect)
        self.entered(state)
        if state.asks and isinstance(request, ConfigLine):
            answers = [await self.terminal.answer(question, hidden=True) for question in state.asks]
            if len(set(answers)) > 1:
                raise Rejected("% The answers differ: nothing was changed")
            return await self._configured(ConfigLine(f"{request.line} {answers[0]}", request.prompt_width))
        if state.execute:
            shift = request.line.find(state.execute) if isinstance(request, ConfigLine) else -1
            width = request.prompt_width if isinstance(request, ConfigLine) else 0
            return await self._execute(state.execute, width + max(shift, 0))
        return state.accepted

    def entered(self, state: ConfigState) -> None:
        """Take over where configuration stands, and print what it says."""
        self.mode, self._block, self._changed = state.mode, state.wants_more, True
        if state.hostname != self.who.hostname:
            who = self.who
            self.who = replace(who, hostname=state.hostname)
        shown = (state.shown,) if state.shown and not self.terminal.typed else ()
        for text in (*shown, *state.messages):
            self.terminal.write(text + "\n")

    # Questions

    async def help(self, text: str) -> str:
        """Return what `?` prints behind `text`; the command of a short name stands above it."""
        run = self._run(text)
        if run is not None:
            await self._refresh()
        full = short.expanded(run, self.aliases) if run is not None else run
        above = f"{full}?\n" if full != run else ""
        return above + asking.layout(text, await self._choices(text), self.who.dialect if self.mode else self.spoken)

    async def complete(self, text: str) -> str:
        """Return what TAB makes of `text`."""
        return asking.completed(text, await self._choices(text))

    async def hint(self, text: str) -> str:
        """Return what may follow `text`, in a line."""
        return asking.hint(await self._choices(text))

    def _run(self, text: str) -> str | None:
        """Return the part of a begun line that is for exec mode, or None where it is configuration."""
        if not self.mode:
            return text
        do = _DO.match(text) if self.who.dialect == "ios" else None
        return text[do.end() :] if do else None

    async def _choices(self, text: str) -> list[Choice]:
        run = self._run(text)
        command, pipe, _ = pipes.split(text)
        if pipe is not None and (run is not None or _LOOKS.match(command)):
            return pipes.choices(pipe)
        if run is None:
            reply = await self.client.request(ConfigHelp(text))
            return list(reply.choices) if isinstance(reply, Choices) else []
        found = await self._exec.ask(short.expanded(run, self.aliases), self.who)
        return sorted((*short.choices(run, self.aliases), *found), key=lambda one: one.label == "<cr>")

    def _heard(self, heard: Heard) -> None:
        text = "".join(f"{line}\n" for line in notices.lines(heard, self.who.dialect))
        if text:
            self.terminal.notice(text)


def _cancel(task: asyncio.Future[bool]) -> None:
    task.cancel()
