"""Packets of a hostile network for the memory plane: under the right keys with anything inside, replayed, spoiled."""

from __future__ import annotations

import random
from ipaddress import IPv4Interface, IPv4Network, ip_address

from ikecli.boundary.effects import Direction, Endpoint, EspKeys, Install
from ikecli.boundary.notices import Notice
from ikecli.dataplane.memory import MemoryPlane
from ikecli.dataplane.packet import ESP, UDP, Packet, echo_request, udp
from ikecli.esp import EspSa, OutboundSa
from ikecli.intent import Address, Connection, Flow, Intent, Interface, Network, Route, Selector
from ikecli.lab.clock import VirtualClock
from ikecli.numbers import TransformType, named

OURS, THEIRS = ip_address("192.0.2.1"), ip_address("198.51.100.1")
HERE, THERE = IPv4Network("10.1.0.0/16"), IPv4Network("10.2.0.0/16")
_FLOW = (Selector.of(HERE), Selector.of(THERE))
_GCM, _CBC = named(TransformType.ENCR, "ios", "esp-gcm 128", "esp"), named(TransformType.ENCR, "ios", "esp-aes", "esp")
_SHA = named(TransformType.INTEG, "ios", "esp-sha256-hmac", "esp")


class Wire:
    """Where the plane's packets end."""

    def __init__(self) -> None:
        self.emitted = 0

    def emit(self, node: MemoryPlane, interface: str, next_hop: Address, packet: Packet) -> None:
        """Count the packet, which must be one that a network carries."""
        packet.write()
        self.emitted += 1


def run(count: int, seed: int) -> int:
    """Send so many packets; return how many were opened. Raises what the plane lets out."""
    dice, clock, wire, notices = random.Random(seed), VirtualClock(), Wire(), list[Notice]()
    plane = MemoryPlane(clock, dice.randbytes, wire, notices.append, lambda datagram: None)
    plane.configure(_intent())
    senders = [_sa(plane, 1001, 2001, False, dice), _sa(plane, 1002, 2002, True, dice)]
    old: list[bytes] = [b""]
    for _ in range(count):
        plane.arrive(dice.choice(("outside", "inside")), _packet(dice, senders, old))
        clock.advance(0.001)
        del old[:-8], notices[:-8]
    counts = plane.counters([1001, 1002])
    assert all(one.packets_in and one.integrity_failures and one.replays and one.errors_in for one in counts.values())
    assert wire.emitted
    return sum(one.packets_in + one.errors_in for one in counts.values())


def _intent() -> Intent:
    outside = Interface("outside", (IPv4Interface("192.0.2.1/24"),))
    inside = Interface("inside", (IPv4Interface("10.1.0.1/16"),))
    connection = Connection("MAP", 10, "outside", OURS, (THEIRS,), (Flow(*_FLOW),), ())
    route = Route(IPv4Network("0.0.0.0/0"), ip_address("192.0.2.254"))
    return Intent(network=Network((outside, inside), (route,)), connections=(connection,))


def _sa(plane: MemoryPlane, spi: int, back: int, encapsulated: bool, dice: random.Random) -> OutboundSa:
    encryption, integrity = (_CBC, _SHA) if encapsulated else (_GCM, None)
    keys = EspKeys(dice.randbytes(encryption.key_octets), dice.randbytes(32) if integrity else b"")
    ends = Endpoint(OURS, 4500), Endpoint(THEIRS, 4500)
    for direction, own, other in ((Direction.INBOUND, spi, back), (Direction.OUTBOUND, back, spi)):
        plane.install(
            Install(
                direction,
                own,
                other,
                *ends,
                encryption,
                integrity,
                keys,
                (_FLOW,),
                "MAP 10 outside",
                encapsulated=encapsulated,
            )
        )
    return OutboundSa(EspSa(spi, encryption, integrity, keys.encryption, keys.integrity), dice.randbytes)


def _packet(dice: random.Random, senders: list[OutboundSa], old: list[bytes]) -> Packet:
    """Return a packet of the network: most are ESP for us."""
    match dice.randrange(8):
        case 0:
            octets = bytearray(dice.choice(old))
        case 1:
            octets = bytearray(dice.choice(senders).seal(_inside(dice), 4))
            octets[dice.randrange(len(octets))] ^= 1 << dice.randrange(8)
        case 2:
            return Packet(THERE[5], HERE[dice.choice((1, 9))], dice.randrange(256), dice.randbytes(dice.randrange(40)))
        case 3:
            return udp(
                THEIRS,
                dice.choice((500, 4500, 9)),
                OURS,
                dice.choice((500, 4500, 9)),
                dice.randbytes(dice.randrange(20)),
            )
        case _:
            octets = bytearray(dice.choice(senders).seal(_inside(dice), dice.choice((4, 4, 4, 41, 59, 0, 255))))
            old.append(bytes(octets))
    if dice.random() < 0.5:
        return udp(THEIRS, 4500, OURS, 4500, bytes(octets))
    return Packet(THEIRS, OURS, ESP, bytes(octets))


def _inside(dice: random.Random) -> bytes:
    """Return what is protected: an echo request, or what is not quite one."""
    source, destination = THERE[dice.randrange(1 << 16)], HERE[dice.choice((1, 1, 7, 99))]
    inner = echo_request(source, destination, dice.randrange(1 << 16), 1, dice.choice((28, 100, 1400)))
    if dice.random() < 0.2:
        inner = Packet(
            source,
            dice.choice((destination, OURS, THEIRS)),
            dice.choice((UDP, ESP, 1, 58)),
            dice.randbytes(dice.randrange(30)),
            dice.choice((0, 1, 64)),
        )
    octets = bytearray(inner.write())
    for _ in range(dice.choice((0, 0, 1, 4))):
        octets[dice.randrange(len(octets))] = dice.randrange(256)
    return bytes(octets[: dice.randrange(len(octets))] if dice.random() < 0.1 else octets)
