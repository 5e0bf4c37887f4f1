"""`reverse-route` of a router's crypto maps and IPsec profiles: how what lies behind a peer is routed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ikecli.config import ios_ipsec
from ikecli.config.complaints import Complaints
from ikecli.intent import Connection, ReverseRoute, Route

Held = ios_ipsec.MapEntry | ios_ipsec.IpsecProfile


def reverse_of(held: Held) -> ReverseRoute | None:
    """Return how an entry or a profile has what lies behind its peers routed, None where it does not."""
    said = held.reverse_route
    if said is None:
        return None
    gateway = held.reverse_gateway or said.gateway
    past = said.past and held.reverse_gateway is None
    tunnel = isinstance(held, ios_ipsec.IpsecProfile)
    return ReverseRoute(held.reverse_distance or 1, held.reverse_tag or 0, gateway, past, tunnel)


def is_static(held: Held) -> bool:
    """Tell whether the routes are to stand without an SA, too."""
    return held.reverse_route is not None and held.reverse_route.static


def standing(row: Connection, made: ReverseRoute | None) -> Iterator[Route]:
    """Yield the routes that stand without an SA: those to what a connection protects."""
    behind = [flow.remote.prefix for flow in row.flows if flow.permit]
    if made is not None:
        yield from made.routes(row, [one for one in behind if one is not None], next(iter(row.peers), None))


def look_at(where: tuple[Any, ...], what: str, held: Held, complaints: Complaints) -> None:
    """Complain of routes that are described but not made."""
    if held.reverse_route is None and (held.reverse_distance or held.reverse_tag or held.reverse_gateway):
        complaints.warn(where, "", f"{what} says what its routes are like, but makes none", "reverse-route")
