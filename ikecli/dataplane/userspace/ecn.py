"""Congestion that the outer header tells of goes into the inner one (RFC 6040 4.2)."""

from __future__ import annotations

from typing import Final

from ikecli.dataplane.packet import CONGESTED

ONES: Final = 0xFFFF


def marked(packet: bytearray, at: int) -> bool:
    """Mark the packet at `at` as having met congestion; return False for one that cannot be, which is to be dropped."""
    if packet[at] >> 4 == 6:
        if not packet[at + 1] >> 4 & CONGESTED:
            return False
        packet[at + 1] |= CONGESTED << 4
        return True
    old = packet[at + 1]
    if not old & CONGESTED:
        return False
    packet[at + 1] = old | CONGESTED
    total = (int.from_bytes(packet[at + 10 : at + 12], "big") + old - packet[at + 1]) % ONES
    packet[at + 10 : at + 12] = total.to_bytes(2, "big")
    return True
