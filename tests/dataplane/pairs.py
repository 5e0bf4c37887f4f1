"""Two nodes with the SAs between them, for the tests that all planes must pass, and what those are made of."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network, ip_address, ip_network
from typing import Any

from ikecli.boundary.effects import Direction, Endpoint, EspKeys, Install, Remove
from ikecli.boundary.views import Counters
from ikecli.esp import EspSa
from ikecli.intent import Carrier, Connection, Flow, Intent, Interface, Network, Route, Selector, Tunnel
from ikecli.intent.selectors import host_selector
from ikecli.numbers import ALGORITHMS, Algorithm
from tests.dataplane.rigs import ENDS, ENDS6, INSIDE, INSIDE6, NAMES, NAT_PORT, OTHER, Rig

LABEL = "MAP 10 outside"
NETS = {"L": "10.1.0.0/16", "R": "10.2.0.0/16"}
ROWS = {(row.name, row.key_bits): row for row in ALGORITHMS}
GCM, CBC, CHACHA, TRIPLE = (
    ROWS[name, bits]
    for name, bits in (
        ("ENCR_AES_GCM_16", 256), ("ENCR_AES_CBC", 256), ("ENCR_CHACHA20_POLY1305", 0), ("ENCR_3DES", 0),
    )
)  # fmt: skip
SHA = ROWS["AUTH_HMAC_SHA2_256_128", 0]


def flow(node: str) -> tuple[Selector, Selector]:
    return Selector.of(ip_network(NETS[node])), Selector.of(ip_network(NETS[OTHER[node]]))


def intent(node: str) -> Intent:
    outside = Interface("outside", (IPv4Interface(f"{ENDS[node]}/24"),))
    inside = Interface("Loopback0", (IPv4Interface(f"{INSIDE[node]}/16"),), nameif="inside")
    peer = ip_address(ENDS[OTHER[node]])
    connection = Connection("MAP", 10, "outside", ip_address(ENDS[node]), (peer,), (Flow(*flow(node)),), ())
    routes = (Route(IPv4Network("0.0.0.0/0"), peer),)
    return Intent(hostname=node, network=Network((outside, inside), routes), connections=(connection,))


def both_versions(node: str, outer: int, inner: int) -> Intent:
    """Return an intent with addresses of both versions, whose SAs go over one and protect the other."""
    base, other = intent(node), OTHER[node]
    outside, inside = base.network.interfaces
    outside = replace(outside, addresses=(*outside.addresses, IPv6Interface(f"{ENDS6[node]}/64")))
    inside = replace(inside, addresses=(*inside.addresses, IPv6Interface(f"{INSIDE6[node]}/64")))
    ends, hosts = ENDS if outer == 4 else ENDS6, INSIDE if inner == 4 else INSIDE6
    flows = (Flow(*(host_selector(hosts[name]) for name in (node, other))),)
    row = replace(base.connections[0], local=ip_address(ends[node]), peers=(ip_address(ends[other]),), flows=flows)
    route = Route(IPv6Network("::/0"), ip_address(ENDS6[other]))
    network = replace(base.network, interfaces=(outside, inside), routes=(*base.network.routes, route))
    return replace(base, network=network, connections=(row,))


def changed(sa: Install, **changes: Any) -> Install:
    """Return an SA with changes; in UDP it has the ports of a NAT."""
    sa = replace(sa, **changes)
    if not sa.encapsulated:
        return sa
    local, remote = (Endpoint(end.address, NAT_PORT) for end in (sa.local, sa.remote))
    return replace(sa, local=local, remote=remote)


def keys(sa: Install) -> EspSa:
    """Return what seals and opens the packets of an SA."""
    return EspSa(sa.spi, sa.encryption, sa.integrity, sa.keys.encryption, sa.keys.integrity, sa.esn)


class Pair:
    """Two nodes and the SAs between them; each generation of SAs has SPIs of its own."""

    def __init__(self, made: Rig) -> None:
        self.rig = made
        made.configure({name: intent(name) for name in NAMES})

    @staticmethod
    def spi(receiver: str, generation: int = 1) -> int:
        return 0x1000 * generation + (1 if receiver == "R" else 2)

    @classmethod
    def sa(cls, sender: str, encryption: Algorithm, integrity: Algorithm | None, generation: int) -> Install:
        keys = EspKeys(
            bytes(range(encryption.key_octets)), bytes([generation]) * integrity.key_octets if integrity else b""
        )
        ends = Endpoint(ip_address(ENDS[sender]), 500), Endpoint(ip_address(ENDS[OTHER[sender]]), 500)
        spis = cls.spi(OTHER[sender], generation), cls.spi(sender, generation)
        return Install(Direction.OUTBOUND, *spis, *ends, encryption, integrity, keys, (flow(sender),), LABEL)

    @staticmethod
    def inbound(out: Install, receiver: str) -> Install:
        return replace(out, direction=Direction.INBOUND, local=out.remote, remote=out.local, flows=(flow(receiver),))

    def connect(
        self, encryption: Algorithm = GCM, integrity: Algorithm | None = None, generation: int = 1, **changes: object
    ) -> None:
        """Put in both SAs, inbound directions first."""
        outs = {}
        for sender in NAMES:
            out = outs[sender] = changed(self.sa(sender, encryption, integrity, generation), **changes)
            self.rig.do(OTHER[sender], "install", self.inbound(out, OTHER[sender]))
        for sender, out in outs.items():
            self.rig.do(sender, "install", out)

    def disconnect(self, generation: int = 1) -> None:
        for name in NAMES:
            peer = Endpoint(ip_address(ENDS[OTHER[name]]), 500)
            self.rig.do(name, "remove", Remove(Direction.OUTBOUND, self.spi(OTHER[name], generation), peer))
            self.rig.do(name, "remove", Remove(Direction.INBOUND, self.spi(name, generation), peer))

    def ping(self, node: str = "L", destination: str = "", size: int = 100) -> str:
        return self.rig.ping(node, destination or INSIDE[OTHER[node]], size=size)

    def counters(self, node: str, generation: int = 1) -> Counters:
        spi = self.spi(node, generation)
        found: dict[int, Counters] = self.rig.do(node, "counters", [spi])
        return found[spi]

    def counted(self, node: str, generation: int = 1, **wanted: int) -> dict[str, int]:
        """Return the counters that are wanted, once they are as wanted: a plane may count after it delivers."""

        def found() -> dict[str, int]:
            return {name: getattr(self.counters(node, generation), name) for name in wanted}

        self.rig.wait(lambda: found() == wanted, 1)
        return found()

    def heard(self, node: str, what: object) -> bool:
        return self.rig.wait(lambda: what in self.rig.nodes[node].notices)


# Tunnel interfaces

TUNNEL = "tunnel Tunnel0"
INNER = {"L": "172.16.0.1", "R": "172.16.0.2"}
EVERYTHING = Selector.of(ip_network("0.0.0.0/0")), Selector.of(ip_network("0.0.0.0/0"))
EVERYTHING6 = Selector.of(ip_network("::/0")), Selector.of(ip_network("::/0"))


def tunnelled(node: str, carrier: Carrier, **more: Any) -> Intent:
    """Return an intent whose inside networks are reached through a protected tunnel."""
    base, other = intent(node), OTHER[node]
    ends = ip_address(ENDS[node]), ip_address(ENDS[other])
    tunnel = Tunnel(carrier, *ends, "outside", protection=f"{TUNNEL} 65535 Tunnel0", profile="P", **more)
    one = Interface("Tunnel0", (IPv4Interface(f"{INNER[node]}/30"),), tunnel=tunnel)
    flows = (Flow(*tunnel_flow(node, carrier)),)
    row = Connection(TUNNEL, 65535, "Tunnel0", ends[0], (ends[1],), flows, ())
    routes = (Route(IPv4Network(NETS[other]), None, "Tunnel0"),)
    return replace(base, network=Network((*base.network.interfaces, one), routes), connections=(row,))


def tunnel_flow(node: str, carrier: Carrier) -> tuple[Selector, Selector]:
    if carrier is Carrier.IPSEC:
        return EVERYTHING
    here, there = (host_selector(ENDS[name]) for name in (node, OTHER[node]))
    return replace(here, protocol=47), replace(there, protocol=47)


def connect_tunnel(pair: Pair, carrier: Carrier, generation: int = 1, **changes: Any) -> None:
    pair.rig.configure({name: tunnelled(name, carrier) for name in NAMES} if generation == 1 else {})
    for sender in NAMES:
        changes = {"connection": f"{TUNNEL} 65535 Tunnel0", **changes}
        out = changed(pair.sa(sender, GCM, None, generation), **changes)
        receiver = OTHER[sender]
        inbound = replace(pair.inbound(out, receiver), flows=(tunnel_flow(receiver, carrier),))
        pair.rig.do(receiver, "install", inbound)
        pair.rig.do(sender, "install", replace(out, flows=(tunnel_flow(sender, carrier),)))


def unprotected(node: str, key: int | None = None) -> Intent:
    """Return an intent whose inside networks are reached through GRE that nothing protects."""
    base = tunnelled(node, Carrier.GRE, key=key)
    *plain, one = base.network.interfaces
    assert one.tunnel is not None
    bare = replace(one, tunnel=replace(one.tunnel, protection="", profile=""))
    return replace(base, network=replace(base.network, interfaces=(*plain, bare)), connections=())
