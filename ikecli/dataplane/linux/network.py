"""Interfaces and static routes of the configuration as Linux has them: found, given what they lack, and put back.

An interface is the device that was named for it, else the one that has its address. A named device is given addresses
that it lacks, and a loopback's go on `lo`, or the device of its VRF; nothing else of the host's own is touched but the
settings in `SETTINGS`, each for one device, and which VRF a device of an interface is in.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from ipaddress import IPv4Interface, ip_address, ip_interface, ip_network
from typing import Any, Final

from pyroute2.netlink.rtnl import (
    RTM_DELADDR,
    RTM_DELROUTE,
    RTM_GETADDR,
    RTM_GETROUTE,
    RTM_NEWADDR,
    RTM_NEWROUTE,
)
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.marshal import MarshalRtnl
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from ikecli.boundary.views import InterfaceView
from ikecli.dataplane.linux.devices import UP, Devices, exists, index_of, mtu_of
from ikecli.dataplane.linux.ledger import Ledger, Thing
from ikecli.dataplane.linux.masters import Masters
from ikecli.dataplane.linux.neighbours import ETHERNET
from ikecli.dataplane.linux.netlink import CREATE, EXCL, FAMILIES, Events, Refused, Requests
from ikecli.dataplane.linux.settings import CONF, CONF6, write
from ikecli.dataplane.linux.vrfs import LAST_METRIC, MAIN_TABLE, PROTOCOL, Vrfs, routes
from ikecli.intent import Address, Intent, Interface, Prefix, Route

LOOPBACK: Final = "lo"
GROUPS: Final = 0x1 | 0x10 | 0x100 | 0x40 | 0x400
"""Multicast groups: links, IPv4 and IPv6 addresses, IPv4 and IPv6 routes."""
UNICAST, UNIVERSE, LINK_SCOPE = 1, 0, 253
RUNNING: Final = 0x40
USUAL6: Final = 1024
"""The kernel's metric of a route of IPv6 without one."""
SETTINGS: Final = ("forwarding", "rp_filter")
"""The sysctls that are set, each under net.ipv4.conf.DEVICE, while connections are configured (docs/deploy.md)."""


