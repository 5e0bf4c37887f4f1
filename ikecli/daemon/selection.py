"""What a command is about: which IKE SAs, which routes, and what its options say where they come from no grammar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_network
from typing import Final

from ikecli.boundary.views import IkeSaView, RouteView
from ikecli.control.messages import Option
from ikecli.errors import Rejected
from ikecli.intent import Address

KINDS: Final = {"l2l": False, "ra-ikev2-ipsec": True}
"""The kinds of sessions: whether the peer has an authorization, as travellers have."""


def chosen(sa: IkeSaView, options: Mapping[str, Option]) -> bool:
    """Tell whether an IKE SA is one of those that a command's options name; without options it is."""
    facts = {
        "local": sa.local,
        "remote": sa.remote,
        "index": sa.id,
        "group": sa.profile,
        "user": sa.remote_identity,
        "vrf": sa.vrf,
        "policy": sa.authorization,
    }
    assigned = options.get("assigned")
    if assigned and assigned not in sa.assigned:
        return False
    wants = KINDS.get(str(options.get("sessions")))
    return wants in (None, bool(sa.authorization)) and all(
        options.get(name) in (None, "", 0, fact) for name, fact in facts.items()
    )


def leading(routes: Iterable[RouteView], to: Address) -> list[tuple[int, RouteView]]:
    """Return the routes that an address lies in, each behind the length of its prefix."""
    nets = ((ip_network(one.prefix, strict=False), one) for one in routes)
    return [(net.prefixlen, one) for net, one in nets if to in net]


def address_of(options: Mapping[str, Option], name: str) -> Address:
    """Return the address that an option is; raises Rejected."""
    try:
        return ip_address(str(options.get(name)))
    except ValueError:
        raise Rejected(f"% {name}: an address is wanted") from None


def number_of(options: Mapping[str, Option], name: str, most: int) -> int:
    """Return the number that an option is, 0 where it is left out; raises Rejected."""
    number = options.get(name) or 0
    if not isinstance(number, int) or not 0 <= number <= most:
        raise Rejected(f"% {name}: a number from 0 to {most} is wanted")
    return number
