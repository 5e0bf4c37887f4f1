"""The interfaces of a firewall by their names, and the addresses that they have."""

from __future__ import annotations

from ipaddress import IPv4Interface

from ikecli.config import asa
from ikecli.config.common import DHCP
from ikecli.intent import Address


class Named:
    """The interfaces of a draft by their names."""

    def __init__(self, draft: asa.Asa) -> None:
        self._draft = draft
        self.names = {each.nameif: name for name, each in draft.interfaces.items() if each.nameif}

    def address_of(self, nameif: str, version: int = 4) -> Address | None:
        """Return the first address of a named interface of an IP version."""
        held = self._draft.interfaces.get(self.names.get(nameif, ""))
        if held is None:
            return None
        if version == 6:
            return held.ipv6_addresses[0].ip if held.ipv6_addresses else None
        return next((one.ip for one in four_of(held)), None)


def four_of(each: asa.Interface) -> list[IPv4Interface]:
    """Return the IPv4 address of an interface, if it has one."""
    if isinstance(each.address, asa.InterfaceAddress):
        return [IPv4Interface((int(each.address.address), str(each.address.mask)))]
    return [each.found] if each.address in DHCP and each.found is not None else []
