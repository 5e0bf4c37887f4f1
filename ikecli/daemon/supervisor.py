"""What systemd is told of the engine (sd_notify(3)).

Without NOTIFY_SOCKET in the environment nobody is told anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Mapping
from typing import Final

MICROSECONDS: Final = 1_000_000


class Supervisor:
    """The service manager that started the engine, if one did."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        where = environment.get("NOTIFY_SOCKET", "")
        self._address: Final = "\0" + where[1:] if where.startswith("@") else where
        limit, process = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
        ours = process in ("", str(os.getpid()))
        self._interval: Final = int(limit) / MICROSECONDS / 2 if limit.isdigit() and ours else 0.0

    def ready(self, status: str) -> None:
        """Say that the engine serves; `status` is what `systemctl status` shows."""
        self._tell(f"READY=1\nSTATUS={status}")

    def reloading(self) -> None:
        """Say that the configuration is being read again; `ready` follows."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Say that the engine ends."""
        self._tell("STOPPING=1")

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Show from now on that the event loop turns, twice as often as is asked for."""
        if self._interval and self._address:
            self._tell("WATCHDOG=1")
            loop.call_later(self._interval, self.watch, loop)

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
            one.setblocking(False)
            one.sendto(text.encode(), self._address)
