"""Routing tables (VRFs) of the configuration as VRF devices of Linux: found or made, and what leads packets into them.

A VRF device of the same name that is there already is used as it is. One of ours has a table of its own, in which what
no route leads anywhere stays: it does not go on in the tables behind it. Each table has a mark; packets that carry it
(the outer ones of an SA) are routed there, whatever device they come from.
"""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from pyroute2.netlink.rtnl import (
    RTM_DELROUTE,
    RTM_DELRULE,
    RTM_GETROUTE,
    RTM_NEWLINK,
    RTM_NEWROUTE,
    RTM_NEWRULE,
)
from pyroute2.netlink.rtnl.fibmsg import FR_ACT_TO_TBL, fibmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from ikecli.dataplane.linux.devices import LONGEST_NAME, Devices, exists
from ikecli.dataplane.linux.ledger import Ledger, Thing
from ikecli.dataplane.linux.netlink import CREATE, EXCL, FAMILIES, Refused, Requests
from ikecli.errors import Unavailable
from ikecli.intent import Intent

KIND: Final = "vrf"
MISSING: Final = "this kernel has no devices of the kind vrf"
PROTOCOL: Final = 113
"""What marks our routes and rules in the kernel (rtnetlink(7), rtm_protocol)."""
MAIN_TABLE: Final = 254
TABLES: Final = 0x4000_0000
"""The first number of tables and marks; an engine's mark is in the middle, 4,096 are one engine's."""
MAX_TABLES: Final = 0xFFF
UNREACHABLE: Final = 7
LAST_METRIC: Final = 4_278_198_272
"""What goes behind every other route, as VRFs of Linux have it by custom."""
PRIORITY: Final = 99
"""The rules' place, before that of VRFs (1000)."""
NO_IPV6: Final = frozenset({errno.EAFNOSUPPORT, errno.EOPNOTSUPP, errno.EACCES, errno.ENODEV})
"""What a kernel without IPv6, or one that has it switched off, says."""
GONE: Final = NO_IPV6 | {errno.ESRCH, errno.ENOENT}
UNNAMED: Final = re.compile(r"[/:%\s]|^\.{1,2}$")
"""What no name of a device has; with a percent sign the kernel would choose one."""


@dataclass(frozen=True, slots=True)
class Table:
    """A routing table: its device (none: the global one), its number in the kernel, and the mark that leads to it."""

    device: str
    number: int
    mark: int


