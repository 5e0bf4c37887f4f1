"""Commands about the session itself: its terminal, its history, its end."""

from __future__ import annotations

from typing import Final

from ikecli.errors import Rejected
from ikecli.shell.call import Call
from ikecli.shell.history import SHOWN as HISTORY

AUTOMATION_WIDTH: Final = 511
"""The width that programs ask for which read every character: they get lines and nothing else."""


HELP: Final = (
    "A question mark (?) at any place of a line asks what may stand there.",
    "Behind a blank it lists the words and values that may come next, each with its help;",
    "<cr> among them says that the command may end there.  Behind a begun word it lists",
    "the words that begin so (show cl?).  TAB completes such a word where there is one only.",
    "Words may be cut short as long as they stay unique; `show aliases` lists further short names.",
)


async def help(call: Call) -> None:
    """Print how to ask for help."""
    await call.out.lines(HELP)


async def leave(call: Call) -> None:
    """End the session."""
    call.shell.ended = True


async def connect(call: Call) -> None:
    """Go to another appliance of the lab until its session ends."""
    from ikecli.shell.session import Shell

    shell = call.shell
    if shell.elsewhere is None:
        raise Rejected("% There is one appliance here: `ikecli lab FILE FILE` has several to connect to")
    name = str(call.slots["node"])
    other = Shell(shell.elsewhere.open(name), shell.terminal, shell.history, shell.elsewhere)
    other.length = shell.length
    shell.client.on_push = None
    await other.run()
    shell.take_over(other)


async def history(call: Call) -> None:
    """Print the lines typed here."""
    await call.out.lines(f"  {line}" for line in call.shell.history.listed)


async def history_size(call: Call) -> None:
    """List so many lines of history, as many as by default where nothing is said."""
    size = call.slots["size"]
    call.shell.history.size = HISTORY if size is None else int(size)


async def no_history(call: Call) -> None:
    """List none, or as many as by default."""
    call.shell.history.size = HISTORY if call.slots["default"] else 0


async def terminal(call: Call) -> None:
    """Print how this terminal is set up."""
    shell = call.shell
    size = shell.history.size
    await call.out.lines(
        (
            f"Length: {shell.page} lines, Width: {shell.width} columns",
            f"History is {'enabled' if size else 'disabled'}, history size is {size}.",
            f"Dialect: {shell.spoken}, that of the configuration: {shell.who.dialect}",
        )
    )


async def length(call: Call) -> None:
    """Set the lines of a page."""
    call.shell.length = int(call.slots["length"])


async def default_length(call: Call) -> None:
    """Page as long as the screen is."""
    call.shell.length = None


async def unpaged(call: Call) -> None:
    """Do not stop after a page."""
    call.shell.length = 0


async def width(call: Call) -> None:
    """Take the width; a program's width ends all that is not plain lines."""
    call.shell.width = int(call.slots["width"])
    if int(call.slots["width"]) in (0, AUTOMATION_WIDTH, AUTOMATION_WIDTH + 1):
        call.shell.terminal.simplify()


async def monitor(call: Call) -> None:
    """Print log and debug lines here from now on."""
    await call.shell.monitor(True)


async def unmonitor(call: Call) -> None:
    """Print them no more."""
    await call.shell.monitor(False)


async def dialect(call: Call) -> None:
    """Speak the words of another system in exec mode."""
    call.shell.speak(str(call.slots["dialect"]))
