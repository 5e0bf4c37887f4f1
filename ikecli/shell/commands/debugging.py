"""`debug`, `undebug` and the log."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

from ikecli.boundary.views import LogLine
from ikecli.control.messages import Clear, Debug, KeyLog
from ikecli.control.replies import Done, Heard, Lines
from ikecli.errors import Rejected
from ikecli.shell.call import Call
from ikecli.shell.commands.views import confirmed, render, views
from ikecli.shell.notices import DEBUGGING

_SAME: Final = ("", "internal", "protocol", "platform")
"""Words behind `ikev2` that add nothing to its debug here."""


def _category(call: Call) -> str:
    word = str(call.slots.get("category") or "")
    return call.topic if word in _SAME else f"{call.topic}.{word}"


async def debug(call: Call) -> None:
    """Switch a debug on."""
    await _switch(call, _category(call), True)


async def undebug(call: Call) -> None:
    """Switch a debug off."""
    await _switch(call, _category(call), False)


async def _switch(call: Call, category: str, on: bool) -> None:
    reply = await call.shell.ask(Debug(category, on))
    assert isinstance(reply, Lines)
    if call.shell.who.dialect == "asa":
        return
    if category == "all":
        await call.out.line("All possible debugging has been turned off")
        return
    from ikecli.show.ios.system import SWITCHES

    await call.out.line(f"{SWITCHES[category][1]} is {'on' if on else 'off'}")


async def keylog(call: Call) -> None:
    """Have keys written to a folder of flash:, or no more."""
    reply = await call.shell.ask(KeyLog(str(call.slots.get("folder") or "")))
    assert isinstance(reply, Done)
    await call.out.line(reply.text or "IKEv2 key log is off")


async def logging(call: Call) -> None:
    """Print the buffered log, with what debugs told."""
    from ikecli.debug import logged
    from ikecli.debug import render as debug_lines

    await call.shell.identify()
    dialect = call.shell.spoken
    kept: list[LogLine] = []
    for one in await views(call):
        if not isinstance(one, Heard):
            continue
        if one.debugged and one.event is not None:
            kept += [LogLine(one.time, DEBUGGING, "", "", text) for text in debug_lines(one.event, dialect) if text]
        kept += logged(one, dialect)
    await render(call, kept, form=call.shell.who.log)


async def diagnosed(call: Call) -> None:
    """Print the failures that are remembered: each once, with how often it came."""
    from ikecli.debug import logged

    said: Counter[str] = Counter()
    heads = []
    for one in await views(call):
        if isinstance(one, Heard):
            said.update(line.text for line in logged(one, call.shell.spoken))
        else:
            heads.append(one)
    await render(call, [replace(one, errors=tuple((n, text) for text, n in said.items())) for one in heads])


async def clear(call: Call) -> None:
    """Empty the buffered log."""
    if await confirmed(call, "Clear logging buffer [confirm]"):
        await call.shell.ask(Clear("logging", {}))
        return
    raise Rejected("% The log is as it was")
