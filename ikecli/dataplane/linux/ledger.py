"""The ledger: what an engine put into the kernel, written down before it is put in.

One file in the state directory, a JSON array a line: `+`, kind and key of what goes in, `-` and the same of what is
out again. The first line says whose it is: the number that marks our SAs, policies and routes, the boot and the network
namespace they are in. At the start what is both in the ledger and in the kernel is taken out, and nothing else.

Lines are written, not forced to the disk: they outlive the process, and what they speak of does not outlive the kernel
that holds the written page.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from ikecli.errors import Unavailable

NAME: Final = "ledger"
LEAST_LINES: Final = 1_000
"""Lines below which the file is not written anew, however many of them are out again."""
FIRST_OWNER: Final = 0x1000
"""Marks below are left to daemons that count from 1."""
LAST_OWNER: Final = 0xFFFE

Thing = tuple[str, ...]
"""A kind ("sa", "policy", "route", ...) and what tells one of that kind from another."""


class Ledger:
    """The things of ours that are, or may be, in the kernel, oldest first."""

    def __init__(self, state: Path, chance: int) -> None:
        """Read what an earlier run left; `chance` becomes our mark where there is none yet. Raises Unavailable."""
        self._path = state / NAME
        self._things: dict[Thing, None] = {}
        self._lines = 0
        self._file = -1
        self.owner = FIRST_OWNER + chance % (LAST_OWNER - FIRST_OWNER)
        with self._explained():
            self._read()
            self._rewrite()

    def __iter__(self) -> Iterator[Thing]:
        return iter(tuple(self._things))

    def __contains__(self, thing: Thing) -> bool:
        return thing in self._things

    def kind(self, kind: str) -> list[Thing]:
        """Return all of one kind."""
        return [thing for thing in self._things if thing[0] == kind]

    def own(self, owner: int) -> None:
        """Take another mark, since somebody else has things of this one. Raises Unavailable."""
        self.owner = owner
        with self._explained():
            self._rewrite()

    def add(self, thing: Thing, passing: bool = False) -> None:
        """Write down what goes in next; raises Unavailable, and then it must not go in.

        What is `passing` ends by itself in the kernel: with a full disk it goes in all the same.
        """
        if thing not in self._things:
            try:
                with self._explained():
                    self._append("+", thing)
            except Unavailable:
                if not passing:
                    raise
            self._things[thing] = None

    def drop(self, thing: Thing) -> None:
        """Write down what is out again. A line that cannot be written costs a needless look at the next start."""
        if self._things.pop(thing, self) is not self:
            try:
                self._append("-", thing)
            except OSError:
                return

    def close(self) -> None:
        """Close the file; one that speaks of nothing is kept for the mark."""
        os.close(self._file)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Unavailable(f"{self._path}: {error.strerror}") from error

    def _append(self, sign: str, thing: Thing) -> None:
        """Write a line. It begins with the line end, so that one that a full disk tore does not take the next along."""
        line = b"\n" + json.dumps([sign, *thing]).encode()
        if os.write(self._file, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._lines += 1
        if self._lines > LEAST_LINES + 2 * len(self._things):
            self._lines = 0
            with suppress(OSError):  # the file goes on as it is
                self._rewrite()

    def _read(self) -> None:
        try:
            lines = self._path.read_text().splitlines()
        except FileNotFoundError:
            return
        head: object = _json(lines[0]) if lines else None
        if not isinstance(head, dict) or not isinstance(head.get("owner"), int):
            return
        self.owner = head["owner"]
        if head.get("where") != _where():
            return
        for line in lines[1:]:
            match _json(line):
                case ["+", *thing]:
                    self._things[tuple(map(str, thing))] = None
                case ["-", *thing]:
                    self._things.pop(tuple(map(str, thing)), None)

    def _rewrite(self) -> None:
        lines = [json.dumps({"owner": self.owner, "where": _where()})]
        lines += [json.dumps(["+", *thing]) for thing in self._things]
        new = self._path.with_suffix(".new")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            with open(handle, "wb", closefd=False) as file:
                file.write("\n".join(lines).encode())
            os.fsync(handle)
            os.replace(new, self._path)
        except OSError:
            os.close(handle)
            new.unlink(missing_ok=True)
            raise
        if self._file >= 0:
            os.close(self._file)
        self._file, self._lines = handle, len(lines)


def _json(line: str) -> object:
    """Return what a line says; a torn last line says nothing."""
    try:
        value: object = json.loads(line)
    except ValueError:
        return None
    return value


def _where() -> list[str]:
    """Return what names this boot of the machine and this network namespace."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return [boot, os.readlink("/proc/self/ns/net")]