class Vrfs:
    """The routing tables by the name that the configuration has for them; "" is the global one."""

    def __init__(self, requests: Requests, devices: Devices, ledger: Ledger, say: Callable[[str], None]) -> None:
        self._requests, self._devices, self._ledger, self._say = requests, devices, ledger, say
        self._tables: dict[str, Table] = {}
        self._led: dict[str, str] = {}
        self.why: Final = self._missing()

    @property
    def alias(self) -> str:
        """What devices of ours are marked with."""
        return f"ikecli {self._ledger.owner:04x}"

    def of(self, vrf: str) -> Table:
        """Return a routing table; raises Unavailable for one that is not here."""
        if not vrf:
            return Table("", MAIN_TABLE, self._number(0))
        if vrf not in self._tables:
            raise Unavailable(f"VRF {vrf}: {self.why or self._led.get(vrf) or 'it is not configured'}")
        return self._tables[vrf]

    def has(self, vrf: str) -> bool:
        """Tell whether a routing table is here."""
        return not vrf or vrf in self._tables

    def device(self, vrf: str) -> str:
        """Return the device of a routing table, nothing for the global one and for one that is not here."""
        return self._tables[vrf].device if vrf in self._tables else ""

    def devices(self) -> dict[str, str]:
        """Return the VRFs by their devices."""
        return {one.device: name for name, one in self._tables.items()}

    def named(self, device: str) -> str:
        """Return the VRF whose device this is, nothing for a device that is none of them."""
        return self.devices().get(device, "")

    def follow(self, wanted: Iterable[str]) -> None:
        """Have a device for each of these VRFs; those of others stay until `trim`."""
        for name in dict.fromkeys(wanted) if not self.why else ():
            if name and name not in self._tables:
                try:
                    self._tables[name] = self._find(name) or self._make(name)
                    self._led.pop(name, None)
                except Unavailable as problem:
                    self._led[name] = str(problem)
                    self._say(f"VRF {name}: {problem}")

    def trim(self, wanted: Iterable[str]) -> None:
        """Take away the devices of ours whose VRF is none of these."""
        for name in self._tables.keys() - set(wanted):
            table = self._tables.pop(name)
            self._forget_lead(table)
            thing = "vrf", table.device, str(table.number)
            if thing in self._ledger:
                self._take(thing)

    def lead(self, vrf: str) -> int:
        """Have packets with a table's mark routed there; return the mark. Raises Unavailable."""
        table = self.of(vrf)
        thing = "lead", str(table.mark), str(table.number)
        if thing not in self._ledger:
            self._ledger.add(thing)
            self._put(lambda family: self._rule(thing, family, RTM_NEWRULE, CREATE | EXCL))
        return table.mark

    def sweep(self) -> None:
        """Take out what is ours in the kernel and in the ledger."""
        for thing in self._ledger.kind("lead"):
            self._unlead(thing)
        links = self._devices.found() if self._ledger.kind("vrf") else {}
        for thing in self._ledger.kind("vrf"):
            link = links.get(thing[1])
            if link is not None and link.get_attr("IFLA_IFALIAS") == self.alias:
                self._take(thing)
            self._ledger.drop(thing)
        self._tables.clear()

    # Found and made

    def _missing(self) -> str:
        """Return why there are no VRF devices, or nothing: a kernel that has them asks for the table first."""
        try:
            self._requests.change("VRF", _link("ikecli-probe"), RTM_NEWLINK, CREATE | EXCL)
        except Refused as refusal:
            return "" if refusal.code == errno.EINVAL else MISSING if refusal.code == errno.EOPNOTSUPP else str(refusal)
        return MISSING

    def _find(self, name: str) -> Table | None:
        """Return the VRF of this name that somebody else has made."""
        link = self._devices.found().get(name)
        number = table_of(link) if link is not None else 0
        return Table(name, number, self._free()) if number else None

    def _make(self, name: str) -> Table:
        number = self._free()
        device = self._name(name, number)
        thing = "vrf", device, str(number)
        self._ledger.add(thing)
        try:
            self._devices.add(device, KIND, [("IFLA_VRF_TABLE", number)], self.alias)
        except Refused:
            self._ledger.drop(thing)
            raise
        try:
            self._devices.change(device, up=True)
            self._put(lambda family: self._last(number, family, RTM_NEWROUTE, CREATE | EXCL))
        except Refused:
            self._take(thing)
            raise
        return Table(device, number, number)

    def _name(self, name: str, number: int) -> str:
        """Return what a VRF's device is to be called: like it, where that can be and nobody has that name."""
        clean = UNNAMED.sub("-", name)
        if len(clean) <= LONGEST_NAME and not exists(clean):
            return clean
        suffix = f"-{number & 0xFFF_FFFF:07x}"
        return clean[: LONGEST_NAME - len(suffix)] + suffix

    def _free(self) -> int:
        taken = {one.mark for one in self._tables.values()}
        for serial in range(1, MAX_TABLES + 1):
            if (number := self._number(serial)) not in taken:
                return number
        raise Unavailable(f"there are {MAX_TABLES} VRFs already")

    def _number(self, serial: int) -> int:
        return TABLES | self._ledger.owner << 12 | serial

    # Taken out

    def _take(self, thing: Thing) -> None:
        _, device, number = thing
        self._out(lambda family: self._last(int(number), family, RTM_DELROUTE))
        self._devices.delete(device)
        self._ledger.drop(thing)

    def _forget_lead(self, table: Table) -> None:
        thing = "lead", str(table.mark), str(table.number)
        if thing in self._ledger:
            self._unlead(thing)

    def _unlead(self, thing: Thing) -> None:
        self._out(lambda family: self._rule(thing, family, RTM_DELRULE))
        self._ledger.drop(thing)

    # Messages

    def _put(self, change: Callable[[int], None]) -> None:
        """Put something in for both versions of IP, of which a machine may lack the second; raises Refused."""
        for family in FAMILIES.values():
            try:
                change(family)
            except Refused as refusal:
                if family == socket.AF_INET or refusal.code not in NO_IPV6:
                    raise

    def _out(self, change: Callable[[int], None]) -> None:
        """Take something out for both versions of IP; what is gone is no error."""
        for family in FAMILIES.values():
            try:
                change(family)
            except Refused as refusal:
                if refusal.code not in GONE:
                    self._say(str(refusal))

    def _last(self, number: int, family: int, kind: int, flags: int = 0) -> None:
        """Have what a table has no route for be unreachable, or no longer."""
        message = rtmsg()
        message["family"], message["type"], message["proto"] = family, UNREACHABLE, PROTOCOL
        message["attrs"] = [("RTA_TABLE", number), ("RTA_PRIORITY", LAST_METRIC)]
        self._requests.change(f"table {number}", message, kind, flags)

    def _rule(self, thing: Thing, family: int, kind: int, flags: int = 0) -> None:
        """Have packets of a mark looked up in a table, or no longer."""
        _, mark, number = thing
        message = fibmsg()
        message["family"], message["action"] = family, FR_ACT_TO_TBL
        message["attrs"] = [
            ("FRA_PRIORITY", PRIORITY), ("FRA_PROTOCOL", PROTOCOL), ("FRA_TABLE", int(number)),
            ("FRA_FWMARK", int(mark)), ("FRA_FWMASK", 0xFFFFFFFF),
        ]  # fmt: skip
        self._requests.change(f"rule {PRIORITY}", message, kind, flags)


def table_of(link: Any) -> int:
    """Return the table of a VRF device, 0 for a device of another kind."""
    info = link.get_attr("IFLA_LINKINFO")
    if info is None or info.get_attr("IFLA_INFO_KIND") != KIND:
        return 0
    data = info.get_attr("IFLA_INFO_DATA")
    return int(data.get_attr("IFLA_VRF_TABLE") or 0) if data is not None else 0


def routes(requests: Requests) -> list[Any]:
    """Return the routes of all tables, asked for by version: of all at once some kernels tell IPv4's alone."""
    found = []
    for family in FAMILIES.values():
        message = rtmsg()
        message["family"] = family
        found += [one for one in requests.dump("routes", message, RTM_GETROUTE) if one["family"] == family]
    return found


def _link(name: str) -> Any:
    message = ifinfmsg()
    message["attrs"] = [("IFLA_IFNAME", name), ("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", KIND)]})]
    return message


def tables_of(intent: Intent) -> set[str]:
    """Return the VRFs that something of an intent is in."""
    found = {vrf for one in intent.connections for vrf in (one.vrf, one.inner_vrf)}
    for one in intent.network.interfaces:
        found |= {one.vrf, one.tunnel.vrf if one.tunnel is not None else ""}
    return found - {""}
