"""Settings of single devices under /proc/sys."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ikecli.dataplane.linux.netlink import Refused

CONF: Final = Path("/proc/sys/net/ipv4/conf")
CONF6: Final = Path("/proc/sys/net/ipv6/conf")


def write(path: Path, value: str) -> None:
    """Set something; raises Refused."""
    try:
        path.write_text(value)
    except OSError as error:
        raise Refused(str(path), error.errno or 0) from error
