"""Neighbouring TCP segments of a train go into the TUN device as one (virtio's GSO), which the kernel takes at once.

What is joined is what Linux' own receive offload joins: the same flow, acknowledgement, window and options, one segment
following on the other, nothing but ACK and PSH. The checksum of the whole is the true one, had from those of the parts
by arithmetic alone: a part that was wrong makes the whole wrong, and the kernel drops it as it would have dropped that.
"""

from __future__ import annotations

import os
from struct import Struct
from typing import Final

from ikecli.dataplane.userspace.tun import HEADER as VNET
from ikecli.dataplane.userspace.tun import PLAIN

LARGEST: Final = 62_000
"""Octets of the longest packet that is put together."""
GSO: Final = Struct("=BBHHHH")
GSO_TCP4, GSO_TCP6 = 1, 4
ONES: Final = 0xFFFF
PUSH: Final = 0x08 << 16
"""PSH in the eight octets from the acknowledgement number to the window."""
ACK_ONLY: Final = 0x10
FLAGS_SHIFT: Final = 16
OFFSET_SHIFT: Final = 28
WORDS_BARE, WORDS_STAMPED = 5, 8
"""Header lengths in words: without options, and with twelve octets of them (time stamps)."""
TCP: Final = 6
V4: Final = Struct("!HHHI2s12sIQHH")
"""Version and class, length, id, fragment and TTL and protocol, sum, ends and ports, seq, ack..window, sum, urgent."""
V6: Final = Struct("!IHH36sIQHH")
"""Version, class and label, length, protocol and hops, addresses and ports, seq, ack..window, sum, urgent."""
WHOLE_TCP: Final = 0xBFFF00FF
"""What of fragment, TTL and protocol says that it is TCP and no fragment."""
V4_TCP, V6_TCP = 20, 40
SHORTEST: Final = 60
"""Octets of which all of these fields can be read, in either version."""


