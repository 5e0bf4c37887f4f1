"""The largest segment that the ends of a TCP connection are told of, made no larger than fits (`ip tcp adjust-mss`)."""

from __future__ import annotations

from typing import Final

from ikecli.dataplane.packet import TCP

LONGEST_SYN: Final = 120
"""Octets of the longest SYN without data: IPv4 and TCP headers, all their options."""
SYN: Final = 0x02
END, NOTHING, SEGMENT_SIZE = 0, 1, 2
ONES: Final = 0xFFFF


def clamp(packet: bytearray, at: int, size: int, most: tuple[int, int]) -> None:
    """Lessen the largest segment in a SYN at `at`, to `most` over IPv4 and over IPv6 (0: as it is) (RFC 9293 3.7.1)."""
    version = packet[at] >> 4
    limit = most[version == 6]
    tcp = at + (4 * (packet[at] & 15) if version == 4 else 40)
    if not limit or size < tcp - at + 20 or packet[at + (9 if version == 4 else 6)] != TCP:
        return
    if version == 4 and (packet[at + 6] & 0x1F or packet[at + 7]):
        return
    end = min(tcp + 4 * (packet[tcp + 12] >> 4), at + size)
    option = tcp + 20
    while packet[tcp + 13] & SYN and option + 3 < end and packet[option] != END:
        if packet[option] == NOTHING:
            option += 1
        elif packet[option] == SEGMENT_SIZE:
            _set(packet, tcp, option + 2, limit)
            return
        else:
            option += max(packet[option + 1], 2)


def _set(packet: bytearray, tcp: int, place: int, limit: int) -> None:
    old, new = bytes(packet[place : place + 2]), limit.to_bytes(2, "big")
    if old <= new:
        return
    packet[place : place + 2] = new
    if (place - tcp) & 1:
        old, new = old[::-1], new[::-1]
    total = int.from_bytes(packet[tcp + 16 : tcp + 18], "big")
    total = (total + int.from_bytes(old, "big") - int.from_bytes(new, "big")) % ONES
    packet[tcp + 16 : tcp + 18] = total.to_bytes(2, "big")
