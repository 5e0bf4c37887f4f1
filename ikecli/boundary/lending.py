"""What `show` is told of addresses and settings that are lent: policies, pools, and clients that have some."""

from __future__ import annotations

from ikecli.value import value


@value
class AuthorizationView:
    """What an authorization policy lends and tells: `routes` are told, those of the peer taken with `accepts`."""

    name: str
    pools: tuple[str, ...]
    netmask: str
    dns: tuple[str, ...]
    wins: tuple[str, ...]
    domain: str
    banner: str
    tells_own: bool
    routes: tuple[str, ...]
    accepts: bool


@value
class FlexView:
    """A FlexVPN client: the hub it has or tries, from where, through which tunnel, and the addresses it was lent."""

    name: str
    active: bool
    peer: str
    source: str
    vrf: str
    inner_vrf: str
    tunnel: str
    addresses: tuple[str, ...] = ()


@value
class RangeView:
    """A range of a pool, and how many of its addresses are free and lent."""

    first: str
    last: str
    free: int
    lent: int


@value
class PoolView:
    """A pool of addresses to lend; `lent` are those that peers have, `available` some that they may get."""

    name: str
    version: int
    ranges: tuple[RangeView, ...]
    lent: tuple[str, ...]
    available: tuple[str, ...] = ()
    netmask: str = ""
