"""The TUN devices of the worker: that of the crypto maps, and one for each tunnel interface."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

from ikecli.dataplane.userspace.chooser import Chooser
from ikecli.dataplane.userspace.coalesce import Coalescer
from ikecli.dataplane.userspace.wrapping import Wrap

BOTH: Final = (4, 6)


@dataclass(slots=True, eq=False)
class Door:
    """A device: where its packets are read, which SA they go into, and where those that come are written.

    A tunnel interface's is for one connection, whose label it has. With `wrap` they travel in GRE. TCP connections have
    no larger `segments` than these.
    """

    tun: io.FileIO
    chooser: Chooser
    device: Coalescer
    label: str = ""
    wrap: Wrap | None = None
    versions: tuple[int, ...] = BOTH
    segments: tuple[int, int] = (0, 0)

    @property
    def plain(self) -> bool:
        """Whether packets are carried as they are, whatever they are."""
        return self.wrap is None and self.versions == BOTH

    def inside(self, packet: memoryview) -> int:
        """Return where in a packet that came by ESP the one for the device begins, -1 for one that is not for it."""
        at = 0 if self.wrap is None else self.wrap.inside(packet) or -1
        return at if at >= 0 and packet[at] >> 4 in self.versions else -1
