"""The emulated network's plane: a small IP stack whose packets really are encrypted, and which counts them.

A packet leaves by the best route of its table. Where a connection's flow covers it on that interface, it goes into the
connection's SA; without one an Acquire is reported and the packet waits, a few at most, so that no first ping is lost.
Packets that a flow says must be protected are refused when they arrive in the clear. What is routed into a tunnel goes
into GRE, or straight into the SA that protects the tunnel, and is routed again in the tunnel's own table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final, Protocol

from ikecli.boundary.clock import Clock
from ikecli.boundary.effects import Access, Datagram, Direction, Endpoint, Install, Reach, Remove, Update
from ikecli.boundary.notices import Notice
from ikecli.boundary.views import Counters, InterfaceView, RouteView, TranslationView
from ikecli.dataplane import gre
from ikecli.dataplane.base import Echo, EchoResult, EspState, Notify
from ikecli.dataplane.echoes import Echoes
from ikecli.dataplane.esp import PATH_SECONDS
from ikecli.dataplane.fragments import Reassembly, refused, split, too_big
from ikecli.dataplane.icmp_errors import EXPIRED, expired, quoted
from ikecli.dataplane.links import Links, read_address
from ikecli.dataplane.nat import Translator
from ikecli.dataplane.packet import (
    ESP,
    ICMP,
    ICMPV6,
    IP_HEADERS,
    UDP,
    Packet,
    echo_answered,
    echo_asked,
    echo_reply,
    echo_request,
    udp,
    udp_data,
)
from ikecli.dataplane.policies import Hold, backwards, kept_in, passing, protecting, wish
from ikecli.dataplane.sadb import SoftwareSas
from ikecli.dataplane.traffic import Traffic
from ikecli.errors import Malformed, Unavailable
from ikecli.intent import Address, Carrier, Intent, Interface, Tunnel
from ikecli.numbers import DHCP_PORT, IKE_PORT, NAT_PORT, NON_ESP_MARKER

MAX_TUNNELS: Final = 4
"""Tunnels that a packet may be in, one inside the other (RFC 2473 6.6)."""


class Link(Protocol):
    """The wire that nodes hang on."""

    def emit(self, node: MemoryPlane, interface: str, next_hop: Address, packet: Packet) -> None:
        """Carry a packet out of an interface towards `next_hop`."""


class MemoryPlane:
    """One node of the emulated network."""

    name = "memory"
    features = frozenset(
        {
            "esp",
            "ping",
            "esn",
            "transport",
            "udp-encapsulation",
            "tunnels",
            "vrf",
            "later-fragments",
            "df-set",
            "late-cuts",
            "optional",
            "path-aging",
        }
    )

    def __init__(
        self,
        clock: Clock,
        random: Callable[[int], bytes],
        link: Link,
        notify: Notify,
        ike: Callable[[Datagram], object],
    ) -> None:
        self._clock, self._random, self._link, self._notify, self._ike = clock, random, link, notify, ike
        self._intent = Intent()
        self._sas = SoftwareSas(self._report, self._random, self._clock.now)
        self._links = Links(self._sas.carries, self._report)
        self._hold = Hold[tuple[Packet, str]]()
        self._echoes = Echoes(clock)
        self._nat = Translator(clock.now)
        self._reassembly = Reassembly()
        self._cut = 0
        self._traffic: dict[str, Traffic] = {}
        self._vrfs: dict[str, str] = {}
        self._inner_vrfs: dict[str, str] = {}

    # What every plane does

    def configure(self, intent: Intent) -> None:
        """Take interfaces, routes and policies."""
        self._intent = intent
        self._sas.age(intent.path_aging or PATH_SECONDS)
        self._nat.configure(intent)
        self._vrfs = {one.label: one.vrf for one in intent.connections if one.vrf}
        self._inner_vrfs = {one.label: one.inner_vrf for one in intent.connections if one.inner_vrf}
        self._links.configure(intent)

    def reach(self, reach: Reach) -> None:
        """Have inner addresses of ours and networks behind a peer stand, or no longer."""
        self._links.reach(reach)

    def attach(self, access: Access) -> None:
        """Put in a virtual-access interface; raises Unavailable when there are too many."""
        self._links.attach(access)

    def detach(self, name: str) -> None:
        """Take out a virtual-access interface."""
        self._links.detach(name)
        self._traffic.pop(name, None)

    def install(self, sa: Install) -> None:
        """Put in one direction of an SA, and send what waited for it."""
        self._sas.install(sa)
        self._settle(sa)

    def _settle(self, sa: Install) -> None:
        if sa.direction is Direction.OUTBOUND:
            self._links.settle(sa.connection)
            now = self._clock.now()
            if sa.tfc is not None:
                self._clock.call_at(now + sa.tfc.interval, partial(self._hide, sa, sa.tfc.interval))
            for packet, vrf in self._hold.release(sa.connection, now):
                self._clock.call_at(now, partial(self._route, packet, vrf))

    def _hide(self, sa: Install, interval: int) -> None:
        """Send dummy packets, again and again as long as the SA is there."""
        for packet in (sent := list(self._sas.dummies(sa))):
            self._emit(packet, self._vrfs.get(sa.connection, ""))
        if sent:
            self._clock.call_at(self._clock.now() + interval, partial(self._hide, sa, interval))

    def update(self, update: Update) -> None:
        """Move an SA to other endpoints."""
        self._sas.update(update)

    def remove(self, remove: Remove) -> None:
        """Take out one direction of an SA."""
        if remove.after:
            self._clock.call_at(self._clock.now() + remove.after, partial(self.remove, replace(remove, after=0.0)))
            return
        for connection in self._sas.remove(remove):
            self._links.settle(connection)

    def give(self, spis: Iterable[int]) -> tuple[EspState, ...]:
        """Take Child SAs out with all that they are."""
        given = self._sas.give(spis)
        for connection in {state.install.connection for state in given}:
            self._links.settle(connection)
        return given

    def take(self, state: EspState) -> None:
        """Go on with what another plane gave."""
        self._sas.take(state)
        self._settle(state.install)

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
                tunnel=view.tunnel and replace(view.tunnel, transport_mtu=self._transport_mtu(view)),
            )
            for view in self._links.views()
            for traffic in [self._traffic.get(view.name, Traffic())]
        )

    def _transport_mtu(self, view: InterfaceView) -> int:
        one = self._links.interfaces[view.name]
        return self._room(one, one.tunnel) if one.tunnel else one.mtu

    def routes(self) -> tuple[RouteView, ...]:
        """Return the routes in use."""
        return self._links.routes()

    def translations(self) -> tuple[TranslationView, ...]:
        """Return what is translated now."""
        return self._nat.views()

    def forget_translations(self) -> None:
        """Forget what flows made."""
        self._nat.clear()

    @property
    def links(self) -> Links:
        """Interfaces and routing tables as they are now."""
        return self._links

    def echo(self, echo: Echo, done: Callable[[EchoResult], None]) -> None:
        """Send an echo request from an address of ours; raises Unavailable when source or destination make no sense."""
        destination = read_address(echo.destination)
        source = self._links.source(echo.source, destination, echo.vrf)
        if source is None:
            self._clock.call_at(self._clock.now(), lambda: done(EchoResult("U", routed=False)))
            return
        key = self._echoes.expect(echo.sequence, echo.timeout, done)
        request = echo_request(source, destination, *key, echo.size, echo.whole)
        self._route(replace(request, ttl=echo.ttl or request.ttl), echo.vrf)

    def close(self) -> None:
        """Forget all SAs."""
        self._sas = SoftwareSas(self._report, self._random, self._clock.now)
        self._links = Links(self._sas.carries, self._report)
        self._links.configure(self._intent)

    # IKE

    def transmit(self, datagram: Datagram) -> None:
        """Send an IKE datagram from one of our addresses; raises Unavailable without a route."""
        local, remote = datagram.local, datagram.remote
        if self._links.hop(datagram.vrf, remote.address) is None:
            raise Unavailable(f"no route to {remote.address}")
        marked = NAT_PORT in (local.port, remote.port) and not datagram.bare
        octets = NON_ESP_MARKER + datagram.octets if marked else datagram.octets
        self._emit(udp(local.address, local.port, remote.address, remote.port, octets), datagram.vrf)

    # Packets out

    def _route(self, packet: Packet, vrf: str, depth: int = 0) -> None:
        """Send a packet that may need protection, in `depth` tunnels already."""
        if (vrf, packet.destination) in self._links.addresses:
            self._local(packet, vrf)
            return
        hop = self._links.hop(vrf, packet.destination)
        if hop is None:
            return
        interface = self._links.interfaces[hop.interface]
        if interface.tunnel is not None:
            self._into(interface, interface.tunnel, packet, depth)
            return
        connection = protecting(self._intent.connections, interface.name, packet, self._sas.covers, vrf)
        if connection is None:
            for part in self._fitting(packet, interface.mtu, vrf):
                self._out(interface.name, hop.neighbour, part)
            return
        if packet.offset and not connection.optional and not self._sas.covers(connection.label, packet):
            return
        if not passing(connection.screen.out, packet) or self._sas.stops(connection.label, packet):
            return
        parts = self._parts(connection.label, packet, self._sas.room(connection.label, interface.mtu), None, vrf)
        if len(parts) > 1 and not all(self._sas.covers(connection.label, part) for part in parts):
            parts = [packet]  # cut when it is protected: its later fragments would not be what the SA is for
        for part in parts:
            if (protected := self._sas.seal(connection.label, part)) is not None:
                self._emit(protected, connection.vrf)
            elif connection.optional and not connection.closed:
                self._report(wish(connection.label, part))
                self._out(interface.name, hop.neighbour, part)
            else:
                self._wait(connection.label, part, part, vrf)

    def _parts(self, connection: str, packet: Packet, room: int | None, most: int | None, vrf: str) -> list[Packet]:
        """Return what is to be protected of a packet: all of it, or parts that the SA has room for.

        Where packets are cut after that, parts are no longer than `most`.
        """
        outer = self._sas.outer(connection)
        if outer.whole is False and room is not None and packet.length > room:
            packet = replace(packet, whole=False)
        return self._fitting(packet, most if outer.late and not (packet.whole or outer.whole) else room, vrf)

    def _fitting(self, packet: Packet, mtu: int | None, vrf: str) -> list[Packet]:
        """Return a packet, in parts where it is longer than `mtu` octets; refuse one that is not to be cut."""
        if mtu is None or packet.length <= mtu:
            return [packet]
        ours = (vrf, packet.source) in self._links.addresses
        if not packet.whole and (packet.source.version == 4 or ours):
            self._cut = (self._cut + 1) & 0xFFFF
            return list(split(packet, mtu, self._cut))
        self._complain(too_big(packet, mtu, self._facing(packet, vrf) or packet.source), vrf)
        return []

    def _facing(self, packet: Packet, vrf: str) -> Address | None:
        """Return the address of ours that errors about a packet come from: that of the way to its source."""
        hop = self._links.hop(vrf, packet.source)
        found = self._links.sources(self._links.interfaces[hop.interface]) if hop else ()
        return next((one for one in found if one.version == packet.source.version), None)

    def _complain(self, error: Packet, vrf: str) -> None:
        self._clock.call_at(self._clock.now(), lambda: self._route(error, vrf))

    def _into(self, interface: Interface, tunnel: Tunnel, packet: Packet, depth: int) -> None:
        """Send a packet through a tunnel."""
        if depth >= MAX_TUNNELS or packet.source.version not in tunnel.versions:
            return
        room = self._room(interface, tunnel)
        for part in self._parts(tunnel.protection, packet, room, interface.mtu, interface.vrf):
            self._count(interface.name, out=part.length)
            outer = part
            if tunnel.carrier is Carrier.GRE and tunnel.source is not None and tunnel.destination is not None:
                outer = Packet(tunnel.source, tunnel.destination, gre.GRE, gre.wrap(part, tunnel.key), tunnel.hops)
                outer = replace(outer, tos=part.tos if tunnel.service is None else tunnel.service)
            if tunnel.protection and self._sas.stops(tunnel.protection, outer):
                continue
            if not tunnel.protection:
                self._route(outer, tunnel.vrf, depth + 1)
            elif (protected := self._sas.seal(tunnel.protection, outer)) is not None:
                self._emit(protected, tunnel.vrf, depth + 1)
            else:
                self._wait(tunnel.protection, outer, part, interface.vrf)

    def _room(self, interface: Interface, tunnel: Tunnel) -> int:
        """Return the longest packet that a tunnel takes: as configured, and as its way has room for."""
        hop = self._links.hop(tunnel.vrf, tunnel.destination) if tunnel.destination else None
        room: int | None = self._links.interfaces[hop.interface].mtu if hop else interface.mtu
        if tunnel.protection and room is not None:
            room = self._sas.room(tunnel.protection, room)
        if room is None:
            return interface.mtu
        if tunnel.carrier is Carrier.GRE and tunnel.source is not None:
            room -= IP_HEADERS[tunnel.source.version] + gre.overhead(tunnel.key)
        return min(room, interface.mtu)

    def _wait(self, connection: str, seen: Packet, packet: Packet, vrf: str) -> None:
        """Keep a packet until the connection has an SA for what is `seen` of it, and ask for one."""
        self._hold.keep(connection, (packet, vrf), self._clock.now())
        self._report(wish(connection, seen))

    def _emit(self, packet: Packet, vrf: str, depth: int = 0) -> None:
        """Send a packet as it is, or keep it when it is for ourselves."""
        if (vrf, packet.destination) in self._links.addresses:
            self._clock.call_at(self._clock.now(), lambda: self._local(packet, vrf))
            return
        hop = self._links.hop(vrf, packet.destination)
        if hop is None:
            return
        interface = self._links.interfaces[hop.interface]
        if interface.tunnel is not None:
            self._into(interface, interface.tunnel, packet, depth)
            return
        for part in self._fitting(packet, interface.mtu, vrf):
            self._out(interface.name, hop.neighbour, part)

    def _out(self, interface: str, neighbour: Address, packet: Packet) -> None:
        self._count(interface, out=packet.length)
        self._link.emit(self, interface, neighbour, packet)

    # Packets in

    def arrive(self, interface: str, packet: Packet) -> None:
        """Take a packet from the wire."""
        self._count(interface, into=packet.length)
        held = self._links.interfaces.get(interface)
        if held is None:
            return
        if self._nat.wants(interface) or (held.vrf, packet.destination) in self._links.addresses:
            whole = self._reassembly.add(packet, self._clock.now())
            if whole is None:
                return
            packet = self._nat.inward(interface, whole)
        if (held.vrf, packet.destination) in self._links.addresses and self._is_ours(packet, held.vrf):
            return
        if kept_in(self._intent.connections, interface, backwards(packet), self._sas.covers):
            return
        hop = self._links.hop(held.vrf, packet.destination)
        outgoing = packet if hop is None else self._nat.outward(interface, hop.interface, packet)
        if outgoing is not None:
            self._onward(outgoing, held.vrf)

    def _is_ours(self, packet: Packet, vrf: str) -> bool:
        """Take ESP, IKE and what DHCP servers answer for one of our addresses: all that no crypto map keeps out."""
        if packet.protocol == ESP:
            self._open(packet.payload, Endpoint(packet.source, 0), packet.tos)
            return True
        data = udp_data(packet)
        source_port, port = packet.ports() if packet.protocol == UDP else (0, 0)
        if data is None or port not in (IKE_PORT, NAT_PORT, DHCP_PORT):
            return False
        local, remote = Endpoint(packet.destination, port), Endpoint(packet.source, source_port)
        if port != NAT_PORT:
            self._ike(Datagram(data, local, remote, vrf=vrf))
        elif data[:4] == NON_ESP_MARKER:
            self._ike(Datagram(data[4:], local, remote, vrf=vrf))
        elif len(data) > 4:
            self._open(data, remote, packet.tos)
        return True

    def _open(self, octets: bytes, remote: Endpoint, tos: int) -> None:
        """Take what ESP protected: out of a tunnel, or what a crypto map's flow covers."""
        opened = self._sas.open(octets, remote, tos)
        if opened is None:
            return
        packet, connection = opened
        interface = self._links.protected_by(connection)
        if interface is None or interface.tunnel is None:
            self._onward(packet, self._inner_vrfs.get(connection, ""))
        elif interface.tunnel.carrier is Carrier.GRE:
            self._unwrap(packet, interface.tunnel.vrf, connection)
        elif packet.source.version in interface.tunnel.versions:
            self._count(interface.name, into=packet.length)
            self._onward(packet, interface.vrf)

    def _unwrap(self, packet: Packet, vrf: str, connection: str, depth: int = 0) -> None:
        """Take a packet out of GRE that came by a connection, or in the clear (empty) where nothing protects it.

        It came out of `depth` other tunnels.
        """
        if depth >= MAX_TUNNELS:
            return
        try:
            inner, key = gre.unwrap(packet.payload)
        except Malformed:
            return
        interface = self._links.gre(vrf, packet.destination, packet.source, key)
        if interface is None or interface.tunnel is None or interface.tunnel.protection != connection:
            return
        self._count(interface.name, into=inner.length)
        self._onward(inner, interface.vrf, depth + 1)

    def _onward(self, packet: Packet, vrf: str, depth: int = 0) -> None:
        if (vrf, packet.destination) in self._links.addresses:
            whole = self._reassembly.add(packet, self._clock.now())
            if whole is not None:
                self._local(whole, vrf, depth)
        elif packet.source.version == 4 or self._intent.network.forwards6:
            if packet.ttl > 1:
                self._route(replace(packet, ttl=packet.ttl - 1), vrf)
            elif (own := self._facing(packet, vrf)) and (error := expired(packet, own)):
                self._complain(error, vrf)

    def _local(self, packet: Packet, vrf: str, depth: int = 0) -> None:
        if packet.protocol == gre.GRE:
            self._unwrap(packet, vrf, "", depth)
        if packet.protocol not in (ICMP, ICMPV6):
            return
        answered = echo_answered(packet)
        if answered is not None:
            self._echoes.done(answered, "!", str(packet.source))
        elif (told := refused(packet)) is not None:
            self._told(*told)
        elif (ended := quoted(packet, EXPIRED)) is not None and (echo := echo_asked(ended[0])) is not None:
            self._echoes.done(echo, "T", str(packet.source))
        elif (reply := echo_reply(packet)) is not None:
            self._clock.call_at(self._clock.now(), lambda: self._route(reply, vrf))

    def _told(self, packet: Packet, mtu: int) -> None:
        """Heed that a packet of ours was too long: an echo request, or ESP."""
        if (echo := echo_asked(packet)) is not None:
            self._echoes.done(echo, "M")
        elif packet.protocol == ESP or (packet.protocol == UDP and NAT_PORT in packet.ports()):
            self._sas.narrow(packet.destination, mtu)

    def _report(self, notice: Notice) -> None:
        self._clock.call_at(self._clock.now(), lambda: self._notify(notice))

    def _count(self, interface: str, into: int = 0, out: int = 0) -> None:
        self._traffic.setdefault(interface, Traffic()).add(into, out)

    # What the wire asks

    @property
    def network_interfaces(self) -> tuple[Interface, ...]:
        """The interfaces that are on a wire and not shut down."""
        return tuple(one for one in self._intent.network.interfaces if not one.shutdown and one.tunnel is None)

    @property
    def gateways(self) -> tuple[Address, ...]:
        """The next hops of the static routes."""
        return tuple(route.gateway for route in self._intent.network.routes if route.gateway and not route.learned)
