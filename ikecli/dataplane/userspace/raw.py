"""ESP packets from a raw socket: they come one a call, and those alike behind each other are a row, like a train."""

from __future__ import annotations

import contextlib
import socket
from functools import lru_cache
from ipaddress import IPv4Address
from typing import Final

from ikecli.dataplane.userspace.columns import MOST, Columns, agreeing
from ikecli.dataplane.userspace.ports import IPV6_TCLASS

STRIDE: Final = 2_048
"""Octets kept for one packet, until a longer one comes."""
JUMBO: Final = 16_384
ANCILLARY: Final = 128

Row = tuple[int, int, int, int, str]
"""Where the first packet's ESP begins and the last one's ends, each one's length, the class outside, and the source."""


class Reader:
    """Reads packets into places of a buffer, one `stride` from each other.

    A packet that is longer than that is lost, and has the places be wider.
    """

    def __init__(self, buffer: bytearray, columns: Columns) -> None:
        self.stride = STRIDE
        self._buffer, self._view, self._columns = buffer, memoryview(buffer), columns
        self._places: tuple[int, list[memoryview]] = 0, []

    def read(self, one: socket.socket, version: int) -> tuple[list[Row], bool]:
        """Return what came, and whether there may be more."""
        stride = self.stride
        if self._places[0] != stride:
            self._places = stride, [self._view[at * stride : (at + 1) * stride] for at in range(MOST)]
        rows, count = (self._with_header if version == 4 else self._without)(one, *self._places)
        return rows, count == MOST

    def _with_header(self, one: socket.socket, stride: int, places: list[memoryview]) -> tuple[list[Row], int]:
        """Read over IPv4: the packets' headers come along."""
        take, sizes = one.recv_into, list[int]()
        with contextlib.suppress(OSError):
            for place in places:
                sizes.append(take(place, 0, socket.MSG_TRUNC))
        count = len(sizes)
        if count and self._alike(stride, count) and sizes[0] <= stride:
            kind, source, start = self._header(0)
            return [(start, (count - 1) * stride + sizes[0], sizes[0] - start, kind, source)], count
        return self._rows([(*self._header(number * stride), size) for number, size in enumerate(sizes)]), count

    def _alike(self, stride: int, count: int) -> bool:
        """Tell whether all packets have the same length, class and source."""
        columns = [self._columns.word(at, stride, count) for at in (0, 12)]
        return all(agreeing(column[1:], column[:-1]) == count - 1 for column in columns)

    def _header(self, at: int) -> tuple[int, str, int]:
        """Return class and source of an IPv4 packet, and how long its header is."""
        buffer = self._buffer
        return buffer[at + 1], _text(bytes(buffer[at + 12 : at + 16])), 4 * (buffer[at] & 15)

    def _without(self, one: socket.socket, stride: int, places: list[memoryview]) -> tuple[list[Row], int]:
        """Read over IPv6: no header comes along, and the class beside the packet."""
        seen: list[tuple[int, str, int, int]] = []
        with contextlib.suppress(OSError):
            for place in places:
                size, extra, flags, source = one.recvmsg_into((place,), ANCILLARY)
                kind = next((data[0] for _, name, data in extra if name == IPV6_TCLASS), 0)
                seen.append((kind, source[0], 0, stride + 1 if flags & socket.MSG_TRUNC else size))
        return self._rows(seen), len(seen)

    def _rows(self, seen: list[tuple[int, str, int, int]]) -> list[Row]:
        """Return the rows of packets by class, source, place of ESP and size."""
        rows: list[Row] = []
        before: tuple[int, str, int, int] | None = None
        for number, one in enumerate(seen):
            kind, source, start, size = one
            if size > self._places[0]:
                self.stride, before = min(2 * self._places[0], JUMBO), None
                continue
            at = number * self._places[0]
            if one == before:
                rows[-1] = rows[-1][0], at + size, size - start, kind, source
            else:
                rows.append((at + start, at + size, size - start, kind, source))
            before = one
        return rows


@lru_cache(4096)
def _text(octets: bytes) -> str:
    return str(IPv4Address(octets))
