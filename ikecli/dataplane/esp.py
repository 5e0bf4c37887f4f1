"""What all planes know of an ESP SA alike: how long a packet may be to fit, where it goes, what was received."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ikecli.boundary.effects import Install, Update
from ikecli.dataplane.packet import IP_HEADERS

ESP_HEADER: Final = 8
TRAILER: Final = 2
UDP_HEADER: Final = 8
PATH_SECONDS: Final = 300.0
"""How long a shorter path is believed in where nothing is said: no less (RFC 8201 5.3)."""
LEAST_MTU: Final = 576
"""Octets of a packet that every way is taken to have room for."""


def inner_room(sa: Install, space: int) -> int:
    """Return the longest packet whose ESP, with all that is outside, has no more than `space` octets (RFC 4303 2.4)."""
    header = IP_HEADERS[sa.remote.address.version]
    block = max(4, 1 if sa.integrity is None else sa.encryption.iv)
    icv = sa.encryption.icv if sa.integrity is None else sa.integrity.icv
    room = space - header - (UDP_HEADER if sa.encapsulated else 0) - ESP_HEADER - sa.encryption.iv - icv
    return max(0, room // block * block - TRAILER + (header if sa.transport else 0))


def inner_limit(sa: Install, mtu: int) -> int:
    """Return the longest packet that fits a way of `mtu` octets in one piece; none is taken for too short."""
    return inner_room(sa, max(mtu, LEAST_MTU))


def moved(sa: Install, update: Update) -> Install:
    """Return an SA with other endpoints."""
    return replace(sa, local=update.local, remote=update.remote, encapsulated=update.encapsulated)


def seen_octets(bitmap: int) -> bytes:
    """Return the bitmap of a replay window as an SA's state has it."""
    return bitmap.to_bytes((bitmap.bit_length() + 7) // 8, "big")
