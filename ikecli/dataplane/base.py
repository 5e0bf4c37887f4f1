"""The contract of a data plane: about twelve calls, one notice callback, a set of features.

Calls raise errors.Unavailable when the machine refuses; nothing else. A plane reports through the `notify` it was given
and never calls back from inside a call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ikecli.boundary.effects import Install, Reach, Remove, Update
from ikecli.boundary.notices import Notice
from ikecli.boundary.views import Counters, InterfaceView, RouteView
from ikecli.intent import Intent

Notify = Callable[[Notice], None]


@dataclass(frozen=True, slots=True)
class EchoResult:
    """What became of an echo request: `!`, `.` or `U`, and milliseconds."""

    mark: str
    milliseconds: float = 0


@dataclass(frozen=True, slots=True)
class Echo:
    """An ICMP echo to send: addresses as text (source may be an interface or empty), size in octets, seconds."""

    destination: str
    source: str
    size: int
    timeout: float
    sequence: int


class Plane(Protocol):
    """What every data plane does."""

    name: str
    features: frozenset[str]
    """Of: "esp", "ping", "esn", "transport", "udp-encapsulation"."""

    def configure(self, intent: Intent) -> None:
        """Take interfaces, routes and policies (the connections' flows); SAs stay until removed."""

    def install(self, sa: Install) -> None:
        """Put in one direction of an SA; an SPI already known is refused."""

    def update(self, update: Update) -> None:
        """Move an SA to other endpoints."""

    def remove(self, remove: Remove) -> None:
        """Take out one direction of an SA; unknown ones are no error."""

    def reach(self, reach: Reach) -> None:
        """Have inner addresses of ours and networks behind a peer stand, or no longer."""

    def counters(self, spis: Iterable[int]) -> Mapping[int, Counters]:
        """Return what was counted for Child SAs, by inbound SPI; unknown ones are left out."""

    def reset(self) -> None:
        """Set the counters to zero."""

    def interfaces(self) -> tuple[InterfaceView, ...]:
        """Return the interfaces as they are now."""

    def routes(self) -> tuple[RouteView, ...]:
        """Return the routes in use."""

    def echo(self, echo: Echo, done: Callable[[EchoResult], None]) -> None:
        """Send an echo request and report once; errors.Unavailable without the "ping" feature."""

    def close(self) -> None:
        """Undo everything that was put in."""
