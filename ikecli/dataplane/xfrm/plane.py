"""The kernel's ESP as a data plane."""

from __future__ import annotations

import socket
import struct
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Any, Final

from ikecli.boundary.effects import Direction, Endpoint, Install, Remove, Update
from ikecli.boundary.notices import Acquire, Expired, FirstPacket, Mapped
from ikecli.boundary.views import Counters
from ikecli.dataplane.base import EspState
from ikecli.dataplane.esp import moved, seen_octets
from ikecli.dataplane.lines import Line, lines_of
from ikecli.dataplane.linux.devices import index_of
from ikecli.dataplane.linux.host import Home, Host
from ikecli.dataplane.linux.ledger import Ledger
from ikecli.dataplane.linux.netlink import Events
from ikecli.dataplane.linux.plane import LinuxPlane
from ikecli.dataplane.linux.vrfs import tables_of
from ikecli.dataplane.packet import ICMP, ICMPV6
from ikecli.dataplane.xfrm import messages as xfrm
from ikecli.dataplane.xfrm.cuts import cuts_of
from ikecli.dataplane.xfrm.kernel import ANYTHING, Kernel, More, Used, address_of
from ikecli.dataplane.xfrm.marks import Group, Marks
from ikecli.dataplane.xfrm.policies import (
    FIRST_PRIORITY,
    FOREVER,
    UNUSED,
    Layers,
    Policy,
    Template,
    policies_of,
)
from ikecli.dataplane.xfrm.tunnels import TunnelDevices
from ikecli.errors import Unavailable
from ikecli.intent import Address, Carrier, Connection, Intent, Interface, Screen, Selector, Tunnel
from ikecli.numbers import NAT_PORT

ACQUIRE_SECONDS: Final = 2.0
"""How long the kernel keeps quiet about packets that wait for one SA."""
LOOKS: Final = (*(0.1,) * 20, *(1.0,) * 30)
"""The pauses between looks whether a new inbound SA has carried a packet: the kernel does not tell."""
MAX_WATCHED: Final = 256
"""New SAs that are looked at; of more, a first packet is noticed when the peer deletes the old SA."""
UDP_ENCAP: Final = 100
EVERYTHING: Final = tuple(cut for one in ("0.0.0.0/0", "::/0") for cut in cuts_of(*(Selector.of(ip_network(one)),) * 2))
MAP_TABLES: Final = (
    "the kernel's policies protect packets of the VRF that they leave by: a crypto map with another ivrf is carried in "
    "the lab alone; use a tunnel interface with vrf forwarding {0.inner_vrf}"
)
SCREENED: Final = "the kernel's ESP looks at no list of what passes (set ip access-group, vpn-filter): userspace does"
IP_XFRM_POLICY, IPV6_XFRM_POLICY = 17, 35
IN, OUT = Direction.INBOUND, Direction.OUTBOUND


@dataclass(slots=True)
class Child:
    """A Child SA: its two directions as far as they are in, and what was counted before a reset."""

    group: Group
    ways: dict[Direction, Install] = field(default_factory=dict)
    zero: tuple[Used, Used] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """An acquire that waits for its SA."""

    sequence: int
    template: Template


