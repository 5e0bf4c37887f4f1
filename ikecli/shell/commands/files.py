"""`copy`: between the running configuration, the startup configuration and files of the operator's."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from ikecli.control.codec import LINE_LIMIT
from ikecli.control.messages import Fetch, Lines, Load
from ikecli.errors import Rejected, Unavailable
from ikecli.shell.call import Call
from ikecli.shell.commands import configuration
from ikecli.shell.commands.views import confirmed
from ikecli.shell.pipes import file_path, write_file

RUNNING: Final = "running-config"
STARTUP: Final = "startup-config"


async def copy(call: Call) -> None:
    """Copy; the destination is asked for as a router does, and Enter takes it."""
    source, destination = _place(str(call.slots["source"])), _place(str(call.slots["destination"]))
    act = _WAYS.get((_kind(source), _kind(destination)))
    if act is None:
        raise Rejected(
            f"% {source} cannot be copied to {destination}; from a file, copy to {RUNNING}, then write memory"
        )
    if destination == source:
        raise Rejected("%Error: the source and the destination are the same")
    if call.shell.terminal.attended:
        shown = destination[5:] if _kind(destination) == "file" else destination
        answer = (await call.shell.terminal.answer(f"Destination filename [{shown}]? ")).strip()
        if answer and answer != shown:
            if _kind(destination) != "file":
                raise Rejected(f"% The destination is {destination}, not {answer}")
            destination = f"file:{answer}"
    await act(call, source, destination)


def _place(name: str) -> str:
    """Return the configuration that a word abbreviates, else the word: the language takes any word for a file's."""
    return next((whole for whole in (RUNNING, STARTUP) if whole.startswith(name.lower())), name)


def _kind(name: str) -> str:
    return name if name in (RUNNING, STARTUP) else "file"


async def _save(call: Call, source: str, destination: str) -> None:
    await configuration.save(call)


async def _load(call: Call, source: str, destination: str) -> None:
    began = time.monotonic()
    text = await _text(call, source)
    reply = await call.shell.ask(Load(text, source))
    assert isinstance(reply, Lines)
    await call.out.lines(reply.lines)
    await _copied(call, text, began)


async def _store(call: Call, source: str, destination: str) -> None:
    path = file_path(destination)
    if path.exists() and not await confirmed(call, f"{path} exists already. Overwrite it? [confirm]"):
        return
    began = time.monotonic()
    text = await _text(call, source)
    write_file(path, text)
    await _copied(call, text, began)


async def _text(call: Call, source: str) -> str:
    if _kind(source) == "file":
        return read_file(file_path(source))
    reply = await call.shell.ask(Fetch(source.partition("-")[0]))
    assert isinstance(reply, Lines)
    return "".join(f"{line}\n" for line in reply.lines)


async def _copied(call: Call, text: str, began: float) -> None:
    octets, seconds = len(text.encode(errors="surrogateescape")), max(time.monotonic() - began, 0.001)
    await call.out.line(f"{octets} bytes copied in {seconds:.3f} secs ({octets / seconds:.0f} bytes/sec)")


def read_file(path: Path) -> str:
    """Return the text of a file of the operator's; raises Unavailable when it cannot be read or is too long to send."""
    try:
        octets = path.read_bytes()
    except OSError as error:
        raise Unavailable(f"%Error opening file:{path} ({error.strerror})") from error
    if len(octets) > LINE_LIMIT // 2:
        raise Unavailable(
            f"%Error: {path} has {len(octets)} octets, more than {LINE_LIMIT // 2}; "
            f"start the engine with --config {path}"
        )
    return octets.decode(errors="surrogateescape")


_WAYS: Final[Mapping[tuple[str, str], Callable[[Call, str, str], Awaitable[None]]]] = {
    (RUNNING, STARTUP): _save,
    (STARTUP, RUNNING): _load,
    ("file", RUNNING): _load,
    (RUNNING, "file"): _store,
    (STARTUP, "file"): _store,
}
