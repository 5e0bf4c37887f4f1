"""A router's static routes and translated addresses."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Interface


@dataclass(frozen=True, slots=True)
class NatOverload:
    """`ip nat inside source list ... overload`."""

    interface: str


@dataclass(frozen=True, slots=True)
class NatStatic:
    """`ip nat inside source static` of a port."""

    local: IPv4Address
    local_port: int


NatKey = tuple[str, str | None, IPv4Address | None, int]


@dataclass(frozen=True, slots=True)
class StaticRoute:
    """What a static route has besides its key (network, mask, interface, gateway)."""

    distance: int | None = None
    label: str | None = None
    tag: int | None = None
    track: int | None = None
    permanent: str | None = None


@dataclass(frozen=True, slots=True)
class VrfRoute:
    """What a static route of a VRF has besides its key; with `in_global` its gateway is in the global table."""

    in_global: bool = False
    distance: int | None = None
    label: str | None = None
    tag: int | None = None
    track: int | None = None
    permanent: str | None = None


RouteKey = tuple[IPv4Address, IPv4Address, str | None, IPv4Address | None]
VrfRouteKey = tuple[str, IPv4Address, IPv4Address, str | None, IPv4Address | None]
Route6Key = tuple[IPv6Interface, str | None, IPv6Address | None]
VrfRoute6Key = tuple[str, IPv6Interface, str | None, IPv6Address | None]
