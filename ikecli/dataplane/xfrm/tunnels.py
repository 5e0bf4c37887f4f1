"""The kernel's devices for tunnel interfaces: XFRM interfaces and VTIs, and GRE.

The packets of an XFRM interface find policies and SAs by its number, so that several stand between the same ends. Where
the kernel has none, a VTI's find policies by a mark, and what comes in finds it by the ends: there is one of the same.
"""

from __future__ import annotations

import errno
import socket
from typing import Any, Final

from ikecli.dataplane.linux.netlink import Refused
from ikecli.dataplane.linux.network import LinuxNetwork
from ikecli.dataplane.xfrm.kernel import Kernel
from ikecli.dataplane.xfrm.marks import Marks
from ikecli.errors import Unavailable
from ikecli.intent import Carrier, Tunnel

GRE_KEY: Final = 0x2000
NO_ENCAP_LIMIT: Final = 1
"""Leave out the option of RFC 2473 4.1.1, which few know."""

SAME_ENDS: Final = "a VTI from {0.source} to {0.destination} is there already, and this kernel has no XFRM interfaces"

Attributes = list[tuple[str, Any]]


class TunnelDevices:
    """The devices, and the numbers that tie SAs and policies to them: a connection's is the same for good."""

    def __init__(self, network: LinuxNetwork, kernel: Kernel) -> None:
        self._network, self._kernel = network, kernel
        self._ties = Marks()
        self._modern = True

    def tie(self, connection: str) -> int:
        """Return the number of the device of a connection's tunnel; 0 for one that has had none."""
        return self._ties.known(connection)

    def make(self, device: str, tunnel: Tunnel, link: int) -> int:
        """Make a tunnel's device, whose own packets are in the VRF of `link`; return its tie. Raises Unavailable."""
        label = tunnel.protection
        tie = self._ties.group(self._kernel.ledger.owner, label, label).reqid if tunnel.carrier is Carrier.IPSEC else 0
        if tie and self._modern and self._interface(device, tie):
            return tie
        try:
            self._network.make_device(device, *device_of(tunnel, tie, link))
        except Refused as refusal:
            if tie and refusal.code == errno.EEXIST:
                raise Unavailable(SAME_ENDS.format(tunnel)) from refusal
            raise
        return tie

    def _interface(self, device: str, tie: int) -> bool:
        """Make an XFRM interface; return whether this kernel has them, which the first one tells."""
        try:
            self._network.make_device(device, "xfrm", [("IFLA_XFRM_IF_ID", tie)])
        except Refused:
            if self._kernel.interfaces:
                raise
            self._modern = False
            return False
        self._kernel.interfaces = True
        return True


def device_of(tunnel: Tunnel, mark: int, link: int) -> tuple[str, Attributes]:
    """Return the kind of device that carries a tunnel and what makes it that.

    `mark` ties a VTI to its policies. `link` is the device of the VRF of the tunnel's own packets, 0 for global.
    """
    assert tunnel.source is not None
    six = tunnel.source.version == 6
    ends = str(tunnel.source), str(tunnel.destination)
    if tunnel.carrier is Carrier.IPSEC:
        names = ("IFLA_VTI_LOCAL", "IFLA_VTI_REMOTE")
        keys: Attributes = [("IFLA_VTI_IKEY", mark), ("IFLA_VTI_OKEY", mark)]
        keys += [("IFLA_VTI_LINK", link)] if link else []
        return "vti6" if six else "vti", [*zip(names, ends, strict=True), *keys]
    prefix = "IFLA_IP6GRE_" if six else "IFLA_GRE_"
    found: Attributes = [(prefix + "LOCAL", ends[0]), (prefix + "REMOTE", ends[1]), (prefix + "TTL", tunnel.hops)]
    if tunnel.service is not None and six:
        raise Unavailable("the kernel's GRE over IPv6 has no traffic class of its own (tunnel tos): userspace's has")
    found += [(prefix + "TOS", tunnel.service)] if tunnel.service is not None else []
    if link:
        found.append((prefix + "LINK", link))
    if six:
        found += [(prefix + "ENCAP_LIMIT", 0), (prefix + "FLAGS", NO_ENCAP_LIMIT)]
    else:
        found += [(prefix + "PMTUDISC", 1)]
    if tunnel.key is not None:
        flag: Any = socket.htons(GRE_KEY) if six else {"value": GRE_KEY}
        found += [(prefix + "IFLAGS", flag), (prefix + "OFLAGS", flag)]
        found += [(prefix + "IKEY", tunnel.key), (prefix + "OKEY", tunnel.key)]
    return "ip6gre" if six else "gre", found
