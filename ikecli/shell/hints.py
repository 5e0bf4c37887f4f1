"""The line below the prompt that says what may come next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from prompt_toolkit import PromptSession
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition, is_done
from prompt_toolkit.layout import ConditionalContainer, FormattedTextControl, HSplit, Layout, Window

from ikecli.shell.terminal import Helper


class HintLine:
    """What may follow the text before the cursor. It is asked for in the background, so that no key waits for it."""

    def __init__(self, line: PromptSession[str], helper: Callable[[], Helper | None]) -> None:
        self._app, self._buffer, self._helper = line.app, line.default_buffer, helper
        self._told = ""
        self._asking: asyncio.Task[None] | None = None
        shown = Window(FormattedTextControl(lambda: self._told), height=1, style="class:hint fg:ansibrightblack")
        below = ConditionalContainer(shown, Condition(lambda: bool(self._before().strip())) & ~is_done)
        line.app.layout = Layout(HSplit([line.app.layout.container, below]), focused_element=line.default_buffer)
        self._buffer.on_text_changed += self._changed
        self._buffer.on_cursor_position_changed += self._changed

    def _changed(self, _: Buffer) -> None:
        if self._app.is_running and (self._asking is None or self._asking.done()):
            self._told = ""
            self._asking = self._app.create_background_task(self._ask())

    async def _ask(self) -> None:
        asked: str | None = None
        while (helper := self._helper()) is not None and asked != (text := self._before()):
            asked = text
            self._told = await helper.hint(text)
            self._app.invalidate()

    def _before(self) -> str:
        return self._buffer.document.text_before_cursor
