"""Transport mode through NATs: by which addresses each end knows the two hosts (RFC 7296 2.23.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ikecli.ike.sa import IkeSa
from ikecli.intent import Address, Selector

Ends = tuple[tuple[Selector, ...], tuple[Selector, ...]]
"""What a peer named of our end and of its own."""


def seen(sa: IkeSa, ends: Ends) -> Ends:
    """Return what a peer named as it is known here: a host behind a NAT by its address in the IKE SA."""
    local, remote = ends
    if sa.nat_local:
        local = _at(sa.local.address, local)
    if sa.nat_remote:
        remote = _at(sa.remote.address, remote)
    return local, remote


def named(sa: IkeSa, ends: Ends, asked: Ends) -> Ends:
    """Return what was agreed as the peer knows it, which `asked` so."""
    local, remote = ends
    if sa.nat_local:
        local = _at(asked[0][0].first, local)
    if sa.nat_remote:
        remote = _at(asked[1][0].first, remote)
    return local, remote


def _at(host: Address, selectors: Iterable[Selector]) -> tuple[Selector, ...]:
    """Return selectors of one host as selectors of another; ranges stay."""
    return tuple(
        replace(one, first=host, last=host) if one.first == one.last and one.first.version == host.version else one
        for one in selectors
    )
