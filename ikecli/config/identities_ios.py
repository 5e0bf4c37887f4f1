"""`crypto identity` lists of a router: which identities the peers of a crypto map or an IPsec profile may have."""

from __future__ import annotations

from typing import Any

from ikecli.config import ios, ios_ipsec
from ikecli.config.complaints import Complaints
from ikecli.intent import IdentityMatch
from ikecli.numbers import IdType

Held = ios_ipsec.MapEntry | ios_ipsec.IpsecProfile


def only_of(draft: ios.Ios, held: Held) -> tuple[IdentityMatch, ...] | None:
    """Return which identities peers may have, None for any; a list that is not there, or says none, admits nobody."""
    if held.identity is None:
        return None
    known = draft.identities.get(held.identity)
    return tuple(IdentityMatch(IdType.FQDN, name.encode()) for name in known.fqdns) if known else ()


def look_at(where: tuple[Any, ...], what: str, held: Held, draft: ios.Ios, complaints: Complaints) -> None:
    """Complain of a list that is not there, or admits nobody."""
    if held.identity is None or only_of(draft, held):
        return
    lacks = "says no domain name" if held.identity in draft.identities else "is not there"
    complaints.error(
        where, "", f"{what} is for peers of crypto identity {held.identity}, which {lacks}: it is for nobody",
        f"crypto identity {held.identity}, then fqdn NAME",
    )  # fmt: skip
