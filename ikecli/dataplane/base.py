"""The contract of a data plane: about twelve calls, one notice callback, a set of features.

Calls raise errors.Unavailable when the machine refuses; nothing else. A plane reports through the `notify` it was given
and never calls back from inside a call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Interface
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ikecli.boundary.effects import Access, Install, Reach, Remove, Update
from ikecli.boundary.machine import NeighbourView
from ikecli.boundary.notices import Notice
from ikecli.boundary.views import Counters, InterfaceView, RouteView, TranslationView
from ikecli.intent import Intent

if TYPE_CHECKING:
    from ikecli.dataplane.links import Links

Notify = Callable[[Notice], None]


@dataclass(frozen=True, slots=True)
class EchoResult:
    """What became of an echo request: `!`, `.`, `U`, (too long to pass whole) `M` or (no hops left) `T`; milliseconds.

    `hop` is the address of who answered or refused it, as far as that is known. `why` says what kept it from being sent
    at all. One that is not `routed` found no way to its destination here.
    """

    mark: str
    milliseconds: float = 0
    why: str = ""
    routed: bool = True
    hop: str = ""


@dataclass(frozen=True, slots=True)
class Echo:
    """An ICMP echo to send: addresses as text (source may be an interface or empty), size in octets, seconds.

    `vrf` is the routing table it is sent in; one that is `whole` is not to be cut; `ttl` are the hops that it may take,
    0 for as many as usual.
    """

    destination: str
    source: str
    size: int
    timeout: float
    sequence: int
    vrf: str = ""
    whole: bool = False
    ttl: int = 0


@dataclass(frozen=True, slots=True)
class EspState:
    """One direction of an ESP SA as it moves to another plane: what was installed, how far its numbers are, its counts.

    `sequence` is the last number sent, or the highest received; `seen` the bitmap of those before it. `used` and
    `warned` say which notices were given.
    """

    install: Install
    sequence: int = 0
    seen: bytes = b""
    packets: int = 0
    octets: int = 0
    replays: int = 0
    forgeries: int = 0
    errors: int = 0
    dummies: int = 0
    used: bool = False
    warned: bool = False


class Plane(Protocol):
    """What every data plane does."""

    name: str
    features: frozenset[str]
    """Of: "esp", "ping", "esn", "transport", "udp-encapsulation", "tunnels", "vrf", "mss", "later-fragments", "df-set",
    "late-cuts"."""

    def configure(self, intent: Intent) -> None:
        """Take interfaces, tunnels, routing tables and policies (the connections' flows); SAs stay until removed.

        A tunnel interface with a `protection` sends through the SAs of that connection alone and takes nothing that
        came by another way. Its line protocol is up while it can send; each change is noticed (LineChanged), and routes
        out of an interface whose line protocol is down are not used. Template interfaces carry nothing.
        """

    def attach(self, access: Access) -> None:
        """Put in a virtual-access interface, a copy of its template with these ends; one of its name is replaced.

        It stays over `configure`, made anew of its template, until it is detached.
        """

    def detach(self, name: str) -> None:
        """Take out a virtual-access interface with the routes through it; unknown ones are no error."""

    def install(self, sa: Install) -> None:
        """Put in one direction of an SA; an SPI already known is refused."""

    def update(self, update: Update) -> None:
        """Move an SA to other endpoints."""

    def remove(self, remove: Remove) -> None:
        """Take out one direction of an SA; unknown ones are no error."""

    def reach(self, reach: Reach) -> None:
        """Have inner addresses of ours and networks behind a peer stand, or no longer."""

    def give(self, spis: Iterable[int]) -> tuple[EspState, ...]:
        """Take Child SAs out, by inbound SPI, and return them to go on elsewhere: no sequence number is used twice."""

    def take(self, state: EspState) -> None:
        """Go on with what another plane gave, refused as an install is."""

    def counters(self, spis: Iterable[int]) -> Mapping[int, Counters]:
        """Return what was counted for Child SAs, by inbound SPI; unknown ones are left out."""

    def reset(self) -> None:
        """Set the counters to zero."""

    def interfaces(self) -> tuple[InterfaceView, ...]:
        """Return the interfaces as they are now."""

    def routes(self) -> tuple[RouteView, ...]:
        """Return the routes in use."""

    @property
    def links(self) -> Links:
        """Interfaces and routing tables as they are now, to be looked at."""

    def echo(self, echo: Echo, done: Callable[[EchoResult], None]) -> None:
        """Send an echo request and report once; errors.Unavailable without the "ping" feature."""

    def close(self) -> None:
        """Undo everything that was put in."""


@runtime_checkable
class Finding(Protocol):
    """What a plane does, too, whose interfaces are devices that may have addresses of their own."""

    def found(self, interface: str) -> IPv4Interface | None:
        """Return the address that the device of an interface has by others than us, None without one."""


@runtime_checkable
class OnLinks(Protocol):
    """What a plane does, too, whose interfaces have hardware addresses."""

    def neighbours(self) -> tuple[NeighbourView, ...]:
        """Return who is known on the links, its own addresses too."""


@runtime_checkable
class Translating(Protocol):
    """What a plane does, too, that translates addresses."""

    def translations(self) -> tuple[TranslationView, ...]:
        """Return what is translated now."""

    def forget_translations(self) -> None:
        """Forget what flows made; ways in stay."""
