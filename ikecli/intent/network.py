"""The appliance's place in the network: interfaces, tunnels, routing tables and routes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from typing import Final

from ikecli.numbers.conventions import GRE_HOPS
from ikecli.value import value

Address = IPv4Address | IPv6Address
Prefix = IPv4Network | IPv6Network

DEFAULT_MTU: Final = 1500


class Carrier(Enum):
    """What a tunnel puts packets into: GRE (RFC 2784, 2890), or ESP by itself."""

    GRE = "gre"
    IPSEC = "ipsec"


@value
class Tunnel:
    """What makes an interface a tunnel.

    Between `source` and `destination` (None: not known yet, so it is down), which are in the routing table `vrf`.
    `source_interface` is the interface that lent its address. `key` is GRE's. `protection` is the label of the
    Connection that protects it, or empty, `profile` that connection's name in the configuration. `versions` are those
    of the packets that it takes. GRE's own packets go at most so many `hops`, and have always this type of `service` or
    (None) that of the packet inside.
    """

    carrier: Carrier
    source: Address | None = None
    destination: Address | None = None
    source_interface: str = ""
    vrf: str = ""
    key: int | None = None
    protection: str = ""
    profile: str = ""
    versions: tuple[int, ...] = (4, 6)
    hops: int = GRE_HOPS
    service: int | None = None


@value
class Interface:
    """An interface of the configuration; `nameif` is its ASA name, or empty.

    It lies in the routing table `vrf` (empty: the global one). One that is `unnumbered` has the addresses of another
    interface, and no network of its own. A `template` is no interface but what virtual-access interfaces are made of.
    TCP connections through it are to have no larger `segments` than these, over IPv4 and over IPv6 (0: as they are).
    The IPv4 address of one that is `dynamic` is what its device was found to have.
    """

    name: str
    addresses: tuple[IPv4Interface | IPv6Interface, ...] = ()
    shutdown: bool = False
    mtu: int = DEFAULT_MTU
    nameif: str = ""
    description: str = ""
    vrf: str = ""
    tunnel: Tunnel | None = None
    unnumbered: str = ""
    template: bool = False
    segments: tuple[int, int] = (0, 0)
    dynamic: bool = False


@value
class Route:
    """A static route of the routing table `vrf`: through a gateway, or out of an interface, or both.

    With `in_global` its gateway is looked for in the global table. One that is `learned` is not configured but there
    because of an SA; the gateway of one that has an interface, too, is the peer that it leads to. A `tag` marks it for
    those that look at it (0: none). It is there while the tracked object `track` is up (0: always).
    """

    prefix: Prefix
    gateway: Address | None = None
    interface: str = ""
    distance: int = 1
    vrf: str = ""
    in_global: bool = False
    learned: bool = False
    tag: int = 0
    track: int = 0


@dataclass(frozen=True, slots=True)
class Vrf:
    """A routing table beside the global one; `distinguisher` is its route distinguisher, or empty.

    `versions` are the IP versions that it is for.
    """

    name: str
    distinguisher: str = ""
    versions: tuple[int, ...] = (4,)


@dataclass(frozen=True, slots=True)
class Network:
    """All interfaces, static routes and further routing tables, in the order of the configuration.

    Without `forwards6`, packets of IPv6 are not forwarded between interfaces.
    """

    interfaces: tuple[Interface, ...] = ()
    routes: tuple[Route, ...] = ()
    vrfs: tuple[Vrf, ...] = ()
    forwards6: bool = True
