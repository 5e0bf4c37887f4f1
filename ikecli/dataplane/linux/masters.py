"""Devices of the machine that are put into a VRF, and put back as they were.

The kernel takes a device down and up on its way into another table: its IPv6 addresses are kept by a setting that is so
for that moment, and routes of the machine's own out of it, which go, are put back with it.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from pyroute2.netlink.rtnl import RTM_NEWROUTE
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from ikecli.dataplane.linux.devices import Devices, exists, index_of
from ikecli.dataplane.linux.ledger import Ledger, Thing
from ikecli.dataplane.linux.netlink import CREATE, EXCL, Refused, Requests
from ikecli.dataplane.linux.settings import CONF6, write
from ikecli.dataplane.linux.vrfs import MAIN_TABLE, PROTOCOL, routes

OF_KERNEL, UNICAST = 2, 1
KEEP: Final = "keep_addr_on_down"


class Masters:
    """Which devices are in a VRF because of us: what they were in before is in the ledger."""

    def __init__(self, requests: Requests, devices: Devices, ledger: Ledger, say: Callable[[str], None]) -> None:
        self._requests, self._devices, self._ledger, self._say = requests, devices, ledger, say

    def follow(self, wanted: Mapping[str, str]) -> None:
        """Have these devices be in these VRFs, both by device, and all others where they were before us."""
        for _, device, before in self._ledger.kind("keep"):
            self._restore(device, before)
        now = self.now()
        for thing in self._ledger.kind("master"):
            _, device, master, _ = thing
            if wanted.get(device) != master or now.get(device) != master:
                self._release(thing, now.get(device, ""))
        now = self.now() if wanted else {}
        for device, master in wanted.items():
            if now.get(device, "") != master:
                self._seize(device, master, now.get(device, ""))

    def now(self) -> dict[str, str]:
        """Return what devices are in, by name."""
        links = self._devices.found()
        names = {one["index"]: name for name, one in links.items()}
        masters = ((name, one.get_attr("IFLA_MASTER")) for name, one in links.items())
        return {name: names[master] for name, master in masters if master in names}

    def _seize(self, device: str, master: str, before: str) -> None:
        thing = "master", device, master, before
        self._ledger.add(thing)
        for route in self._routes(device):
            self._ledger.add(("moved", device, route.hex()))
        try:
            with self._keeping(device):
                self._devices.master(device, master)
        except Refused as refusal:
            self._say(str(refusal))
            self._forget(thing)

    def _release(self, thing: Thing, now: str) -> None:
        _, device, master, before = thing
        try:
            if now == master:
                with self._keeping(device):
                    self._devices.master(device, before if before and exists(before) else "")
                moved = [bytes.fromhex(route) for _, whose, route in self._ledger.kind("moved") if whose == device]
                for route in moved:
                    self._put_back(route)
        except Refused as refusal:
            if refusal.code != errno.ENODEV:
                self._say(str(refusal))
        self._forget(thing)

    def _forget(self, thing: Thing) -> None:
        for moved in self._ledger.kind("moved"):
            if moved[1] == thing[1]:
                self._ledger.drop(moved)
        self._ledger.drop(thing)

    def _routes(self, device: str) -> list[bytes]:
        """Return the routes of the machine's own out of a device, those without a gateway first."""
        index, found = index_of(device), list[tuple[bool, bytes]]()
        for one in routes(self._requests):
            ours = one["proto"] in (OF_KERNEL, PROTOCOL) or one["type"] != UNICAST or one["table"] != MAIN_TABLE
            if not ours and one.get_attr("RTA_OIF") == index:
                octets = bytes(one.data[one.offset : one.offset + one["header"]["length"]])
                found.append((one.get_attr("RTA_GATEWAY") is not None, octets))
        return [octets for _, octets in sorted(found, key=lambda pair: pair[0])]

    def _put_back(self, octets: bytes) -> None:
        old = rtmsg(octets)
        old.decode()
        new = rtmsg()
        for name in ("family", "dst_len", "src_len", "tos", "table", "proto", "scope", "type"):
            new[name] = old[name]
        new["attrs"] = [tuple(one) for one in old["attrs"] if one[0] != "RTA_CACHEINFO"]
        try:
            self._requests.change(f"route {old.get_attr('RTA_DST') or 'default'}", new, RTM_NEWROUTE, CREATE | EXCL)
        except Refused as refusal:
            if refusal.code != errno.EEXIST:
                self._say(f"{refusal}; it was there before")

    @contextmanager
    def _keeping(self, device: str) -> Iterator[None]:
        path = CONF6 / device / KEEP
        before = path.read_text().strip() if path.exists() else "1"
        if before == "1":
            yield
            return
        self._ledger.add(("keep", device, before))
        try:
            write(path, "1")
        except Refused as refusal:
            self._say(f"{refusal}: {device} loses IPv6 addresses")
        try:
            yield
        finally:
            self._restore(device, before)

    def _restore(self, device: str, before: str) -> None:
        path = CONF6 / device / KEEP
        try:
            if path.exists():
                write(path, before)
        except Refused as refusal:
            self._say(str(refusal))
        self._ledger.drop(("keep", device, before))
