"""`enable`, `disable`, `login`: who this session is. The appliance decides; here is only the asking."""

from __future__ import annotations

from typing import Final

from ikecli.control.messages import OPERATOR, USER, Disable, Enable, Login, Request
from ikecli.errors import Rejected
from ikecli.secret import Secret
from ikecli.shell.call import Call
from ikecli.shell.commands.views import render

TRIES: Final = 3
"""How often a password is asked for."""

_DENIED: Final = {"ios": "% Bad secrets", "asa": "Access denied."}


async def enable(call: Call) -> None:
    """Rise to a level, 15 unless another is named; three tries at the password."""
    level = call.slots["level"]
    level = OPERATOR if level is None else level
    shell = call.shell
    if level <= shell.who.level:
        await shell.identify(Disable(level))
        return
    if not shell.who.has_enable and level not in shell.who.enables:
        if not await _granted(call, Enable(Secret(""), level)):
            raise Rejected("% No password set")
        return
    for _ in range(TRIES):
        password = await shell.terminal.answer("Password: ", hidden=True)
        if await _granted(call, Enable(Secret(password), level)):
            return
        if shell.who.dialect == "asa":
            shell.terminal.write("Invalid password\n")
    raise Rejected(_DENIED[shell.who.dialect])


async def disable(call: Call) -> None:
    """Fall to a level, 1 unless another is named."""
    level = call.slots["level"]
    await call.shell.identify(Disable(USER if level is None else level))


async def login(call: Call) -> None:
    """Become a configured user."""
    terminal = call.shell.terminal
    name = await terminal.answer("Username: ")
    password = await terminal.answer("Password: ", hidden=True)
    await call.shell.identify(Login(name.strip(), Secret(password)))


async def show(call: Call) -> None:
    """Print this session's level."""
    await call.shell.identify()
    await render(call, (call.shell.who,))


async def _granted(call: Call, request: Request) -> bool:
    try:
        await call.shell.identify(request)
    except Rejected:
        return False
    return True