class LinuxNetwork:
    """The kernel's view of the configured network, and what of it is ours."""

    def __init__(self, ledger: Ledger, devices: Mapping[str, str], log: Callable[[str], None]) -> None:
        self.requests: Final = Requests(socket.NETLINK_ROUTE, MarshalRtnl())
        self._ledger, self._named, self._log = ledger, devices, log
        self.devices: Final = Devices(self.requests)
        self._intent = Intent()
        self._devices: dict[str, str] = {}
        self._at: dict[tuple[str, Address], str] = {}
        self.tunnels: dict[str, str] = {}
        self.mark = 0
        self._said: set[str] = set()
        self.inner: frozenset[tuple[str, Address]] = frozenset()
        self.vrfs: Final = Vrfs(self.requests, self.devices, ledger, self.say)
        self.masters: Final = Masters(self.requests, self.devices, ledger, self.say)

    def configure(self, intent: Intent, strict: frozenset[str] = frozenset()) -> None:
        """Find the devices of the interfaces, give and take addresses and routes.

        On interfaces in `strict` a packet must come from where an answer would go (rp_filter). Devices of tunnels are
        those that `tunnels` says.
        """
        self._intent = intent
        self._devices = self._find()
        self.masters.follow(self._enslaved())
        self._at = {(one.vrf, own.ip): self._devices[one.name] for one in self._live() for own in one.addresses}
        wanted = {**self._addresses(), **self._routes(), **self._settings(strict)}
        for thing in reversed(self._settled()):
            if thing not in wanted:
                self._take(thing)
        for thing, put in wanted.items():
            if thing not in self._ledger:
                self._put(thing, put)

    def make_device(self, name: str, kind: str, details: Iterable[tuple[str, Any]]) -> None:
        """Make a device of ours; raises Refused."""
        self._ledger.add(("device", name))
        try:
            self.devices.add(name, kind, details, self.vrfs.alias)
        except Refused:
            self._ledger.drop(("device", name))
            raise

    def trust(self, device: str) -> None:
        """Have what came out of a VTI of ours meet no further policy: its own was looked at."""
        for conf in (CONF, CONF6):
            if (path := conf / device / "disable_policy").exists():
                write(path, "1")

    def drop_device(self, name: str) -> None:
        """Take a device of ours away, with all that it had."""
        self.devices.delete(name)
        self._ledger.drop(("device", name))
        self.forget(name)

    def sweep(self) -> None:
        """Take out what is ours in the kernel and in the ledger."""
        links = self.devices.found() if self._ledger.kind("device") else {}
        for _, name in self._ledger.kind("device"):
            if name in links and links[name].get_attr("IFLA_IFALIAS") == self.vrfs.alias:
                self.devices.delete(name)
            self._ledger.drop(("device", name))
        for thing in reversed(self._settled()):
            self._take(thing)
        self.masters.follow({})
        self.vrfs.sweep()

    def close(self) -> None:
        """Take out what is ours."""
        self.sweep()
        self.requests.close()

    def device(self, interface: str) -> str:
        """Return the device of an interface, or nothing."""
        return self._devices.get(interface, "")

    def devices_in(self, vrf: str) -> tuple[str, ...]:
        """Return the devices of the interfaces that are in a VRF."""
        return tuple(self._devices[one.name] for one in self._live() if one.vrf == vrf)

    def mtu_at(self, address: Address, vrf: str = "") -> int:
        """Return the MTU of the device that has an address of ours, 0 for none."""
        return mtu_of(self._at[vrf, address]) if (vrf, address) in self._at else 0

    def enslave(self, device: str, vrf: str) -> None:
        """Have a device of ours be in a routing table; raises Unavailable."""
        self.devices.master(device, self.vrfs.of(vrf).device)

    def exists(self, device: str) -> bool:
        """Tell whether there is a device of a name."""
        return exists(device)

    def neighbour(self, vrf: str, address: Address) -> Address | None:
        """Return the next hop towards an address as the machine itself knows it, not through a tunnel of ours."""
        found = self._look(vrf, address)
        if found is None or found["type"] != UNICAST or _name(found.get_attr("RTA_OIF")) in self.tunnels.values():
            return None
        return ip_address(found.get_attr("RTA_GATEWAY") or address)

    def _look(self, vrf: str, address: Address) -> Any:
        """Return the route that the kernel would take, or None."""
        message = rtmsg()
        message["family"] = FAMILIES[address.version]
        message["dst_len"] = address.max_prefixlen
        attributes: list[tuple[str, Any]] = [("RTA_DST", str(address))]
        attributes += [("RTA_MARK", self.mark)] if self.mark else []
        try:
            attributes += [("RTA_OIF", index_of(self.vrfs.device(vrf)))] if vrf else []
            message["attrs"] = attributes
            return self.requests.look(f"route to {address}", message, RTM_GETROUTE)
        except Refused:
            return None

    def forget(self, device: str) -> None:
        """Take note that a device is gone, and with it what it had."""
        for thing in self._settled():
            if device in thing[1:]:
                self._ledger.drop(thing)

    def seen(self, views: Iterable[InterfaceView]) -> tuple[InterfaceView, ...]:
        """Return interfaces with what is known of their devices: whether they are up, and what passed."""
        links = self.devices.found()
        return tuple(_seen(view, links.get(self.device(view.name))) for view in views)

    def dead(self) -> frozenset[str]:
        """Return the interfaces, tunnels left out, whose device has no link."""
        links = self.devices.found()
        plain = [
            one.name for one in self._intent.network.interfaces if one.tunnel is None and one.name in self._devices
        ]
        return frozenset(name for name in plain if not _linked(links.get(self._devices[name])))

    # What is there

    def _settled(self) -> list[Thing]:
        """Return what of ours the devices have."""
        return [thing for kind in _KINDS for thing in self._ledger.kind(kind)]

    def _held(self) -> dict[str, set[str]]:
        """Return the addresses of each device."""
        names = {link["index"]: name for name, link in self.devices.found().items()}
        held: dict[str, set[str]] = {name: set() for name in names.values()}
        for one in self.requests.dump("addresses", ifaddrmsg(), RTM_GETADDR):
            address = one.get_attr("IFA_LOCAL") or one.get_attr("IFA_ADDRESS")
            held[names[one["index"]]].add(str(ip_interface(f"{address}/{one['prefixlen']}")))
        return held

    def given(self, device: str) -> IPv4Interface | None:
        """Return the first IPv4 address that a device has by others than us, None without one."""
        number = index_of(device) if device and exists(device) else 0
        for one in self.requests.dump("addresses", ifaddrmsg(), RTM_GETADDR) if number else ():
            if one["index"] == number and one["family"] == socket.AF_INET and one["scope"] == UNIVERSE:
                address = IPv4Interface(f"{one.get_attr('IFA_LOCAL')}/{one['prefixlen']}")
                if ("address", device, str(address)) not in self._ledger:
                    return address
        return None

    def installed(self) -> set[tuple[int, str, str]]:
        """Return table, destination and gateway of all routes."""
        rows = set()
        for one in routes(self.requests):
            if one.get_attr("RTA_PRIORITY") != LAST_METRIC:
                nowhere = "0.0.0.0" if one["family"] == socket.AF_INET else "::"
                prefix = f"{one.get_attr('RTA_DST') or nowhere}/{one['dst_len']}"
                rows.add((one.get_attr("RTA_TABLE") or one["table"], prefix, one.get_attr("RTA_GATEWAY") or ""))
        return rows

    def _within(self) -> dict[str, str]:
        """Return the VRF of each device that is in one or is one's own."""
        inside = {device: self.vrfs.named(master) for device, master in self.masters.now().items()}
        return {device: vrf for device, vrf in (inside | self.vrfs.devices()).items() if vrf}

    def _find(self) -> dict[str, str]:
        held, within = self._held(), self._within()
        found = {}
        for one in self._intent.network.interfaces:
            if one.tunnel is not None or one.template:
                if one.name in self.tunnels:
                    found[one.name] = self.tunnels[one.name]
                continue
            device = self._named.get(one.name, "")
            if one.dynamic and not device:
                self.say(f"interface {one.name}: DHCP gives its address: give --interface {one.name}=DEVICE")
            if device and device not in held:
                self.say(f"interface {one.name}: there is no device {device} here")
                continue
            own = {address.ip for address in one.addresses}
            holders = [name for name, some in held.items() if own & {ip_interface(text).ip for text in some}]
            holders.sort(key=lambda name: within.get(name, "") != one.vrf)
            if device := device or next(iter(holders), LOOPBACK if one.name.lower().startswith("loopback") else ""):
                found[one.name] = self.vrfs.device(one.vrf) or device if device == LOOPBACK else device
            elif own and not one.shutdown:
                self.say(
                    f"interface {one.name}: no device has {one.addresses[0].ip}; name one with "
                    f"--interface {one.name}=DEVICE"
                )
        return found

    # What is wanted

    def _enslaved(self) -> dict[str, str]:
        """Return the devices that belong into a VRF, with its device; tunnels' are put there as they are made."""
        plain = [one for one in self._live() if one.tunnel is None and self.vrfs.device(one.vrf)]
        wanted = {self._devices[one.name]: self.vrfs.device(one.vrf) for one in plain}
        return {device: master for device, master in wanted.items() if device not in (LOOPBACK, master)}

    def _addresses(self) -> dict[Thing, Callable[[], None]]:
        """Return the addresses that devices lack. A loopback's are of one host each: its subnet is not here."""
        held, within = self._held(), self._within()
        given = [
            (self.vrfs.device(vrf) or LOOPBACK, ip_interface(f"{one}/{one.max_prefixlen}")) for vrf, one in self.inner
        ]
        wanted: dict[Thing, Callable[[], None]] = {}
        for one in self._live():
            device = self._devices[one.name]
            alone = device in (LOOPBACK, self.vrfs.device(one.vrf)) or bool(one.unnumbered)
            mine = [each for each in one.addresses if not one.dynamic or each.version != 4]
            own = [ip_interface(f"{each.ip}/{each.max_prefixlen}") if alone else each for each in mine]
            given += [(device, each) for each in own]
        ours = set(self.tunnels.values())
        for device, each in given:
            thing = ("address", device, str(each))
            if device in ours:
                if str(each) not in held.get(device, ()):
                    self._ledger.drop(thing)
                wanted[thing] = partial(self._address, thing, RTM_NEWADDR, CREATE | EXCL)
                continue
            beside = [some for name, some in held.items() if within.get(name) == within.get(device)]
            elsewhere = any(each.ip == ip_interface(text).ip for some in beside for text in some)
            if thing in self._ledger or not elsewhere:
                wanted[thing] = partial(self._address, thing, RTM_NEWADDR, CREATE | EXCL)
        return wanted

    def _routes(self) -> dict[Thing, Callable[[], None]]:
        have = self.installed()
        wanted: dict[Thing, Callable[[], None]] = {}
        for route in self._intent.network.routes:
            if not self.vrfs.has(route.vrf):
                continue
            table = self.vrfs.of(route.vrf).number
            named = (one for one in self._live() if route.interface and route.interface in (one.name, one.nameif))
            device = next((self.device(one.name) for one in named), "")
            gateway = str(route.gateway) if route.gateway is not None else ""
            if route.in_global and route.gateway is not None and not device:
                found = self._look("", route.gateway)
                device = _name(found.get_attr("RTA_OIF")) if found is not None else ""
            metric = [str(_metric(route))] if route.distance > 1 else []
            number = [str(table)] if route.vrf or metric else []
            thing = "route", str(route.prefix), gateway, device, *number, *metric
            there = (table, str(route.prefix), gateway) in have
            if not there:
                self._ledger.drop(thing)
            if (gateway or device) and (thing in self._ledger or not there):
                wanted[thing] = partial(self._route, thing, RTM_NEWROUTE, CREATE | EXCL)
        return wanted

    def _settings(self, strict: frozenset[str]) -> dict[Thing, Callable[[], None]]:
        wanted: dict[Thing, Callable[[], None]] = {}
        mine = {thing[1:3]: thing for thing in self._ledger.kind("setting")}
        protects = self._intent.connections or self._intent.templates
        live = [(self._devices[one.name], one.name in strict) for one in self._live()]
        live += [(self.vrfs.device(one.vrf), False) for one in self._live() if self.vrfs.device(one.vrf)]
        for device, checked in dict.fromkeys(live) if protects else ():
            for name in SETTINGS:
                if device != LOOPBACK and (name == "forwarding" or checked):
                    path = CONF / device / name
                    before = path.read_text().strip()
                    if (device, name) in mine:
                        wanted[mine[device, name]] = lambda: None
                    elif before == "0":
                        wanted[("setting", device, name, before)] = partial(write, path, "1")
        return wanted

    def _live(self) -> list[Interface]:
        return [one for one in self._intent.network.interfaces if not one.shutdown and one.name in self._devices]

    # Put in and taken out

    def _put(self, thing: Thing, put: Callable[[], None]) -> None:
        self._ledger.add(thing)
        try:
            put()
        except Refused as refusal:
            self._ledger.drop(thing)
            self.say(str(refusal))

    def _take(self, thing: Thing) -> None:
        try:
            if thing[0] == "address":
                self._address(thing, RTM_DELADDR)
            elif thing[0] == "route":
                self._route(thing, RTM_DELROUTE)
            elif (path := CONF / thing[1] / thing[2]).exists() and path.read_text().strip() == "1":
                write(path, thing[3])
        except Refused as refusal:
            if refusal.code not in (errno.ESRCH, errno.ENODEV, errno.EADDRNOTAVAIL):
                self.say(str(refusal))
        self._ledger.drop(thing)

    def _address(self, thing: Thing, kind: int, flags: int = 0) -> None:
        _, device, text = thing
        own, index = ip_interface(text), index_of(device)
        message = ifaddrmsg()
        message["family"] = FAMILIES[own.version]
        message["prefixlen"], message["index"] = own.network.prefixlen, index
        message["attrs"] = [("IFA_LOCAL", str(own.ip)), ("IFA_ADDRESS", str(own.ip))]
        if own.version == 6:
            message["flags"] = 2  # no duplicate address detection: it is used at once
        self.requests.change(f"address {text} of {device}", message, kind, flags)

    def _route(self, thing: Thing, kind: int, flags: int = 0) -> None:
        _, prefix, gateway, device, *numbers = thing
        index, table = index_of(device) if device else 0, int(numbers[0]) if numbers else MAIN_TABLE
        metric = int(numbers[1]) if numbers[1:] else 0
        route(self.requests, ip_network(prefix), kind, flags, gateway, index, table, metric)

    def say(self, text: str) -> None:
        """Tell the operator, once."""
        if text not in self._said:
            self._said.add(text)
            self._log(text)


