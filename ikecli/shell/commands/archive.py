"""The life of a configuration: archived, compared, replaced, rolled back, loaded anew."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ikecli.control.messages import (
    ArchiveNow,
    Confirm,
    ConvertIkev1,
    Differ,
    Reload,
    Replace,
    Request,
    Revert,
    Rollback,
    Show,
)
from ikecli.control.replies import Done, Lines, Replaced, Shown
from ikecli.errors import Rejected
from ikecli.shell.call import Call
from ikecli.shell.commands import configuration
from ikecli.shell.commands.files import place, sent
from ikecli.shell.commands.views import confirmed

_REPLACES: Final = (
    "This will apply all necessary additions and deletions",
    "to replace the current running configuration with the",
    "contents of the specified configuration file, which is",
    "assumed to be a complete configuration, not a partial",
)
MONTHS: Final = tuple(name.lower() for name in month_name[1:])
_SURE: Final = "configuration. Enter Y if you are sure you want to proceed. ? [no]: "


async def store(call: Call) -> None:
    """Store the running configuration in the archive."""
    await call.shell.ask(ArchiveNow())


async def differences(call: Call) -> None:
    """Print what two configurations differ in."""
    old, new = (place(str(name)) if (name := call.slots.get(slot)) else "" for slot in ("old", "new"))
    if old.startswith("file:") and new.startswith("file:"):
        raise Rejected("% Of two files one must be in flash: type copy file:PATH flash:NAME")
    reply = await call.shell.ask(Differ(old, new, await sent(old) or await sent(new)))
    assert isinstance(reply, Lines)
    await call.out.lines(("!Contextual Config Diffs:", *(reply.lines or ("!No changes were found",))))


async def ikev1(call: Call) -> None:
    """Print what the running configuration says of IKEv1 as lines of IKEv2."""
    reply = await call.shell.ask(ConvertIkev1())
    assert isinstance(reply, Lines)
    await call.out.lines(reply.lines or ("% Nothing is said of IKEv1",))


async def incremental(call: Call) -> None:
    """Print the lines of a configuration that are not in the running one."""
    file = place(str(call.slots["file"]))
    reply = await call.shell.ask(Differ("running-config", file, await sent(file)))
    assert isinstance(reply, Lines)
    await call.out.lines(("!List of Commands:", *_added(reply.lines), "end"))


def _added(lines: Iterable[str]) -> Iterator[str]:
    """Yield what lines of differences add, below the lines that it stands below."""
    above: list[tuple[int, str]] = []
    for line in lines:
        depth, text = len(line) - len(line.lstrip()), line.strip()
        above = [one for one in above if one[0] < depth]
        if text.startswith("+"):
            yield from (" " * each + opener for each, opener in above if opener)
            above = [(each, "") for each, _ in above]
            yield " " * depth + text[1:]
        elif not text.startswith("-"):
            above.append((depth, text))


async def replace(call: Call) -> None:
    """Make a configuration the running one, after a router's question."""
    source = place(str(call.slots["source"]))
    text = await sent(source)
    if not call.slots["force"] and call.shell.terminal.attended:
        await call.out.lines(_REPLACES)
        answer = await call.shell.terminal.answer(_SURE)
        if answer.strip().lower() not in ("y", "yes"):
            return
    await _replaced(call, Replace(source, text, int(call.slots["minutes"] or 0)))


async def confirm(call: Call) -> None:
    """Keep a change that would be rolled back."""
    await call.shell.ask(Confirm())


async def revert(call: Call) -> None:
    """Roll that change back, now or in so many minutes."""
    await call.shell.ask(Revert(int(call.slots["minutes"] or 0)))
    await call.shell.identify()


async def rollback(call: Call) -> None:
    """Take the last changes back."""
    await _replaced(call, Rollback(int(call.slots["last"])))


async def _replaced(call: Call, request: Request) -> None:
    reply = await call.shell.ask(request)
    assert isinstance(reply, Replaced)
    await call.out.line(f"Total number of passes: {int(reply.changed)}")
    await call.out.line("Rollback Done")
    await call.shell.identify()


async def scheduled(call: Call) -> None:
    """Print when a reload is to come."""
    reply = await call.shell.ask(Reload(status=True))
    assert isinstance(reply, Done)
    await call.out.line(reply.text)


async def reload(call: Call) -> None:
    """Apply the startup configuration anew, now or later."""
    await _reload(call, Reload(int(call.slots["minutes"] or 0)))


async def reload_at(call: Call) -> None:
    """Apply it anew at a time of day, as the engine's clock has it."""
    reply = await call.shell.ask(Show("clock", {}))
    assert isinstance(reply, Shown)
    await _reload(call, Reload(at=due(reply.views[0].clock, call.slots)))


def due(now: float, slots: Mapping[str, Any]) -> float:
    """Return the wall time of the next such time of day, and day where that is named; raises Rejected for none."""
    today = datetime.fromtimestamp(now, UTC)
    hour, minute, *_ = map(int, slots["time"].split(":"))
    dated = slots["day"] is not None
    month = MONTHS.index(slots["month"]) + 1 if dated else today.month
    for years in range(2):
        try:
            at = datetime(today.year + years, month, int(slots["day"] or today.day), hour, minute, tzinfo=UTC)
        except ValueError:
            continue
        if at > today:
            return at.timestamp()
        if not dated:
            return (at + timedelta(days=1)).timestamp()
    raise Rejected("% There is no such time in the year to come")


async def _reload(call: Call, request: Reload) -> None:
    if call.shell.terminal.attended and not await _proceeds(call):
        return
    reply = await call.shell.ask(request)
    if isinstance(reply, Lines):
        await call.out.lines(reply.lines)
    elif isinstance(reply, Done):
        await call.out.line(reply.text)
    await call.shell.identify()


async def _proceeds(call: Call) -> bool:
    """Ask whether to store what is not stored yet, then whether to go on."""
    changes = await call.shell.ask(Differ())
    if isinstance(changes, Lines) and changes.lines:
        answer = await call.shell.terminal.answer("System configuration has been modified. Save? [yes/no]: ")
        if answer.strip().lower() in ("y", "yes"):
            await configuration.save(call)
    return await confirmed(call, "Proceed with reload? [confirm]")


async def cancel(call: Call) -> None:
    """Take a scheduled reload back."""
    reply = await call.shell.ask(Reload(cancel=True))
    assert isinstance(reply, Done)
    await call.out.lines(reply.text.split("\n"))
