"""From the network into the TUN device. A train comes with one call (UDP_GRO) and is opened into one buffer.

Selectors are looked at for the first packet of each flow, the replay window moves once a train.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

from cryptography.exceptions import InvalidTag

from ikecli.boundary.effects import Datagram, Endpoint
from ikecli.boundary.notices import Expired, FirstPacket, Mapped, UnknownSpi
from ikecli.dataplane.packet import Packet
from ikecli.dataplane.userspace.chooser import ends_of, flow_key
from ikecli.dataplane.userspace.coalesce import Coalescer
from ikecli.dataplane.userspace.ecn import CONGESTED, marked
from ikecli.dataplane.userspace.ports import UDP_GRO
from ikecli.dataplane.userspace.sas import ESP_HEADER, EXTENDED, IV, OVERHEAD, TRAILER, Receiver
from ikecli.esp import DUMMY, IPV4, IPV6, Dropped, Reason
from ikecli.intent import Address

LARGEST: Final = 65_535
RECEIVES: Final = 16
"""Trains taken from a socket before what goes out has its turn."""
RAW_RECEIVES: Final = 64
ANCILLARY: Final = 128
STRIDE: Final = 2_048
"""Octets kept for one raw ESP packet, until a longer one comes."""
JUMBO: Final = 16_384
VIEWS: Final = 8_192
"""Places and sizes of packets whose views are kept."""
ALLOWED: Final = 4_096
"""Flows of an SA that are remembered as allowed."""
MARKER: Final = bytes(4)
PADDING: Final = bytes(range(1, 256))
SPI_AND_SEQUENCE: Final = struct.Struct("!II")
NUMBER: Final = struct.Struct("=i")
LOW: Final = 0xFFFFFFFF
IPV6_TCLASS: Final = 67
MSG_ERRQUEUE: Final = 0x2000
TOLD_SECONDS: Final = 1.0
"""How often one SA tells of a move, and the worker of an unknown SPI."""

View = tuple[memoryview, memoryview, memoryview]
"""A packet's header, what is sealed, and where that opens to."""


