"""From the network into the TUN device. A train comes with one call (UDP_GRO) and is opened into one buffer.

Selectors are looked at for the first packet of each flow, the replay window moves once a train.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections import deque
from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

from cryptography.exceptions import InvalidTag

from ikecli.boundary.effects import Datagram, Endpoint, Install
from ikecli.boundary.notices import Expired, FirstPacket, Mapped, Misfit, UnknownSpi
from ikecli.dataplane.esp import ESP_HEADER, TRAILER
from ikecli.dataplane.icmp_errors import answers
from ikecli.dataplane.packet import CONGESTED, IP_HEADERS, TCP, UDP, Packet
from ikecli.dataplane.userspace.chooser import Ends, ends_of, flow_key
from ikecli.dataplane.userspace.coalesce import Coalescer
from ikecli.dataplane.userspace.columns import MOST, Columns, Twelves, alike, counting
from ikecli.dataplane.userspace.ecn import marked
from ikecli.dataplane.userspace.ports import IPV6_TCLASS, UDP_GRO
from ikecli.dataplane.userspace.raw import ANCILLARY, JUMBO, Reader
from ikecli.dataplane.userspace.sas import EXTENDED, IV, OVERHEAD, SALT, Receiver
from ikecli.dataplane.userspace.segments import clamp
from ikecli.dataplane.userspace.wrapping import PROTOCOL_AT
from ikecli.errors import Malformed
from ikecli.esp import DUMMY, IPV4, IPV6, Dropped, Reason
from ikecli.intent import Address
from ikecli.intent.selectors import passes

LEAST: Final = IP_HEADERS[4]
"""Octets of the shortest packet of IPv4."""
LARGEST: Final = 65_535
RECEIVES: Final = 16
"""Trains taken from a socket before what goes out has its turn."""
RAW_RECEIVES: Final = MOST
VIEWS: Final = 8_192
"""Places and sizes of packets whose views are kept."""
TRAINS: Final = 64
"""Kinds of trains whose views are kept."""
ALLOWED: Final = 4_096
"""Flows of an SA that are remembered as allowed."""
IPV6_HEADER: Final = 40
"""Octets that transport mode puts before the longest packet, at the last place."""
PADDING: Final = bytes(range(1, 256))
SPI_AND_SEQUENCE: Final = struct.Struct("!II")
NUMBER: Final = struct.Struct("=i")
LOW: Final = 0xFFFFFFFF
MSG_ERRQUEUE: Final = 0x2000
TOLD_SECONDS: Final = 1.0
"""How often one SA tells of a move, and the worker of what it cannot accept."""
MISFIT_OCTETS: Final = 64
"""Octets of a packet that did not fit its SA, as told."""

View = tuple[memoryview, memoryview, memoryview]
"""A packet's header, what is sealed, and where that opens to."""
Views = tuple[list[memoryview], list[memoryview], list[memoryview]]
"""The same of packets behind each other."""


