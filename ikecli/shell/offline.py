"""What a session can do where no engine runs: say which release this is, and why nothing else works."""

from __future__ import annotations

import os
import platform
import sys
import time
from pathlib import Path
from typing import Final

from ikecli import __version__
from ikecli.boundary.views import SystemView
from ikecli.control.client import Push
from ikecli.control.messages import OPERATOR, Identify, Request, Show
from ikecli.control.replies import Error, Identified, Reply, Shown

NAME: Final = "ikecli"
LOCAL_TOPICS: Final = ("version", "clock")


class OfflineClient:
    """A session with nobody: `why` is what it answers to all that needs an engine."""

    def __init__(self, why: str) -> None:
        self.on_push: Push | None = None
        self._why = why

    async def request(self, request: Request) -> Reply:
        """Answer what needs no engine."""
        match request:
            case Identify():
                return Identified(OPERATOR, "", NAME, "ios", __version__, False)
            case Show(topic) if topic in LOCAL_TOPICS:
                return Shown((_system(),))
        return Error(f"% {self._why}")

    async def close(self) -> None:
        """End the session."""


def _system() -> SystemView:
    return SystemView(
        hostname=NAME,
        dialect="ios",
        version=__version__,
        uptime=0,
        clock=time.time(),
        platform=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        processor=platform.machine(),
        memory_kb=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024,
        image=str(Path(sys.argv[0])),
        config_file="",
        dataplane="none",
    )
