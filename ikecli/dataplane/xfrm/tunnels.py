"""The kernel's devices for tunnel interfaces: XFRM interfaces and VTIs, and GRE.

The packets of an XFRM interface find policies and SAs by its number, so that several stand between the same ends. Where
the kernel has none, a VTI's find policies by a mark, and what comes in finds it by the ends: there is one of the same.
"""

from __future__ import annotations

import socket
from typing import Any, Final

from ikecli.dataplane import gre
from ikecli.intent import Carrier, Tunnel

GRE_KEY: Final = 0x2000
NO_ENCAP_LIMIT: Final = 1
"""Leave out the option of RFC 2473 4.1.1, which few know."""

Attributes = list[tuple[str, Any]]


def interface(tie: int) -> tuple[str, Attributes]:
    """Return the kind of device that carries an IPsec tunnel where the kernel has it; `tie` is its number."""
    return "xfrm", [("IFLA_XFRM_IF_ID", tie)]


def device_of(tunnel: Tunnel, mark: int) -> tuple[str, Attributes]:
    """Return the kind of device that carries a tunnel and what makes it that; `mark` ties a VTI to its policies."""
    assert tunnel.source is not None
    six = tunnel.source.version == 6
    ends = str(tunnel.source), str(tunnel.destination)
    if tunnel.carrier is Carrier.IPSEC:
        names = ("IFLA_VTI_LOCAL", "IFLA_VTI_REMOTE")
        keys = [("IFLA_VTI_IKEY", mark), ("IFLA_VTI_OKEY", mark)]
        return "vti6" if six else "vti", [*zip(names, ends, strict=True), *keys]
    prefix = "IFLA_IP6GRE_" if six else "IFLA_GRE_"
    found: Attributes = [(prefix + "LOCAL", ends[0]), (prefix + "REMOTE", ends[1]), (prefix + "TTL", gre.TTL)]
    if six:
        found += [(prefix + "ENCAP_LIMIT", 0), (prefix + "FLAGS", NO_ENCAP_LIMIT)]
    else:
        found += [(prefix + "PMTUDISC", 1)]
    if tunnel.key is not None:
        flag: Any = socket.htons(GRE_KEY) if six else {"value": GRE_KEY}
        found += [(prefix + "IFLAGS", flag), (prefix + "OFLAGS", flag)]
        found += [(prefix + "IKEY", tunnel.key), (prefix + "OKEY", tunnel.key)]
    return "ip6gre" if six else "gre", found
