"""`packet-tracer`: which way a packet would go, by the routes, crypto maps and SAs that stand now. None is sent."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from ikecli.boundary.traces import TracePhase, TraceView
from ikecli.boundary.views import ChildView, ConnectionView, FlowView, InterfaceView, RouteView
from ikecli.daemon import joined
from ikecli.daemon.selection import address_of, leading, number_of
from ikecli.dataplane.packet import ICMP, ICMPV6, Packet
from ikecli.dataplane.policies import backwards, protecting
from ikecli.errors import Rejected
from ikecli.intent import Connection

if TYPE_CHECKING:
    from ikecli.daemon.appliance import Appliance

_IDENTITY: Final = "identity"
"""What stands for this system itself."""
_MOST: Final = 255
_NUMBERS: Final = {"icmp": ICMP, "tcp": 6, "udp": 17}


def trace(appliance: Appliance, options: Mapping[str, str | int | bool]) -> tuple[TraceView]:
    """Return the way of the packet that the options give; raises Rejected where they make no packet."""
    packet = _packet(options)
    ports = {name: one for one in appliance.plane.interfaces() for name in (one.name, one.nameif) if name}
    inside = ports.get(str(options.get("interface")))
    if inside is None:
        raise Rejected(f"ERROR: there is no interface {options.get('interface')}")
    way = _Way(appliance, packet, inside, ports)
    return (way.view(),)


def _packet(options: Mapping[str, str | int | bool]) -> Packet:
    source, destination = address_of(options, "source"), address_of(options, "destination")
    if source.version != destination.version:
        raise Rejected("ERROR: source and destination are of two IP versions")
    word = str(options.get("protocol") or "")
    number = _NUMBERS.get(word, number_of(options, "number", _MOST))
    if number == ICMP and source.version == 6:
        number = ICMPV6
    octets = 1 if word == "icmp" else 2
    ends = [number_of(options, name, (1 << 8 * octets) - 1).to_bytes(octets, "big") for name in ("first", "second")]
    return Packet(source, destination, number, b"".join(ends))


class _Way:
    """The way of one packet, looked at step by step."""

    def __init__(
        self, appliance: Appliance, packet: Packet, inside: InterfaceView, ports: Mapping[str, InterfaceView]
    ) -> None:
        self.appliance, self.packet, self.inside, self.ports = appliance, packet, inside, ports
        intent = appliance.store.intent
        self.connections = {one.label: one for one in intent.connections}
        self.tunnels = {one.name for one in intent.network.interfaces if one.tunnel is not None}
        self.phases: list[TracePhase] = []
        self.outside: InterfaceView | None = None

    def view(self) -> TraceView:
        """Return all of it."""
        dropped = self._follow()
        out = self.outside
        return TraceView(
            tuple(self.phases), self.inside.nameif or self.inside.name, self.inside.up,
            (out.nameif or out.name) if out else "", bool(out and out.up and out.line), dropped,
        )  # fmt: skip

    def _follow(self) -> str:
        """Add the phases; return why the packet is dropped, empty where it is not."""
        if not self.inside.up:
            return "(interface-down) Interface is down"
        if self._in_clear():
            return "(ipsec-clear) The packet came in clear and is to be protected"
        route = self._route()
        if route is None:
            return "(no-route) No route to host"
        if route.code == "L":
            self.phases.append(
                TracePhase("ROUTE-LOOKUP", "Resolve Egress Interface", True, found=f"Found egress ifc  {_IDENTITY}")
            )
            return ""
        self.outside = self.ports.get(route.interface)
        via = f"next-hop {route.gateway} using " if route.gateway else ""
        name = (self.outside.nameif or self.outside.name) if self.outside else route.interface
        self.phases.append(
            TracePhase("ROUTE-LOOKUP", "Resolve Egress Interface", True, found=f"Found {via}egress ifc  {name}")
        )
        if self.outside is not None and not (self.outside.up and self.outside.line):
            return "(interface-down) Interface is down"
        return self._protected(self.outside.name if self.outside else route.interface)

    def _route(self) -> RouteView | None:
        routes = [one for one in self.appliance.plane.routes() if not one.vrf]
        fitting = leading(routes, self.packet.destination)
        return max(fitting, key=lambda row: (row[0], -row[1].distance))[1] if fitting else None

    def _in_clear(self) -> bool:
        """Tell whether the packet should have come through a tunnel: a crypto map where it comes in protects it."""
        found = self._protecting(self.inside.name, backwards(self.packet))
        if found is not None:
            self.phases.append(TracePhase("VPN", "ipsec-tunnel-flow", False, _line(found)))
        return found is not None

    def _protected(self, interface: str) -> str:
        """Look at what protects the packet where it goes out; return why it is dropped, if it is."""
        if interface in self.tunnels:
            found = next((one for one in self.connections.values() if one.interface == interface), None)
        else:
            found = self._protecting(interface, self.packet)
        if found is None:
            return ""
        sas = sum(len(_serving(self.packet, view)) for view in self._views(found))
        lacks = "its configuration is not complete" if found.closed else "" if sas else "no IPsec SA stands for it yet"
        told = lacks or f"{sas} IPsec SA{'s stand' if sas > 1 else ' stands'} for it"
        self.phases.append(TracePhase("VPN", "encrypt", not lacks, _line(found), told[0].upper() + told[1:]))
        return f"(ipsec-no-sa) {lacks[0].upper()}{lacks[1:]}" if lacks else ""

    def _protecting(self, interface: str, packet: Packet) -> Connection | None:
        """Return what a crypto map on an interface protects a packet with."""
        if interface in self.tunnels:
            return None

        def covers(label: str, packet: Packet) -> bool:
            views = self._views(self.connections[label])
            return any(_serving(packet, view) for view in views)

        return protecting(tuple(self.connections.values()), interface, packet, covers)

    def _views(self, connection: Connection) -> list[ConnectionView]:
        return [view for view in joined.connections(self.appliance) if joined.label_of(view) == connection.label]


def _serving(packet: Packet, view: ConnectionView) -> list[ChildView]:
    """Return the Child SAs of a connection that are for the packet."""
    return [child for child in view.children if any(_concerns(flow, packet) for flow in child.flows)]


def _concerns(flow: FlowView, packet: Packet) -> bool:
    ends = (flow.local_first, packet.source, flow.local_last), (flow.remote_first, packet.destination, flow.remote_last)
    return flow.protocol in (0, packet.protocol) and all(
        ip_address(first).version == address.version and int(ip_address(first)) <= int(address) <= int(ip_address(last))
        for first, address, last in ends
    )


def _line(connection: Connection) -> str:
    """Return what an operator calls a connection."""
    return f"crypto map {connection.name} {connection.sequence}"