class XfrmPlane(LinuxPlane):
    """SAs and policies in the kernel, which also has the devices of tunnels."""

    name = "xfrm"
    features = frozenset({"esp", "ping", "esn", "transport", "udp-encapsulation", "tunnels", "late-cuts"})

    def __init__(self, host: Host, ledger: Ledger) -> None:
        """Take out what an earlier run left; raises Unavailable where the kernel has no XFRM."""
        super().__init__(host, ledger)
        self.clamps = self._guard.can_clamp()
        if self.clamps:
            self.features |= {"mss"}
        self._kernel = Kernel(ledger)
        swept = self._kernel.sweep()
        if swept:
            host.log(f"{swept} SAs and policies of an earlier run were still in the kernel and are gone now")
        groups = xfrm.XFRMNLGRP_ACQUIRE | xfrm.XFRMNLGRP_EXPIRE | xfrm.XFRMNLGRP_MAPPING
        self._heard = Events(xfrm.NETLINK_XFRM, xfrm.MarshalXfrm(), groups)
        host.watch(self._heard.fileno(), self._hear)
        host.sockets.guest = self
        self._layers = Layers()
        self._connections: dict[str, Connection] = {}
        self._priorities: dict[str, int] = {}
        self._marks = Marks()
        self._children: dict[int, Child] = {}
        self._outbound: dict[tuple[int, Address], Child] = {}
        self._asked: dict[str, Asked] = {}
        self._devices = TunnelDevices(self._network, self._kernel)
        self._protected = Intent()
        self._laid: dict[str, tuple[int, ...]] = {}

    # Tunnel interfaces

    def _raise_tunnel(self, one: Interface, tunnel: Tunnel, device: str) -> None:
        """Have a device of the kernel's carry a tunnel."""
        if one.name in self._standing:
            self._drop_tunnel(one.name, device)
        table = self._vrfs.of(tunnel.vrf).device
        tie = self._devices.make(device, tunnel, index_of(table) if table else 0)
        self._network.devices.quiet(device)
        if tie:
            self._network.trust(device)
            self._lay_again(tunnel.protection)

    def _drop_tunnel(self, name: str, device: str) -> None:
        """Have a tunnel's device be gone."""
        self._network.drop_device(device)

    def _lay_again(self, connection: str) -> None:
        """Have the policies of a tunnel's SAs be for its device."""
        for child in self._children.values():
            for sa in child.ways.values():
                if sa.connection == connection:
                    self._own(child.group, sa)

    def _with_maps(self, intent: Intent) -> Intent:
        """Return an intent with the connections that go by policy: crypto maps, and GRE between a tunnel's ends."""
        vtis = {one.name for one in intent.network.interfaces if one.tunnel and one.tunnel.carrier is Carrier.IPSEC}
        return replace(intent, connections=tuple(one for one in intent.connections if one.interface not in vtis))

    # Policies

    def _map_unreachable(self, one: Connection) -> str:
        """Return why the kernel cannot protect in the tables of a crypto map's entry: its policies know one of them."""
        if one.screen != Screen():
            return SCREENED
        return "" if one.vrf == one.inner_vrf else MAP_TABLES.format(one)

    def _protect(self, intent: Intent) -> None:
        self._protected, self._connections = intent, {one.label: one for one in intent.connections}
        self._laid = {vrf: self._devices_in(vrf) for vrf in sorted(tables_of(intent))}
        self._priorities, priority = {}, FIRST_PRIORITY
        wanted, every = list[Policy](), list[Line]()
        for vrf in (*self._laid, ""):
            lines = lines_of(replace(intent, connections=tuple(one for one in intent.connections if one.vrf == vrf)))
            if lines and not vrf and self._laid:
                wanted += self._passing(priority)
                priority += 2
            for line in lines:
                wanted += self._policies(line, priority, self._laid.get(vrf, (0,)))
                priority += 2
            every += lines
        self._keep_in(intent, [one for one in every if one.connection is None or not one.connection.wildcard_peer])
        self._lay("", wanted)

    def _policies(self, line: Line, priority: int, devices: Iterable[int]) -> Iterator[Policy]:
        """Yield the policies of a line, for devices of its VRF alone."""
        row = line.connection
        if row is not None:
            self._priorities.setdefault(row.label, priority)
            if row.wildcard_peer and not row.closed:
                return
        template = self._trap(row) if row is not None and not row.closed else None
        for cut in cuts_of(line.local, line.remote):
            for one in (replace(cut, device=device) for device in devices):
                yield from policies_of(one, priority, template, True, True, closed=row is not None and row.closed)

    def _passing(self, priority: int) -> Iterator[Policy]:
        """Yield what keeps packets of VRFs out of the policies behind, which are for the global table."""
        for devices in self._laid.values():
            for device in devices:
                for cut in EVERYTHING:
                    yield from policies_of(replace(cut, device=device), priority, None, True, True)

    def _settle(self) -> None:
        """Follow what has changed, and have the policies of a VRF be for the devices that are in it now."""
        super()._settle()
        if not self._closed and any(self._devices_in(vrf) != devices for vrf, devices in self._laid.items()):
            self._protect(self._protected)

    def _trap(self, row: Connection) -> Template:
        """Return the SA that packets of a connection ask for: with its first peer."""
        return Template(row.local, row.peers[0], self._group(row.label, row.label).reqid, bool(row.transport))

    def _group(self, key: Hashable, connection: str) -> Group:
        return self._marks.group(self._ledger.owner, key, connection)

    def _lay(self, owner: str, policies: Iterable[Policy]) -> None:
        for place, policy in self._layers.lay(owner, policies):
            if policy is None:
                self._kernel.take(place)
            else:
                self._kernel.put(policy)

    def _shares(self, sa: Install) -> bool:
        """Tell whether the configuration's own policies are those of an SA, so that it needs none."""
        row = self._connections.get(sa.connection)
        if row is None or row.wildcard_peer:
            return False
        flows = {(flow.local, flow.remote) for flow in row.flows if flow.permit}
        ends = row.local, row.peers[0], bool(row.transport)
        return set(sa.flows) == flows and ends == (sa.local.address, sa.remote.address, sa.transport)

    def _own(self, group: Group, sa: Install) -> None:
        """Lay the policies of Child SAs that the configuration's do not serve, of the directions that are in."""
        template = Template(sa.local.address, sa.remote.address, group.reqid, sa.transport)
        priority = self._priorities.get(sa.connection, FIRST_PRIORITY) - 1
        tie = self._devices.tie(sa.connection)
        devices = (0,) if tie else self._laid.get(sa.vrf, (0,))
        self._lay(
            f"{group.reqid:x}",
            [
                policy
                for pair in sa.flows
                for cut in cuts_of(*pair)
                for one in (replace(cut, device=device) for device in devices)
                for policy in policies_of(one, priority, template, group.ways[OUT] > 0, group.ways[IN] > 0, tie=tie)
            ],
        )

    # SAs

    def _install(self, sa: Install, replay: bytes = b"") -> None:
        """Put in one direction of an SA, which goes on from a replay state."""
        if sa.screen != Screen():
            raise Unavailable(SCREENED)
        if sa.tfc is not None and sa.tfc.burst and sa.direction is OUT:
            self._network.say(f"connection {sa.connection}: the kernel pads packets, but sends no dummy packets")
        inbound = sa.spi if sa.direction is IN else sa.peer_spi
        child = self._children.get(inbound)
        if child is None:
            key: Hashable = sa.connection
            if not self._shares(sa):
                key = (sa.connection, sa.flows, sa.local.address, sa.remote.address, sa.transport)
            child = Child(self._group(key, sa.connection))
        asked = self._asked.get(sa.connection) if sa.direction is OUT else None
        more = replace(self._more(sa), sequence=asked.sequence if asked else 0, replay=replay)
        self._kernel.add(sa, self._ports(sa), child.group.reqid, more)
        self._children[inbound] = child
        child.ways[sa.direction] = sa
        child.group.ways[sa.direction] += 1
        if asked:
            self._asked.pop(sa.connection, None)
        if sa.direction is OUT:
            self._outbound[sa.spi, sa.remote.address] = child
        else:
            self._look(sa.spi, 0)
        if not child.group.lasting:
            self._own(child.group, sa)

    def _give(self, spis: tuple[int, ...]) -> Iterator[EspState]:
        """Take SAs out of the kernel with their numbers; what it counted does not move."""
        for spi in spis:
            child = self._children.get(spi)
            for way, sa in tuple(child.ways.items()) if child is not None else ():
                sent, top, seen = self._kernel.last(sa.spi, _destination(sa))
                self._remove(Remove(way, sa.spi, sa.remote))
                yield EspState(sa, sent) if way is OUT else EspState(sa, top, seen_octets(seen), used=True)

    def _take(self, state: EspState) -> None:
        """Go on with an SA."""
        sa, seen = state.install, int.from_bytes(state.seen, "big")
        numbers = {"sent": state.sequence} if sa.direction is OUT else {"top": state.sequence, "seen": seen}
        self._install(sa, xfrm.replay_state(sa.replay_window or 1, **numbers))

    def _update(self, update: Update) -> None:
        """Move an SA to other endpoints: its ports at once, its addresses by one that goes on where it was."""
        inbound = update.spi if update.direction is IN else update.peer_spi
        child = self._children.get(inbound)
        old = child.ways.get(update.direction) if child else None
        if child is None or old is None:
            return
        new = moved(old, update)
        elsewhere = (new.local.address, new.remote.address) != (old.local.address, old.remote.address)
        more = self._more(new)
        if not elsewhere and new.encapsulated == old.encapsulated:
            self._kernel.change(new, self._ports(new), child.group.reqid, more)
        else:
            replay = xfrm.attribute(self._kernel.state(old.spi, _destination(old)), "XFRMA_REPLAY_ESN_VAL")
            self._kernel.remove(old.spi, _destination(old))
            self._kernel.add(new, self._ports(new), child.group.reqid, replace(more, replay=replay))
            if update.direction is OUT:
                self._outbound.pop((old.spi, old.remote.address), None)
                self._outbound[new.spi, new.remote.address] = child
        child.ways[update.direction] = new
        if elsewhere or not child.group.lasting:
            self._own(child.group, new)

    def _remove(self, remove: Remove) -> None:
        """Take out one direction of an SA."""
        if remove.direction is IN:
            child = self._children.get(remove.spi)
        else:
            child = self._outbound.pop((remove.spi, remove.remote.address), None)
        sa = child.ways.pop(remove.direction, None) if child else None
        if child is None or sa is None:
            return
        self._kernel.remove(sa.spi, _destination(sa))
        group = child.group
        group.ways[remove.direction] -= 1
        if not child.ways:
            self._children.pop(sa.spi if sa.direction is IN else sa.peer_spi, None)
        if not any(group.ways.values()):
            self._lay(f"{group.reqid:x}", ())
            if not group.lasting:
                self._marks.drop(group)

    def _more(self, sa: Install) -> More:
        """Return what ties an SA to its tunnel, and leads its packets to the routing table of its ends."""
        one = self._links.protected_by(sa.connection)
        inside = one.vrf if one is not None else ""
        mark = self._vrfs.lead(sa.vrf) if sa.direction is OUT and (sa.vrf or inside) else 0
        return More(tie=self._devices.tie(sa.connection), mark=mark)

    def _ports(self, sa: Install) -> tuple[int, int]:
        on_wire = self._host.sockets.on_wire
        return on_wire(sa.local.port), on_wire(sa.remote.port)

    # Counters

    def counters(self, spis: Iterable[int]) -> Mapping[int, Counters]:
        """Return what the kernel counted, by inbound SPI."""
        found = {}
        for spi in spis:
            if (child := self._children.get(spi)) is not None and IN in child.ways:
                found[spi] = _counters(self._used(child), child.zero)
        return found

    def reset(self) -> None:
        """Count from now on."""
        for child in self._children.values():
            child.zero = self._used(child)

    def _used(self, child: Child) -> tuple[Used, Used]:
        found = []
        for way in (IN, OUT):
            sa = child.ways.get(way)
            used = self._kernel.used(sa.spi, _destination(sa)) if sa is not None else None
            found.append(used or Used(0, 0, 0, 0))
        return found[0], found[1]

    def _look(self, spi: int, number: int) -> None:
        """See whether an inbound SA has carried its first packet."""
        child = self._children.get(spi)
        sa = child.ways.get(IN) if child else None
        if sa is None or number >= len(LOOKS) or (not number and len(self._children) > MAX_WATCHED):
            return
        used = self._kernel.used(spi, _destination(sa)) if number else None
        if used is not None and used.packets:
            self._host.notify(FirstPacket(spi))
            return
        clock = self._host.clock
        clock.call_at(clock.now() + LOOKS[number], lambda: self._look(spi, number + 1))

    # What the kernel tells

    def _hear(self) -> None:
        if self._heard.read(self._told):
            self._host.log("the kernel told more of SAs than was heard; packets ask again")
            for label in tuple(self._asked):
                self._give_up(label)

    def _told(self, message: Any) -> None:
        kind = message["header"]["type"]
        if kind == xfrm.XFRM_MSG_ACQUIRE:
            self._acquired(message)
        elif kind == xfrm.XFRM_MSG_EXPIRE:
            self._expired(message["state"], bool(message["hard"]))
        elif kind == xfrm.XFRM_MSG_MAPPING:
            spi, source = int.from_bytes(message["id"]["spi"], "big"), message["new_saddr"]
            if message["reqid"] >> 16 == self._ledger.owner and spi in self._children:
                port = self._host.sockets.on_wire(int.from_bytes(message["new_sport"], "big"))
                self._host.notify(Mapped(spi, Endpoint(address_of(source, message["id"]["family"]), port)))

    def _acquired(self, message: Any) -> None:
        shape = xfrm.attribute(message, "XFRMA_TMPL")
        template = xfrm.user_tmpl.unpack(shape[:64]) if shape else None
        if template is None or template["reqid"] >> 16 != self._ledger.owner:
            return
        group = self._marks.of(template["reqid"])
        if group is None:
            return
        label = group.connection
        ends = (
            address_of(template["saddr"], template["family"]),
            address_of(template["id"]["daddr"], template["family"]),
        )
        transport = template["mode"] == xfrm.XFRM_MODE_TRANSPORT
        asked = Asked(message["seq"], Template(*ends, template["reqid"], transport))
        self._asked[label] = asked
        clock = self._host.clock
        clock.call_at(clock.now() + ACQUIRE_SECONDS, lambda: self._give_up(label, asked))
        self._host.notify(_packet(label, message["sel"]))

    def _give_up(self, label: str, asked: Asked | None = None) -> None:
        """End the kernel's wait for an SA that has not come."""
        found = self._asked.get(label)
        if found is not None and asked in (None, found):
            del self._asked[label]
            wanted = found.template
            self._kernel.forget_acquire(found.sequence, wanted.reqid, wanted.local, wanted.remote, wanted.transport)

    def _expired(self, info: Any, hard: bool) -> None:
        spi = int.from_bytes(info["id"]["spi"], "big")
        if not spi or info["reqid"] >> 16 != self._ledger.owner:
            return
        destination = address_of(info["id"]["daddr"], info["family"])
        child = self._outbound.get((spi, destination)) or self._children.get(spi)
        for sa in child.ways.values() if child else ():
            self._host.notify(Expired(sa.spi if sa.direction is IN else sa.peer_spi, hard))
            return

    # The sockets of IKE

    def opened(self, home: Home, port: int, one: socket.socket) -> bool:
        """Let IKE pass all policies, and ESP reach the kernel on the NAT port."""
        six = one.family == socket.AF_INET6
        level, option = (socket.IPPROTO_IPV6, IPV6_XFRM_POLICY) if six else (socket.IPPROTO_IP, IP_XFRM_POLICY)
        try:
            for way in (xfrm.XFRM_POLICY_OUT, xfrm.XFRM_POLICY_IN):
                one.setsockopt(level, option, xfrm.userpolicy_info.pack(_bypass(one.family, way)))
            if port == NAT_PORT:
                one.setsockopt(socket.IPPROTO_UDP, UDP_ENCAP, struct.pack("=i", xfrm.UDP_ENCAP_ESPINUDP))
        except OSError as error:
            raise Unavailable(f"UDP port {port} of {home.address}: {error.strerror}") from error
        return False

    def closed(self, home: Home, port: int) -> None:
        """Do nothing: what was set goes with the socket."""

    def close(self) -> None:
        """Take out everything that was put in."""
        for label in tuple(self._asked):
            self._give_up(label)
        for child in tuple(self._children.values()):
            for sa in tuple(child.ways.values()):
                self.remove(Remove(sa.direction, sa.spi, sa.remote))
        self._lay("", ())
        self._host.unwatch(self._heard.fileno())
        self._heard.close()
        self._kernel.close()
        self._host.sockets.guest = None
        super().close()


