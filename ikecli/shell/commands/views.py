"""`show` of whatever a renderer lays out, and `clear`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ikecli.control.messages import Clear, Connect, Show
from ikecli.control.replies import Done, Shown
from ikecli.shell.call import Call
from ikecli.shell.pieces import PIECE, Pieces
from ikecli.shell.terminal import EndOfInput
from ikecli.show import PIECEMEAL, RENDERERS


async def views(call: Call) -> tuple[Any, ...]:
    """Return the views that a show command is about."""
    reply = await call.shell.ask(Show(call.topic, call.options))
    assert isinstance(reply, Shown)
    return reply.views


async def render(call: Call, found: Sequence[Any], **more: object) -> None:
    """Print views by the renderer of their command, which is told its slots and more."""
    renderer = RENDERERS[call.shell.spoken, call.name]
    await call.out.views(tuple(found), renderer(found, {**call.slots, **more}))


async def show(call: Call) -> None:
    """Print what the appliance shows; what may be long is asked for piece by piece."""
    if call.name not in PIECEMEAL:
        await render(call, await views(call))
        return
    pieces = Pieces(call.shell.ask, Show(call.topic, call.options, PIECE))
    await pieces.begin()
    rendered = RENDERERS[call.shell.spoken, call.name](pieces, call.slots)
    await call.out.views(pieces, rendered, pieces.lines)


async def clear(call: Call) -> None:
    """Clear what is named."""
    reply = await call.shell.ask(Clear(call.topic, call.options))
    if isinstance(reply, Done) and reply.text:
        await call.out.line(reply.text)


async def flexvpn(call: Call) -> None:
    """Set up a FlexVPN client, or all of them."""
    await call.shell.ask(Connect(str(call.slots["name"] or "")))


async def logoff(call: Call) -> None:
    """End VPN sessions, once that is confirmed."""
    if not call.slots["noconfirm"] and not await confirmed(call, "Do you want to logoff the VPN session(s)? [confirm]"):
        return
    options = {name: value for name, value in call.options.items() if name != "noconfirm"}
    reply = await call.shell.ask(Show("ikev2.sa", options))
    found = reply.views if isinstance(reply, Shown) else ()
    await call.shell.ask(Clear("ikev2.sa", options))
    await call.out.line(f"INFO: Number of sessions logged off : {len(found)}")


async def confirmed(call: Call, question: str) -> bool:
    """Ask; Enter and `y` confirm. Where nobody answers it is confirmed: the line itself was deliberate."""
    if not call.shell.terminal.attended:
        return True
    try:
        answer = await call.shell.terminal.answer(question)
    except EndOfInput:
        return False
    return answer.strip().lower() in ("", "y", "yes")
