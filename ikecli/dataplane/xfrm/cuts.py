"""Selectors as the kernel's policies have them: one prefix a side, one port and mask a side (linux/xfrm.h)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from itertools import product
from typing import Any, Final

from ikecli.dataplane.linux.netlink import FAMILIES
from ikecli.errors import Unavailable
from ikecli.intent import Address, Prefix, Selector

MAX_CUTS: Final = 1_024
"""Kernel selectors that stand for one pair of ours."""
ALL_PORTS: Final = 0x10000
ICMPS: Final = (1, 58)

Ports = tuple[int, int]
"""A port and the mask under which a packet's must equal it."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Packets from `source` to `destination`, on a `device` alone where that is not 0."""

    source: Prefix
    destination: Prefix
    protocol: int
    source_ports: Ports
    destination_ports: Ports
    device: int = 0

    def __hash__(self) -> int:
        """Hash the addresses as numbers, which costs a fraction of hashing them."""
        ends = int(self.source.network_address), int(self.destination.network_address)
        return hash((*ends, self.protocol, self.source_ports, self.destination_ports, self.device))

    def turned(self) -> Cut:
        """Return the packets that answer; an ICMP message has type and code in the same places both ways."""
        ports = self.source_ports, self.destination_ports
        if self.protocol not in ICMPS:
            ports = ports[::-1]
        return Cut(self.destination, self.source, self.protocol, *ports, self.device)

    def selector(self) -> dict[str, Any]:
        """Return the kernel's structure."""
        return {
            "daddr": packed(self.destination.network_address),
            "saddr": packed(self.source.network_address),
            "dport": self.destination_ports[0].to_bytes(2, "big"),
            "dport_mask": self.destination_ports[1].to_bytes(2, "big"),
            "sport": self.source_ports[0].to_bytes(2, "big"),
            "sport_mask": self.source_ports[1].to_bytes(2, "big"),
            "family": family(self.source.network_address),
            "prefixlen_d": self.destination.prefixlen,
            "prefixlen_s": self.source.prefixlen,
            "proto": self.protocol,
            "ifindex": self.device,
            "user": 0,
        }

    def __str__(self) -> str:
        ports = " ".join(f"{port:x}/{mask:x}" for port, mask in (self.source_ports, self.destination_ports))
        return f"{self.source} {self.destination} {self.protocol} {ports}"


def cuts_of(local: Selector, remote: Selector) -> list[Cut]:
    """Return what stands for the packets that go out from one selector to another; raises Unavailable for too many."""
    protocol = local.protocol or remote.protocol
    ports = [_icmp(local, remote)] if protocol in ICMPS else list(product(_ports(local), _ports(remote)))
    sides = [prefixes(one) for one in (local, remote)]
    if len(sides[0]) * len(sides[1]) * len(ports) > MAX_CUTS:
        raise Unavailable(f"{local} to {remote}: more than {MAX_CUTS} policies of the kernel; use whole prefixes")
    return [Cut(source, destination, protocol, *both) for source, destination in product(*sides) for both in ports]


def packed(address: Address) -> bytes:
    """Return an address in the kernel's 16 octets."""
    return address.packed.ljust(16, b"\0")


def family(address: Address) -> int:
    """Return an address's family."""
    return FAMILIES[address.version]


def prefixes(one: Selector) -> list[Prefix]:
    """Return the prefixes that make up a range of addresses."""
    if isinstance(one.first, IPv4Address) and isinstance(one.last, IPv4Address):
        return list(summarize_address_range(one.first, one.last))
    assert isinstance(one.first, IPv6Address)
    assert isinstance(one.last, IPv6Address)
    return list(summarize_address_range(one.first, one.last))


def _ports(one: Selector) -> list[Ports]:
    """Return the aligned ranges that make up a range of ports."""
    found, first, end = [], one.first_port, one.last_port + 1
    while first < end:
        size = first & -first or ALL_PORTS
        while first + size > end:
            size //= 2
        found.append((first, ALL_PORTS - size))
        first += size
    return found


def _icmp(local: Selector, remote: Selector) -> tuple[Ports, Ports]:
    """Return type and code, which the kernel keeps where ports are (RFC 7296 3.13.1, RFC 4301 4.4.1.1)."""
    one = remote if local.any_port else local
    if one.any_port:
        return (0, 0), (0, 0)
    kind, code = divmod(one.first_port, 256)
    if one.last_port == one.first_port:
        return (kind, 0xFFFF), (code, 0xFFFF)
    if (one.first_port, one.last_port) == (kind * 256, kind * 256 + 255):
        return (kind, 0xFFFF), (0, 0)
    raise Unavailable(f"{one}: the kernel tells ICMP packets by one type, or one type and code")
