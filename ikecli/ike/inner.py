"""An IKE SA's part of the inner network, towards the data plane: what is ours there, what lies behind the peer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, ip_network, summarize_address_range

from ikecli.boundary.effects import GiveBack, Reach
from ikecli.ike import access, settings
from ikecli.ike.connect import note_backups
from ikecli.ike.core import Core
from ikecli.ike.lease import Lease
from ikecli.ike.sa import IkeSa
from ikecli.intent import Address, Authorization, Identity, Prefix, Route, printable


def settle(core: Core, sa: IkeSa) -> None:
    """Have the data plane know which inner addresses are ours now, and what lies behind the peer."""
    routes = _first(_behind(core, sa))
    if sa.lease is None:
        if not routes:
            return
        core.leases += 1
        sa.lease = Lease(core.leases)
    lease = sa.lease
    if sa.access:
        access.reach(core, sa, routes)
        routes = ()
    reach = Reach(lease.id, _label(sa), sa.remote.address, lease.taken.addresses, routes)
    if reach != lease.reach and (reach.addresses or reach.routes or lease.reach):
        lease.reach = reach
        core.do(reach)


def release(core: Core, sa: IkeSa) -> None:
    """Give back what an IKE SA that ends was lent, and have the data plane forget it."""
    lease, sa.lease = sa.lease, None
    if lease is None:
        return
    for loan in lease.loans:
        core.pools.give_back(loan, owner(sa))
        if loan.dhcp and isinstance(loan.address, IPv4Address):
            core.do(GiveBack(loan.address))
    if lease.reach is not None:
        core.do(Reach(lease.id, lease.reach.connection, sa.remote.address))


def resume(core: Core, sa: IkeSa) -> None:
    """Have what was settled in another engine hold in this one: its loans, as far as their addresses are free here."""
    lease = sa.lease
    if lease is None:
        return
    core.leases += 1
    lease.id, lease.reach = core.leases, None
    lease.loans = tuple(loan for loan in lease.loans if not loan.dhcp and core.pools.claim(loan, owner(sa)))
    note_backups(core, sa, lease.connection)
    settle(core, sa)


def owner(sa: IkeSa) -> Identity:
    """Return to whom the addresses of an IKE SA's peer are lent."""
    return sa.remote_identity or Identity.of(sa.remote.address)


def repool(core: Core) -> None:
    """Have pools that are new, or were away, know what of them is lent."""
    for sa in core.sas.values():
        for loan in sa.lease.loans if sa.lease is not None else ():
            core.pools.keep(loan, owner(sa))


def occupied(core: Core, sa: IkeSa, address: Address) -> str:
    """Say what an address is that is not to be lent to the peer of an IKE SA; nothing of one that may be."""
    network = core.lookup.intent.network
    if any(own.ip == address for one in network.interfaces for own in one.addresses):
        return "an address of ours"
    if any(route.gateway == address for route in network.routes):
        return "the gateway of a route"
    return "where the peer itself is" if address == sa.remote.address else ""


def authorization(core: Core, sa: IkeSa) -> Authorization | None:
    """Return what the peer of an IKE SA is lent and told, if anything says so."""
    profile = core.lookup.profiles.get(sa.profile)
    if profile is None or profile.mangled is None:
        return profile.authorization if profile else None
    return profile.mangled.of(sa.remote_identity) if sa.remote_identity is not None else None


def session(core: Core, sa: IkeSa) -> int:
    """Return how many seconds an IKE SA may last after its authentication, 0 for ever: the least that is said."""
    profile, gives = core.lookup.profiles.get(sa.profile), authorization(core, sa)
    said = (profile.session if profile else 0, gives.session if gives else 0)
    return min(filter(None, said), default=0)


def believed(core: Core, sa: IkeSa, networks: tuple[Prefix, ...]) -> tuple[Prefix, ...]:
    """Return those of the networks that a responder tells of which are believed: none where a name was to say so."""
    gives = authorization(core, sa)
    if gives is not None:
        return gives.believed(networks)
    return () if named(core, sa) else networks


def named(core: Core, sa: IkeSa) -> bool:
    """Tell whether the peer of an IKE SA has an authorization only by the name that is derived from its identity."""
    profile = core.lookup.profiles.get(sa.profile)
    return profile is not None and profile.mangled is not None


def unnamed(core: Core, sa: IkeSa) -> str:
    """Say why there is nothing for the peer of an IKE SA."""
    profile = core.lookup.profiles.get(sa.profile)
    if profile is None or profile.mangled is None or sa.remote_identity is None:
        return "nothing says what peers of this profile are lent"
    mangler = profile.mangled.mangler
    name = mangler.derive(sa.remote_identity)
    if not name:
        return f"name-mangler {mangler.name} derives no name from this identity"
    return f"name-mangler {mangler.name} derives {printable(name.encode())}, and there is no policy of this name"


def own_networks(core: Core, sa: IkeSa, gives: Authorization) -> tuple[Prefix, ...]:
    """Return the networks behind us that a peer is told of, our own address in the tunnel among them."""
    own = settings.hosts(_own_addresses(core, sa)) if gives.tells_own else ()
    return tuple(dict.fromkeys((*own, *gives.networks)))


def _own_addresses(core: Core, sa: IkeSa) -> tuple[Address, ...]:
    """Return our addresses in the tunnel: those that the peer lent, or those of the interface that it is."""
    if sa.lease is not None and sa.lease.taken.addresses:
        return sa.lease.taken.addresses
    profile = core.lookup.profiles.get(sa.profile)
    row = core.lookup.connections.get(sa.lease.connection) if sa.lease else None
    asked = row is not None and sa.lease is not None and not sa.lease.authorization
    name = row.interface if row is not None and asked else profile.template if profile else ""
    interfaces = {one.name: one for one in core.lookup.intent.network.interfaces}
    held = interfaces.get(name)
    if held is not None and held.unnumbered:
        held = interfaces.get(held.unnumbered)
    return tuple(one.ip for one in held.addresses) if held is not None else ()


def _first(routes: Iterable[Route]) -> tuple[Route, ...]:
    """Return of the routes to each network of a table the first."""
    found: dict[tuple[str, Prefix], Route] = {}
    for route in routes:
        found.setdefault((route.vrf, route.prefix), route)
    return tuple(found.values())


def _label(sa: IkeSa) -> str:
    """Return the connection that an IKE SA's part of the inner network goes with."""
    label = sa.lease.connection if sa.lease is not None else ""
    return label or next((child.connection for child in sa.children.values()), "")


def _behind(core: Core, sa: IkeSa) -> Iterator[Route]:
    """Yield the routes to a peer: to what it was lent, said to have, or protects where that makes routes."""
    row = access.own(core, sa) if sa.access else core.lookup.connections.get(_label(sa))
    gives = authorization(core, sa)
    if row is not None:
        hosts = map(ip_network, sa.lease.lent if sa.lease is not None else ())
        for network in (*hosts, *(gives.behind if gives is not None else ())):
            yield Route(network, None, row.interface, vrf=row.inner_vrf, learned=True)
    if sa.lease is not None and row is not None:
        distance, tag = (gives.distance, gives.tag) if gives is not None else (1, 0)
        for network in sa.lease.networks:
            yield Route(network, None, row.interface, distance, row.inner_vrf, learned=True, tag=tag)
    for child in sa.children.values():
        made = core.lookup.connections.get(child.connection)
        if made is not None and made.reverse_route is not None and not child.deleting:
            behind = (one for _, pair in child.pairs for one in summarize_address_range(pair.first, pair.last))
            yield from made.reverse_route.routes(made, behind, sa.remote.address)
