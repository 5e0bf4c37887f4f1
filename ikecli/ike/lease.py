"""What Configuration payloads settled for an IKE SA: kept over its rekeys, given back when it ends (RFC 7296 2.19)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ikecli.boundary.effects import Reach
from ikecli.ike.pools import Loan
from ikecli.ike.settings import Settings
from ikecli.intent import Address, Prefix, Selector
from ikecli.intent.selectors import host_selector

if TYPE_CHECKING:
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
    if lease is None or (sa.routed and (sa.access or not lease.loans)):
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


def _hosts(addresses: Iterable[Address]) -> tuple[Selector, ...]:
    return tuple(host_selector(address) for address in addresses)


def _common(flow: Selector, allowed: tuple[Selector, ...]) -> Iterable[Selector]:
    if not allowed:
        return (flow,)
    return tuple(common for one in allowed if (common := flow.intersection(one)) is not None)