_KINDS: Final = ("setting", "address", "route")


def route(
    requests: Requests,
    prefix: Prefix,
    kind: int,
    flags: int = 0,
    gateway: str = "",
    index: int = 0,
    table: int = MAIN_TABLE,
    metric: int = 0,
) -> None:
    """Add or delete a route of ours, with the kernel's usual metric where that is 0; raises Refused."""
    message = rtmsg()
    message["family"] = FAMILIES[prefix.version]
    message["dst_len"], message["proto"], message["type"] = prefix.prefixlen, PROTOCOL, UNICAST
    message["table"] = table if table < 256 else 0
    message["scope"] = UNIVERSE if gateway or prefix.version == 6 else LINK_SCOPE
    attributes: list[tuple[str, object]] = [("RTA_DST", str(prefix.network_address)), ("RTA_TABLE", table)]
    attributes += [("RTA_GATEWAY", gateway)] if gateway else []
    attributes += [("RTA_OIF", index)] if index else []
    attributes += [("RTA_PRIORITY", metric)] if metric else []
    message["attrs"] = attributes
    requests.change(f"route to {prefix}", message, kind, flags)


def _metric(route: Route) -> int:
    """Return the kernel's metric for a distance: that of 1 is its usual one, 0 for IPv4 and 1024 for IPv6."""
    return route.distance + (USUAL6 - 1 if route.prefix.version == 6 else 0)


