"""The engine's half of the plane in userspace: it keeps the SAs' places, leads packets to the worker, and hears it."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ikecli.boundary.effects import Datagram, Direction, Endpoint, Install, Remove, Update
from ikecli.boundary.notices import Acquire, Expired, FirstPacket, Mapped, Misfit, UnknownSpi
from ikecli.boundary.views import Counters
from ikecli.dataplane.base import EspState
from ikecli.dataplane.esp import PATH_SECONDS, inner_limit, moved, seen_octets
from ikecli.dataplane.lines import lines_of
from ikecli.dataplane.linux.host import Home, Host
from ikecli.dataplane.linux.ledger import Ledger
from ikecli.dataplane.linux.plane import QUEUE, LinuxPlane
from ikecli.dataplane.packet import ESP
from ikecli.dataplane.userspace.bare import open_gre
from ikecli.dataplane.userspace.chooser import Row
from ikecli.dataplane.userspace.counts import SLOTS, Counts
from ikecli.dataplane.userspace.pipe import (
    LINES_A_MESSAGE,
    Aging,
    Clamp,
    Give,
    Given,
    Hide,
    Leave,
    Lines,
    Listen,
    Open,
    Put,
    Shut,
    Trouble,
)
from ikecli.dataplane.userspace.ports import IP_FREEBIND, IPV6_FREEBIND
from ikecli.dataplane.userspace.process import Process
from ikecli.dataplane.userspace.rules import Rules
from ikecli.dataplane.userspace.tun import open_tun
from ikecli.dataplane.userspace.wrapping import Gre
from ikecli.errors import Unavailable
from ikecli.intent import Address, Carrier, Connection, Intent, Interface, Tunnel
from ikecli.numbers import NAT_PORT

LEAST_MTU, FIRST_MTU = 1280, 1400
SEQUENCE_LEAP: Final = 1_024
"""Sequence numbers that are passed over when a worker takes over from one that died."""
IN, OUT = Direction.INBOUND, Direction.OUTBOUND
MAP_TABLES: Final = (
    "a crypto map in a VRF is carried by the kernel, with --dataplane xfrm: here use a tunnel interface with "
    "vrf forwarding {0.inner_vrf}"
)


@dataclass(slots=True)
class Way:
    """One direction of a Child SA, the place of its counters, and what they were at the last reset.

    It came with the sequence number `first`, which stands at its place only once a worker has taken it in.
    """

    sa: Install
    slot: int
    first: int = 0
    zero: tuple[int, ...] = (0,) * 6


class UserspacePlane(LinuxPlane):
    """A TUN device and a worker behind it, and a device for each tunnel interface."""

    name = "userspace"
    features = frozenset(
        {
            "esp",
            "ping",
            "esn",
            "transport",
            "udp-encapsulation",
            "tunnels",
            "mss",
            "later-fragments",
            "df-set",
            "path-aging",
        }
    )
    strict = True

    def __init__(self, host: Host, ledger: Ledger) -> None:
        """Start the worker; raises Unavailable where there is no TUN device to be had."""
        super().__init__(host, ledger)
        self._ways: dict[tuple[Direction, int], Way] = {}
        self._counts = Counts()
        self._slots = iter(range(SLOTS))
        self._free: list[int] = []
        self._sending: dict[tuple[int, Address], int] = {}
        self._named: set[str] = set()
        self._unnamed: set[int] = set()
        self._rows: list[Row] = []
        self._mtu = FIRST_MTU
        self._rules = Rules(self._network.requests, ledger)
        self._doors: dict[str, tuple[int, Open]] = {}
        self._bare: dict[str, socket.socket] = {}
        self._raw: dict[Home, socket.socket] = {}
        self._listening: dict[Home, socket.socket] = {}
        try:
            while self._network.exists(device := f"ike{ledger.owner:04x}"):
                ledger.own(ledger.owner + 1)
            self._device, self._tun = device, open_tun(device)
        except Unavailable:
            super().close()
            raise
        try:
            self._index = socket.if_nametoindex(device)
            self._network.devices.quiet(device)
            self._raise_device()
            self._rules.begin(self._index)
            self._network.mark = self._rules.mark
            self._worker = Process(host, self._counts.file, self._tun, self._hear, self._tell_all)
        except (OSError, Unavailable):
            os.close(self._tun)
            super().close()
            raise
        host.sockets.guest = self

    @property
    def worker(self) -> int:
        """The number of the worker's process."""
        return self._worker.number

    def _raise_device(self) -> None:
        """Have the device up, with an MTU that lets every SA's packets through whole."""
        self._network.devices.change(self._device, up=True, mtu=self._mtu, queue=QUEUE)

    def _tell_all(self) -> None:
        """Give a new worker everything: sockets, devices, policies, and the SAs where the last one left them."""
        for home in self._listening:
            self._tell_sockets(home)
        for file, door in self._doors.values():
            self._worker.tell(door, self._files(file, door))
        self._tell_lines()
        for way in self._ways.values():
            sequence = max(self._counts.sequence(way.slot), way.first)
            seen = (1 << way.sa.replay_window) - 1
            if way.sa.direction is OUT:
                sequence, seen = sequence + SEQUENCE_LEAP, 0
            self._worker.tell(Put(self._wired(way.sa), way.slot, self._path(way.sa), sequence, seen, goes_on=True))

    # Policies

    def _protect(self, intent: Intent) -> None:
        outside = {one.label: self._network.device(one.interface) for one in intent.connections}
        wild = {one.label for one in intent.connections if one.wildcard_peer and not one.closed}
        lines = [line for line in lines_of(intent) if line.label not in wild]
        self._rules.follow(
            (line.local, line.remote, line.connection is not None, outside.get(line.label, "")) for line in lines
        )
        self._keep_in(intent, lines, self._device)
        self._rows = [(line.local, line.remote, line.label) for line in lines]
        self._named = {label for _, _, label in self._rows}
        self._tell_lines()

    def _tell_lines(self) -> None:
        """Tell the policies, and the least segments of the interfaces that are no tunnels."""
        sizes = [one.segments for one in self._intent.network.interfaces if one.tunnel is None]
        least = [min((size for size in some if size), default=0) for some in zip(*sizes, strict=True)] or [0, 0]
        self._worker.tell(Clamp((least[0], least[1])))
        self._worker.tell(Aging(self._intent.path_aging or PATH_SECONDS))
        rows = self._rows
        for at in range(0, max(len(rows), 1), LINES_A_MESSAGE):
            self._worker.tell(Lines(tuple(rows[at : at + LINES_A_MESSAGE]), at + LINES_A_MESSAGE >= len(rows)))

    def _map_unreachable(self, one: Connection) -> str:
        """Return why routing rules cannot protect in the tables of a crypto map's entry: they stand behind VRFs."""
        return MAP_TABLES.format(one) if one.vrf or one.inner_vrf else ""

    # Tunnel interfaces

    def _raise_tunnel(self, one: Interface, tunnel: Tunnel, device: str) -> None:
        """Have a tunnel's device lead to the worker; one that is there stays what it is for others."""
        gre = None
        if tunnel.carrier is Carrier.GRE and tunnel.source is not None and tunnel.destination is not None:
            gre = Gre(tunnel.source, tunnel.destination, tunnel.key, tunnel.hops, tunnel.service)
        bare = None
        if gre is not None and not tunnel.protection:
            bare = open_gre(gre, self._vrfs.of(tunnel.vrf).device)
        if one.name in self._doors:
            file = self._doors[one.name][0]
        else:
            file = open_tun(device)
            self._network.devices.quiet(device)
        door = Open(one.name, tunnel.protection, gre, tunnel.versions, one.segments)
        self._doors[one.name] = file, door
        self._close_bare(one.name)
        if bare is not None:
            self._bare[one.name] = bare
        self._worker.tell(door, self._files(file, door))

    def _files(self, file: int, door: Open) -> tuple[int, ...]:
        """Return what comes along with a door: its device, and the socket of GRE that nothing protects."""
        bare = self._bare.get(door.name)
        return (file,) if bare is None else (file, bare.fileno())

    def _close_bare(self, name: str) -> None:
        if (bare := self._bare.pop(name, None)) is not None:
            bare.close()

    def _drop_tunnel(self, name: str, device: str) -> None:
        """Have a tunnel's device be gone."""
        held = self._doors.pop(name, None)
        if held is not None:
            self._worker.tell(Shut(name))
            self._close_bare(name)
            os.close(held[0])
            self._network.devices.delete(device)

    # SAs

    def _install(self, sa: Install, state: EspState | None = None) -> None:
        """Put in one direction of an SA, which goes on from a state."""
        key = (sa.direction, sa.spi if sa.direction is IN else sa.peer_spi)
        if key in self._ways:
            raise Unavailable(f"SPI 0x{sa.spi:08X} is in use")
        slot = self._free.pop() if self._free else next(self._slots, None)
        if slot is None:
            raise Unavailable(f"the data plane holds {SLOTS} directions of SAs already")
        self._counts.clear(slot)
        mtu = self._path(sa)
        tunnel = self._links.protected_by(sa.connection) is not None
        if sa.direction is OUT and not tunnel and (inner := max(inner_limit(sa, mtu), LEAST_MTU)) != self._mtu:
            self._shrink(inner)
        if sa.direction is IN and sa.connection not in self._named and not tunnel:
            self._rules.child(sa.spi, sa.flows)
            self._unnamed.add(sa.spi)
        put = Put(self._wired(sa), slot, mtu)
        if state is not None:
            counted = (state.packets, state.octets, state.replays, state.forgeries, state.errors, state.dummies)
            self._counts.write(slot, counted)
            seen = int.from_bytes(state.seen, "big")
            put = replace(put, sequence=state.sequence, seen=seen, goes_on=True, used=state.used, warned=state.warned)
        self._worker.tell(put)
        self._ways[key] = Way(sa, slot, put.sequence)
        if sa.tfc is not None and sa.direction is OUT:
            self._hide(key, self._ways[key], sa.tfc.interval)
        if sa.direction is OUT:
            self._sending[sa.spi, sa.remote.address] = sa.peer_spi

    def _hide(self, key: tuple[Direction, int], way: Way, interval: int) -> None:
        """Have dummy packets sent, again and again as long as the SA is there."""

        def burst() -> None:
            if self._ways.get(key) is way and not self._closed:
                self._worker.tell(Hide(key[1]))
                self._hide(key, way, interval)

        self._host.clock.call_at(self._host.clock.now() + interval, burst)

    def _give(self, spis: tuple[int, ...]) -> Iterator[EspState]:
        """Have the worker take SAs out, and return how far they are."""
        given = self._worker.ask(Give(spis), Given)
        if given is None:
            raise Unavailable("the data plane's worker does not say how far its SAs are")
        for outbound, spi, sequence, seen, used, warned in given.states:
            direction = OUT if outbound else IN
            way = self._ways[direction, spi]
            packets, octets, replays, forgeries, errors, dummies = self._counted(way)
            counted = (packets, octets, replays, forgeries, errors, dummies)
            yield EspState(way.sa, sequence, seen_octets(seen), *counted, used, warned)
            self._remove(Remove(direction, way.sa.spi, way.sa.remote))

    def _take(self, state: EspState) -> None:
        """Go on with an SA."""
        self._install(state.install, state)

    def _update(self, update: Update) -> None:
        """Move an SA to other endpoints."""
        way = self._ways.get((update.direction, update.spi if update.direction is IN else update.peer_spi))
        if way is not None:
            if update.direction is OUT:
                self._sending.pop((way.sa.spi, way.sa.remote.address), None)
                self._sending[update.spi, update.remote.address] = update.peer_spi
            way.sa = moved(way.sa, update)
            self._worker.tell(replace(update, local=self._on_wire(update.local), remote=self._on_wire(update.remote)))

    def _remove(self, remove: Remove) -> None:
        """Take out one direction of an SA."""
        spi = remove.spi if remove.direction is IN else self._sending.pop((remove.spi, remove.remote.address), 0)
        way = self._ways.pop((remove.direction, spi), None)
        if way is None:
            return
        self._free.append(way.slot)
        self._worker.tell(replace(remove, remote=self._on_wire(way.sa.remote)))
        if remove.direction is IN and remove.spi in self._unnamed:
            self._unnamed.discard(remove.spi)
            self._rules.childless(remove.spi)

    def _shrink(self, inner: int) -> None:
        """Have the device take packets as long as fit the SA that holds the least."""
        limits = [inner_limit(way.sa, self._path(way.sa)) for key, way in self._ways.items() if key[0] is OUT]
        mtu = max(LEAST_MTU, min([inner, *limits]))
        if mtu != self._mtu:
            self._mtu = mtu
            self._raise_device()

    def _wired(self, sa: Install) -> Install:
        return replace(sa, local=self._on_wire(sa.local), remote=self._on_wire(sa.remote))

    def _on_wire(self, end: Endpoint) -> Endpoint:
        return Endpoint(end.address, self._host.sockets.on_wire(end.port))

    # Counters

    def counters(self, spis: Iterable[int]) -> Mapping[int, Counters]:
        """Return what the worker counted, by inbound SPI."""
        found = {}
        for spi in spis:
            into, out = self._ways.get((IN, spi)), self._ways.get((OUT, spi))
            if into is None:
                continue
            packets, octets, replays, forgeries, errors, dummies = self._counted(into)
            sent = self._counted(out) if out else (0,) * 6
            found[spi] = Counters(
                sent[0], sent[1], packets, octets, replays, forgeries, errors, sent[4], dummies, sent[5]
            )
        return found

    def reset(self) -> None:
        """Count from now on; an SA's life goes on."""
        for way in self._ways.values():
            way.zero = self._counts.read(way.slot)

    def _counted(self, way: Way) -> tuple[int, ...]:
        return tuple(now - before for now, before in zip(self._counts.read(way.slot), way.zero, strict=True))

    # What the worker tells

    def _hear(self, said: object) -> None:
        on_wire = self._host.sockets.on_wire
        match said:
            case Datagram(octets, local, remote):
                remote = Endpoint(remote.address, on_wire(remote.port))
                self._host.sockets.deliver(Datagram(octets, local, remote, vrf=said.vrf))
            case Mapped(spi, remote):
                self._host.notify(Mapped(spi, Endpoint(remote.address, on_wire(remote.port))))
            case Acquire() | Expired() | FirstPacket() | Misfit() | UnknownSpi():
                self._host.notify(said)
            case Trouble(text):
                self._host.log(text)

    # Sockets

    def opened(self, home: Home, port: int, one: socket.socket) -> bool:
        """Share the NAT port with the worker, which reads it, and have it receive ESP."""
        one.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, self._rules.mark)
        if port != NAT_PORT:
            return False
        six = home.address.version == 6
        try:
            raw = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW, ESP)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, self._rules.mark)
            raw.setsockopt(socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP, IPV6_FREEBIND if six else IP_FREEBIND, 1)
            if home.device:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, home.device.encode() + b"\0")
            raw.bind((str(home.address), 0))
        except OSError as error:
            raise Unavailable(f"ESP at {home.address}: {error.strerror}") from error
        self._raw[home], self._listening[home] = raw, one
        self._tell_sockets(home)
        return True

    def _tell_sockets(self, home: Home) -> None:
        self._worker.tell(Listen(home.address, udp=False, vrf=home.vrf), (self._raw[home].fileno(),))
        self._worker.tell(Listen(home.address, udp=True, vrf=home.vrf), (self._listening[home].fileno(),))

    def closed(self, home: Home, port: int) -> None:
        """Have the worker give up an address."""
        if port == NAT_PORT and self._listening.pop(home, None) is not None:
            self._raw.pop(home).close()
            with contextlib.suppress(Unavailable):
                self._worker.tell(Leave(home.address, udp=True, vrf=home.vrf))
                self._worker.tell(Leave(home.address, udp=False, vrf=home.vrf))

    def close(self) -> None:
        """End the worker, and take out what led packets to it."""
        self._host.sockets.guest = None
        self._rules.close()
        self._worker.close()
        for raw in self._raw.values():
            raw.close()
        super().close()
        os.close(self._tun)
        os.close(self._counts.file)
