"""Interfaces of one routing table whose networks overlap: which of them a packet leaves by would be chance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Final

from ikecli.config import asa, ios
from ikecli.config.complaints import Complaints
from ikecli.config.tunnels_ios import addresses_of
from ikecli.errors import Rejected
from ikecli.intent import Interface
from ikecli.language import Command

_GIVEN: Final = frozenset({"address", "secondaries", "ipv6_addresses"})
"""Where a router's interface has its addresses."""
_NOBODY: Final = 1 << 62


@dataclass(slots=True)
class _Claim:
    """A network of the interface with a number; `first` is the lowest number of those that overlap with it."""

    network: IPv4Network | IPv6Network
    number: int
    table: str
    first: int = _NOBODY

    @property
    def place(self) -> tuple[str, int, int, int]:
        """Where it stands in a row in which networks that lie in another follow it."""
        network = self.network
        return self.table, network.version, int(network.network_address), network.prefixlen


def complain(interfaces: Iterable[Interface], complaints: Complaints) -> None:
    """Complain of each interface whose name is that of one before it, or whose network overlaps with one of those."""
    names: dict[str, str] = {}
    for each in (every := list(interfaces)):
        first = names.setdefault(each.nameif.lower() or each.name, each.name)
        if first != each.name:
            why = f"interface {each.name} has the name {each.nameif}, which is interface {first}'s"
            complaints.error(("interfaces", each.name), "interfaces-overlap", why, f"another nameif on {each.name}")
    live = [each for each in every if not each.shutdown and not each.template and not each.unnumbered]
    claims = [
        _Claim(address.network, number, each.vrf)
        for number, each in enumerate(live)
        for address in each.addresses
        if not address.ip.is_link_local
    ]
    _compare(claims)
    for claim in claims:
        if claim.first < claim.number:
            name, other = live[claim.number].name, live[claim.first].name
            why = f"interface {name}: {claim.network} overlaps with interface {other}"
            complaints.error(("interfaces", name), "interfaces-overlap", why, f"another ip address on {name}")


def _compare(claims: Iterable[_Claim]) -> None:
    """Find for each network the first interface that shares addresses with it: one lies in the other, or apart."""
    around: list[_Claim] = []
    for claim in sorted(claims, key=lambda each: each.place):
        while around and not _within(claim, around[-1]):
            _leave(around)
        if around:
            claim.first = min(around[-1].first, around[-1].number)
        around.append(claim)
    while around:
        _leave(around)


def _leave(around: list[_Claim]) -> None:
    """End the innermost network; what lies in it lies in the one around it, too."""
    inner = around.pop()
    if around:
        around[-1].first = min(around[-1].first, inner.first, inner.number)


def _within(inner: _Claim, outer: _Claim) -> bool:
    same = (inner.table, inner.network.version) == (outer.table, outer.network.version)
    return same and inner.network.network_address in outer.network


def refuse_typed(draft: ios.Ios | asa.Asa, path: tuple[Any, ...], command: Command) -> None:
    """Refuse a typed name or address that is another interface's; of a file all is told together."""
    given = command.declaration.target.path[-1].name if command.declaration.target.path else ""
    if command.negated or path[:1] != ("interfaces",):
        return
    if isinstance(draft, asa.Asa) and given == "nameif":
        _refuse_name(draft, path[1], str(command.slots["nameif"]))
    elif given in _GIVEN and isinstance(draft, ios.Ios):
        _refuse(draft, path[1], command.slots)


def _refuse(draft: ios.Ios, name: str, slots: Mapping[str, Any]) -> None:
    """Raise Rejected where an address that a router's interface is given lies in the network of another one."""
    own = draft.interfaces.get(name)
    address, mask = slots.get("address"), slots.get("mask")
    if own is None or own.shutdown or address is None:
        return
    network = address.network if mask is None else ip_network(f"{address}/{mask}", strict=False)
    for other, each in draft.interfaces.items():
        same = other != name and not each.shutdown and each.vrf == own.vrf
        if same and any(one.network.overlaps(network) for one in addresses_of(each) if one.version == network.version):
            shown = network.network_address if network.version == 4 else network
            raise Rejected(f"{str(shown).upper()} overlaps with {other}")


def _refuse_name(draft: asa.Asa, name: str, nameif: str) -> None:
    """Raise Rejected where another interface of a firewall has the name that one is given."""
    for other, each in draft.interfaces.items():
        if other != name and (each.nameif or "").lower() == nameif.lower():
            raise Rejected(f'Name "{nameif}" has been assigned to interface {other}')