class Coalescer:
    """Takes packets out of one buffer, in order, and writes them to the device."""

    __slots__ = (
        "_buffer", "_file", "_gap", "_head", "_key", "_next", "_options", "_parts", "_sums", "_tail", "_tcp", "_total",
        "_view", "lost",
    )  # fmt: skip

    def __init__(self, file: int, buffer: bytearray) -> None:
        self._file, self._buffer, self._view = file, buffer, memoryview(buffer)
        self._parts: list[memoryview | bytes] = []
        self._key: tuple[object, ...] | None = None
        self._head = self._next = self._sums = self._tail = self._tcp = self._total = self._gap = 0
        self._options = bytearray()
        self.lost = 0

    def begin(self) -> None:
        """Take a new train, whose packets are not known to be allowed."""
        self._key = None

    def known(self, offset: int) -> bool:
        """Tell whether the packet at `offset` goes between the same ends as the one before: then both are allowed."""
        head, buffer = self._head, self._buffer
        if self._key is None:
            return False
        if buffer[offset] >> 4 == 4:
            return buffer[offset + 9] == TCP and buffer[offset + 12 : offset + 24] == buffer[head + 12 : head + 24]
        return buffer[offset + 6] == TCP and buffer[offset + 8 : offset + 44] == buffer[head + 8 : head + 44]

    def take(self, offset: int, length: int) -> None:
        """Take a packet: it joins those before, or these are written first."""
        if length >= SHORTEST:
            if self._buffer[offset] >> 4 == 4:
                head, size, _, rest, _, ends, seq, middle, own, urgent = V4.unpack_from(self._buffer, offset)
                key, tcp = (head, rest, ends, urgent), V4_TCP
                fits = head >> 8 == 0x45 and rest & WHOLE_TCP == TCP and size == length
            else:
                head, size, rest, ends, seq, middle, own, urgent = V6.unpack_from(self._buffer, offset)
                key, tcp, fits = (head, rest, ends, urgent), V6_TCP, rest >> 8 == TCP and size + 40 == length
            if fits and self._join(offset, length, tcp, key, seq, middle, own):
                return
        self.flush()
        self._put([PLAIN, self._view[offset : offset + length]])

    def _join(
        self, offset: int, length: int, tcp: int, key: tuple[object, ...], seq: int, middle: int, own: int
    ) -> bool:
        """Let a TCP segment join or begin a row; return False for one that stays alone."""
        words = middle >> OFFSET_SHIFT & 15
        if words not in (WORDS_BARE, WORDS_STAMPED) or middle >> FLAGS_SHIFT & 0xF7 != ACK_ONLY:
            return False
        header = tcp + 4 * words
        data = length - header
        if data <= 0:
            return False
        options = self._buffer[offset + tcp + 20 : offset + header]
        whole = (*key, middle & ~PUSH, header)
        if (
            self._parts
            and seq == self._next
            and whole == self._key
            and data <= self._gap
            and options == self._options
            and self._total + data <= LARGEST
        ):
            self._parts.append(self._view[offset + header : offset + length])
        else:
            self.flush()
            self._key, self._options, self._tcp, self._gap = whole, options, tcp, data
            self._head, self._total, self._sums = offset, header, 0
            self._parts = [PLAIN, self._view[offset : offset + length]]
        self._next = (seq + data) & 0xFFFFFFFF
        self._sums += own + seq + length - tcp
        self._total += data
        if data < self._gap or data & 1 or middle & PUSH:
            self._tail = middle & PUSH
            self.flush()
        return True

    def flush(self) -> None:
        """Write what is there."""
        parts = self._parts
        if not parts:
            return
        if len(parts) > 2:
            parts[0] = self._finish(len(parts) - 1)
        self._put(parts)
        self._parts, self._tail = [], 0

    def _put(self, parts: list[memoryview | bytes]) -> None:
        try:
            os.writev(self._file, parts)
        except OSError:
            self.lost += 1

    def _finish(self, count: int) -> bytes:
        """Make the first packet's header that of all; return virtio's."""
        buffer, head, tcp = self._buffer, self._head, self._tcp
        header, size = head + tcp, self._total - tcp
        first, six = int.from_bytes(buffer[header + 4 : header + 8], "big"), tcp == V6_TCP
        # All parts are equal but for sequence number, length, checksum and the last one's PSH. With S the sum of what
        # is equal, a part's data sums to -(S + seq + length + own sum); the whole's checksum makes all of it 0.
        equal = self._equal(six)
        total = (self._sums + (count - 1) * equal - first - size) % ONES
        buffer[header + 16 : header + 18] = total.to_bytes(2, "big")
        if self._tail:
            buffer[header + 13] |= 0x08
        if six:
            buffer[head + 4 : head + 6] = size.to_bytes(2, "big")
        else:
            old = int.from_bytes(buffer[head + 2 : head + 4], "big")
            sum_now = (int.from_bytes(buffer[head + 10 : head + 12], "big") + old - self._total) % ONES
            buffer[head + 2 : head + 4] = self._total.to_bytes(2, "big")
            buffer[head + 10 : head + 12] = sum_now.to_bytes(2, "big")
        own = tcp + 4 * (buffer[header + 12] >> 4)
        return GSO.pack(0, GSO_TCP6 if six else GSO_TCP4, own, self._gap, 0, 0)

    def _equal(self, six: bool) -> int:
        """Return the sum of what the parts have in common: pseudo-header without length, header without its varying."""
        buffer, head, header = self._buffer, self._head, self._head + self._tcp
        ends = buffer[head + 8 : head + 40] if six else buffer[head + 12 : head + 20]
        fixed = buffer[header : header + 4] + buffer[header + 8 : header + 16] + buffer[header + 18 : header + 20]
        return (int.from_bytes(ends + fixed + self._options, "big") + TCP) % ONES


assert GSO.size == VNET
