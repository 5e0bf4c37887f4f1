"""Network devices of ours: named, made, changed and taken away again (rtnetlink(7))."""

from __future__ import annotations

import errno
import fcntl
import re
import socket
import struct
from collections.abc import Iterable
from typing import Any, Final

from pyroute2.netlink.rtnl import RTM_DELLINK, RTM_GETLINK, RTM_NEWLINK
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

from ikecli.dataplane.linux.netlink import CREATE, EXCL, Refused, Requests

LONGEST_NAME: Final = 15
UP: Final = 1
ADDR_GEN_NONE: Final = 1
SIOCGIFMTU: Final = 0x8921
NAMED: Final = re.compile(r"([A-Za-z]{2})[A-Za-z-]*([\d/.]*)$")


class Devices:
    """The devices of this network namespace and changes of them; each raises Refused."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    def found(self) -> dict[str, Any]:
        """Return all devices by name, as the kernel tells of them."""
        links = self._requests.dump("devices", ifinfmsg(), RTM_GETLINK)
        return {one.get_attr("IFLA_IFNAME"): one for one in links}

    def add(self, name: str, kind: str, details: Iterable[tuple[str, Any]], alias: str) -> None:
        """Make a device of a kind, with attributes of that kind, and an alias that tells whose it is."""
        message = ifinfmsg()
        data = ("IFLA_INFO_DATA", {"attrs": list(details)})
        message["attrs"] = [
            ("IFLA_IFNAME", name),
            ("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", kind), data]}),
        ]
        try:
            self._requests.change(f"device {name}", message, RTM_NEWLINK, CREATE | EXCL)
        except Refused as refusal:
            if refusal.code == errno.EOPNOTSUPP:
                raise Refused(
                    f"device {name}", refusal.code, f"this kernel has no devices of the kind {kind}"
                ) from None
            raise
        message = ifinfmsg()
        message["index"] = index_of(name)
        message["attrs"] = [("IFLA_IFALIAS", alias)]
        self._requests.change(f"device {name}", message, RTM_NEWLINK)

    def change(self, name: str, *, up: bool, mtu: int = 0, queue: int = 0) -> None:
        """Have a device up or down, its MTU and queue be of some lengths (0: as they are)."""
        message = ifinfmsg()
        message["index"], message["flags"], message["change"] = index_of(name), UP if up else 0, UP
        found = [("IFLA_MTU", mtu)] if mtu else []
        message["attrs"] = found + ([("IFLA_TXQLEN", queue)] if queue else [])
        self._requests.change(f"device {name}", message, RTM_NEWLINK)

    def quiet(self, name: str) -> None:
        """Have a device that is not up yet make itself no address of IPv6, and so ask for no router."""
        message = ifinfmsg()
        message["index"] = index_of(name)
        inet6 = {"attrs": [("IFLA_INET6_ADDR_GEN_MODE", ADDR_GEN_NONE)]}
        message["attrs"] = [("IFLA_AF_SPEC", {"attrs": [("AF_INET6", inet6)]})]
        try:
            self._requests.change(f"device {name}", message, RTM_NEWLINK)
        except Refused as refusal:
            if refusal.code not in (errno.EAFNOSUPPORT, errno.EOPNOTSUPP):
                raise

    def master(self, name: str, master: str) -> None:
        """Have a device belong to another (a VRF), or to none."""
        message = ifinfmsg()
        message["index"] = index_of(name)
        message["attrs"] = [("IFLA_MASTER", index_of(master) if master else 0)]
        self._requests.change(f"device {name}", message, RTM_NEWLINK)

    def delete(self, name: str) -> None:
        """Take a device away; one that is gone is no error."""
        try:
            message = ifinfmsg()
            message["index"] = index_of(name)
            self._requests.change(f"device {name}", message, RTM_DELLINK)
        except Refused as refusal:
            if refusal.code != errno.ENODEV:
                raise


def exists(name: str) -> bool:
    """Tell whether there is a device of a name."""
    try:
        return index_of(name) > 0
    except Refused:
        return False


def index_of(name: str) -> int:
    """Return a device's number; raises Refused."""
    try:
        return socket.if_nametoindex(name)
    except OSError as error:
        raise Refused(f"device {name}", errno.ENODEV) from error


def mtu_of(name: str) -> int:
    """Return a device's MTU, 0 for none of that name."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            found = fcntl.ioctl(one, SIOCGIFMTU, struct.pack("16s16x", name.encode()))
        except OSError:
            return 0
    return int(struct.unpack_from("=i", found, 16)[0])


def short_name(interface: str) -> str:
    """Return what an interface of the configuration is called among devices: "Tunnel10" is "Tu10"."""
    found = NAMED.match(interface)
    short = found[1].capitalize() + found[2].replace("/", ".") if found else interface
    return short[:LONGEST_NAME]
