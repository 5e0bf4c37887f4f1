"""DHCP servers for inner addresses: which address of ours they answer."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Interface
from typing import Final

TIMEOUT: Final = 4
"""Seconds that each server is given where nothing is said."""
MAX_SERVERS: Final = 10


def towards(own: Iterable[IPv4Interface], servers: Iterable[IPv4Address]) -> IPv4Address | None:
    """Return our address in the network that one of some servers is in."""
    held = list(own)
    return next((one.ip for server in servers for one in held if server in one.network), None)