class Inbound:
    """Opens what the sockets give.

    `catch_up` puts in the SAs that the engine has told of: a peer may send as soon as it has the engine's answer. The
    socket that is drained is in the routing table `vrf`.
    """

    def __init__(
        self,
        receivers: Mapping[int, Receiver],
        tell: Callable[[object], None],
        now: Callable[[], float],
        catch_up: Callable[[], None],
    ) -> None:
        self._receivers, self._tell, self._now, self._catch_up = receivers, tell, now, catch_up
        self._buffer = bytearray(RAW_RECEIVES * JUMBO)
        self._view = memoryview(self._buffer)
        self._datagram = self._view[:LARGEST]
        self.plain: Final = bytearray(RAW_RECEIVES * JUMBO + IPV6_HEADER)
        self._plain = self.plain
        self._plain_view = memoryview(self._plain)
        self._columns = Columns(self._buffer)
        self._views: dict[int, View] = {}
        self._trains: dict[tuple[int, int, int], Views] = {}
        self._nonces, self._extended = Twelves(), Twelves()
        self.raw: Final = Reader(self._buffer, self._columns)
        self._device = Coalescer(-1, self._plain)
        self._told = 0.0
        self.vrf = ""

    def drain_udp(self, one: socket.socket, local: Endpoint) -> bool:
        """Take UDP datagrams: ESP, and IKE that goes on to the engine; return whether there may be more."""
        for _ in range(RECEIVES):
            try:
                size, extra, _flags, source = one.recvmsg_into((self._datagram,), ANCILLARY)
            except BlockingIOError:
                return False
            except OSError:
                continue
            train, kind = size, 0
            for level, name, data in extra:
                if (level, name) == (socket.IPPROTO_UDP, UDP_GRO):
                    (train,) = NUMBER.unpack(data[:4])
                elif name in (socket.IP_TOS, IPV6_TCLASS):
                    kind = data[0]
            if size > ESP_HEADER:
                self._train(0, size, train, train, source, kind, local)
            self._device.flush()
        return True

    def drain_raw(self, one: socket.socket, local: Endpoint) -> bool:
        """Take ESP packets, rows of them as trains; return whether there may be more."""
        stride = self.raw.stride
        rows, more = self.raw.read(one, local.address.version)
        for at, size, length, kind, source in rows:
            if length > ESP_HEADER:
                self._train(at, size, length, stride, (source, 0), kind, local)
        self._device.flush()
        return more

    def errors(self, one: socket.socket) -> list[tuple[str, int, bytes]]:
        """Return what the network says of our packets: to whom they were too big, what is not, and how they began."""
        found: list[tuple[str, int, bytes]] = []
        for _ in range(RECEIVES):
            try:
                quoted, extra, _flags, where = one.recvmsg(ESP_HEADER, 512, MSG_ERRQUEUE)
            except OSError:
                return found
            for _level, _name, data in extra:
                if len(data) >= 16 and struct.unpack_from("=I", data)[0] == errno.EMSGSIZE:
                    found.append((where[0], struct.unpack_from("=I", data, 8)[0], quoted))
        return found

    def _train(
        self, at: int, size: int, train: int, step: int, source: tuple[str, int], kind: int, local: Endpoint
    ) -> None:
        """Open packets of equal size, of which the last may be shorter, each `step` octets behind the one before."""
        buffer = self._buffer
        while at < size:
            spi = int.from_bytes(buffer[at : at + 4], "big")
            receiver = self._receivers.get(spi)
            if receiver is None and spi:
                self._catch_up()
                receiver = self._receivers.get(spi)
            if receiver is not None:
                at = self._open_some(receiver, at, size, train, step, kind)
                self._after(receiver, source)
                continue
            if not spi and local.port:
                self._ike(bytes(self._view[at + 4 : min(at + train, size)]), local, source)
            else:
                self._unknown(spi, source)
            at += step

    def _open_some(self, receiver: Receiver, at: int, size: int, train: int, step: int, kind: int) -> int:
        """Open the packets of one SA from `at` on; return where another begins."""
        if receiver.door.device is not self._device:
            self._device.flush()
            self._device = receiver.door.device
        joins = receiver.door.wrap is None and kind & CONGESTED != CONGESTED
        packets = octets = 0
        spi, window = receiver.sa.spi, receiver.window
        row = (size - at - train) // step + 1
        unsealed = self._unseal_all(receiver, at, row, train, step) if row > 1 else 0
        while size - at > ESP_HEADER:
            here, low = SPI_AND_SEQUENCE.unpack_from(self._buffer, at)
            if here != spi:
                break
            end, length = min(at + train, size), 0
            if unsealed:
                length = self._opened(receiver, at, train - OVERHEAD, kind)
            elif not window.fresh(sequence := window.expand(low)):
                receiver.refuse(replays=1)
            elif receiver.dead or end - at < OVERHEAD + TRAILER:
                receiver.refuse(errors=1)
            elif receiver.cipher is None:
                length = self._slowly(receiver, at, end, kind)
            elif self._unseal(receiver, at, end - at, sequence):
                window.accept(sequence)
                receiver.note(window.top)
                length = self._opened(receiver, at, end - at - OVERHEAD, kind)
            packets, octets, at, unsealed = packets + (length > 0), octets + length, at + step, max(unsealed - 1, 0)
            if unsealed and length and joins:
                joined = self._device.join(at, unsealed, step, train - OVERHEAD - length)
                packets, octets, at = packets + joined, octets + joined * length, at + joined * step
                unsealed -= joined
        if packets:
            self._count(receiver, packets, octets)
        return at if size - at > ESP_HEADER else size

    def _unseal_all(self, receiver: Receiver, at: int, count: int, train: int, step: int) -> int:
        """Open packets of an AEAD that follow on each other, all or none; return how many.

        They are taken as come then. None is said to be forged here: for that each is opened by itself.
        """
        window, cipher = receiver.window, receiver.cipher
        count = min(count, MOST)
        if receiver.dead or cipher is None or train < OVERHEAD + TRAILER or (train | step | at) & 3:
            return 0
        spi, columns, nonces = receiver.sa.spi.to_bytes(4, "big"), self._columns, self._nonces
        low = int.from_bytes(self._buffer[at + 4 : at + 8], "big")
        first = window.expand(low)
        if first <= window.top or low + count > LOW:
            return 0
        numbers = counting(low, 1, count)
        if columns.word(at + 4, step, count) != numbers or columns.word(at, step, count) != alike(spi, count):
            return 0
        nonces.begin(bytes(receiver.nonce[:SALT]))
        nonces.high[:count] = columns.word(at + ESP_HEADER, step, count)
        nonces.low[:count] = columns.word(at + ESP_HEADER + 4, step, count)
        headers, sealed, plain = self._places(at, count, train, step)
        if window.esn:
            headers = self._extended.each
            self._extended.begin(spi)
            self._extended.high[:count] = alike((first >> 32).to_bytes(4, "big"), count)
            self._extended.low[:count] = numbers
        try:
            deque(map(cipher.decrypt_into, nonces.each, sealed, headers, plain), 0)
        except InvalidTag:
            return 0
        window.accept_run(first, count)
        receiver.note(window.top)
        return count

    def _places(self, at: int, count: int, train: int, step: int) -> Views:
        """Return header, sealed octets and place of what is opened of `count` packets."""
        key, first, last = (at % step, train, step), at // step, at // step + count
        found = self._trains.get(key)
        if found is None:
            if len(self._trains) >= TRAINS:
                self._trains.clear()
            found = self._trains[key] = [], [], []
        for number in range(len(found[0]), last):
            for views, one in zip(found, self._look(at % step + number * step, train), strict=True):
                views.append(one)
        headers, sealed, plain = found
        return headers[first:last], sealed[first:last], plain[first:last]

    def _unseal(self, receiver: Receiver, at: int, size: int, sequence: int) -> bool:
        """Open one packet of an AEAD; return whether it is authentic."""
        assert receiver.cipher is not None
        header, sealed, plain = self._views.get(at << 16 | size) or self._keep(at, size)
        aad: memoryview | bytearray = header
        nonce = receiver.nonce
        nonce[4:] = self._buffer[at + ESP_HEADER : at + ESP_HEADER + IV]
        if receiver.sa.esn:
            EXTENDED.pack_into(receiver.aad, 0, receiver.sa.spi, sequence)
            aad = receiver.aad
        try:
            receiver.cipher.decrypt_into(nonce, sealed, aad, plain)
        except InvalidTag:
            receiver.refuse(forgeries=1)
            return False
        return True

    def _keep(self, at: int, size: int) -> View:
        if len(self._views) >= VIEWS:
            self._views.clear()
        return self._views.setdefault(at << 16 | size, self._look(at, size))

    def _look(self, at: int, size: int) -> View:
        start, view = at + ESP_HEADER + IV, self._view
        return view[at : at + ESP_HEADER], view[start : at + size], self._plain_view[at : at + size - OVERHEAD]

    def _opened(self, receiver: Receiver, at: int, size: int, kind: int) -> int:
        """Let what came out of a packet go on, if it may; return its length, 0 for none."""
        plain = self._plain
        end = at + size - TRAILER
        padding, next_header = plain[end], plain[end + 1]
        whole = size - TRAILER - padding
        if next_header == DUMMY:
            receiver.dummy()
            return 0
        if next_header == IPV4 and plain[at] >> 4 == 4 and whole >= LEAST:
            length = plain[at + 2] << 8 | plain[at + 3]
        elif next_header == IPV6 and plain[at] >> 4 == 6 and whole >= 40:
            length = (plain[at + 4] << 8 | plain[at + 5]) + 40
        else:
            receiver.refuse(errors=1)
            return 0
        if not LEAST <= length <= whole or (padding and plain[end - padding : end] != PADDING[:padding]):
            receiver.refuse(errors=1)
            return 0
        if not self._allowed(receiver, self._plain_view[at : at + length]):
            self._misfit(receiver, self._plain_view[at : at + length])
            return 0
        start = self._inside(receiver, self._plain_view[at : at + length])
        if start < 0 or (kind & CONGESTED == CONGESTED and not marked(plain, at + start)):
            return 0
        if any(receiver.door.segments):
            clamp(plain, at + start, length - start, receiver.door.segments)
        self._device.take(at + start, length - start)
        return length

    @staticmethod
    def _inside(receiver: Receiver, packet: memoryview) -> int:
        """Return where in a packet the one for the device begins, -1 for none."""
        start = 0 if receiver.door.plain else receiver.door.inside(packet)
        if start < 0:
            receiver.refuse(errors=1)
        return start

    def _allowed(self, receiver: Receiver, packet: memoryview) -> bool:
        """Tell whether the SA's selectors cover a packet (RFC 4301 5.2), and it passes."""
        if receiver.sa.own_errors and not _answers(receiver.sa, packet):
            return False
        key = flow_key(packet, receiver.fine)
        if key in receiver.allowed:
            return True
        ends = ends_of(packet)
        if ends is None or not _covered(receiver, ends) or not passes(receiver.sa.screen.into, ends.covered):
            return False
        if len(receiver.allowed) >= ALLOWED:
            receiver.allowed.clear()
        receiver.allowed.add(key)
        return True

    def _slowly(self, receiver: Receiver, at: int, end: int, kind: int) -> int:
        """Open with whatever cipher, or in transport mode."""
        assert receiver.codec is not None
        try:
            data, next_header = receiver.codec.open(bytes(self._view[at:end]))
        except Dropped as dropped:
            replayed, forged = dropped.reason is Reason.REPLAY, dropped.reason is Reason.INTEGRITY
            receiver.refuse(replayed, forged, not replayed and not forged)
            return 0
        receiver.note(receiver.window.top)
        if receiver.sa.transport:
            sa = receiver.sa
            data, next_header = Packet(sa.remote.address, sa.local.address, next_header, data).write(), 0
        octets = bytearray(data)
        if next_header == DUMMY:
            receiver.dummy()
            return 0
        if next_header not in (0, IPV4, IPV6) or _length(octets) != len(octets):
            receiver.refuse(errors=1)
            return 0
        if not self._allowed(receiver, memoryview(octets)):
            self._misfit(receiver, memoryview(octets))
            return 0
        start = self._inside(receiver, memoryview(octets))
        if start < 0 or (kind & CONGESTED == CONGESTED and not marked(octets, start)):
            return 0
        self._device.flush()
        self._plain[at : at + len(octets)] = octets
        if any(receiver.door.segments):
            clamp(self._plain, at + start, len(octets) - start, receiver.door.segments)
        self._device.take(at + start, len(octets) - start)
        return len(octets)

    def _count(self, receiver: Receiver, packets: int, octets: int) -> None:
        if not receiver.used:
            receiver.used = True
            self._tell(FirstPacket(receiver.sa.spi))
        if (ends := receiver.count(packets, octets)) is not None:
            self._tell(Expired(receiver.sa.spi, ends))

    def _after(self, receiver: Receiver, source: tuple[str, int]) -> None:
        """Notice that a peer that sends has moved (RFC 7296 2.23)."""
        sa = receiver.sa
        if source[:2] == receiver.there or not receiver.used or not sa.encapsulated:
            return
        now = self._now()
        if now - receiver.mapped >= TOLD_SECONDS:
            receiver.mapped = now
            self._tell(Mapped(sa.spi, Endpoint(_address(source[0]), source[1])))

    def _misfit(self, receiver: Receiver, packet: memoryview) -> None:
        """Count a packet that is not to come out of an SA, and tell now and then of one that it is not for."""
        receiver.refuse(errors=1)
        ends = ends_of(packet)
        if ends is not None and _covered(receiver, ends):
            return
        now = self._now()
        if now - self._told >= TOLD_SECONDS:
            self._told = now
            self._tell(Misfit(receiver.sa.spi, bytes(packet[:MISFIT_OCTETS])))

    def _unknown(self, spi: int, source: tuple[str, int]) -> None:
        now = self._now()
        if now - self._told >= TOLD_SECONDS:
            self._told = now
            self._tell(UnknownSpi(spi, Endpoint(_address(source[0]), source[1])))

    def _ike(self, octets: bytes, local: Endpoint, source: tuple[str, int]) -> None:
        self._tell(Datagram(octets, local, Endpoint(_address(source[0]), source[1]), vrf=self.vrf))


def _answers(sa: Install, packet: memoryview) -> bool:
    """Tell whether a packet is no ICMP error, or one about a packet that an SA's flows cover."""
    if packet[PROTOCOL_AT[packet[0] >> 4]] in (TCP, UDP):
        return True
    try:
        return answers(Packet.read(bytes(packet)), lambda cause: _covers(sa, cause.write()))
    except Malformed:
        return False


def _covers(sa: Install, packet: bytes) -> bool:
    ends = ends_of(memoryview(packet))
    return ends is not None and any(ends.covered(*pair, sa.fragments) for pair in sa.flows)


def _covered(receiver: Receiver, ends: Ends) -> bool:
    sa = receiver.sa
    return any(ends.turned().covered(*pair, sa.fragments) for pair in sa.flows)


def _length(packet: bytearray) -> int:
    """Return the octets that an IP packet says it has; -1 for what is none."""
    if len(packet) >= 20 and packet[0] >> 4 == 4:
        return packet[2] << 8 | packet[3]
    return (packet[4] << 8 | packet[5]) + 40 if len(packet) >= 40 and packet[0] >> 4 == 6 else -1


@lru_cache(4096)
def _address(text: str) -> Address:
    return ip_address(text)
