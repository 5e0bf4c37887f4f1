"""Port address translation of a software plane: many inside addresses behind one outside (`ip nat inside source`).

A translation is for one flow, so that one outside port serves several peers; it keeps the inside port where that is
free, else takes the lowest free one of its range. TCP and UDP go by ports, ICMP echoes by their identifier. Everything
else has no port to tell flows apart by, and does not pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from ikecli.boundary.views import TranslationView
from ikecli.dataplane.packet import ICMP, TCP, UDP, Packet, checksum, is_echo
from ikecli.dataplane.policies import between
from ikecli.intent import Address, Intent, Nat

MAX_TRANSLATIONS: Final = 10_000
"""Flows that are translated at one time; the one that was idle longest goes when there is one more."""
IDLE_SECONDS: Final = {TCP: 86_400.0, UDP: 300.0, ICMP: 60.0}
"""How long a translation lasts without a packet."""
_RANGES: Final = ((1, 511), (512, 1023), (1024, 65535))
_NAMES: Final = {TCP: "tcp", UDP: "udp", ICMP: "icmp"}

End = tuple[Address, int]


@dataclass(slots=True)
class Translation:
    """One flow: what is inside, what stands for it outside, whom it talks to, when it was used last."""

    protocol: int
    local: End
    outside: End
    peer: End
    used: float


class Translator:
    """The translations of one node."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._nat = Nat()
        self._addresses: dict[str, Address] = {}
        self._out: dict[tuple[int, End, End], Translation] = {}
        self._in: dict[tuple[int, End, End], Translation] = {}

    def configure(self, intent: Intent) -> None:
        """Take the rules; where they changed, what was translated by the old ones is forgotten."""
        if intent.nat != self._nat:
            self.clear()
        self._nat = intent.nat
        live = [one for one in intent.network.interfaces if not one.shutdown]
        firsts = ((one.name, [own.ip for own in one.addresses if own.version == 4]) for one in live)
        self._addresses = {name: own[0] for name, own in firsts if own}

    def clear(self) -> None:
        """Forget all translations."""
        self._out.clear()
        self._in.clear()

    def wants(self, interface: str) -> bool:
        """Tell whether what an interface takes in is to be whole, since fragments have no ports."""
        return interface in self._nat.inside or interface in self._nat.outside

    def inward(self, interface: str, packet: Packet) -> Packet:
        """Return a packet that came from outside with its inside address, where it is of a flow or has a way in."""
        if interface not in self._nat.outside or (ends := _ends(packet, out=False)) is None:
            return packet
        source, destination = ends
        known = self._in.get((packet.protocol, destination, source))
        if known is not None and not self._stale(known):
            self._use(known)
            return _rewritten(packet, source, known.local)
        for row in self._nat.statics:
            if (row.protocol, self._addresses.get(row.interface), row.port) == (packet.protocol, *destination):
                self._add(Translation(packet.protocol, (row.local, row.local_port), destination, source, self._now()))
                return _rewritten(packet, source, (row.local, row.local_port))
        return packet

    def outward(self, entered: str, leaves: str, packet: Packet) -> Packet | None:
        """Return a packet from inside as it leaves; None where it would have to be translated and cannot be."""
        nat = self._nat
        if entered not in nat.inside or leaves not in nat.outside:
            return packet
        ends = _ends(packet, out=True)
        if ends is not None:
            source, destination = ends
            known = self._out.get((packet.protocol, source, destination))
            if known is None or self._stale(known):
                known = self._begin(leaves, packet, source, destination)
            if known is not None:
                self._use(known)
                return _rewritten(packet, known.outside, destination)
        return None if self._rule(leaves, packet) else packet

    def views(self) -> tuple[TranslationView, ...]:
        """Return the static translations, then those of flows."""
        nat = self._nat
        fixed = [
            TranslationView(_NAMES[row.protocol], _text((own, row.port)), _text((row.local, row.local_port)), "", "")
            for row in nat.statics
            if (own := self._addresses.get(row.interface)) is not None
        ]
        flows = [
            TranslationView(_NAMES[one.protocol], _text(one.outside), _text(one.local), peer, peer)
            for one in self._out.values()
            if not self._stale(one)
            for peer in [_text((one.peer[0], one.peer[1] or one.outside[1]))]
        ]
        return (*fixed, *flows)

    def _begin(self, leaves: str, packet: Packet, source: End, destination: End) -> Translation | None:
        """Return a new translation of a flow from inside, where a rule is for it and a port is free."""
        for row in self._nat.statics:
            ours = (row.interface, row.protocol, row.local, row.local_port) == (leaves, packet.protocol, *source)
            if ours and (own := self._addresses.get(leaves)) is not None:
                return self._add(Translation(packet.protocol, source, (own, row.port), destination, self._now()))
        rule = self._rule(leaves, packet)
        port = self._free(packet.protocol, rule, source[1], destination) if rule is not None else None
        if rule is None or port is None:
            return None
        return self._add(Translation(packet.protocol, source, (rule, port), destination, self._now()))

    def _rule(self, leaves: str, packet: Packet) -> Address | None:
        """Return the outside address that stands for a packet's source, if one does."""
        ports = packet.ports()
        for row in self._nat.rules:
            if row.interface != leaves:
                continue
            for flow in row.flows:
                if between(flow.local, flow.remote, packet, ports):
                    if flow.permit:
                        return self._addresses.get(leaves)
                    break
        return None

    def _free(self, protocol: int, outside: Address, wanted: int, peer: End) -> int | None:
        """Return the port that a flow gets."""
        taken = {row.port for row in self._nat.statics if row.protocol == protocol}

        def candidates() -> Iterator[int]:
            yield wanted
            if protocol == ICMP:
                yield from range(1, 65536)
                return
            low, high = next((span for span in _RANGES if wanted <= span[1]), _RANGES[-1])
            yield from range(low, high + 1)

        for port in candidates():
            known = self._in.get((protocol, (outside, port), peer))
            if port not in taken and (known is None or self._stale(known)):
                return port
        return None

    def _use(self, one: Translation) -> None:
        """Note that a translation is used: those used last stand last."""
        key = one.protocol, one.local, one.peer
        one.used = self._now()
        self._out[key] = self._out.pop(key)

    def _add(self, one: Translation) -> Translation:
        """Take a new translation; what it takes the place of goes, and the one that was idle longest for room."""
        ways = self._out.get((one.protocol, one.local, one.peer)), self._in.get((one.protocol, one.outside, one.peer))
        for held in ways:
            if held is not None:
                self._drop(held)
        if len(self._out) >= MAX_TRANSLATIONS:
            self._drop(next(iter(self._out.values())))
        self._out[one.protocol, one.local, one.peer] = one
        self._in[one.protocol, one.outside, one.peer] = one
        return one

    def _drop(self, one: Translation) -> None:
        self._out.pop((one.protocol, one.local, one.peer), None)
        self._in.pop((one.protocol, one.outside, one.peer), None)

    def _stale(self, one: Translation) -> bool:
        return one.used + IDLE_SECONDS[one.protocol] < self._now()


