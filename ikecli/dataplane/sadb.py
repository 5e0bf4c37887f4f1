"""The ESP SAs of a software data plane: looked up, sealed, opened, counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from ikecli.boundary.effects import Direction, Endpoint, Install, Remove, Update
from ikecli.boundary.notices import Expired, FirstPacket, Mapped, Misfit, UnknownSpi
from ikecli.boundary.views import Counters
from ikecli.dataplane.base import EspState, Notify
from ikecli.dataplane.esp import LEAST_MTU, PATH_SECONDS, inner_room, moved, seen_octets
from ikecli.dataplane.icmp_errors import answers
from ikecli.dataplane.packet import CONGESTED, ESP, Packet, udp
from ikecli.dataplane.policies import between, passing
from ikecli.errors import Malformed, Unavailable
from ikecli.esp import DUMMY, IPV4, IPV6, Dropped, EspSa, InboundSa, OutboundSa, Reason, ReplayWindow, spi_of
from ikecli.intent import Address, Outer

MISFIT_OCTETS: Final = 64
"""Octets of a packet that did not fit its SA, as reported."""
MAX_SAS: Final = 200_000
"""Directions of SAs that a plane takes."""


@dataclass(slots=True)
class Tally:
    """What one direction carried and refused."""

    packets: int = 0
    octets: int = 0
    replays: int = 0
    forgeries: int = 0
    errors: int = 0
    dummies: int = 0


@dataclass(slots=True)
class Life:
    """What one direction carried in its life, whatever is shown of it."""

    packets: int = 0
    octets: int = 0


@dataclass(slots=True)
class Inbound:
    """An SA that receives."""

    install: Install
    codec: InboundSa
    tally: Tally
    life: Life
    used: bool = False
    warned: bool = False


@dataclass(slots=True)
class Outbound:
    """An SA that sends."""

    install: Install
    codec: OutboundSa
    tally: Tally
    life: Life


class SoftwareSas:
    """All SAs of one plane; inbound ones by SPI, outbound ones by connection, the newest first."""

    def __init__(self, notify: Notify, random: Callable[[int], bytes], now: Callable[[], float] = lambda: 0.0) -> None:
        self._notify, self._random, self._now = notify, random, now
        self._aging = PATH_SECONDS
        self._inbound: dict[int, Inbound] = {}
        self._outbound: dict[str, list[Outbound]] = {}
        self._paths: dict[Address, tuple[int, float]] = {}

    def install(self, sa: Install) -> None:
        """Put in one direction; raises Unavailable for an inbound SPI in use, or when there are too many."""
        keys = EspSa(sa.spi, sa.encryption, sa.integrity, sa.keys.encryption, sa.keys.integrity, sa.esn)
        if sa.direction is Direction.OUTBOUND:
            self._outbound.setdefault(sa.connection, []).insert(
                0, Outbound(sa, OutboundSa(keys, self._random), Tally(), Life())
            )
            return
        if sa.spi in self._inbound:
            raise Unavailable(f"SPI 0x{sa.spi:08X} is in use")
        if len(self._inbound) >= MAX_SAS:
            raise Unavailable(f"the data plane holds {MAX_SAS} SAs already")
        self._inbound[sa.spi] = Inbound(sa, InboundSa(keys, ReplayWindow(sa.replay_window, sa.esn)), Tally(), Life())

    def remove(self, remove: Remove) -> list[str]:
        """Take out one direction; return the connections that have nothing left to send with."""
        if remove.direction is Direction.INBOUND:
            self._inbound.pop(remove.spi, None)
            return []
        bare = []
        for label, sas in list(self._outbound.items()):
            left = [one for one in sas if (one.install.spi, one.install.remote) != (remove.spi, remove.remote)]
            if left:
                self._outbound[label] = left
            else:
                del self._outbound[label]
                bare.append(label)
        return bare

    def carries(self, connection: str) -> bool:
        """Tell whether a connection has an SA that sends."""
        return connection in self._outbound

    def covers(self, connection: str, packet: Packet) -> bool:
        """Tell whether an SA of a connection is for a packet that goes out."""
        ports = packet.ports()
        return any(_covered(out.install, packet, ports) for out in self._outbound.get(connection, ()))

    def update(self, update: Update) -> None:
        """Move an SA to other endpoints."""
        if update.direction is Direction.INBOUND:
            if (one := self._inbound.get(update.spi)) is not None:
                one.install = moved(one.install, update)
            return
        for sas in self._outbound.values():
            for out in sas:
                if (out.install.spi, out.install.peer_spi) == (update.spi, update.peer_spi):
                    out.install = moved(out.install, update)

    def give(self, spis: Iterable[int]) -> tuple[EspState, ...]:
        """Take out both directions of Child SAs, by inbound SPI, and return what they are, the older first."""
        wanted = dict.fromkeys(spis)
        given = [_given(one) for spi in wanted if (one := self._inbound.pop(spi, None)) is not None]
        for label, sas in list(self._outbound.items()):
            gone = [out for out in sas if out.install.peer_spi in wanted]
            given += [_given(out) for out in reversed(gone)]
            left = [out for out in sas if out.install.peer_spi not in wanted]
            if left:
                self._outbound[label] = left
            else:
                del self._outbound[label]
        return tuple(given)

    def take(self, state: EspState) -> None:
        """Go on with one direction; raises Unavailable as `install` does."""
        sa = state.install
        self.install(sa)
        tally = Tally(state.packets, state.octets, state.replays, state.forgeries, state.errors, state.dummies)
        if sa.direction is Direction.OUTBOUND:
            out = self._outbound[sa.connection][0]
            out.codec.sequence, out.tally = state.sequence, tally
            return
        one = self._inbound[sa.spi]
        one.codec.window.top, one.codec.window.bitmap = state.sequence, int.from_bytes(state.seen, "big")
        one.tally, one.used, one.warned = tally, state.used, state.warned

    def counters(self, spis: Iterable[int]) -> dict[int, Counters]:
        """Return both directions' counts by inbound SPI."""
        outbound = {one.install.peer_spi: one.tally for sas in self._outbound.values() for one in sas}
        counts = {}
        for spi in spis:
            if (one := self._inbound.get(spi)) is None:
                continue
            out, into = outbound.get(spi, Tally()), one.tally
            counts[spi] = Counters(
                packets_out=out.packets,
                octets_out=out.octets,
                packets_in=into.packets,
                octets_in=into.octets,
                replays=into.replays,
                integrity_failures=into.forgeries,
                errors_in=into.errors,
                errors_out=out.errors,
                dummies_in=into.dummies,
                dummies_out=out.dummies,
            )
        return counts

    def reset(self) -> None:
        """Set all counts to zero."""
        for one in self._inbound.values():
            one.tally = Tally()
        for sas in self._outbound.values():
            for out in sas:
                out.tally = Tally()

    def stops(self, connection: str, packet: Packet) -> bool:
        """Tell whether the SA that is for a packet which goes out does not let it pass."""
        ports = packet.ports()
        sas = (out.install for out in self._outbound.get(connection, ()))
        held = next((sa for sa in sas if _covered(sa, packet, ports)), None)
        return held is not None and not passing(held.screen.out, packet)

    def room(self, connection: str, space: int) -> int | None:
        """Return the longest packet whose protected form fits into `space` octets, or None without an SA."""
        out = next(iter(self._outbound.get(connection, ())), None)
        if out is None:
            return None
        mtu, until = self._paths.get(out.install.remote.address, (space, 0.0))
        return inner_room(out.install, min(space, mtu) if until > self._now() else space)

    def age(self, seconds: float) -> None:
        """Believe in a shorter path to a peer for so many seconds, in those that are known no longer from now on."""
        self._aging, latest = seconds, self._now() + seconds
        self._paths = {remote: (mtu, min(until, latest)) for remote, (mtu, until) in self._paths.items()}

    def narrow(self, remote: Address, mtu: int) -> None:
        """Take note of the longest packet that gets through to a peer (RFC 4301 8.2)."""
        if any(out.install.remote.address == remote for sas in self._outbound.values() for out in sas):
            known, until = self._paths.get(remote, (mtu, 0.0))
            now = self._now()
            if until <= now or mtu <= known:
                self._paths[remote] = max(mtu, LEAST_MTU), now + self._aging

    def outer(self, connection: str) -> Outer:
        """Return how the header outside is made that packets of a connection get."""
        out = next(iter(self._outbound.get(connection, ())), None)
        return Outer() if out is None else out.install.outer

    def seal(self, connection: str, packet: Packet) -> Packet | None:
        """Return the protected form of a packet, or None without an SA of the connection that covers it."""
        ports = packet.ports()
        for out in self._outbound.get(connection, ()):
            if _covered(out.install, packet, ports):
                return self._seal(out, packet)
        return None

    def open(self, octets: bytes, remote: Endpoint, tos: int = 0) -> tuple[Packet, str] | None:
        """Return what a packet of a class protected and for which connection, or None: refused, which is counted."""
        try:
            spi = spi_of(octets)
        except Dropped:
            return None
        one = self._inbound.get(spi)
        if one is None:
            self._notify(UnknownSpi(spi, remote))
            return None
        try:
            data, next_header = one.codec.open(octets)
            if next_header == DUMMY:
                one.tally.dummies += 1
                return None
            inner = _inner(one.install, data, next_header, remote, tos)
        except Dropped as dropped:
            one.tally.replays += dropped.reason is Reason.REPLAY
            one.tally.forgeries += dropped.reason is Reason.INTEGRITY
            one.tally.errors += dropped.reason not in (Reason.REPLAY, Reason.INTEGRITY)
            return None
        except Malformed:
            one.tally.errors += 1
            return None
        if not self._accept(one, inner, remote):
            return None
        if not passing(one.install.screen.into, inner) or not _answers(one.install, inner):
            one.tally.errors += 1
            return None
        return inner, one.install.connection

    def dummies(self, sa: Install) -> Iterator[Packet]:
        """Yield the dummy packets of one burst (RFC 4303 2.6); none once the SA has gone."""
        for out in self._outbound.get(sa.connection, ()):
            if (out.install.spi, out.install.peer_spi) == (sa.spi, sa.peer_spi) and sa.tfc is not None:
                for _ in range(sa.tfc.burst):
                    if (octets := _sealed(out, self._random(sa.tfc.size), DUMMY)) is not None:
                        out.tally.dummies += 1
                        self._watch(self._inbound.get(sa.peer_spi), out.life, sa.tfc.size)
                        yield _outer(out.install, octets, False, 0)

    def _seal(self, out: Outbound, packet: Packet) -> Packet | None:
        sa = out.install
        data, kind = packet.payload, packet.protocol
        if not sa.transport:
            data, kind = packet.write(), IPV4 if packet.source.version == 4 else IPV6
        if (octets := _sealed(out, data, kind)) is None:
            return None
        out.tally.packets += 1
        out.tally.octets += packet.length
        self._watch(self._inbound.get(sa.peer_spi), out.life, packet.length)
        return _outer(sa, octets, packet.whole, packet.tos)

    def _accept(self, one: Inbound, packet: Packet, remote: Endpoint) -> bool:
        source_port, destination_port = packet.ports()
        turned = replace(packet, source=packet.destination, destination=packet.source)
        if not _covered(one.install, turned, (destination_port, source_port)):
            one.tally.errors += 1
            self._notify(Misfit(one.install.spi, packet.write()[:MISFIT_OCTETS]))
            return False
        one.tally.packets += 1
        one.tally.octets += packet.length
        if not one.used:
            one.used = True
            self._notify(FirstPacket(one.install.spi))
        if one.install.encapsulated and remote != one.install.remote:
            self._notify(Mapped(one.install.spi, remote))
        self._watch(one, one.life, packet.length)
        return True

    def _watch(self, one: Inbound | None, life: Life, octets: int) -> None:
        """Count a packet, and report an SA that has carried its octets or packets, once for the soft bounds."""
        life.packets += 1
        life.octets += octets
        if one is None:
            return
        bounds = one.install.lifetime
        if 0 < bounds.hard_octets <= life.octets or 0 < bounds.hard_packets <= life.packets:
            self._notify(Expired(one.install.spi, hard=True))
        elif one.warned:
            return
        elif 0 < bounds.soft_octets <= life.octets or 0 < bounds.soft_packets <= life.packets:
            one.warned = True
            self._notify(Expired(one.install.spi, hard=False))


