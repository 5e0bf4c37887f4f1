"""What goes through an interface."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Traffic:
    """Packets and octets through an interface."""

    packets_in: int = 0
    packets_out: int = 0
    octets_in: int = 0
    octets_out: int = 0

    def add(self, into: int, out: int) -> None:
        """Count a packet's octets one way or the other."""
        self.packets_in += bool(into)
        self.octets_in += into
        self.packets_out += bool(out)
        self.octets_out += out
