"""Interfaces of one routing table whose networks overlap: which of them a packet leaves by would be chance."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network
from itertools import combinations

from ikecli.config.complaints import Complaints
from ikecli.intent import Interface


def complain(interfaces: Iterable[Interface], complaints: Complaints) -> None:
    """Complain of each interface whose network overlaps with that of one before it."""
    live = [each for each in interfaces if not each.shutdown and not each.template and not each.unnumbered]
    for one, two in combinations(live, 2):
        if one.vrf != two.vrf:
            continue
        for mine in _networks(two):
            if any(_overlap(mine, other) for other in _networks(one)):
                why = f"interface {two.name}: {mine} overlaps with interface {one.name}"
                complaints.error(
                    ("interfaces", two.name), "interfaces-overlap", why, f"another ip address on {two.name}"
                )


def _networks(interface: Interface) -> list[IPv4Network | IPv6Network]:
    return [each.network for each in interface.addresses if not each.ip.is_link_local]


def _overlap(one: IPv4Network | IPv6Network, two: IPv4Network | IPv6Network) -> bool:
    return one[0] in two or two[0] in one