def _sealed(out: Outbound, data: bytes, next_header: int) -> bytes | None:
    tfc = out.install.tfc
    try:
        return out.codec.seal(data, next_header, tfc.size if tfc is not None and tfc.pads else 0)
    except Dropped:
        out.tally.errors += 1
        return None


def _outer(sa: Install, octets: bytes, whole: bool, tos: int) -> Packet:
    """Return the packet outside, by DF and class of the one inside (RFC 4301 5.1.2, RFC 6040 4.1)."""
    made = Packet(sa.local.address, sa.remote.address, ESP, octets)
    if sa.encapsulated:
        made = udp(sa.local.address, sa.local.port, sa.remote.address, sa.remote.port, octets)
    if sa.transport:
        return replace(made, whole=whole, tos=tos)
    kept = whole if sa.outer.whole is None else sa.outer.whole
    return replace(made, whole=kept and made.source.version == 4, tos=tos if sa.outer.marks else tos & ~CONGESTED)


def _given(one: Inbound | Outbound) -> EspState:
    """Return one direction as plain values."""
    tally = one.tally
    counts = (tally.packets, tally.octets, tally.replays, tally.forgeries, tally.errors, tally.dummies)
    if isinstance(one, Outbound):
        return EspState(one.install, one.codec.sequence, b"", *counts)
    window = one.codec.window
    return EspState(one.install, window.top, seen_octets(window.bitmap), *counts, one.used, one.warned)


