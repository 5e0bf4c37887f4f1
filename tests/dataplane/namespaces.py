"""Network namespaces that a test makes, with names that carry its process's number, and is in for a while."""

from __future__ import annotations

import ctypes
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

CLONE_NEWNET = 0x40000000
_RUNS = count()
_LIBC = ctypes.CDLL(None, use_errno=True)


def ip(*words: str) -> None:
    """Run ip(8)."""
    subprocess.run(["ip", *words], check=True)


def _said(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


@contextmanager
def namespaces(*names: str) -> Iterator[dict[str, str]]:
    """Make namespaces, each with its loopback up; yield their names on this machine by those given."""
    run = next(_RUNS)
    made = {name: f"ikecli{os.getpid()}-{run}-{name}" for name in names}
    try:
        for name in made.values():
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        yield made
    finally:
        for name in made.values():
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def join(one: str, other: str, addresses: tuple[str, str], device: str = "veth0") -> None:
    """Connect two namespaces with a cable; each end gets its address."""
    ip("link", "add", device, "netns", one, "type", "veth", "peer", "name", device, "netns", other)
    for name, address in zip((one, other), addresses, strict=True):
        ip("-n", name, "link", "set", device, "addrgenmode", "none")
        ip("-n", name, "address", "add", address, "dev", device, *(["nodad"] if ":" in address else []))
        ip("-n", name, "link", "set", device, "up")
    for name in (one, other):
        while "state UP" not in _said("-n", name, "link", "show", device):
            time.sleep(0.01)


@contextmanager
def joined(left: str, right: str) -> Iterator[dict[str, str]]:
    """Make namespaces L and R with a cable between their addresses."""
    with namespaces("L", "R") as made:
        join(made["L"], made["R"], (left, right))
        yield made


def into(name: str) -> list[str]:
    """Return the words that run a command, which follows them, in a namespace."""
    return ["ip", "netns", "exec", name]


@contextmanager
def within(name: str) -> Iterator[None]:
    """Be in a namespace."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(Path("/run/netns") / name, os.O_RDONLY)
    try:
        _enter(there)
        yield
    finally:
        _enter(home)
        os.close(home)
        os.close(there)


def _enter(file: int) -> None:
    if _LIBC.setns(file, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
