"""What a packet's source is told when the packet does not fit (RFC 792, RFC 1191 4, RFC 4443 3.2)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Final

from ikecli.dataplane.icmp_errors import TOO_BIG, about
from ikecli.dataplane.packet import ICMP, ICMPV6

LEAST_V6: Final = 1280


def too_big(packet: bytes, mtu: int) -> bytes | None:
    """Return the message to the source, or None for none.

    It comes from where the packet goes: the machine takes nothing from a device whose source is its own address.
    No error answers an ICMP error, a later fragment, or a packet to or from many (RFC 1122 3.2.2, RFC 4443 2.4).
    """
    if packet[0] >> 4 == 4:
        header = 4 * (packet[0] & 15)
        if packet[9] == ICMP and packet[header : header + 1] not in (b"\x08", b"\x00", b"\x0d", b"\x0e"):
            return None
        if int.from_bytes(packet[6:8], "big") & 0x1FFF:
            return None
        source, ours = IPv4Address(packet[12:16]), IPv4Address(packet[16:20])
        if source.is_multicast or source.is_unspecified or ours.is_multicast:
            return None
        return about(packet, source, TOO_BIG[4], mtu, ours).write()
    if packet[6] == ICMPV6 and packet[40] < 128:
        return None
    source6, ours6 = IPv6Address(packet[8:24]), IPv6Address(packet[24:40])
    if source6.is_multicast or source6.is_unspecified or ours6.is_multicast:
        return None
    return about(packet, source6, TOO_BIG[6], max(mtu, LEAST_V6), ours6).write()
