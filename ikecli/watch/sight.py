"""What the machine is asked, and what is told of what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ikecli.intent import Prefix


class Sight(Protocol):
    """How interfaces and routes are now."""

    def line(self, interface: str) -> bool:
        """Tell whether an interface carries packets."""

    def versions(self, interface: str) -> frozenset[int]:
        """Return the IP versions that an interface has addresses of."""

    def route(self, vrf: str, prefix: Prefix) -> tuple[str, str] | None:
        """Return what a route to just this network is (static, connected) and leads out of, None without one."""


@dataclass(frozen=True, slots=True)
class Said:
    """A line of the log: severity, facility, mnemonic, text."""

    severity: int
    facility: str
    mnemonic: str
    text: str
