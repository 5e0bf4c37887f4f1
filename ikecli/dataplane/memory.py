"""The emulated network's plane: a small IP stack whose packets really are encrypted, and which counts them.

A packet leaves by the longest matching route. Where a connection's flow covers it on that interface, it goes into the
connection's SA; without one an Acquire is reported and the packet waits, a few at most, so that no first ping is lost.
Packets that a flow says must be protected are refused when they arrive in the clear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from ipaddress import ip_address
from typing import Final, Protocol

from ikecli.boundary.clock import Cancel, Clock
from ikecli.boundary.effects import Datagram, Direction, Endpoint, Install, Reach, Remove, Update
from ikecli.boundary.notices import Acquire, Notice
from ikecli.boundary.views import Counters, InterfaceView, RouteView
from ikecli.dataplane.base import Echo, EchoResult, Notify
from ikecli.dataplane.packet import (
    ESP,
    ICMP,
    ICMPV6,
    UDP,
    Packet,
    echo_answered,
    echo_reply,
    echo_request,
    udp,
    udp_data,
)
from ikecli.dataplane.reaches import Reaches
from ikecli.dataplane.sadb import SoftwareSas
from ikecli.dataplane.tables import interface_views, route_views
from ikecli.errors import Unavailable
from ikecli.intent import Address, Connection, Intent, Interface

HELD_PACKETS: Final = 8
"""Packets a connection keeps while its SA is set up."""
HELD_SECONDS: Final = 5.0
IKE_PORT: Final = 500
NAT_PORT: Final = 4500
NON_ESP_MARKER: Final = bytes(4)
"""What stands before IKE on port 4500 (RFC 3948 2.2)."""


class Link(Protocol):
    """The wire that nodes hang on."""

    def emit(self, node: MemoryPlane, interface: str, next_hop: Address, packet: Packet) -> None:
        """Carry a packet out of an interface towards `next_hop`."""


@dataclass(slots=True)
class Traffic:
    """Packets and octets through an interface."""

    packets_in: int = 0
    packets_out: int = 0
    octets_in: int = 0
    octets_out: int = 0


@dataclass(slots=True)
class Waiting:
    """An echo whose answer is awaited."""

    done: Callable[[EchoResult], None]
    sent: float
    timer: Cancel


@dataclass(slots=True)
class Held:
    """Packets of a connection that wait for its SA."""

    packets: list[Packet] = field(default_factory=list)
    until: float = 0.0


class MemoryPlane:
    """One node of the emulated network."""

    name = "memory"
    features = frozenset({"esp", "ping", "esn", "transport", "udp-encapsulation"})

    def __init__(
        self,
        clock: Clock,
        random: Callable[[int], bytes],
        link: Link,
        notify: Notify,
        ike: Callable[[Datagram], None],
    ) -> None:
        self._clock, self._random, self._link, self._notify, self._ike = clock, random, link, notify, ike
        self._told = self._intent = Intent()
        self._reaches = Reaches()
        self._addresses: dict[Address, Interface] = {}
        self._sas = SoftwareSas(self._report, self._random)
        self._held: dict[str, Held] = {}
        self._waiting: dict[tuple[int, int], Waiting] = {}
        self._traffic: dict[str, Traffic] = {}
        self._identifier = 0

    # What every plane does

    def configure(self, intent: Intent) -> None:
        """Take interfaces, routes and policies."""
        self._told = intent
        self._stand()

    def reach(self, reach: Reach) -> None:
        """Have inner addresses of ours and networks behind a peer stand, or no longer."""
        self._reaches.take(reach)
        self._stand()

    def _stand(self) -> None:
        self._intent = intent = self._reaches.into(self._told)
        live = [one for one in intent.network.interfaces if not one.shutdown]
        self._addresses = {address.ip: one for one in live for address in one.addresses}

    def install(self, sa: Install) -> None:
        """Put in one direction of an SA, and send what waited for it."""
        self._sas.install(sa)
        if sa.direction is Direction.OUTBOUND:
            held = self._held.pop(sa.connection, None)
            if held and held.until >= self._clock.now():
                for packet in held.packets:
                    self._clock.call_at(self._clock.now(), partial(self._route, packet))

    def update(self, update: Update) -> None:
        """Move an SA to other endpoints."""
        self._sas.update(update)

    def remove(self, remove: Remove) -> None:
        """Take out one direction of an SA."""
        self._sas.remove(remove)

    def counters(self, spis: Iterable[int]) -> Mapping[int, Counters]:
        """Return what was counted for Child SAs, by inbound SPI."""
        return self._sas.counters(spis)

    def reset(self) -> None:
        """Set the counters to zero."""
        self._sas.reset()
        self._traffic.clear()

    def interfaces(self) -> tuple[InterfaceView, ...]:
        """Return the interfaces with what passed through them."""
        return tuple(
            replace(
                view,
                packets_in=traffic.packets_in,
                packets_out=traffic.packets_out,
                octets_in=traffic.octets_in,
                octets_out=traffic.octets_out,
            )
            for view in interface_views(self._intent)
            for traffic in [self._traffic.get(view.name, Traffic())]
        )

    def routes(self) -> tuple[RouteView, ...]:
        """Return the routes in use."""
        return route_views(self._intent.network)

    def echo(self, echo: Echo, done: Callable[[EchoResult], None]) -> None:
        """Send an echo request from an address of ours; raises Unavailable when source or destination make no sense."""
        destination = _address(echo.destination)
        source = self._source(echo.source, destination)
        now = self._clock.now()
        if source is None:
            self._clock.call_at(now, lambda: done(EchoResult("U")))
            return
        self._identifier = (self._identifier + 1) & 0xFFFF
        key = (self._identifier, echo.sequence & 0xFFFF)
        timer = self._clock.call_at(now + echo.timeout, lambda: self._echo_done(key, "."))
        self._waiting[key] = Waiting(done, now, timer)
        self._route(echo_request(source, destination, *key, echo.size))

    def close(self) -> None:
        """Forget all SAs."""
        self._sas = SoftwareSas(self._report, self._random)
        self._reaches.clear()
        self._stand()

    # IKE

    def transmit(self, datagram: Datagram) -> None:
        """Send an IKE datagram from one of our addresses."""
        local, remote = datagram.local, datagram.remote
        marked = NAT_PORT in (local.port, remote.port) and not datagram.bare
        octets = NON_ESP_MARKER + datagram.octets if marked else datagram.octets
        self._emit(udp(local.address, local.port, remote.address, remote.port, octets))

    # Packets out

    def _route(self, packet: Packet) -> None:
        """Send a packet that may need protection."""
        if packet.destination in self._addresses:
            self._local(packet)
            return
        interface = self._egress(packet.destination)
        if interface is None:
            return
        connection = self._protecting(interface[0].name, packet)
        if connection is None:
            self._emit(packet)
        elif (protected := self._sas.seal(connection.label, packet)) is not None:
            self._emit(protected)
        else:
            self._hold(connection, packet)

    def _protecting(self, interface: str, packet: Packet) -> Connection | None:
        """Return the first connection on an interface, in order of its sequence, whose flows permit the packet."""
        source_port, destination_port = packet.ports()
        for connection in self._intent.connections:
            if connection.interface != interface:
                continue
            for flow in connection.flows:
                here = flow.local.covers(packet.source, packet.protocol, source_port)
                if here and flow.remote.covers(packet.destination, packet.protocol, destination_port):
                    if flow.permit:
                        return connection
                    break
        return None

    def _hold(self, connection: Connection, packet: Packet) -> None:
        now = self._clock.now()
        held = self._held.setdefault(connection.label, Held())
        if held.until < now:
            held.packets.clear()
        if len(held.packets) < HELD_PACKETS:
            held.packets.append(packet)
        held.until = now + HELD_SECONDS
        ends = (packet.source, packet.destination, packet.protocol, *packet.ports())
        self._report(Acquire(connection.label, *ends))

    def _emit(self, packet: Packet) -> None:
        """Send a packet as it is, or keep it when it is for ourselves."""
        if packet.destination in self._addresses:
            self._clock.call_at(self._clock.now(), lambda: self._local(packet))
            return
        way = self._egress(packet.destination)
        if way is not None:
            self._count(way[0].name, out=packet.length)
            self._link.emit(self, way[0].name, way[1], packet)

    def _egress(self, destination: Address) -> tuple[Interface, Address] | None:
        """Return the interface and next hop of the longest route: connected first, then static ones."""
        best: tuple[int, Interface, Address] | None = None
        for one in self._intent.network.interfaces:
            for address in () if one.shutdown else one.addresses:
                if destination in address.network and (best is None or address.network.prefixlen > best[0]):
                    best = (address.network.prefixlen, one, destination)
        for route in self._intent.network.routes:
            if destination not in route.prefix or (best is not None and best[0] >= route.prefix.prefixlen):
                continue
            interface = self._route_interface(route.interface, route.gateway)
            if interface is not None:
                best = (route.prefix.prefixlen, interface, route.gateway or destination)
        return best[1:] if best else None

    def _route_interface(self, name: str, gateway: Address | None) -> Interface | None:
        for one in self._intent.network.interfaces:
            if one.shutdown:
                continue
            if name and name in (one.name, one.nameif):
                return one
            if not name and gateway is not None and any(gateway in address.network for address in one.addresses):
                return one
        return None

    def _source(self, name: str, destination: Address) -> Address | None:
        if not name:
            way = self._egress(destination)
            own = [a.ip for a in way[0].addresses if a.version == destination.version] if way else []
            return own[0] if own else (destination if destination in self._addresses else None)
        for one in self._intent.network.interfaces:
            if name in (one.name, one.nameif):
                own = [a.ip for a in one.addresses if a.version == destination.version]
                if own and not one.shutdown:
                    return own[0]
                raise Unavailable(f"% Invalid source interface - {name} has no usable IP address or is down")
        source = _address(name)
        if source not in self._addresses:
            raise Unavailable(f"% Invalid source address- {name} is not an address of this system")
        return source

    # Packets in

    def arrive(self, interface: str, packet: Packet) -> None:
        """Take a packet from the wire."""
        self._count(interface, into=packet.length)
        if packet.destination in self._addresses and self._is_ours(packet):
            return
        backwards = Packet(packet.destination, packet.source, packet.protocol, _swapped(packet))
        if self._protecting(interface, backwards) is not None:
            return
        self._onward(packet)

    def _is_ours(self, packet: Packet) -> bool:
        """Take ESP and IKE for one of our addresses."""
        if packet.protocol == ESP:
            self._open(packet.payload, Endpoint(packet.source, 0))
            return True
        data = udp_data(packet)
        source_port, port = packet.ports() if packet.protocol == UDP else (0, 0)
        if data is None or port not in (IKE_PORT, NAT_PORT):
            return False
        local, remote = Endpoint(packet.destination, port), Endpoint(packet.source, source_port)
        if port == IKE_PORT:
            self._ike(Datagram(data, local, remote))
        elif data[:4] == NON_ESP_MARKER:
            self._ike(Datagram(data[4:], local, remote))
        elif len(data) > 4:
            self._open(data, remote)
        return True

    def _open(self, octets: bytes, remote: Endpoint) -> None:
        inner = self._sas.open(octets, remote)
        if inner is not None:
            self._onward(inner)

    def _onward(self, packet: Packet) -> None:
        if packet.destination in self._addresses:
            self._local(packet)
        elif packet.ttl > 1:
            self._route(replace(packet, ttl=packet.ttl - 1))

    def _local(self, packet: Packet) -> None:
        if packet.protocol not in (ICMP, ICMPV6):
            return
        answered = echo_answered(packet)
        if answered is not None:
            self._echo_done(answered, "!")
        elif (reply := echo_reply(packet)) is not None:
            self._clock.call_at(self._clock.now(), lambda: self._route(reply))

    def _echo_done(self, key: tuple[int, int], mark: str) -> None:
        waiting = self._waiting.pop(key, None)
        if waiting is not None:
            waiting.timer.cancel()
            waiting.done(EchoResult(mark, (self._clock.now() - waiting.sent) * 1000))

    def _report(self, notice: Notice) -> None:
        self._clock.call_at(self._clock.now(), lambda: self._notify(notice))

    def _count(self, interface: str, into: int = 0, out: int = 0) -> None:
        traffic = self._traffic.setdefault(interface, Traffic())
        traffic.packets_in += bool(into)
        traffic.octets_in += into
        traffic.packets_out += bool(out)
        traffic.octets_out += out

    # What the wire asks

    @property
    def network_interfaces(self) -> tuple[Interface, ...]:
        """The interfaces that are not shut down."""
        return tuple(one for one in self._intent.network.interfaces if not one.shutdown)

    @property
    def gateways(self) -> tuple[Address, ...]:
        """The next hops of the static routes."""
        return tuple(route.gateway for route in self._intent.network.routes if route.gateway is not None)


def _address(text: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise Unavailable(f"% Unrecognized host or address, or protocol not running: {text}") from None


def _swapped(packet: Packet) -> bytes:
    """Return the payload with its ports turned round, so that a reply's flow can be looked up."""
    source, destination = packet.ports()
    if packet.protocol in (ICMP, ICMPV6) or not packet.payload:
        return packet.payload
    return destination.to_bytes(2, "big") + source.to_bytes(2, "big") + packet.payload[4:]