def _ends(packet: Packet, out: bool) -> tuple[End, End] | None:
    """Return both ends of a packet that has ports; an echo's identifier is the inside's."""
    if packet.source.version != 4:
        return None
    if packet.protocol in (TCP, UDP) and len(packet.payload) >= 4:
        source, destination = packet.ports()
        return (packet.source, source), (packet.destination, destination)
    if packet.protocol == ICMP and is_echo(packet):
        identifier = int.from_bytes(packet.payload[4:6], "big")
        return (packet.source, identifier if out else 0), (packet.destination, 0 if out else identifier)
    return None


def _rewritten(packet: Packet, source: End, destination: End) -> Packet:
    """Return a packet between other ends; a UDP checksum over IPv4 is left out, as the lab's hosts do."""
    payload = packet.payload
    if packet.protocol == ICMP:
        body = payload[:2] + bytes(2) + (source[1] or destination[1]).to_bytes(2, "big") + payload[6:]
        payload = body[:2] + checksum(body).to_bytes(2, "big") + body[4:]
    else:
        payload = source[1].to_bytes(2, "big") + destination[1].to_bytes(2, "big") + payload[4:]
        if packet.protocol == UDP:
            payload = payload[:6] + bytes(2) + payload[8:]
    return replace(packet, source=source[0], destination=destination[0], payload=payload)


def _text(end: End) -> str:
    return f"{end[0]}:{end[1]}"
