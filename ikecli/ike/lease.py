"""What Configuration payloads settled for an IKE SA: kept over its rekeys, given back when it ends (RFC 7296 2.19)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network, summarize_address_range
from typing import TYPE_CHECKING

from ikecli.boundary.effects import Reach
from ikecli.ike.pools import Loan
from ikecli.ike.settings import Settings
from ikecli.intent import Address, Prefix, Selector
from ikecli.intent.selectors import host_selector

if TYPE_CHECKING:
    from ikecli.ike.core import Core
    from ikecli.ike.sa import IkeSa
    from ikecli.ike.selectors import Pair


@dataclass(slots=True)
class Lease:
    """One IKE SA's part of the inner network.

    `connection` is the label of what it was settled for, `loans` what was lent to the peer under `authorization`;
    `taken` what the peer lent and told us; `networks` lie behind the peer. `own` are the networks behind us that the
    peer may reach, if not all. `reach` is what the data plane was told last.
    """

    id: int
    connection: str = ""
    authorization: str = ""
    loans: tuple[Loan, ...] = ()
    taken: Settings = Settings()
    networks: tuple[Prefix, ...] = ()
    own: tuple[Prefix, ...] = ()
    reach: Reach | None = None

    @property
    def lent(self) -> tuple[Address, ...]:
        """The addresses that were lent to the peer."""
        return tuple(loan.address for loan in self.loans)


def narrowed(sa: IkeSa, flows: Iterable[Pair]) -> tuple[Pair, ...]:
    """Return what of some flows an IKE SA's Child SAs may protect: from and to the addresses that were lent."""
    lease = sa.lease
    if lease is None:
        return tuple(flows)
    here, there = _hosts(lease.taken.addresses), _hosts(lease.lent)
    here = here or tuple(Selector.of(network) for network in lease.own)
    return tuple(
        (local, remote)
        for flow in flows
        for local in _common(flow[0], here)
        for remote in _common(flow[1], there)
        if local.first.version == remote.first.version
    )


def settle(core: Core, sa: IkeSa) -> None:
    """Have the data plane know which inner addresses are ours now, and what lies behind the peer."""
    networks = tuple(dict.fromkeys(_behind(core, sa)))
    if sa.lease is None:
        if not networks:
            return
        core.leases += 1
        sa.lease = Lease(core.leases)
    lease = sa.lease
    label = lease.connection or next((child.connection for child in sa.children.values()), "")
    reach = Reach(lease.id, label, sa.remote.address, lease.taken.addresses, networks)
    if reach != lease.reach and (reach.addresses or reach.networks or lease.reach):
        lease.reach = reach
        core.do(reach)


def release(core: Core, sa: IkeSa) -> None:
    """Give back what an IKE SA that ends was lent, and have the data plane forget it."""
    lease, sa.lease = sa.lease, None
    if lease is None:
        return
    for loan in lease.loans:
        core.pools.give_back(loan)
    if lease.reach is not None:
        core.do(Reach(lease.id, lease.reach.connection, sa.remote.address))


def _behind(core: Core, sa: IkeSa) -> Iterator[Prefix]:
    """Yield what is to be routed to the peer: what it was lent, said to have, or protects where that makes routes."""
    if sa.lease is not None:
        yield from map(ip_network, sa.lease.lent)
        yield from sa.lease.networks
    for child in sa.children.values():
        connection = core.lookup.connections.get(child.connection)
        if connection is not None and connection.reverse_route and connection.wildcard_peer and not child.deleting:
            for _, remote in child.pairs:
                yield from summarize_address_range(remote.first, remote.last)


def _hosts(addresses: Iterable[Address]) -> tuple[Selector, ...]:
    return tuple(host_selector(address) for address in addresses)


def _common(flow: Selector, allowed: tuple[Selector, ...]) -> Iterable[Selector]:
    if not allowed:
        return (flow,)
    return tuple(common for one in allowed if (common := flow.intersection(one)) is not None)
