"""Names of hosts in a router's configuration: `ip host` gives their addresses, nobody else is asked."""

from __future__ import annotations

from ikecli.config import ios, ios_ipsec
from ikecli.config.common import Ip


def addresses_of_name(draft: ios.Ios, name: str) -> tuple[Ip, ...]:
    """Return the addresses of a host, none where `ip host` does not know it; names compare without case."""
    if not name:
        return ()
    held = draft.hosts.get(name)
    if held is None:
        low = name.lower()
        held = next((each for known, each in draft.hosts.items() if known.lower() == low), None)
    return held.addresses if held else ()


def peers_of(draft: ios.Ios, entry: ios_ipsec.MapEntry) -> tuple[Ip, ...]:
    """Return the addresses of the peers of a map entry: the default first, those given by name last."""
    named = [(one, peer) for name, peer in entry.named_peers.items() for one in addresses_of_name(draft, name)]
    ordered = sorted((*entry.peers.items(), *named), key=lambda peer: not peer[1].default)
    return tuple(dict.fromkeys(address for address, _ in ordered))
