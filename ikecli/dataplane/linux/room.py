"""How long a packet may be so that its ESP fits the way to the peer."""

from __future__ import annotations

from typing import Final

from ikecli.boundary.effects import Install

ESP_HEADER: Final = 8
TRAILER: Final = 2
UDP_HEADER: Final = 8
IP_HEADER: Final = {4: 20, 6: 40}
LEAST_MTU: Final = 576


def inner_limit(sa: Install, mtu: int) -> int:
    """Return the longest packet whose ESP is no longer than `mtu` octets (RFC 4303 2.4)."""
    block = max(4, 1 if sa.integrity is None else sa.encryption.iv)
    icv = sa.encryption.icv if sa.integrity is None else sa.integrity.icv
    outside = IP_HEADER[sa.remote.address.version] + (UDP_HEADER if sa.encapsulated else 0)
    room = max(mtu, LEAST_MTU) - outside - ESP_HEADER - sa.encryption.iv - icv
    return room // block * block - TRAILER + (IP_HEADER[sa.remote.address.version] if sa.transport else 0)
