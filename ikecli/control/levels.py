"""Who may use the control socket, and at which level a session begins; what a level may do is messages.LEVELS."""

from __future__ import annotations

import grp
import os
import pwd
import socket
import struct
from typing import Final

from ikecli.control.messages import OPERATOR, USER

GROUP: Final = "ikecli"
"""Members of this group of the machine may use the socket of an engine that runs as a service."""


def caller(connection: socket.socket) -> tuple[int, str] | None:
    """Return the level and name of who is at the other end (SO_PEERCRED), or None for those who may not be there."""
    _, uid, gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    if uid in (0, os.geteuid()):
        return OPERATOR, name
    group = admitted_group()
    if group is not None and group in (gid, *_groups(name, gid)):
        return USER, name
    return None


def admitted_group() -> int | None:
    """Return the number of GROUP when its members may use the socket: root or the group's own user runs the engine."""
    try:
        group = grp.getgrnam(GROUP).gr_gid
    except KeyError:
        return None
    return group if os.geteuid() == 0 or os.getegid() == group else None


def _groups(name: str, gid: int) -> list[int]:
    try:
        return os.getgrouplist(name, gid)
    except OSError:
        return []
