"""What of a configuration a data plane cannot do, as it is said when the lines take effect."""

from __future__ import annotations

from collections.abc import Iterator

from ikecli.dataplane.base import Finding, Plane, Translating
from ikecli.intent import Intent, Screen


def unserved(intent: Intent, plane: Plane) -> Iterator[str]:
    """Yield a line for each setting of an intent that has no effect with a data plane."""
    network, name = intent.network, plane.name
    if intent.nat.outside and not isinstance(plane, Translating):
        yield f"% ip nat has no effect: the data plane {name} translates no addresses"
    if any(any(one.segments) for one in network.interfaces) and "mss" not in plane.features:
        why = "this kernel has no nftables that change options of TCP" if name == "xfrm" else "no TCP passes here"
        yield f"% ip tcp adjust-mss has no effect with the data plane {name}: {why}"
    asking = [one.name for one in network.interfaces if one.dynamic]
    if asking and not isinstance(plane, Finding):
        why = "the lab has no DHCP server" if name == "memory" else f"the data plane {name} has no devices"
        yield f"% {', '.join(asking)} has no address: {why}: type ip address A.B.C.D MASK"
    tables = {one.vrf for one in network.interfaces} - {""}
    if tables and "vrf" not in plane.features:
        why = f"with the data plane {name} there is one routing table"
        if name in ("xfrm", "userspace"):
            why = "this kernel has no devices of the kind vrf"
        yield f"% VRF {', '.join(sorted(tables))} has no effect: {why}"
    if any(one.screen != Screen() for one in intent.profiles) and name == "xfrm":
        yield f"% vpn-filter: the data plane {name} carries nothing of such peers: the kernel's ESP looks at no list"
    if "esp" in plane.features:
        yield from _outer(intent, plane)
        yield from _paths(intent, plane)
        yield from _optional(intent, plane)
        yield from _errors(intent, plane)


def _errors(intent: Intent, plane: Plane) -> Iterator[str]:
    if any(one.own_errors for one in intent.connections) and plane.name == "xfrm":
        why = "the kernel looks at packets of an SA and not at what they quote"
        yield f"% set validate-icmp-errors has no effect with the data plane {plane.name}: {why}"


def _optional(intent: Intent, plane: Plane) -> Iterator[str]:
    if any(one.optional for one in intent.connections) and "optional" not in plane.features:
        why = "what is routed into its device leaves it as ESP alone"
        if plane.name == "xfrm":
            why = "the kernel has a packet that asks for an SA of tunnel mode wait for it"
        yield f"% crypto ipsec optional has no effect with the data plane {plane.name}: {why}"


def _paths(intent: Intent, plane: Plane) -> Iterator[str]:
    if intent.path_aging and "path-aging" not in plane.features:
        yield f"% pmtu-aging has no effect with the data plane {plane.name}: the kernel decides for all routes"


def _outer(intent: Intent, plane: Plane) -> Iterator[str]:
    outers = {one.outer for one in intent.connections} | {one.outer for one in intent.templates}
    if any(one.whole for one in outers) and "df-set" not in plane.features:
        yield f"% df-bit set has no effect with the data plane {plane.name}: the kernel copies the bit or clears it"
    if any(one.late for one in outers) and "late-cuts" not in plane.features:
        why = "its device takes no packet that is too long"
        yield f"% fragmentation after-encryption has no effect with the data plane {plane.name}: {why}"
