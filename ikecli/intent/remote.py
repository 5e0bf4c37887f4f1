"""Inner addresses and settings: what peers are lent and told, and what is asked of them (RFC 7296 2.19)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from ikecli.intent.network import Address, Prefix


@dataclass(frozen=True, slots=True)
class Pool:
    """Addresses of one IP version to lend: ranges from a first to a last one, in order, and the mask that they have."""

    name: str
    ranges: tuple[tuple[Address, Address], ...]
    netmask: IPv4Address | None = None

    @property
    def version(self) -> int:
        """The IP version of all its addresses."""
        return self.ranges[0][0].version


@dataclass(frozen=True, slots=True)
class Authorization:
    """What a profile lends and tells its peers.

    `pools` are the names of pools, tried in order, of both IP versions; `netmask` and `prefix_length` go with an
    address. `networks` are those behind us that the peer is to reach; none: everything. One that is `required` refuses
    peers that ask for no address. With `accepts` the networks that a peer tells of are believed; with `tells_own` the
    peer is told of our own address in the tunnel, too.
    """

    name: str
    pools: tuple[str, ...] = ()
    netmask: IPv4Address | None = None
    prefix_length: int = 128
    dns: tuple[Address, ...] = ()
    nbns: tuple[IPv4Address, ...] = ()
    networks: tuple[Prefix, ...] = ()
    domain: str = ""
    split_dns: tuple[str, ...] = ()
    banner: str = ""
    required: bool = False
    accepts: bool = True
    tells_own: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """What a connection asks the peer for: an address of each IP version in `addresses`, and settings."""

    addresses: tuple[int, ...] = ()
