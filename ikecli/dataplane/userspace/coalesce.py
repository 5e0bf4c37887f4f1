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
GSO_TCP: Final = {4: 1, 6: 4}
ONES: Final = 0xFFFF
TCP: Final = 6
PUSH, ACK_ONLY = 0x08, 0x10
TCP_AT: Final = {4: 20, 6: 40}
FIELDS: Final = {4: "!4s2x4s2x12sI8sH", 6: "!4s4s36sI8sH"}
"""Of an IP and a TCP header: version to length, fragment to protocol (IPv6: length to hops), ends and ports, sequence
number, acknowledgement to window, checksum; what follows is the urgent pointer and the options."""
SHAPES: Final = {
    (version, words): Struct(FIELDS[version] + f"{4 * words - 18}s") for version in FIELDS for words in (5, 8)
}
"""By IP version and length of the TCP header: without options, and with twelve octets of them (time stamps)."""
PUSH_AT: Final = 5
"""Where in the octets from acknowledgement to window the flags are."""

Seen = tuple[bytes, bytes, bytes, int, bytes, int, bytes]


class Row:
    """TCP segments that follow on each other: what they have in common, and what each added."""

    __slots__ = (
        "data", "ends", "first", "head", "header", "middle", "next", "options", "parts", "rest", "room", "shape",
        "sums", "tail", "version",
    )  # fmt: skip

    def __init__(self, head: int, version: int, header: int, data: int, seen: Seen) -> None:
        self.head, self.version, self.header, self.data = head, version, header, data
        self.first, self.rest, self.ends, sequence, self.middle, own, self.options = seen
        self.shape = SHAPES[version, (header - TCP_AT[version]) // 4]
        self.next = (sequence + data) & 0xFFFFFFFF
        self.sums = own + sequence
        self.room = (LARGEST - header) // data - 1
        self.tail = 0
        self.parts: list[memoryview | bytes] = [PLAIN]


class Coalescer:
    """Takes packets out of one buffer, in order, and writes them to the device; `row` is what more may join."""

    __slots__ = ("_buffer", "_file", "_view", "lost", "row")

    def __init__(self, file: int, buffer: bytearray) -> None:
        self._file, self._buffer, self._view = file, buffer, memoryview(buffer)
        self.row: Row | None = None
        self.lost = 0

    def take(self, offset: int, length: int) -> None:
        """Take a packet: it joins the row, or the row is written and the packet begins another, or goes alone."""
        found = self._read(offset, length)
        if found is not None:
            version, header, seen = found
            row, data = self.row, length - header
            if row is not None and self._fits(row, version, data, seen):
                row.parts.append(self._view[offset + header : offset + length])
                row.next = (row.next + data) & 0xFFFFFFFF
                row.sums += seen[3] + seen[5]
                row.room -= 1
            else:
                self.flush()
                self.row = row = Row(offset, version, header, data, seen)
                row.parts.append(self._view[offset : offset + length])
            row.tail = seen[4][PUSH_AT] & PUSH
            if data < row.data or data & 1 or row.tail or row.room <= 0:
                self._write(row, data)
                self.row = None
            return
        self.flush()
        self._put([PLAIN, self._view[offset : offset + length]])

    def flush(self) -> None:
        """Write what is there."""
        if self.row is not None:
            self._write(self.row, self.row.data)
            self.row = None

    def _read(self, offset: int, length: int) -> tuple[int, int, Seen] | None:
        """Return version, length of the headers and fields of a TCP segment with data that may join others."""
        buffer = self._buffer
        version = buffer[offset] >> 4
        if version == 4:
            plain = buffer[offset] == 0x45 and buffer[offset + 9] == TCP
            plain = plain and not buffer[offset + 6] & 0xBF and not buffer[offset + 7]
        else:
            plain = buffer[offset + 6] == TCP
        tcp = TCP_AT[version]
        if not plain or length <= tcp + 20:
            return None
        words, flags = buffer[offset + tcp + 12] >> 4, buffer[offset + tcp + 13]
        shape, header = SHAPES.get((version, words)), tcp + 4 * words
        if shape is None or flags & ~PUSH != ACK_ONLY or length <= header:
            return None
        return version, header, shape.unpack_from(buffer, offset)

    @staticmethod
    def _fits(row: Row, version: int, data: int, seen: Seen) -> bool:
        """Tell whether a segment goes on where a row ends; it may be shorter, and push."""
        first, rest, ends, sequence, middle, _, options = seen
        if sequence != row.next or data > row.data or version != row.version or ends != row.ends:
            return False
        lengths = (first[:2], rest) if version == 4 else (first, rest[2:])
        alike = (row.first[:2], row.rest) if version == 4 else (row.first, row.rest[2:])
        flags = middle[PUSH_AT] & ~PUSH == row.middle[PUSH_AT]
        around = middle[:PUSH_AT] == row.middle[:PUSH_AT] and middle[PUSH_AT + 1 :] == row.middle[PUSH_AT + 1 :]
        return lengths == alike and flags and around and options == row.options

    def _put(self, parts: list[memoryview | bytes]) -> None:
        try:
            os.writev(self._file, parts)
        except OSError:
            self.lost += 1

    def _write(self, row: Row, last: int) -> None:
        """Write a row, its last part with `last` octets of data."""
        count = len(row.parts) - 1
        if count > 1:
            row.parts[0] = self._finish(row, count, (count - 1) * row.data + last)
        self._put(row.parts)

    def _finish(self, row: Row, count: int, data: int) -> bytes:
        """Make the first packet's header that of all; return virtio's."""
        buffer, head, version = self._buffer, row.head, row.version
        tcp = TCP_AT[version]
        own, header = row.header - tcp, head + tcp
        sequence = int.from_bytes(buffer[header + 4 : header + 8], "big")
        # All parts are equal but for sequence number, length, checksum and the last one's PSH. With S the sum of what
        # is equal, a part's data sums to -(S + seq + length + own sum); the whole's checksum makes all of it 0.
        sums = row.sums + count * own + data
        total = (sums + (count - 1) * self._equal(row) - sequence - own - data) % ONES
        buffer[header + 16 : header + 18] = total.to_bytes(2, "big")
        buffer[header + 13] |= row.tail
        if version == 6:
            buffer[head + 4 : head + 6] = (own + data).to_bytes(2, "big")
        else:
            old, new = int.from_bytes(buffer[head + 2 : head + 4], "big"), row.header + data
            now = (int.from_bytes(buffer[head + 10 : head + 12], "big") + old - new) % ONES
            buffer[head + 2 : head + 4] = new.to_bytes(2, "big")
            buffer[head + 10 : head + 12] = now.to_bytes(2, "big")
        return GSO.pack(0, GSO_TCP[version], row.header, row.data, 0, 0)

    @staticmethod
    def _equal(row: Row) -> int:
        """Return the sum of what the parts have in common: addresses, protocol, ports, acknowledgement to options."""
        return (int.from_bytes(row.ends + row.middle + row.options, "big") + TCP) % ONES


assert GSO.size == VNET
