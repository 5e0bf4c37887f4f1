"""A DHCP server on the emulated network, with a reading and writing of messages of its own (RFC 2131)."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, ip_address
from typing import cast

from ikecli.dataplane.memory import MemoryPlane
from ikecli.dataplane.packet import Packet, udp, udp_data
from ikecli.intent import Address, Interface
from ikecli.lab.fabric import Fabric

DISCOVER, OFFER, REQUEST, ACK, NAK, RELEASE = 1, 2, 3, 5, 6, 7


@dataclass(slots=True)
class Asked:
    """A message of a relay agent."""

    kind: int
    xid: bytes
    current: str
    relay: str
    hardware: bytes
    options: dict[int, bytes]


def read(octets: bytes) -> Asked:
    assert octets[:4] == bytes((1, 1, 6, 1))
    assert octets[236:240] == bytes.fromhex("63825363")
    options: dict[int, bytes] = {}
    at = 240
    while octets[at] != 255:
        size = octets[at + 1]
        options[octets[at]] = octets[at + 2 : at + 2 + size]
        at += 2 + size
    current, relay = (str(IPv4Address(octets[place : place + 4])) for place in (12, 24))
    return Asked(options[53][0], octets[4:8], current, relay, octets[28:44], options)


def answer(asked: Asked, kind: int, address: str, server: str, lease: int, **more: bytes) -> bytes:
    head = bytes((2, 1, 6, 0)) + asked.xid + bytes(8) + ip_address(address).packed + bytes(4)
    head += ip_address(asked.relay).packed + asked.hardware + bytes(192) + bytes.fromhex("63825363")
    options = {53: bytes((kind,)), 54: ip_address(server).packed, 51: lease.to_bytes(4, "big")}
    options |= {1: bytes((255, 255, 255, 0))} | {int(code.strip("o")): data for code, data in more.items()}
    return head + b"".join(bytes((code, len(data))) + data for code, data in options.items()) + b"\xff"


@dataclass(slots=True, eq=False)
class Server:
    """Lends the addresses that it has, each client the same again; what it does not do is switched off."""

    fabric: Fabric
    address: str
    free: list[str]
    lease: int = 3600
    offers: bool = True
    grants: bool = True
    renews: bool = True
    heard: list[Asked] = field(default_factory=list)
    lent: dict[bytes, str] = field(default_factory=dict)
    gateways: tuple[Address, ...] = ()

    def attach(self) -> Server:
        self.fabric.attach(cast(MemoryPlane, self))
        return self

    @property
    def network_interfaces(self) -> tuple[Interface, ...]:
        return (Interface("eth0", (IPv4Interface(f"{self.address}/24"),)),)

    @property
    def kinds(self) -> list[int]:
        return [one.kind for one in self.heard]

    def arrive(self, interface: str, packet: Packet) -> None:
        data = udp_data(packet)
        if data is None or packet.ports() != (67, 67):
            return
        asked = read(data)
        self.heard.append(asked)
        client = asked.options[61]
        if asked.kind == RELEASE:
            self.free.append(self.lent.pop(client))
        elif asked.kind == DISCOVER and self.offers:
            self._say(asked, OFFER, self.lent.get(client) or next(iter(self.free)))
        elif asked.kind == REQUEST and self.grants and asked.current == "0.0.0.0":
            wanted = str(IPv4Address(asked.options[50]))
            self.free = [one for one in self.free if one != wanted]
            self.lent[client] = wanted
            self._say(asked, ACK, wanted)
        elif asked.kind == REQUEST and asked.current != "0.0.0.0":
            known = self.renews and self.lent.get(client) == asked.current
            self._say(asked, ACK if known else NAK, asked.current if known else "0.0.0.0")
        elif asked.kind == REQUEST:
            self._say(asked, NAK, "0.0.0.0", o56=b"not today")

    def _say(self, asked: Asked, kind: int, address: str, **more: bytes) -> None:
        octets = answer(asked, kind, address, self.address, self.lease, **more)
        packet = udp(ip_address(self.address), 67, ip_address(asked.relay), 67, octets)
        self.fabric.emit(cast(MemoryPlane, self), "eth0", ip_address(asked.relay), packet)