def _inner(sa: Install, data: bytes, next_header: int, remote: Endpoint, tos: int) -> Packet:
    """Return the packet that ESP carried, in transport mode with the outer addresses and class put back.

    Congestion outside is told inside; a packet that knows no such marks is dropped (RFC 6040 4.2).
    """
    if sa.transport:
        return Packet(remote.address, sa.local.address, next_header, data, tos=tos)
    if next_header not in (IPV4, IPV6):
        raise Malformed("no IP packet inside")
    packet = Packet.read(data)
    if tos & CONGESTED != CONGESTED:
        return packet
    if not packet.tos & CONGESTED:
        raise Malformed("congestion on the way of a packet that cannot be marked")
    return replace(packet, tos=packet.tos | CONGESTED)


def _answers(sa: Install, packet: Packet) -> bool:
    """Tell whether a packet that came in is no ICMP error, or one about a packet that an SA's flows cover."""
    return not sa.own_errors or answers(packet, lambda cause: _covered(sa, cause, cause.ports()))


def _covered(sa: Install, packet: Packet, ports: tuple[int, int]) -> bool:
    """Tell whether one of an SA's flows covers a packet that goes out, or may cover it, having no ports to be seen."""
    return any(between(*pair, packet, ports, sa.fragments) for pair in sa.flows)
