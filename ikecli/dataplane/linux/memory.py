"""Keys stay in this process's memory: no core file, and nobody but root reads it (prctl(2), PR_SET_DUMPABLE)."""

from __future__ import annotations

import ctypes
import resource
from typing import Final

PR_SET_DUMPABLE: Final = 4


def keep_to_itself() -> None:
    """Have the process leave no core and be closed to other processes of its user; a program that it starts is not."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
