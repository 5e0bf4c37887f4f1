"""ESP packets from a raw socket: which are a row."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address
from typing import Any

import pytest

from ikecli.dataplane.userspace.columns import MOST, Columns
from ikecli.dataplane.userspace.ports import IPV6_TCLASS
from ikecli.dataplane.userspace.raw import JUMBO, STRIDE, Reader

ONE, OTHER = "192.0.2.1", "192.0.2.9"
Packet = tuple[str, int, int]
"""Source, class, octets of ESP."""


class Raw:
    """A socket that has packets, of either version of IP."""

    def __init__(self, packets: list[Packet]) -> None:
        self.left = list(packets)

    def recv_into(self, view: memoryview, _size: int, flags: int) -> int:
        assert flags == socket.MSG_TRUNC
        if not self.left:
            raise BlockingIOError
        source, kind, size = self.left.pop(0)
        head = bytes((0x45, kind)) + (20 + size).to_bytes(2, "big") + bytes(8) + IPv4Address(source).packed + bytes(4)
        whole = (head + bytes(size))[: len(view)]
        view[: len(whole)] = whole
        return 20 + size

    def recvmsg_into(self, views: Any, _ancillary: int) -> tuple[int, list[Any], int, tuple[str, int, int, int]]:
        if not self.left:
            raise BlockingIOError
        source, kind, size = self.left.pop(0)
        cut = socket.MSG_TRUNC if size > len(views[0]) else 0
        extra = [(socket.IPPROTO_IPV6, IPV6_TCLASS, kind.to_bytes(4, "little"))]
        return min(size, len(views[0])), extra, cut, (f"2001:db8::{source[-1]}", 0, 0, 0)


def rows(packets: list[Packet], version: int) -> tuple[list[tuple[int, int, int, int, str]], bool]:
    """Return the rows: number of the first, of packets, octets of each, class and source; and whether there is more."""
    buffer = bytearray(MOST * JUMBO)
    found, more = Reader(buffer, Columns(buffer)).read(Raw(packets), version)  # type: ignore[arg-type]
    start = 20 if version == 4 else 0
    return [
        ((at - start) // STRIDE, (end - length - at) // STRIDE + 1, length, kind, source[-1])
        for at, end, length, kind, source in found
    ], more


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(
    ("packets", "wanted"),
    [
        ([], []),
        ([(ONE, 0, 100)] * 5, [(0, 5, 100, 0, "1")]),
        ([(ONE, 0, 100)] * 2 + [(ONE, 0, 104)], [(0, 2, 100, 0, "1"), (2, 1, 104, 0, "1")]),
        ([(ONE, 0, 100)] * 2 + [(ONE, 3, 100)] * 2, [(0, 2, 100, 0, "1"), (2, 2, 100, 3, "1")]),
        ([(ONE, 0, 100), (OTHER, 0, 100)], [(0, 1, 100, 0, "1"), (1, 1, 100, 0, "9")]),
        ([(ONE, 0, 100), (ONE, 0, 3000), (ONE, 0, 100)], [(0, 1, 100, 0, "1"), (2, 1, 100, 0, "1")]),
        ([(ONE, 0, 3000)] * 2, []),
    ],
    ids=["none", "alike", "lengths", "classes", "sources", "one too long", "all too long"],
)  # fmt: skip
def test_packets_alike_behind_each_other_are_a_row(version: int, packets: list[Packet], wanted: Any) -> None:
    assert rows(packets, version) == (wanted, False)


@pytest.mark.parametrize("version", [4, 6])
def test_a_packet_that_is_too_long_makes_the_places_wider(version: int) -> None:
    buffer = bytearray(MOST * JUMBO)
    reader = Reader(buffer, Columns(buffer))
    for wanted in (4096, 8192, JUMBO, JUMBO):
        assert reader.read(Raw([(ONE, 0, 20_000)]), version) == ([], False)  # type: ignore[arg-type]
        assert reader.stride == wanted
    [row], _ = reader.read(Raw([(ONE, 0, 12_000)]), version)  # type: ignore[arg-type]
    assert row[2] == 12_000


@pytest.mark.parametrize("version", [4, 6])
def test_a_socket_that_has_more_says_so(version: int) -> None:
    assert rows([(ONE, 0, 100)] * (MOST + 1), version) == ([(0, MOST, 100, 0, "1")], True)
