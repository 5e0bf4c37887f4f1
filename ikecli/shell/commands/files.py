"""`copy`, `more`, `dir`, `delete`: the running and startup configuration, files of flash: and of the operator's."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ikecli.control.codec import LINE_LIMIT
from ikecli.control.messages import Copy, Delete, Fetch
from ikecli.control.replies import Copied, Error, Lines
from ikecli.errors import Rejected, Unavailable
from ikecli.language import TEXT_LIMIT, decoded
from ikecli.shell.call import Call
from ikecli.shell.commands import configuration
from ikecli.shell.commands.views import confirmed
from ikecli.shell.pipes import FLASHES, Write, file_path, write_file

if TYPE_CHECKING:
    from ikecli.shell.session import Shell

RUNNING: Final = "running-config"
STARTUP: Final = "startup-config"
TERMINAL: Final = "terminal:"
_LONG: Final = {"system:running-config": RUNNING, "nvram:startup-config": STARTUP, "terminal": TERMINAL}


async def copy(call: Call) -> None:
    """Copy; the destination is asked for as a router does, and Enter takes it."""
    source, destination = place(str(call.slots["source"])), place(str(call.slots["destination"]))
    if source == TERMINAL:
        raise Rejected("% What is typed is not copied: type configure terminal")
    if destination == source:
        raise Rejected("%Error: the source and the destination are the same")
    if destination == "flash:":
        destination += source.rpartition(":")[2].rpartition("/")[2]
    if destination == TERMINAL:
        await call.out.lines((await _text(call, source)).splitlines())
        return
    destination = await _asked(call, destination)
    if (source, destination) == (RUNNING, STARTUP):
        await configuration.save(call)
    elif destination.startswith("file:"):
        await _store(call, source, destination)
    else:
        await _copy(call, source, destination)


async def more(call: Call) -> None:
    """Print a configuration; the running one with its secrets in clear."""
    await call.out.lines((await _text(call, place(str(call.slots["file"])))).splitlines())


async def merge(call: Call) -> None:
    """Merge the startup configuration into the running one."""
    await _copy(call, STARTUP, RUNNING)


async def delete(call: Call) -> None:
    """Remove a file of flash:."""
    file = str(call.slots["file"])
    if call.slots["force"] or await confirmed(call, f"Delete {file}? [confirm]"):
        await call.shell.ask(Delete(file))


_NOT_THERE: Final = f"({os.strerror(errno.ENOENT)})"


async def keep(shell: Shell, lines: Write) -> None:
    """Write the lines behind a pipe to a file of flash:."""
    place, before = str(lines.place), ""
    if lines.append:
        reply = await shell.client.request(Fetch(place))
        if isinstance(reply, Error) and not reply.text.endswith(_NOT_THERE):
            raise Rejected(reply.text)
        before = "".join(f"{line}\n" for line in reply.lines) if isinstance(reply, Lines) else ""
    await shell.ask(Copy("terminal:", place, before + lines.text or "\n"))


async def sent(source: str) -> str:
    """Return the text that goes with a request about a place: that of a file of the operator's."""
    if not source.startswith("file:"):
        return ""
    return read_file(file_path(source))


def place(name: str) -> str:
    """Return the place that a word means: a configuration's may be abbreviated."""
    low = name.lower()
    if low in _LONG:
        return _LONG[low]
    kind, colon, rest = name.partition(":")
    if colon and kind.lower() in FLASHES:
        return f"flash:{rest.removeprefix('/')}"
    if low.startswith("file:"):
        return f"file:{rest}"
    return next((whole for whole in (RUNNING, STARTUP) if whole.startswith(low)), name)


async def _asked(call: Call, destination: str) -> str:
    """Return the destination, after a router's question for its name where somebody answers."""
    if not call.shell.terminal.attended or call.slots.get("quiet"):
        return destination
    kind, colon, name = destination.rpartition(":")
    answer = (await call.shell.terminal.answer(f"Destination filename [{name}]? ")).strip()
    if not answer or answer in (name, destination):
        return destination
    if not colon:
        raise Rejected(f"% The destination is {destination}, not {answer}")
    return answer if answer.startswith(f"{kind}:") else f"{kind}:{answer}"


async def _copy(call: Call, source: str, destination: str) -> None:
    began = time.monotonic()
    reply = await call.shell.ask(Copy(source, destination, await sent(source)))
    assert isinstance(reply, Copied)
    await call.out.lines(reply.messages)
    await call.shell.identify()
    await _copied(call, reply.octets, began)


async def _store(call: Call, source: str, destination: str) -> None:
    path = file_path(destination)
    if path.exists() and not await confirmed(call, f"{path} exists already. Overwrite it? [confirm]"):
        return
    began = time.monotonic()
    text = await _text(call, source)
    write_file(path, text)
    await _copied(call, len(text.encode(errors="surrogateescape")), began)


async def _text(call: Call, source: str) -> str:
    if source.startswith("file:"):
        return read_file(file_path(source))
    reply = await call.shell.ask(Fetch(source))
    assert isinstance(reply, Lines)
    return "".join(f"{line}\n" for line in reply.lines)


async def _copied(call: Call, octets: int, began: float) -> None:
    seconds = max(time.monotonic() - began, 0.001)
    await call.out.line(f"{octets} bytes copied in {seconds:.3f} secs ({octets / seconds:.0f} bytes/sec)")


def read_file(path: Path) -> str:
    """Return the text of a file of the operator's; raises Unavailable when it cannot be read or is too long to send."""
    try:
        with path.open("rb") as opened:
            octets = opened.read(TEXT_LIMIT + 1)
    except OSError as error:
        raise Unavailable(f"%Error opening file:{path} ({error.strerror})") from error
    text = decoded(octets, f"%Error: {path}")
    if len(octets) > LINE_LIMIT // 2:
        raise Unavailable(
            f"%Error: {path} has {len(octets)} octets, more than {LINE_LIMIT // 2}; "
            f"start the engine with --config {path}"
        )
    return text
