"""The plane that carries nothing: the IKE side alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ikecli.boundary.effects import Access, Direction, Endpoint, Install, Reach, Remove, Update
from ikecli.boundary.views import Counters, InterfaceView, RouteView
from ikecli.dataplane.base import Echo, EchoResult, EspState, Notify
from ikecli.dataplane.links import Links
from ikecli.errors import Unavailable
from ikecli.intent import Intent

_INBOUND: Final = Direction.INBOUND


class NonePlane:
    """Keeps which SAs exist and counts nothing."""

    name = "none"
    features: frozenset[str] = frozenset()

    def __init__(self, notify: Notify) -> None:
        self._inbound: set[int] = set()
        self._outbound: dict[tuple[int, Endpoint], str] = {}
        self._senders = Counter[str]()
        self._links = Links(self._senders.__contains__, lambda notice: None)

    def configure(self, intent: Intent) -> None:
        """Remember interfaces and routes for `show`."""
        self._links.configure(intent)

    def attach(self, access: Access) -> None:
        """Remember a virtual-access interface for `show`."""
        self._links.attach(access)

    def detach(self, name: str) -> None:
        """Forget a virtual-access interface."""
        self._links.detach(name)

    def install(self, sa: Install) -> None:
        """Remember an inbound SPI, so that none is used twice, and which connections can send."""
        if sa.direction is _INBOUND:
            if sa.spi in self._inbound:
                raise Unavailable(f"SPI 0x{sa.spi:08X} is in use")
            self._inbound.add(sa.spi)
        elif self._links.protected_by(sa.connection) is not None:
            self._forget(sa.spi, sa.remote)
            self._outbound[sa.spi, sa.remote] = sa.connection
            self._senders[sa.connection] += 1
            self._links.settle(sa.connection)

    def update(self, update: Update) -> None:
        """Nothing moves: there are no packets."""

    def remove(self, remove: Remove) -> None:
        """Forget one direction of an SA."""
        if remove.direction is _INBOUND:
            self._inbound.discard(remove.spi)
        elif (connection := self._forget(remove.spi, remove.remote)) is not None:
            self._links.settle(connection)

    def _forget(self, spi: int, remote: Endpoint) -> str | None:
        """Forget an outbound SA; return its connection, None where there was none."""
        connection = self._outbound.pop((spi, remote), None)
        if connection is not None:
            self._senders[connection] -= 1
            if not self._senders[connection]:
                del self._senders[connection]
        return connection

    def reach(self, reach: Reach) -> None:
        """Remember inner addresses and routes for `show`."""
        self._links.reach(reach)

    def give(self, spis: Iterable[int]) -> tuple[EspState, ...]:
        """Forget SPIs; there is nothing more to give."""
        self._inbound.difference_update(spis)
        return ()

    def take(self, state: EspState) -> None:
        """Remember an inbound SPI."""
        self.install(state.install)

    def counters(self, spis: Iterable[int]) -> Mapping[int, Counters]:
        """Return zeros for what is installed."""
        return {spi: Counters() for spi in spis if spi in self._inbound}

    def reset(self) -> None:
        """There is nothing to reset."""

    def interfaces(self) -> tuple[InterfaceView, ...]:
        """Return the interfaces."""
        return tuple(self._links.views())

    def routes(self) -> tuple[RouteView, ...]:
        """Return the routes."""
        return self._links.routes()

    @property
    def links(self) -> Links:
        """Interfaces and routing tables as they are now."""
        return self._links

    def echo(self, echo: Echo, done: Callable[[EchoResult], None]) -> None:
        """Refuse: no packets pass here."""
        raise Unavailable("this engine has no data plane (--dataplane none), so it cannot send packets")

    def close(self) -> None:
        """Forget everything."""
        self._inbound.clear()
        self._outbound.clear()
        self._senders.clear()
