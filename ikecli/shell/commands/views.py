"""`show` of whatever a renderer lays out, and `clear`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ikecli.control.messages import Clear, Done, Show, Shown
from ikecli.shell.call import Call
from ikecli.shell.terminal import EndOfInput


async def views(call: Call) -> tuple[Any, ...]:
    """Return the views that a show command is about."""
    reply = await call.shell.ask(Show(call.topic, call.options))
    assert isinstance(reply, Shown)
    return reply.views


async def render(call: Call, found: Sequence[Any]) -> None:
    """Print views by the renderer of their command."""
    from ikecli.show import RENDERERS

    renderer = RENDERERS[call.shell.who.dialect, call.name]
    await call.out.views(tuple(found), renderer(found, call.slots))


async def show(call: Call) -> None:
    """Print what the appliance shows."""
    await render(call, await views(call))


async def clear(call: Call) -> None:
    """Clear what is named."""
    await _done(call, call.topic)


async def logoff(call: Call) -> None:
    """End VPN sessions, once that is confirmed."""
    if call.slots["noconfirm"] or await confirmed(call, "Do you want to logoff the VPN session(s)? [confirm]"):
        await _done(call, "vpn_sessiondb")


async def _done(call: Call, topic: str) -> None:
    reply = await call.shell.ask(Clear(topic, call.options))
    if isinstance(reply, Done) and reply.text:
        await call.out.line(reply.text)


async def confirmed(call: Call, question: str) -> bool:
    """Ask; Enter and `y` confirm. Where nobody answers it is confirmed: the line itself was deliberate."""
    if not call.shell.terminal.attended:
        return True
    try:
        answer = await call.shell.terminal.answer(question)
    except EndOfInput:
        return False
    return answer.strip().lower() in ("", "y", "yes")
