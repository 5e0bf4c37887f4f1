"""A lab in real time, for people: appliances from files, and a session that walks between them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path

from ikecli.boundary.effects import Question
from ikecli.config import dialect_of
from ikecli.control.client import Client, LocalClient
from ikecli.control.messages import OPERATOR
from ikecli.daemon.answers import Reply
from ikecli.daemon.clock import LoopClock
from ikecli.daemon.sessions import Session
from ikecli.daemon.workers import workers
from ikecli.errors import Unavailable
from ikecli.lab.capture import Capture
from ikecli.lab.lab import Lab, Node
from ikecli.language import TEXT_LIMIT, decoded
from ikecli.shell.session import Elsewhere

Attend = Callable[[Client, Elsewhere], Awaitable[int]]
"""Holds a session, given one and the way to others; returns the exit status."""


class Neighbours:
    """The appliances of a lab, as `connect` reaches them."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def names(self) -> Iterable[str]:
        """Return their hostnames."""
        return [node.name for node in self._lab.nodes]

    def open(self, name: str) -> Client:
        """Open a console session on one; raises Unavailable when there is none of this name."""
        node = self._lab[name]
        return LocalClient(lambda level, user, push: Session(node.appliance, level, user, push), OPERATOR, "console")


def run(
    files: Sequence[Path], node: str | None, attend: Attend, say: Callable[[str], None], capture: Path | None = None
) -> int:
    """Start the files' appliances and attend a session on the first, or on `node`; return its status.

    What was wrong with a file goes to `say`, a line each. Raises Unavailable for a file that cannot be read, hostnames
    that clash, or a node that is not there. What the wire carries goes to the directory `capture`, if one is given.
    """
    return asyncio.run(_run(files, node, attend, say, capture))


async def _run(
    files: Sequence[Path], node: str | None, attend: Attend, say: Callable[[str], None], capture: Path | None
) -> int:
    loop = asyncio.get_running_loop()
    lab = Lab(LoopClock(loop), os.urandom)
    taken = Capture(lab, capture) if capture is not None else None
    for path in files:
        started, complaints = _start(lab, path, workers(loop))
        for complaint in complaints:
            say(f"{path}: {complaint}")
        if taken is not None:
            taken.follow(started)
    here = Neighbours(lab)
    try:
        return await attend(here.open(node or lab.nodes[0].name), here)
    finally:
        lab.close()
        if taken is not None:
            taken.close()


def _start(lab: Lab, path: Path, ask: Callable[[Question, Reply], None]) -> tuple[Node, list[str]]:
    try:
        with path.open("rb") as opened:
            text = decoded(opened.read(TEXT_LIMIT + 1), str(path))
    except OSError as problem:
        raise Unavailable(f"{path}: {problem.strerror}") from None
    return lab.add(text, dialect_of(text), ask)
