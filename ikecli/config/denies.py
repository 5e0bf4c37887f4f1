"""What `crypto ipsec ipv4-deny` has become of packets that a crypto map's access list denies.

Unless it is said a deny takes a packet out of its entry alone, and the entries behind it still see it (jump).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from ikecli.intent import Connection, Flow, Initiation

DENIED: Final = "(denied)"
"""Ends the name of what an entry's denied packets are dropped by."""


def denied(entries: Iterable[Connection], how: str | None) -> Iterator[Connection]:
    """Yield the entries of a map on an interface such that packets they deny go in clear, or are dropped.

    In clear, the entries behind deny them as well; to be dropped, they are for a connection that sets up nothing.
    """
    before: tuple[Flow, ...] = ()
    for one in entries:
        own = tuple(flow for flow in one.flows if not flow.permit)
        if how == "drop" and own:
            turned = tuple(replace(flow, permit=not flow.permit) for flow in one.flows)
            ends = Connection(f"{one.name}{DENIED}", one.sequence, one.interface, one.local, one.peers, turned, ())
            yield replace(ends, closed=True, initiation=Initiation.NEVER, vrf=one.vrf, inner_vrf=one.inner_vrf)
        if how == "clear" and one.flows:
            yield replace(one, flows=(*before, *one.flows))
            before += own
        else:
            yield one
