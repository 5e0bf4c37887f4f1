"""What crypto maps protect, and the packets that wait for an SA."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from ikecli.boundary.notices import Acquire
from ikecli.dataplane.packet import ICMP, ICMPV6, Packet
from ikecli.intent import Connection, Flow, Selector
from ikecli.intent.selectors import passes

HELD_PACKETS: Final = 8
"""Packets a connection keeps while its SA is set up."""
HELD_SECONDS: Final = 5.0

Waits = TypeVar("Waits")

Covers = Callable[[str, Packet], bool]
"""Tells of a connection, by label, whether one of its SAs is for a packet that goes out."""


def protecting(
    connections: tuple[Connection, ...], interface: str, packet: Packet, covers: Covers, vrf: str | None = None
) -> Connection | None:
    """Return the first connection on an interface, in order of its sequence, whose flows permit a packet of `vrf`.

    None stands for every routing table. One for any peer without flows of its own protects what its SAs do.
    """
    packet = packet.upper() or packet
    ports = packet.ports()
    for connection in connections:
        if connection.interface != interface or vrf not in (None, connection.inner_vrf):
            continue
        if connection.wildcard_peer and not connection.flows and covers(connection.label, packet):
            return connection
        for flow in connection.flows:
            if _concerns(flow, packet, ports):
                if flow.permit:
                    return connection
                break
    return None


def kept_in(connections: tuple[Connection, ...], interface: str, packet: Packet, covers: Covers) -> bool:
    """Tell whether what answers a packet must not come in clear."""
    found = protecting(connections, interface, packet, covers)
    if found is None or found.closed or not found.optional:
        return found is not None
    return covers(found.label, packet)


def wish(connection: str, packet: Packet) -> Acquire:
    """Return the wish for an SA that a packet is in need of."""
    return Acquire(connection, packet.source, packet.destination, packet.protocol, *packet.ports())


def _concerns(flow: Flow, packet: Packet, ports: tuple[int, int]) -> bool:
    """Tell whether a flow is for a packet: a fragment without ports may be of any flow that permits something."""
    return between(flow.local, flow.remote, packet, ports, flow.permit)


def between(local: Selector, remote: Selector, packet: Packet, ports: tuple[int, int], later: bool = False) -> bool:
    """Tell whether a packet that goes out lies between two selectors, `later` also a fragment that shows no ports."""
    near, far = (local.first_port, remote.first_port) if later and packet.offset else ports
    return local.covers(packet.source, packet.protocol, near) and remote.covers(
        packet.destination, packet.protocol, far
    )


def passing(flows: tuple[Flow, ...] | None, packet: Packet) -> bool:
    """Tell whether a packet may go into an SA, or came out of one and may go on."""
    seen = packet.upper()
    if flows is None or seen is None:
        return flows is None
    ports = seen.ports()
    return passes(flows, lambda here, there, later: between(here, there, seen, ports, later))


def backwards(packet: Packet) -> Packet:
    """Return a packet turned round, so that a reply's flow can be looked up."""
    source, destination = packet.ports()
    payload = packet.payload
    if packet.protocol not in (ICMP, ICMPV6) and payload and not packet.offset:
        payload = destination.to_bytes(2, "big") + source.to_bytes(2, "big") + payload[4:]
    return Packet(packet.destination, packet.source, packet.protocol, payload, offset=packet.offset)


@dataclass(slots=True)
class Held(Generic[Waits]):
    """Packets of a connection that wait for its SA."""

    packets: list[Waits] = field(default_factory=list)
    until: float = 0.0


class Hold(Generic[Waits]):
    """The packets that wait, by connection, in whatever form."""

    def __init__(self) -> None:
        self._held: dict[str, Held[Waits]] = {}

    def keep(self, connection: str, packet: Waits, now: float) -> None:
        """Keep a packet for a while; only a few of a connection wait."""
        held = self._held.setdefault(connection, Held())
        if held.until < now:
            held.packets.clear()
        if len(held.packets) < HELD_PACKETS:
            held.packets.append(packet)
        held.until = now + HELD_SECONDS

    def release(self, connection: str, now: float) -> list[Waits]:
        """Return what waited for a connection, in order."""
        held = self._held.pop(connection, None)
        return held.packets if held and held.until >= now else []
