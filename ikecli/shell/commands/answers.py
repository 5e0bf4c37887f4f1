"""Commands that the grammar itself answers: what a system prints of a feature that is off, and what is not here."""

from __future__ import annotations

from ikecli.errors import Rejected
from ikecli.shell.call import Call


async def says(call: Call) -> None:
    """Print what the grammar says, which may be nothing."""
    if call.says:
        await call.out.lines(call.says.split("\n"))


async def lacks(call: Call) -> None:
    """Refuse what is not here, with the reason and what to type instead."""
    raise Rejected(f"% {call.says}")