def changes() -> Events:
    """Return what hears of devices and addresses that come and go."""
    return Events(socket.NETLINK_ROUTE, MarshalRtnl(), GROUPS)


def lost_address(message: Any) -> Address | None:
    """Return the address that an event says went."""
    if message["header"]["type"] != RTM_DELADDR:
        return None
    return ip_address(message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS"))


def flows_reach(intent: Intent, interface: str) -> bool:
    """Tell whether flows of an interface cover its own peers, so that packets of ESP look like protected ones."""
    return any(
        flow.permit and flow.remote.covers(peer, flow.remote.protocol, -1)
        for one in intent.connections
        if one.interface == interface
        for flow in one.flows
        for peer in one.peers or _everything(flow.remote.first)
    )


def _everything(like: Address) -> Iterable[Address]:
    """Return what stands for any peer: one that a flow to everywhere covers."""
    return (type(like)(1 << 24),)


def _linked(link: Any) -> bool:
    return link is not None and bool(link["flags"] & UP and link["flags"] & RUNNING)


def _seen(view: InterfaceView, link: Any) -> InterfaceView:
    if link is None:
        return replace(view, up=False, line=False)
    counts = link.get_attr("IFLA_STATS64") or {}
    tunnel = view.tunnel and replace(view.tunnel, transport_mtu=link.get_attr("IFLA_MTU"))
    return replace(
        view,
        up=not view.shutdown and (tunnel is not None or bool(link["flags"] & UP)),
        line=not view.shutdown and _linked(link),
        tunnel=tunnel,
        device=link.get_attr("IFLA_IFNAME"),
        packets_in=counts.get("rx_packets", 0),
        packets_out=counts.get("tx_packets", 0),
        octets_in=counts.get("rx_bytes", 0),
        octets_out=counts.get("tx_bytes", 0),
        hardware=str(link.get_attr("IFLA_ADDRESS") or "") if link["ifi_type"] == ETHERNET else "",
    )


def _name(index: int) -> str:
    try:
        return socket.if_indextoname(index)
    except OSError:
        return ""
