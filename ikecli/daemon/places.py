"""Where an engine's control socket and state lie unless the command line says otherwise."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def state_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """Return root's or the user's state directory."""
    if os.geteuid() == 0:
        return Path("/var/lib/ikecli")
    home = environment.get("XDG_STATE_HOME", "")
    return (Path(home) if home.startswith("/") else Path.home() / ".local" / "state") / "ikecli"


def control_socket(state: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the control socket: the machine's for root, the user's own else, in the state directory at the last."""
    if os.geteuid() == 0:
        return Path("/run/ikecli/control")
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    return Path(runtime) / "ikecli" / "control" if runtime.startswith("/") else state / "control"


def private_socket(state: Path) -> Path:
    """Return the socket of a private engine: in the state directory, which is its user's alone."""
    return state / "private"
