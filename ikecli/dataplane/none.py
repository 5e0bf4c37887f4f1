"""The plane that carries nothing: the IKE side alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ikecli.boundary.effects import Install, Reach, Remove, Update
from ikecli.boundary.views import Counters, InterfaceView, RouteView
from ikecli.dataplane.base import Echo, EchoResult, Notify
from ikecli.dataplane.reaches import Reaches
from ikecli.dataplane.tables import interface_views, route_views
from ikecli.errors import Unavailable
from ikecli.intent import Intent


class NonePlane:
    """Keeps which SAs exist and counts nothing."""

    name = "none"
    features: frozenset[str] = frozenset()

    def __init__(self, notify: Notify) -> None:
        self._intent = Intent()
        self._inbound: set[int] = set()
        self._reaches = Reaches()

    def configure(self, intent: Intent) -> None:
        """Remember interfaces and routes for `show`."""
        self._intent = intent

    def install(self, sa: Install) -> None:
        """Remember an inbound SPI, so that none is used twice."""
        if sa.direction.value == "inbound":
            if sa.spi in self._inbound:
                raise Unavailable(f"SPI 0x{sa.spi:08X} is in use")
            self._inbound.add(sa.spi)

    def update(self, update: Update) -> None:
        """Nothing moves: there are no packets."""

    def remove(self, remove: Remove) -> None:
        """Forget an inbound SPI."""
        if remove.direction.value == "inbound":
            self._inbound.discard(remove.spi)

    def reach(self, reach: Reach) -> None:
        """Remember inner addresses and routes for `show`."""
        self._reaches.take(reach)

    def counters(self, spis: Iterable[int]) -> Mapping[int, Counters]:
        """Return zeros for what is installed."""
        return {spi: Counters() for spi in spis if spi in self._inbound}

    def reset(self) -> None:
        """There is nothing to reset."""

    def interfaces(self) -> tuple[InterfaceView, ...]:
        """Return the interfaces."""
        return interface_views(self._reaches.into(self._intent))

    def routes(self) -> tuple[RouteView, ...]:
        """Return the routes."""
        return route_views(self._reaches.into(self._intent).network)

    def echo(self, echo: Echo, done: Callable[[EchoResult], None]) -> None:
        """Refuse: no packets pass here."""
        raise Unavailable("this engine has no data plane (--dataplane none), so it cannot ping")

    def close(self) -> None:
        """Forget everything."""
        self._inbound.clear()
        self._reaches.clear()
