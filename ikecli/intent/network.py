"""The appliance's place in the network: interfaces and routes."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from typing import Final

Address = IPv4Address | IPv6Address
Prefix = IPv4Network | IPv6Network

DEFAULT_MTU: Final = 1500


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface of the configuration; `nameif` is its ASA name, or empty."""

    name: str
    addresses: tuple[IPv4Interface | IPv6Interface, ...] = ()
    shutdown: bool = False
    mtu: int = DEFAULT_MTU
    nameif: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """A static route: through a gateway, or out of an interface, or both.

    One that is `learned` is not configured but there because of an SA.
    """

    prefix: Prefix
    gateway: Address | None = None
    interface: str = ""
    distance: int = 1
    learned: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """All interfaces and static routes, in the order of the configuration."""

    interfaces: tuple[Interface, ...] = ()
    routes: tuple[Route, ...] = ()
