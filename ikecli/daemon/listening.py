"""The plane of an engine on sockets that carries no packets: IKE alone, listening where the configuration says."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

from ikecli.boundary.clock import Clock
from ikecli.boundary.notices import Acquire
from ikecli.daemon.sockets import Sockets
from ikecli.dataplane.base import Echo, EchoResult, Notify
from ikecli.dataplane.linux.host import Home
from ikecli.dataplane.none import NonePlane
from ikecli.errors import Unavailable
from ikecli.intent import Address, Intent, Interface

ICMP: Final = 1
ICMPV6: Final = 58


class ListeningPlane(NonePlane):
    """Has the sockets follow the configuration. A ping starts the tunnel that would protect it; no answer can come."""

    def __init__(self, notify: Notify, clock: Clock, sockets: Sockets, trouble: Callable[[Unavailable], None]) -> None:
        super().__init__(notify)
        self._notify, self._clock, self._sockets, self._trouble = notify, clock, sockets, trouble
        self._intent = Intent()

    def configure(self, intent: Intent) -> None:
        """Listen on the addresses of the interfaces that are up; on all, when none has one."""
        super().configure(intent)
        self._intent = intent
        try:
            self._sockets.listen(Home(own.ip) for one in self._live() for own in one.addresses)
        except Unavailable as problem:
            self._trouble(problem)

    def echo(self, echo: Echo, done: Callable[[EchoResult], None]) -> None:
        """Report the packet to the engine, and a timeout to who asked."""
        destination = _address(echo.destination)
        acquire = self._acquire(self._sources(echo.source), destination)
        if acquire is None:
            raise Unavailable(
                "% This engine has no data plane (--dataplane none): a ping only sets up the tunnel that protects it, "
                f"and no crypto map covers packets to {destination}"
            )
        now = self._clock.now()
        self._clock.call_at(now, lambda: self._notify(acquire))
        why = "% No packet was sent: this engine has no data plane (--dataplane none); the tunnel alone was asked for"
        self._clock.call_at(now + echo.timeout, lambda: done(EchoResult(".", why=why)))

    def _acquire(self, sources: list[Address], destination: Address) -> Acquire | None:
        protocol = ICMP if destination.version == 4 else ICMPV6
        tunnels = {one.name for one in self._intent.network.interfaces if one.tunnel is not None}
        for connection in self._intent.connections:
            if connection.interface in tunnels:
                continue
            for source in sources:
                for flow in connection.flows:
                    here = flow.local.covers(source, protocol, 0)
                    if here and flow.remote.covers(destination, protocol, 0):
                        if flow.permit:
                            return Acquire(connection.label, source, destination, protocol)
                        break
        return None

    def _sources(self, name: str) -> list[Address]:
        """Return the addresses that an echo may leave from: those of the interface named, else of all."""
        named = [one for one in self._live() if name in ("", one.name, one.nameif)]
        return [address.ip for one in named for address in one.addresses] or [_address(name)]

    def _live(self) -> list[Interface]:
        return [one for one in self._intent.network.interfaces if not one.shutdown and one.tunnel is None]


def _address(text: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise Unavailable(f"% {text} is no address here") from None
