"""A real terminal, by prompt_toolkit: keys as on a router, `?` and TAB at once, notices above the line being typed."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import termios
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from itertools import islice
from typing import Any, Final

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application, in_terminal
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import Input, create_input
from prompt_toolkit.input.typeahead import store_typeahead
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.key_binding import KeyBindings, KeyPress, KeyPressEvent
from prompt_toolkit.key_binding.bindings.named_commands import get_by_name
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.output import Output
from prompt_toolkit.output.vt100 import Vt100_Output

from ikecli.shell import pasting
from ikecli.shell.hints import HintLine
from ikecli.shell.plain import PlainTerminal
from ikecli.shell.terminal import AHEAD, END_OF_MODE, EndOfInput, Helper, Interrupted

_CHARACTERS: Final = 6


_TOO_LONG: Final = (
    f"% The paste is longer than {pasting.PASTE_LIMIT >> 20} MB and nothing of it was taken: "
    "store it in a file and type copy file:PATH running-config\n"
)


class Recall(InMemoryHistory):
    """Lines for the arrow keys: those that the session offers, not all that were typed."""

    def append_string(self, string: str) -> None:
        """Take nothing from the prompt itself."""

    def remember(self, line: str) -> None:
        """Take a line."""
        if not self._loaded_strings or self._loaded_strings[0] != line:
            super().append_string(line)


class Unseen(Processor):
    """Shows nothing of what is typed."""

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """Return no text; the cursor stays where the question ends."""
        return Transformation([], source_to_display=lambda at: 0, display_to_source=lambda at: 0)


class KeyTerminal:
    """A terminal with keys."""

    typed = True
    attended = True

    def __init__(
        self,
        earlier: Iterable[str] = (),
        source: Input | None = None,
        target: Output | None = None,
        hints: bool = False,
    ) -> None:
        self.on_interrupt: Callable[[], None] | None = None
        self._input = source or create_input()
        if isinstance(self._input, Vt100Input):
            self._input.vt100_parser = pasting.PasteParser(self._input.vt100_parser.feed_key_callback)
        self._output = target or _screen()
        self._recall = Recall(list(earlier))
        self._helper: Helper | None = None
        self._prompt = ""
        self._asking = False
        self._held: list[KeyPress] = []
        self._pasted: deque[str] = deque()
        self._begun = ""
        self._plain: PlainTerminal | None = None
        self._notices: list[str] = []
        self._line: PromptSession[str] = PromptSession(
            history=self._recall, key_bindings=self._bindings(), input=self._input, output=self._output, **_QUIET
        )

        self._app: Application[str] = self._line.app
        if hints:
            HintLine(self._line, lambda: self._helper)

    @property
    def has_keys(self) -> bool:
        """Whether nobody asked for plain lines."""
        return self._plain is None

    @property
    def rows(self) -> int:
        """Lines of the window."""
        return self._output.get_size().rows

    async def line(self, prompt: str, helper: Helper | None) -> str:
        """Return the next line: typed, or the next of those pasted."""
        if self._plain is not None:
            return await self._plain.line(prompt, helper)
        if self._pasted:
            line = self._pasted.popleft()
            self.write(f"{prompt}{line}\n")
            return line
        self._prompt, self._helper = prompt, helper
        self._app = self._line.app
        begun, self._begun = self._begun, ""
        return await self._line.prompt_async(prompt, default=begun, handle_sigint=False)

    def ahead(self) -> list[str]:
        """Return lines that were pasted and not yet entered."""
        return self._plain.ahead() if self._plain is not None else list(islice(self._pasted, AHEAD))

    async def answer(self, question: str, hidden: bool = False) -> str:
        """Ask on a line of its own, which is not recalled."""
        if self._plain is not None:
            return await self._plain.answer(question, hidden)
        asking: PromptSession[str] = PromptSession(
            key_bindings=_answer_bindings(),
            input=self._input,
            output=self._output,
            input_processors=[Unseen()] if hidden else [],
            **_QUIET,
        )
        self._app = asking.app
        return await asking.prompt_async(question, handle_sigint=False)

    async def key(self) -> str:
        """Return the next key."""
        if self._plain is not None:
            return await self._plain.key()
        pressed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def read() -> None:
            keys = self._input.read_keys()
            if keys and not pressed.done():
                pressed.set_result(keys.pop(0).data)
            store_typeahead(self._input, keys)

        with self._input.raw_mode(), self._input.attach(read):
            return await pressed

    def write(self, text: str) -> None:
        """Print text."""
        self._output.write_raw(text)
        self._output.flush()

    def notice(self, text: str) -> None:
        """Print whole lines above the prompt; many that come together are printed together."""
        if not self._app.is_running:
            self.write(text)
            return
        self._notices.append(text)
        if len(self._notices) == 1:
            self._app.create_background_task(self._print_notices())

    async def _print_notices(self) -> None:
        async with in_terminal():
            text = "".join(self._notices)
            self._notices.clear()
            self.write(text)

    def remember(self, line: str) -> None:
        """Offer a line to the arrow keys."""
        self._recall.remember(line)

    def simplify(self) -> None:
        """Hand over to a terminal without keys."""
        if self._plain is None and self._input.fileno() >= 0:
            self._plain = PlainTerminal(self._input.fileno())
            self._plain.on_interrupt = self._interrupted

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._plain is not None:
            self._plain.close()

    def catch_signals(self) -> None:
        """Have Ctrl-C and Ctrl-^ stop a command, while no line is being typed."""
        descriptor = self._input.fileno()
        modes: list[Any] = termios.tcgetattr(descriptor)
        modes[_CHARACTERS][termios.VQUIT] = b"\x1e"
        termios.tcsetattr(descriptor, termios.TCSANOW, modes)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGQUIT):
            loop.add_signal_handler(number, self._interrupted)

    def _interrupted(self) -> None:
        self._pasted.clear()
        self._begun = ""
        if self.on_interrupt is not None:
            self.on_interrupt()

    # Keys

    def _bindings(self) -> KeyBindings:
        keys = KeyBindings()
        helped = Condition(lambda: self._helper is not None and not self._line.app.quoted_insert)
        keys.add(Keys.Any, filter=Condition(lambda: self._asking), eager=True)(self._hold)
        keys.add("?", filter=helped)(self._question)
        keys.add("tab", filter=helped)(self._tab)
        keys.add("enter")(self._enter)
        keys.add("c-j")(self._enter)
        keys.add("c-z")(self._end_of_mode)
        keys.add("c-c")(lambda event: event.app.exit(exception=Interrupted()))
        keys.add("c-d")(self._end_of_input)
        keys.add("c-v")(get_by_name("quoted-insert"))
        keys.add("c-r")(self._redisplay)
        keys.add(Keys.BracketedPaste)(self._paste)
        return keys

    def _question(self, event: KeyPressEvent) -> None:
        text = event.current_buffer.document.text_before_cursor
        self._ask(event, self._show_help(text))

    def _tab(self, event: KeyPressEvent) -> None:
        self._ask(event, self._complete(event, event.current_buffer.document.text_before_cursor))

    def _redisplay(self, event: KeyPressEvent) -> None:
        text = event.current_buffer.text
        self._ask(event, self._print_above(f"{self._prompt}{text}\n"))

    def _ask(self, event: KeyPressEvent, work: Awaitable[None]) -> None:
        """Work in the background; keys that come meanwhile are held and pressed afterwards."""
        self._asking = True

        async def ask() -> None:
            try:
                await work
            finally:
                self._asking = False
                held, self._held = self._held, []
                event.key_processor.feed_multiple(held)
                event.key_processor.process_keys()

        event.app.create_background_task(ask())

    def _hold(self, event: KeyPressEvent) -> None:
        self._held += event.key_sequence

    async def _show_help(self, text: str) -> None:
        if self._helper is not None:
            await self._print_above(f"{self._prompt}{text}?\n{await self._helper.help(text)}")

    async def _print_above(self, text: str) -> None:
        async with in_terminal():
            self.write(text)

    async def _complete(self, event: KeyPressEvent, text: str) -> None:
        if self._helper is None:
            return
        new, buffer = await self._helper.complete(text), event.current_buffer
        if buffer.text.startswith(text) and new != text:
            behind = len(buffer.text) - buffer.cursor_position
            buffer.text = new + buffer.text[len(text) :]
            buffer.cursor_position = len(buffer.text) - behind

    def _enter(self, event: KeyPressEvent) -> None:
        _exit(event, "")

    def _end_of_mode(self, event: KeyPressEvent) -> None:
        _exit(event, END_OF_MODE)

    def _end_of_input(self, event: KeyPressEvent) -> None:
        if event.current_buffer.text:
            event.current_buffer.delete()
        else:
            event.app.exit(exception=EndOfInput())

    def _paste(self, event: KeyPressEvent) -> None:
        """Take pasted text: its lines are entered one after the other; the last of a burst may go on in the next."""
        if len(event.data) > pasting.PASTE_LIMIT:
            self._ask(event, self._print_above(_TOO_LONG))
            return
        first, *others = re.split(r"\r\n?|\n", event.data)
        buffer = event.current_buffer
        buffer.insert_text(first.expandtabs(1))
        if others:
            self._pasted.extend(others[:-1])
            if isinstance(event.data, pasting.Burst):
                self._begun = others[-1].expandtabs(1)
            elif others[-1]:
                self._pasted.append(others[-1])
            _exit(event, "")


def _screen() -> Output:
    """Return standard output as a terminal that is never asked where its cursor is: programs would see the question."""
    output = Vt100_Output.from_pty(sys.stdout, os.environ.get("TERM"))
    output.enable_cpr = False
    return output


def _exit(event: KeyPressEvent, mark: str) -> None:
    if not event.app.is_done:
        event.app.exit(result=event.current_buffer.text + mark)


def _answer_bindings() -> KeyBindings:
    keys = KeyBindings()
    keys.add("enter")(lambda event: _exit(event, ""))
    keys.add("c-c")(lambda event: event.app.exit(exception=Interrupted()))
    return keys


_QUIET: Final[dict[str, Any]] = {
    "complete_while_typing": False,
    "enable_history_search": False,
    "enable_system_prompt": False,
    "enable_suspend": False,
    "enable_open_in_editor": False,
    "mouse_support": False,
    "reserve_space_for_menu": 0,
    "include_default_pygments_style": False,
    "multiline": False,
}