def _destination(sa: Install) -> Address:
    return sa.local.address if sa.direction is IN else sa.remote.address


def _counters(used: tuple[Used, Used], zero: tuple[Used, Used] | None) -> Counters:
    into, out = used
    old_in, old_out = zero or (Used(0, 0, 0, 0), Used(0, 0, 0, 0))
    return Counters(
        packets_out=max(out.packets - old_out.packets, 0),
        octets_out=max(out.octets - old_out.octets, 0),
        packets_in=max(into.packets - old_in.packets, 0),
        octets_in=max(into.octets - old_in.octets, 0),
        replays=max(into.replays - old_in.replays, 0),
        integrity_failures=max(into.forgeries - old_in.forgeries, 0),
    )


def _packet(label: str, sel: Any) -> Acquire:
    """Return what asked for an SA; ICMP's type and code stand in both ports, as in RFC 7296 3.13.1."""
    kind, protocol = sel["family"], sel["proto"]
    ports = int.from_bytes(sel["sport"], "big"), int.from_bytes(sel["dport"], "big")
    if protocol in (ICMP, ICMPV6):
        ports = (ports[0] << 8 | ports[1],) * 2
    return Acquire(label, address_of(sel["saddr"], kind), address_of(sel["daddr"], kind), protocol, *ports)


def _bypass(kind: int, direction: int) -> dict[str, Any]:
    return {
        "sel": ANYTHING | {"family": kind}, "lft": FOREVER, "curlft": UNUSED, "priority": 0, "index": 0,
        "dir": direction, "action": xfrm.XFRM_POLICY_ALLOW, "flags": 0, "share": 0,
    }  # fmt: skip
