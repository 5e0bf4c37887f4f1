"""Neighbouring TCP segments of a train go into the TUN device as one (virtio's GSO), which the kernel takes at once.

What is joined is what Linux' own receive offload joins: the same flow, acknowledgement, window and options, one segment
following on the other, nothing but ACK and PSH. Unlike there a PSH ends no row; the whole has it if a part has. The
checksum of the whole is the true one, had from those of the parts by arithmetic alone: a part that was wrong makes the
whole wrong, and the kernel drops it as it would have dropped that.
"""

from __future__ import annotations

import os
import sys
from struct import Struct
from typing import Final

from ikecli.dataplane.userspace.columns import MOST, Columns, agreeing, counting
from ikecli.dataplane.userspace.tun import HEADER as VNET
from ikecli.dataplane.userspace.tun import PLAIN

LARGEST: Final = 62_000
"""Octets of the longest packet that is put together."""
GSO: Final = Struct("=BBHHHH")
GSO_TCP: Final = {4: 1, 6: 4}
ONES: Final = 0xFFFF
TCP: Final = 6
PUSH, ACK_ONLY = 0x08, 0x10
FLAGS: Final = bytes((ACK_ONLY, ACK_ONLY | PUSH))
SEQUENCES: Final = 1 << 32
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
ALIKE: Final = {
    (version, words): (
        (0, *range(12 if version == 4 else 4, tcp + 4, 4), tcp + 8, *range(tcp + 20, tcp + 4 * words, 4)),
        (*((6, 8) if version == 4 else ()), tcp + 14, tcp + 18),
    )
    for (version, words), tcp in ((shape, TCP_AT[shape[0]]) for shape in SHAPES)
}
"""Where what the parts have in common lies, by shape: words, and halves of words. Besides there is the octet that tells
how long the TCP header is, and the flags."""
IN_ORDER: Final = 256 if sys.byteorder == "little" else 1
"""What makes a sum of halves in the machine's order one in the network's (RFC 1071 2)."""
LONGEST_TAIL: Final = 5
"""Octets of the longest ESP trailer that was padded for alignment alone, of an AEAD."""
ROWS: Final = 64
"""Kinds of rows whose views are kept."""

Seen = tuple[bytes, bytes, bytes, int, bytes, int, bytes]


class Row:
    """TCP segments that follow on each other: what they have in common, and what each added."""

    __slots__ = (
        "data", "ends", "first", "head", "header", "middle", "next", "options", "parts", "pushes", "rest", "room",
        "sums", "version",
    )  # fmt: skip

    def __init__(self, head: int, version: int, header: int, data: int, seen: Seen) -> None:
        self.head, self.version, self.header, self.data = head, version, header, data
        self.first, self.rest, self.ends, sequence, self.middle, own, self.options = seen
        self.next = (sequence + data) % SEQUENCES
        self.sums = own + sequence
        self.pushes = _pushes(self.middle)
        self.room = (LARGEST - header) // data - 1
        self.parts: list[memoryview | bytes] = [PLAIN]


class Coalescer:
    """Takes packets out of one buffer, in order, and writes them to the device; `row` is what more may join."""

    __slots__ = ("_buffer", "_columns", "_datas", "_file", "_view", "lost", "row")

    def __init__(self, file: int, buffer: bytearray) -> None:
        self._file, self._buffer, self._view = file, buffer, memoryview(buffer)
        self._columns = Columns(buffer)
        self._datas: dict[tuple[int, int, int, int], list[memoryview]] = {}
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
                row.next = (row.next + data) % SEQUENCES
                row.sums += seen[3] + seen[5]
                row.pushes += _pushes(seen[4])
                row.room -= 1
            else:
                self.flush()
                self.row = row = Row(offset, version, header, data, seen)
                row.parts.append(self._view[offset : offset + length])
            if data < row.data or data & 1 or row.room <= 0:
                self._write(row, data)
                self.row = None
            return
        self.flush()
        self._put([PLAIN, self._view[offset : offset + length]])

    def join(self, at: int, count: int, step: int, tail: int) -> int:
        """Have packets join that follow on the row's last in every way; return how many did.

        The first of `count` lies at `at`, one `step` behind the last that the row took, as the others behind each
        other. The `tail` octets behind each packet must be alike, too.
        """
        row = self.row
        if row is None or tail > LONGEST_TAIL or row.room <= 0:
            return 0
        following = self._following(row, at - step, min(count, row.room) + 1, step, tail) - 1
        if following:
            tcp = at + TCP_AT[row.version]
            own = sum(self._columns.half(tcp + 16, step, following)) * IN_ORDER
            row.sums += own + following * row.next + row.data * (following * (following - 1) // 2)
            row.pushes += self._columns.octet(tcp + 13, step, following).tobytes().count(FLAGS[1])
            row.next = (row.next + following * row.data) % SEQUENCES
            row.room -= following
            first = at // step
            row.parts += self._data(at % step, step, row)[first : first + following]
        return following

    def _following(self, row: Row, at: int, count: int, step: int, tail: int) -> int:
        """Return how many packets from `at` on are one row: at least one."""
        columns, tcp = self._columns, TCP_AT[row.version]
        before = row.next - row.data
        if before < 0 or before + count * row.data > SEQUENCES:
            return 1
        count = agreeing(columns.word(at + tcp + 4, step, count), counting(before, row.data, count))
        flags = columns.octet(at + tcp + 13, step, count).tobytes()
        count -= len(flags.lstrip(FLAGS))
        words, halves = ALIKE[row.version, (row.header - tcp) // 4]
        last = row.header + row.data
        octets = (tcp + 12, *range(last, last + tail))
        for column, places in ((columns.word, words), (columns.half, halves), (columns.octet, octets)):
            for place in places:
                one = column(at + place, step, count)
                count = 1 + agreeing(one[1:], one[:-1])
        return count

    def _data(self, start: int, step: int, row: Row) -> list[memoryview]:
        """Return the data of all packets that could lie a step from each other."""
        key = (start, step, row.header, row.data)
        found = self._datas.get(key)
        if found is None:
            if len(self._datas) >= ROWS:
                self._datas.clear()
            first, size = start + row.header, row.data
            places = range(first, len(self._buffer) - size, step)[:MOST]
            found = self._datas[key] = [self._view[place : place + size] for place in places]
        return found

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
        # All parts are equal but for sequence number, length, checksum and PSH. With S the sum of what is equal, a
        # part's data sums to -(S + seq + length + own sum + PSH); the whole's checksum makes all of it 0.
        push = PUSH if row.pushes else 0
        sums = row.sums + count * own + data + row.pushes * PUSH
        total = (sums + (count - 1) * self._equal(row) - sequence - own - data - push) % ONES
        buffer[header + 16 : header + 18] = total.to_bytes(2, "big")
        buffer[header + 13] |= push
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
        return (int.from_bytes(row.ends + row.middle + row.options, "big") + TCP - (row.middle[PUSH_AT] & PUSH)) % ONES


def _pushes(middle: bytes) -> int:
    return (middle[PUSH_AT] & PUSH) // PUSH


assert GSO.size == VNET
