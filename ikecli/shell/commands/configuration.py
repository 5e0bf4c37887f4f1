"""The configuration as a whole: entering it, printing it, storing it."""

from __future__ import annotations

from ikecli.control.messages import ConfigBegin, Convert, Erase, Save
from ikecli.control.replies import ConfigState, Lines
from ikecli.errors import Rejected
from ikecli.language import TEXT_LIMIT
from ikecli.shell.call import Call
from ikecli.shell.commands.views import confirmed, views


async def configure(call: Call) -> None:
    """Enter configuration mode; `configure` alone asks from where."""
    shell = call.shell
    if len(call.line.split()) == 1 and shell.who.dialect == "ios" and shell.terminal.attended:
        answer = await shell.terminal.answer("Configuring from terminal, memory, or network [terminal]? ")
        if answer.strip() and not "terminal".startswith(answer.strip().lower()):
            raise Rejected('?Must be "terminal"')
    minutes = int(call.slots["minutes"] or 0)
    state = await shell.ask(ConfigBegin(minutes))
    assert isinstance(state, ConfigState)
    if minutes:
        await call.out.line("Rollback Confirmed Change: Backing up current running config")
    if shell.who.dialect == "ios":
        await call.out.line("Enter configuration commands, one per line.  End with CNTL/Z.")
    shell.entered(state)


async def exclusive(call: Call) -> None:
    """Enter configuration mode alone, with a candidate that is committed."""
    state = await call.shell.ask(ConfigBegin(exclusive=True))
    assert isinstance(state, ConfigState)
    await call.out.line("Configuration mode is yours alone: lines take effect at commit.")
    call.shell.entered(state)


async def running(call: Call) -> None:
    """Print the running configuration."""
    from dataclasses import replace

    lines = await views(replace(call, name="show.running"))
    await call.out.views(lines, iter(lines))


async def convert(call: Call) -> None:
    """Print the running configuration in the other dialect."""
    reply = await call.shell.ask(Convert(str(call.slots["dialect"])))
    assert isinstance(reply, Lines)
    await call.out.lines(reply.lines)


async def derived(call: Call) -> None:
    """Print the configuration that a virtual-access interface has of its template."""
    lines = await views(call)
    octets = sum(len(line) + 1 for line in lines)
    for line in ("Building configuration...", "", f"Derived configuration : {octets} bytes", "!"):
        await call.out.header(line)
    await call.out.views(lines, iter((*lines, "end")))


async def startup(call: Call) -> None:
    """Print the startup configuration."""
    lines = await views(call)
    octets = sum(len(line.encode(errors="surrogateescape")) + 1 for line in lines)
    ios = call.shell.who.dialect == "ios"
    await call.out.header(f"Using {octets} out of {TEXT_LIMIT} bytes" if ios else ": Saved")
    await call.out.views(lines, iter(lines))


async def save(call: Call) -> None:
    """Store the running configuration as the startup configuration."""
    await call.out.line("Building configuration...")
    await call.shell.ask(Save())
    await call.out.line("[OK]")


async def erase(call: Call) -> None:
    """Remove the startup configuration."""
    if await confirmed(call, "This removes the startup configuration. Continue? [confirm]"):
        await call.shell.ask(Erase())
        await call.out.line("[OK]")
