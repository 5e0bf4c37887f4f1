"""Lines that come together in configuration mode go to the appliance together, and are answered one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from itertools import takewhile
from typing import Final

from ikecli.control.messages import ConfigLine, ConfigLines, Request
from ikecli.control.replies import ConfigState, ConfigStates, Reply
from ikecli.language import LINE_LIMIT
from ikecli.shell.terminal import END_OF_MODE, Terminal


class Ahead:
    """What is known already of lines that are to come."""

    def __init__(self, terminal: Terminal, ask: Callable[[Request], Awaitable[Reply]]) -> None:
        self._terminal: Final = terminal
        self._ask: Final = ask
        self._known: Final[deque[tuple[str, ConfigState]]] = deque()

    def clear(self) -> None:
        """Forget it: the lines will not come."""
        self._known.clear()

    async def state(self, request: Request, dialect: str) -> ConfigState:
        """Return where configuration stands after a line, or after another request."""
        if isinstance(request, ConfigLine):
            known = self._answer(request.line)
            if known is not None:
                return known
            lines = takewhile(lambda line: _plain(line, dialect), self._terminal.ahead())
            together = request.line, *lines
            if len(together) > 1:
                return await self._begin(together)
        state = await self._ask(request)
        assert isinstance(state, ConfigState)
        return state

    async def _begin(self, lines: tuple[str, ...]) -> ConfigState:
        reply = await self._ask(ConfigLines(lines, self._terminal.typed))
        assert isinstance(reply, ConfigStates)
        self._known.extend(zip(lines[1:], reply.states[1:], strict=False))
        return reply.states[0]

    def _answer(self, line: str) -> ConfigState | None:
        """Return what is known of a line; blank ones before it needed no answer."""
        while self._known and not self._known[0][0].strip() and line.strip():
            self._known.popleft()
        if self._known and self._known[0][0] == line:
            return self._known.popleft()[1]
        self._known.clear()
        return None


def _plain(line: str, dialect: str) -> bool:
    """Tell whether a line is the appliance's alone: nothing of it is for the session."""
    pipe = dialect == "asa" and "|" in line
    return not pipe and len(line) <= LINE_LIMIT and not line.endswith("?") and END_OF_MODE not in line
