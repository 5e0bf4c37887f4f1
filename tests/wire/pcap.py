"""A reader of capture files, as much of pcap and pcapng as the samples need, and of what lies in their frames."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

CAPTURES = Path(__file__).parent / "captures"
NON_ESP_MARKER = bytes(4)
NULL, ETHERNET, LINUX_SLL = 0, 1, 113
SECTION, INTERFACE, PACKET = 0x0A0D0D0A, 1, 6


def frames(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield link type and octets of each frame."""
    octets = path.read_bytes()
    yield from _pcapng(octets) if octets[:4] == struct.pack("<I", SECTION) else _pcap(octets)


def _pcap(octets: bytes) -> Iterator[tuple[int, bytes]]:
    order = "<" if octets[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    (link,) = struct.unpack_from(order + "I", octets, 20)
    at = 24
    while at + 16 <= len(octets):
        (size,) = struct.unpack_from(order + "I", octets, at + 8)
        yield link & 0xFFFF, octets[at + 16 : at + 16 + size]
        at += 16 + size


def _pcapng(octets: bytes) -> Iterator[tuple[int, bytes]]:
    link = at = 0
    while at + 12 <= len(octets):
        kind, length = struct.unpack_from("<II", octets, at)
        if kind == INTERFACE:
            (link,) = struct.unpack_from("<H", octets, at + 8)
        if kind == PACKET:
            (size,) = struct.unpack_from("<I", octets, at + 20)
            yield link, octets[at + 28 : at + 28 + size]
        at += length


def udp(link: int, frame: bytes) -> tuple[int, int, bytes] | None:
    """Return source port, destination port and octets of the datagram in a frame, or None."""
    packet = frame[{NULL: 4, ETHERNET: 14, LINUX_SLL: 16}.get(link, 0) :]
    if len(packet) < 28 or packet[0] >> 4 != 4 or packet[9] != 17:
        return None
    at = (packet[0] & 15) * 4
    source, destination = struct.unpack_from("!HH", packet, at)
    return source, destination, packet[at + 8 :]


def ike_datagrams(path: Path) -> list[bytes]:
    """Return the IKE messages of a capture, without the non-ESP marker that port 4500 has."""
    found = []
    for datagram in (udp(link, frame) for link, frame in frames(path)):
        if datagram is None:
            continue
        *ports, octets = datagram
        if 500 in ports:
            found.append(octets)
        elif 4500 in ports and octets.startswith(NON_ESP_MARKER):
            found.append(octets[4:])
    return found
