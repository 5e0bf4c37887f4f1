"""The emulated network between appliances: segments, a cloud that joins them, and hosts on the edge networks.

Interfaces in one subnet share a segment. A gateway that no appliance has belongs to the cloud, which carries packets to
any interface that has such a gateway in its subnet; it knows no route to networks behind appliances, as the Internet
does not; it is one hop. Every other address of a subnet is a host that answers echo requests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from ikecli.boundary.clock import Clock
from ikecli.dataplane.fragments import Reassembly, split
from ikecli.dataplane.icmp_errors import expired
from ikecli.dataplane.memory import MemoryPlane
from ikecli.dataplane.packet import Packet, echo_reply
from ikecli.intent import Address, Interface
from ikecli.lab.dice import Dice

HOP_SECONDS: Final = 0.0005
"""What a packet takes from one node to the next."""


@dataclass(slots=True)
class Weather:
    """How badly the network treats packets: probabilities of loss and duplication, seconds of random delay."""

    loss: float = 0.0
    duplicate: float = 0.0
    jitter: float = 0.0


class Fabric:
    """The wire of all nodes."""

    def __init__(self, clock: Clock, dice: Dice) -> None:
        self._clock, self._dice = clock, dice
        self._nodes: list[MemoryPlane] = []
        self._replaced: dict[MemoryPlane, MemoryPlane] = {}
        self._hosts = Reassembly()
        self.weather = Weather()
        self.carried = 0
        self.tap: Callable[[Packet], None] | None = None

    def attach(self, node: MemoryPlane) -> None:
        """Hang a node on the wire."""
        self._nodes.append(node)

    def replace(self, old: MemoryPlane, new: MemoryPlane) -> None:
        """Have a node stand in another's place; what is on its way to that one reaches it."""
        self._nodes = [new if node is old else node for node in self._nodes if node is not new]
        self._replaced[old] = new

    def emit(self, node: MemoryPlane, interface: str, next_hop: Address, packet: Packet) -> None:
        """Carry a packet to the owner of `next_hop`, into the cloud, or to an edge host; the tap sees it first."""
        if self.tap is not None:
            self.tap(packet)
        target = self._owner(next_hop)
        if target is None and next_hop != packet.destination:
            if packet.ttl <= 1:
                self._refuse(node, interface, expired(packet, next_hop))
                return
            packet = replace(packet, ttl=packet.ttl - 1)
            target = self._across_cloud(packet.destination)
        if target is not None:
            self._carry(target[0], target[1].name, packet)
        elif next_hop == packet.destination and (whole := self._hosts.add(packet, self._clock.now())) is not None:
            self._answer(node, interface, whole)

    def _refuse(self, node: MemoryPlane, interface: str, error: Packet | None) -> None:
        """Have the cloud's gateway tell a node that a packet had no hops left."""
        if error is not None:
            self._clock.call_at(self._clock.now() + HOP_SECONDS, partial(self._arrive, node, interface, error))

    def _answer(self, node: MemoryPlane, interface: str, packet: Packet) -> None:
        """Have an edge host answer an echo request, in parts where the link is too narrow."""
        reply = echo_reply(packet)
        if reply is None:
            return
        mtu = next((one.mtu for one in node.network_interfaces if one.name == interface), reply.length)
        parts = [reply] if reply.length <= mtu else split(reply, mtu, packet.identification)
        for part in parts:
            self._clock.call_at(self._clock.now() + HOP_SECONDS, partial(self._arrive, node, interface, part))

    def _carry(self, node: MemoryPlane, interface: str, packet: Packet) -> None:
        copies = 0 if self._dice.chance(self.weather.loss) else 1 + self._dice.chance(self.weather.duplicate)
        for _ in range(copies):
            self.carried += 1
            delay = HOP_SECONDS + self.weather.jitter * self._dice.fraction()
            self._clock.call_at(self._clock.now() + delay, lambda: self._arrive(node, interface, packet))

    def _arrive(self, node: MemoryPlane, interface: str, packet: Packet) -> None:
        self._replaced.get(node, node).arrive(interface, packet)

    def _owner(self, address: Address) -> tuple[MemoryPlane, Interface] | None:
        for node in self._nodes:
            for interface in node.network_interfaces:
                if any(own.ip == address for own in interface.addresses):
                    return node, interface
        return None

    def _across_cloud(self, destination: Address) -> tuple[MemoryPlane, Interface] | None:
        """Return the owner of an address whose interface faces the cloud."""
        found = self._owner(destination)
        if found is None:
            return None
        faces = [g for g in found[0].gateways if any(g in own.network for own in found[1].addresses)]
        return found if any(self._owner(gateway) is None for gateway in faces) else None