class Inbound:
    """Opens what the sockets give."""

    def __init__(
        self, tun: int, receivers: Mapping[int, Receiver], tell: Callable[[object], None], now: Callable[[], float]
    ) -> None:
        self._receivers, self._tell, self._now = receivers, tell, now
        self._buffer = bytearray(RAW_RECEIVES * JUMBO)
        self._view = memoryview(self._buffer)
        self._datagram = self._view[:LARGEST]
        self._plain = bytearray(RAW_RECEIVES * JUMBO)
        self._plain_view = memoryview(self._plain)
        self._views: dict[int, View] = {}
        self._stride = STRIDE
        self._raw_last: Receiver | None = None
        self._nonce = bytearray(12)
        self._device = Coalescer(tun, self._plain)
        self._told = 0.0

    def drain_udp(self, one: socket.socket, local: Endpoint) -> None:
        """Take UDP datagrams: ESP, and IKE that goes on to the engine."""
        for _ in range(RECEIVES):
            try:
                size, extra, _flags, source = one.recvmsg_into((self._datagram,), ANCILLARY)
            except BlockingIOError:
                return
            except OSError:
                continue
            train, kind = size, 0
            for level, name, data in extra:
                if (level, name) == (socket.IPPROTO_UDP, UDP_GRO):
                    (train,) = NUMBER.unpack(data[:4])
                elif name in (socket.IP_TOS, IPV6_TCLASS):
                    kind = data[0]
            if size > ESP_HEADER:
                self._train(size, train, source, kind, local)

    def drain_raw(self, one: socket.socket, local: Endpoint) -> None:
        """Take ESP packets, one a call; over IPv4 they come with their header. Those of a turn go in together."""
        four, at, device = local.address.version == 4, 0, self._device
        device.begin()
        for number in range(RAW_RECEIVES):
            at = number * self._stride
            try:
                size, extra, flags, source = one.recvmsg_into((self._view[at : at + self._stride],), ANCILLARY)
            except OSError:
                break
            if flags & socket.MSG_TRUNC:
                self._stride = min(2 * self._stride, len(self._buffer) // RAW_RECEIVES)
                continue
            start, kind = (at + 4 * (self._buffer[at] & 15), self._buffer[at + 1]) if four else (at, 0)
            for _level, name, data in () if four else extra:
                kind = data[0] if name == IPV6_TCLASS else kind
            if at + size - start > ESP_HEADER:
                self._raw(start, at + size, source, kind)
        device.flush()

    def _raw(self, start: int, end: int, source: tuple[str, int], kind: int) -> None:
        receiver = self._receivers.get(int.from_bytes(self._buffer[start : start + 4], "big"))
        if receiver is None:
            self._unknown(int.from_bytes(self._buffer[start : start + 4], "big"), source, 0)
            return
        if receiver is not self._raw_last:
            self._device.begin()
            self._raw_last = receiver
        self._open_some(receiver, start, end, end - start, kind)

    def errors(self, one: socket.socket) -> list[tuple[str, int]]:
        """Return what the network says of our packets: to whom they were too big, and what is not."""
        found: list[tuple[str, int]] = []
        for _ in range(RECEIVES):
            try:
                _, extra, _flags, where = one.recvmsg(1, 512, MSG_ERRQUEUE)
            except OSError:
                return found
            for _level, _name, data in extra:
                if len(data) >= 16 and struct.unpack_from("=I", data)[0] == errno.EMSGSIZE:
                    found.append((where[0], struct.unpack_from("=I", data, 8)[0]))
        return found

    def _train(self, size: int, train: int, source: tuple[str, int], kind: int, local: Endpoint) -> None:
        """Open a train of packets of equal size, the last of which may be shorter."""
        buffer, at = self._buffer, 0
        self._device.begin()
        while at < size:
            spi = int.from_bytes(buffer[at : at + 4], "big")
            if not spi:
                end = min(at + train, size)
                self._ike(bytes(self._view[at + 4 : end]), local, source)
                at = end
                continue
            receiver = self._receivers.get(spi)
            if receiver is None:
                self._unknown(spi, source, source[1])
                at += train
                continue
            at = self._open_some(receiver, at, size, train, kind)
            self._after(receiver, source, source[1])
        self._device.flush()

    def _open_some(self, receiver: Receiver, at: int, size: int, train: int, kind: int) -> int:
        """Open the packets of one SA from `at` on; return where another begins."""
        packets = octets = 0
        spi = receiver.sa.spi
        window, cipher, opened = receiver.window, receiver.cipher, self._opened
        top, run = window.top, 0
        esn, mask = window.esn, receiver.mask
        while at < size:
            here, low = SPI_AND_SEQUENCE.unpack_from(self._buffer, at) if size - at > ESP_HEADER else (0, 0)
            if here != spi:
                break
            end = min(at + train, size)
            sequence = top + 1
            following = low == sequence & LOW if esn else low == sequence
            if not following:
                if run:
                    window.top, window.bitmap, run = top, (window.bitmap << run | (1 << run) - 1) & mask, 0
                sequence = window.expand(low)
                if not window.fresh(sequence):
                    receiver.refuse(replays=1)
                    at = end
                    continue
            length = 0
            if receiver.dead or end - at < OVERHEAD + TRAILER:
                receiver.refuse(errors=1)
            elif cipher is None:
                length = self._slowly(receiver, at, end, kind)
                top = window.top
                following = False
            elif self._unseal(receiver, at, end - at, sequence):
                if following:
                    top, run = sequence, run + 1
                else:
                    window.accept(sequence)
                    top = window.top
                length = opened(receiver, at, end - at - OVERHEAD, kind)
            at = end
            packets += length > 0
            octets += length
        if run:
            window.top, window.bitmap = top, (window.bitmap << run | (1 << run) - 1) & mask
        if packets:
            self._count(receiver, packets, octets)
        return at

    def _unseal(self, receiver: Receiver, at: int, size: int, sequence: int) -> bool:
        """Open one packet of an AEAD; return whether it is authentic."""
        view = self._views.get(at << 16 | size)
        if view is None:
            view = self._make_view(at, size)
        aad, sealed, plain = view
        nonce = self._nonce
        nonce[:4] = receiver.nonce[:4]
        nonce[4:] = self._buffer[at + ESP_HEADER : at + ESP_HEADER + IV]
        if receiver.sa.esn:
            EXTENDED.pack_into(receiver.aad, 0, receiver.sa.spi, sequence)
            aad = memoryview(receiver.aad)
        try:
            receiver.cipher.decrypt_into(nonce, sealed, aad, plain)  # type: ignore[union-attr]
        except InvalidTag:
            receiver.refuse(forgeries=1)
            return False
        return True

    def _make_view(self, at: int, size: int) -> View:
        if len(self._views) >= VIEWS:
            self._views.clear()
        start, view = at + ESP_HEADER + IV, self._view
        made = view[at : at + ESP_HEADER], view[start : at + size], self._plain_view[at : at + size - OVERHEAD]
        return self._views.setdefault(at << 16 | size, made)

    def _opened(self, receiver: Receiver, at: int, size: int, kind: int) -> int:
        """Let what came out of a packet go on, if it may; return its length, 0 for none."""
        plain = self._plain
        end = at + size - TRAILER
        padding, next_header = plain[end], plain[end + 1]
        whole = size - TRAILER - padding
        if next_header == DUMMY:
            return 0
        if next_header == IPV4 and plain[at] >> 4 == 4 and whole >= 20:
            length = plain[at + 2] << 8 | plain[at + 3]
        elif next_header == IPV6 and plain[at] >> 4 == 6 and whole >= 40:
            length = (plain[at + 4] << 8 | plain[at + 5]) + 40
        else:
            receiver.refuse(errors=1)
            return 0
        if length > whole or (padding and plain[end - padding : end] != PADDING[:padding]):
            receiver.refuse(errors=1)
            return 0
        if not self._device.known(at) and not self._allowed(receiver, self._plain_view[at : at + length]):
            receiver.refuse(errors=1)
            return 0
        if kind & CONGESTED == CONGESTED and not marked(plain, at):
            return 0
        self._device.take(at, length)
        return length

    def _allowed(self, receiver: Receiver, packet: memoryview) -> bool:
        """Tell whether the SA's selectors cover a packet (RFC 4301 5.2)."""
        key = flow_key(packet, receiver.fine)
        if key in receiver.allowed:
            return True
        ends = ends_of(packet)
        if ends is None or not any(
            local.covers(ends.destination, ends.protocol, ends.destination_port)
            and remote.covers(ends.source, ends.protocol, ends.source_port)
            for local, remote in receiver.sa.flows
        ):
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
        if receiver.sa.transport:
            sa = receiver.sa
            data, next_header = Packet(sa.remote.address, sa.local.address, next_header, data).write(), 0
        octets = bytearray(data)
        if next_header == DUMMY:
            return 0
        whole = next_header in (0, IPV4, IPV6) and _length(octets) == len(octets)
        if not whole or not self._allowed(receiver, memoryview(octets)):
            receiver.refuse(errors=1)
            return 0
        if kind & CONGESTED == CONGESTED and not marked(octets, 0):
            return 0
        self._device.flush()
        self._plain[at : at + len(octets)] = octets
        self._device.take(at, len(octets))
        return len(octets)

    def _count(self, receiver: Receiver, packets: int, octets: int) -> None:
        if not receiver.used:
            receiver.used = True
            self._tell(FirstPacket(receiver.sa.spi))
        if (ends := receiver.count(packets, octets)) is not None:
            self._tell(Expired(receiver.sa.spi, ends))

    def _after(self, receiver: Receiver, source: tuple[str, int], port: int) -> None:
        """Notice that a peer that sends has moved (RFC 7296 2.23)."""
        sa = receiver.sa
        if not receiver.used or not sa.encapsulated or (port == sa.remote.port and source[0] == str(sa.remote.address)):
            return
        now = self._now()
        if now - receiver.mapped >= TOLD_SECONDS:
            receiver.mapped = now
            self._tell(Mapped(sa.spi, Endpoint(_address(source[0]), port)))

    def _unknown(self, spi: int, source: tuple[str, int], port: int) -> None:
        now = self._now()
        if now - self._told >= TOLD_SECONDS:
            self._told = now
            self._tell(UnknownSpi(spi, Endpoint(_address(source[0]), port)))

    def _ike(self, octets: bytes, local: Endpoint, source: tuple[str, int]) -> None:
        self._tell(Datagram(octets, local, Endpoint(_address(source[0]), source[1])))


def _length(packet: bytearray) -> int:
    """Return the octets that an IP packet says it has; -1 for what is none."""
    if len(packet) >= 20 and packet[0] >> 4 == 4:
        return packet[2] << 8 | packet[3]
    return (packet[4] << 8 | packet[5]) + 40 if len(packet) >= 40 and packet[0] >> 4 == 6 else -1


@lru_cache(4096)
def _address(text: str) -> Address:
    return ip_address(text)
