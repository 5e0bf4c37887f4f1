"""Which SA a packet from the TUN device goes into: the policies decide, and what they decided is remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from ikecli.boundary.notices import Acquire
from ikecli.dataplane.packet import (
    EXTENSIONS,
    ICMP,
    ICMPV6,
    IP_HEADERS,
    MOBILITY,
    SCTP,
    TCP,
    UDP,
    past_extensions,
)
from ikecli.dataplane.policies import Hold
from ikecli.dataplane.userspace.sas import Sender
from ikecli.intent import Address, Selector
from ikecli.intent.selectors import passes

REMEMBERED: Final = 4_096
"""Flows whose SA is remembered; when there are more, all are looked up anew."""
ACQUIRE_SECONDS: Final = 1.0
"""How often a connection is asked for while its packets wait."""
ANY_PORT: Final = -1
"""The port of a fragment that has none; only a selector of all ports covers it (RFC 4301 7)."""

V6_HEADER: Final = IP_HEADERS[6]

Row = tuple[Selector, Selector, str]


@dataclass(frozen=True, slots=True)
class Ends:
    """What selectors look at."""

    source: Address
    destination: Address
    protocol: int
    source_port: int
    destination_port: int

    def covered(self, local: Selector, remote: Selector, later: bool = False) -> bool:
        """Tell whether a packet that goes out lies between two selectors, `later` also a fragment without ports."""
        unseen = later and self.source_port == ANY_PORT
        here = local.covers(self.source, self.protocol, local.first_port if unseen else self.source_port)
        return here and remote.covers(
            self.destination, self.protocol, remote.first_port if unseen else self.destination_port
        )

    def turned(self) -> Ends:
        """Return what is looked at of a packet that comes in, as of one that goes out."""
        return Ends(self.destination, self.source, self.protocol, self.destination_port, self.source_port)


class Chooser:
    """The policies, the SAs that send, and the packets that wait for one.

    A tunnel's has no policies: all its packets are for the connection of one `label`.
    """

    def __init__(self, ask: Callable[[Acquire], None], now: Callable[[], float], label: str | None = None) -> None:
        self._ask, self._now, self._label = ask, now, label
        self._rows: tuple[Row, ...] = ()
        self._senders: dict[str, list[Sender]] = {}
        self._hold = Hold[bytes]()
        self._asked: dict[str, float] = {}
        self._known: dict[bytes, Sender] = {}
        self.fine = False

    def follow(self, rows: tuple[Row, ...]) -> None:
        """Take the policies."""
        self._rows = rows
        self._changed()

    def add(self, sender: Sender) -> list[bytes]:
        """Take an SA that sends, and return what waited for it."""
        label = sender.sa.connection
        self._senders.setdefault(label, []).insert(0, sender)
        self._changed()
        self._asked.pop(label, None)
        return self._hold.release(label, self._now())

    def drop(self, sender: Sender) -> None:
        """Forget an SA."""
        some = self._senders.get(sender.sa.connection, [])
        if sender in some:
            some.remove(sender)
        self._changed()

    def forget(self) -> None:
        """Look all flows up anew: an SA came to its end."""
        self._known.clear()

    def choose(self, packet: memoryview) -> Sender | None:
        """Return the SA for a packet; without one the packet waits, and one is asked for."""
        key = flow_key(packet, self.fine)
        known = self._known.get(key)
        if known is not None and not known.dead:
            return known
        ends = ends_of(packet)
        if ends is None:
            return None
        label = self._label
        if label is None:
            label = next(
                (label for local, remote, label in self._rows if ends.covered(local, remote, label != "")), None
            )
        if label == "":
            return None
        for sender in self._candidates(label):
            if not sender.dead and any(ends.covered(*pair, sender.sa.fragments) for pair in sender.sa.flows):
                if not passes(sender.sa.screen.out, ends.covered):
                    return None
                if len(self._known) >= REMEMBERED:
                    self._known.clear()
                self._known[key] = sender
                return sender
        if label is not None:
            self._wait(label, ends, bytes(packet))
        return None

    def _candidates(self, label: str | None) -> list[Sender]:
        """Return a connection's SAs, or those of all that have no policies (a dynamic map's)."""
        if label is not None:
            return self._senders.get(label, [])
        named = {row[2] for row in self._rows}
        return [one for label, some in self._senders.items() if label not in named for one in some]

    def _wait(self, label: str, ends: Ends, packet: bytes) -> None:
        now = self._now()
        self._hold.keep(label, packet, now)
        if now - self._asked.get(label, 0.0) >= ACQUIRE_SECONDS:
            self._asked[label] = now
            ports = (max(ends.source_port, 0), max(ends.destination_port, 0))
            self._ask(Acquire(label, ends.source, ends.destination, ends.protocol, *ports))

    def _changed(self) -> None:
        self._known.clear()
        pairs = [row[:2] for row in self._rows]
        sas = [one.sa for some in self._senders.values() for one in some]
        pairs += [pair for sa in sas for pair in (*sa.flows, *sa.screen.selectors)]
        self.fine = any(end.protocol or not end.any_port for pair in pairs for end in pair)


def flow_key(packet: memoryview, fine: bool) -> bytes:
    """Return the octets that tell flows apart: addresses, and where selectors look at more, all that they look at."""
    if packet[0] >> 4 == 4:
        ends = bytes(packet[12:20])
        if not fine:
            return ends
        header = 4 * (packet[0] & 15)
        return ends + bytes(packet[6:8]) + bytes(packet[9:10]) + bytes(packet[header : header + 4])
    if fine and packet[6] in EXTENSIONS:
        protocol, at, offset = past_extensions(packet[6], packet, V6_HEADER) or (0, V6_HEADER, 0)
        return bytes(packet[8:40]) + bytes((protocol, bool(offset))) + bytes(packet[at : at + 4])
    return bytes(packet[8:40]) + (bytes(packet[6:7]) + bytes(packet[40:44]) if fine else b"")


def ends_of(packet: memoryview) -> Ends | None:
    """Return what selectors look at, or None for what is no whole packet, or of no protocol that shows."""
    if len(packet) >= 20 and packet[0] >> 4 == 4:
        header = 4 * (packet[0] & 15)
        fragment = int.from_bytes(packet[6:8], "big") & 0x1FFF
        ports = (ANY_PORT, ANY_PORT) if fragment else _ports(packet[9], packet[header : header + 4])
        return Ends(_address(bytes(packet[12:16])), _address(bytes(packet[16:20])), packet[9], *ports)
    if len(packet) >= V6_HEADER and packet[0] >> 4 == 6:
        found = past_extensions(packet[6], packet, V6_HEADER)
        if found is not None:
            protocol, at, offset = found
            ports = (ANY_PORT, ANY_PORT) if offset else _ports(protocol, packet[at : at + 4])
            return Ends(_address(bytes(packet[8:24])), _address(bytes(packet[24:40])), protocol, *ports)
    return None


def _ports(protocol: int, start: memoryview) -> tuple[int, int]:
    """Return both ports, or what stands for them (RFC 7296 3.13.1)."""
    if protocol in (TCP, UDP, SCTP) and len(start) >= 4:
        return int.from_bytes(start[:2], "big"), int.from_bytes(start[2:4], "big")
    if protocol in (ICMP, ICMPV6) and len(start) >= 2:
        return (int.from_bytes(start[:2], "big"),) * 2
    if protocol == MOBILITY and len(start) >= 3:
        return (start[2] << 8,) * 2
    return 0, 0


@lru_cache(4096)
def _address(octets: bytes) -> Address:
    return IPv4Address(octets) if len(octets) == 4 else IPv6Address(octets)
