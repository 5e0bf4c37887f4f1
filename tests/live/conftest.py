"""The live tests change nothing of the machine: what it had before them it has after them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.live.machine import ASPECTS, differing, need_esp

COMMANDS = (*(("ip", *words) for words in ASPECTS), *([("nft", "list", "ruleset")] if shutil.which("nft") else []))
IN_MOTION = re.compile(r"(expires|preferred_lft|valid_lft) \S+")


def machine() -> dict[str, str]:
    """Return addresses, routes, rules, devices, XFRM, firewall and namespaces of this run; its sockets that listen."""
    found = {}
    for command in COMMANDS:
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        found[" ".join(command)] = IN_MOTION.sub("", said)
    names = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=False).stdout
    found["namespaces"] = "".join(line for line in names.splitlines() if f"ikecli{os.getpid()}-" in line)
    listening = subprocess.run(["ss", "-Hlntup"], capture_output=True, text=True, check=False).stdout
    found["sockets"] = "".join(line for line in listening.splitlines(True) if any(map(ours, _processes(line))))
    return found


def _processes(line: str) -> list[int]:
    return [int(number) for number in re.findall(r"pid=(\d+)", line)]


def ours(process: int) -> bool:
    """Tell whether a process is of this run."""
    try:
        return os.getsid(process) == os.getsid(0)
    except ProcessLookupError:
        return False


@pytest.fixture(params=["userspace", "xfrm"])
def kind(request: pytest.FixtureRequest) -> str:
    """The data planes that packets go through."""
    if request.param == "xfrm":
        need_esp()
    return str(request.param)


@pytest.fixture(scope="session", autouse=True)
def unchanged() -> Iterator[None]:
    before = machine()
    yield
    assert differing(before, machine()) == {}
