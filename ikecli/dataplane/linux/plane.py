"""What both planes on Linux do alike: interfaces, routes, sockets, ping, and the end that leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from ikecli.boundary.effects import Access, Install, Reach, Remove
from ikecli.boundary.notices import LinkChanged
from ikecli.boundary.views import InterfaceView, RouteView
from ikecli.dataplane.base import Echo, EchoResult, EspState
from ikecli.dataplane.links import Links
from ikecli.dataplane.linux.echo import Pinger
from ikecli.dataplane.linux.host import Host
from ikecli.dataplane.linux.ledger import Ledger
from ikecli.dataplane.linux.network import LinuxNetwork, changes, flows_reach, lost_address
from ikecli.errors import Unavailable
from ikecli.intent import Address, Intent

SETTLE_SECONDS: Final = 0.2
"""How long after a change of devices or addresses the configuration is applied again: they come in flocks."""


class LinuxPlane:
    """The half of a plane that is not ESP. A subclass puts in policies and SAs."""

    strict = False
    """Whether a device with a crypto map must check where packets come from, since nothing else tells clear ones."""

    def __init__(self, host: Host, ledger: Ledger) -> None:
        self._host, self._ledger = host, ledger
        self._intent = Intent()
        self._links = Links(lambda connection: False, lambda notice: None)
        self._absent: dict[str, str] = {}
        self._inner: dict[int, tuple[Address, ...]] = {}
        self._network = LinuxNetwork(ledger, host.devices, host.log)
        self._network.sweep()
        self._pinger = Pinger(host)
        self._events = changes()
        self._settling = self._closed = False
        host.watch(self._events.fileno(), self._changed)

    def configure(self, intent: Intent) -> None:
        """Take interfaces, routes and policies, and listen where the configuration says."""
        self._links.configure(intent)
        self._intent = intent = self._carried(intent)
        try:
            self._connect_network()
            self._protect(intent)
        except Unavailable as problem:
            self._host.log(str(problem))
        live = [one for one in intent.network.interfaces if not one.shutdown and one.tunnel is None]
        try:
            self._host.sockets.listen(address.ip for one in live for address in one.addresses)
        except Unavailable as problem:
            self._host.trouble(problem)

    def _connect_network(self) -> None:
        intent = self._intent
        strict = (one.name for one in intent.network.interfaces if self.strict and not flows_reach(intent, one.name))
        mapped = {one.interface for one in intent.connections}
        self._network.configure(intent, frozenset(strict) & mapped)

    def interfaces(self) -> tuple[InterfaceView, ...]:
        """Return the interfaces with their devices and what passed through them."""
        return self._network.seen(self._links.views())

    def routes(self) -> tuple[RouteView, ...]:
        """Return connected routes, and the static ones that the kernel has."""
        have = self._network.installed()
        return tuple(one for one in self._links.routes() if one.code != "S" or (one.prefix, one.gateway) in have)

    def reach(self, reach: Reach) -> None:
        """Have inner addresses that a peer lent be ours, on `lo`; networks behind it are reached by policy alone."""
        self._links.reach(reach)
        self._inner.pop(reach.id, None)
        if reach.addresses:
            self._inner[reach.id] = reach.addresses
        self._network.inner = frozenset(address for some in self._inner.values() for address in some)
        self._connect_network()

    def attach(self, access: Access) -> None:
        """Refuse: there are no virtual-access interfaces here."""
        raise Unavailable("virtual-access interfaces are carried in the lab alone, not on Linux yet")

    def detach(self, name: str) -> None:
        """Do nothing: there are none."""

    def remove(self, remove: Remove) -> None:
        """Take out one direction of an SA, at once or after a while."""
        if remove.after:
            clock, later = self._host.clock, replace(remove, after=0.0)
            clock.call_at(clock.now() + remove.after, lambda: self.remove(later))
        elif not self._closed:
            self._remove(remove)

    def _remove(self, remove: Remove) -> None:
        """Take out one direction of an SA; a plane's own."""
        raise NotImplementedError

    def give(self, spis: Iterable[int]) -> tuple[EspState, ...]:
        """Refuse: the numbers of an SA are the kernel's or the worker's."""
        raise Unavailable("SAs move between appliances of the lab alone, not from Linux yet")

    def take(self, state: EspState) -> None:
        """Refuse, as `give` does."""
        raise Unavailable("SAs move between appliances of the lab alone, not to Linux yet")

    def _carried(self, intent: Intent) -> Intent:
        """Return what of an intent can be carried here, and say what cannot."""
        tunnels = {one.name for one in intent.network.interfaces if one.tunnel is not None}
        self._absent = {}
        for one in intent.connections:
            if one.interface in tunnels:
                self._absent[one.label] = "tunnel interfaces are carried in the lab alone, not on Linux yet"
            elif one.vrf or one.inner_vrf:
                self._absent[one.label] = "routing tables (VRFs) are carried in the lab alone, not on Linux yet"
        if intent.nat.rules or intent.nat.statics:
            self._network.say("ip nat: addresses are translated in the lab alone; on Linux use the machine's own rules")
        for label, why in self._absent.items():
            self._network.say(f"connection {label}: {why}")
        return replace(intent, connections=tuple(one for one in intent.connections if one.label not in self._absent))

    def _check(self, sa: Install) -> None:
        """Refuse an SA of a connection that cannot be carried here."""
        if sa.connection in self._absent:
            raise Unavailable(self._absent[sa.connection])
        if sa.tfc is not None:
            self._network.say(f"connection {sa.connection}: packets are padded in the lab alone, not on Linux yet")

    def echo(self, echo: Echo, done: Callable[[EchoResult], None]) -> None:
        """Send an echo request."""
        self._pinger.send(self._intent, echo, done)

    def close(self) -> None:
        """Undo everything that was put in."""
        self._closed = True
        self._pinger.close()
        self._host.unwatch(self._events.fileno())
        self._events.close()
        self._network.close()
        self._ledger.close()

    def _protect(self, intent: Intent) -> None:
        """Put in the policies; a plane's own."""
        raise NotImplementedError

    def _changed(self) -> None:
        """Tell the engine of addresses that went; soon after, apply the configuration to what is there now."""
        gone: set[Address | None] = set()
        self._events.read(lambda message: gone.add(lost_address(message)))
        own = {address.ip for one in self._intent.network.interfaces for address in one.addresses}
        if lost := tuple(address for address in own if address in gone):
            self._host.notify(LinkChanged(lost))
        if not self._settling:
            self._settling = True
            self._host.clock.call_at(self._host.clock.now() + SETTLE_SECONDS, self._settle)

    def _settle(self) -> None:
        self._settling = False
        if self._closed:
            return
        try:
            self._connect_network()
        except Unavailable as problem:
            self._host.log(str(problem))
