"""What `show` is told of addresses and settings that are lent: policies, pools, and clients that have some."""

from __future__ import annotations

from ikecli.value import value


@value
class SettingsView:
    """What a peer told us beside addresses and networks; texts as they may be printed.

    `excluded` are the networks to be left out of the tunnel, `backups` further gateways by address or name; with `pfs`
    rekeys of Child SAs are to have keys of their own.
    """

    dns: tuple[str, ...] = ()
    wins: tuple[str, ...] = ()
    domain: str = ""
    split_dns: tuple[str, ...] = ()
    banner: str = ""
    excluded: tuple[str, ...] = ()
    backups: tuple[str, ...] = ()
    pfs: bool = False


@value
class AuthorizationView:
    """What an authorization policy lends and tells: `routes` are told, those of the peer taken with `accepts`.

    `session` is how many seconds an IKE SA lasts, 0 for ever; `dhcp` are servers that lend, and answer `relay`.
    The rest as in SettingsView. The routes to those have `distance` and `tag`; those `behind` it are routed to it in
    any case.
    """

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
    split_dns: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    backups: tuple[str, ...] = ()
    pfs: bool = False
    session: int = 0
    distance: int = 1
    tag: int = 1
    behind: tuple[str, ...] = ()
    dhcp: tuple[str, ...] = ()
    relay: str = ""


@value
class FlexView:
    """A FlexVPN client: the hub it has or tries, from where, through which tunnel; what it was lent and told.

    `state` is ACTIVE, NEGOTIATING, CONNECT_REQUIRED (by hand) or TRACK_WAIT; the last two say what it `waits` for.
    `group` is its backup group, 0 none.
    """

    name: str
    state: str
    peer: str
    source: str
    vrf: str
    inner_vrf: str
    tunnel: str
    addresses: tuple[str, ...] = ()
    group: int = 0
    waits: str = ""
    told: SettingsView = SettingsView()


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
