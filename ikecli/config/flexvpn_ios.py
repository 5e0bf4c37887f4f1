"""FlexVPN clients of a router: which hubs a tunnel goes to and where from, and what these are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ikecli.config import ios
from ikecli.config.common import Ip
from ikecli.config.complaints import Complaints
from ikecli.config.hosts import addresses_of_name
from ikecli.config.ios_watch import FlexClient, FlexPeer
from ikecli.config.watch_ios import gate
from ikecli.intent import Address, Asking
from ikecli.intent.watch import Begins, Client, Gate, Hub, Source

AddressOf = Callable[[str | None, int], Address | None]
"""Returns the first address of an interface of an IP version."""


class Clients:
    """The clients of a draft, by the tunnel that each connects."""

    def __init__(self, draft: ios.Ios, complaints: Complaints, address_of: AddressOf) -> None:
        self.draft, self.complaints, self.address_of = draft, complaints, address_of
        self._by_tunnel = {one.tunnel: one for one in draft.flexvpn_clients.values() if one.tunnel}
        for name, one in draft.flexvpn_clients.items():
            self._check(name, one)

    def _check(self, name: str, one: FlexClient) -> None:
        """Complain of what a client lacks."""
        where, held = ("flexvpn_clients", name), self.draft.interfaces.get(one.tunnel or "")
        error = self.complaints.error
        if one.tunnel is None:
            error(where, "", f"FlexVPN client {name} connects no tunnel", "client connect Tunnel0")
        elif held is None or not isinstance(held.tunnel_destination, str):
            why = f"FlexVPN client {name} connects {one.tunnel}, which is no tunnel with a dynamic destination"
            error(where, "", why, f"interface {one.tunnel}, then tunnel destination dynamic")
        elif self._by_tunnel[one.tunnel] is not one:
            other = next(each for each, two in self.draft.flexvpn_clients.items() if two is self._by_tunnel[one.tunnel])
            error(where, "", f"FlexVPN client {name} connects {one.tunnel}, which client {other} connects, too")
        elif one.sources and not self._dynamic(held):
            why = f"FlexVPN client {name} has sources, but interface {one.tunnel} does not send from them"
            self.complaints.warn(where, "", why, f"interface {one.tunnel}, then tunnel source dynamic")
        if not one.peers:
            error(where, "", f"FlexVPN client {name} has no peer", "peer 1 A.B.C.D")
        for hub in one.peers.values():
            if not self._addresses(hub):
                six = "IPv6 " if hub.ipv6 else ""
                why = f"FlexVPN client {name} has peer {hub.name}, whose {six}address is not known"
                error(where, "", why, f"ip host {hub.name} {'X:X::X:X' if hub.ipv6 else 'A.B.C.D'}")
        ahead = [number for number, hub in sorted(one.peers.items())[:-1] if hub.track is None]
        if one.reactivate and ahead:
            why = f"FlexVPN client {name} never goes back to peer {ahead[0]}: no object says that it may be tried again"
            self.complaints.warn(where, "", why, f"peer {ahead[0]} A.B.C.D track 1")

    def destinations(self, name: str, tunnel: ios.Interface) -> tuple[Ip, ...]:
        """Return where a tunnel goes: its destination, or the peers of its client in order."""
        if not isinstance(tunnel.tunnel_destination, str):
            return (tunnel.tunnel_destination,) if tunnel.tunnel_destination is not None else ()
        client = self._by_tunnel.get(name)
        hubs = [one for _, one in sorted(client.peers.items())] if client else []
        return tuple(each for one in hubs for each in self._addresses(one))

    def _addresses(self, hub: FlexPeer) -> tuple[Ip, ...]:
        if hub.address is not None:
            return (hub.address,)
        return tuple(one for one in addresses_of_name(self.draft, hub.name or "") if one.version == 6 or not hub.ipv6)

    def source(self, name: str, tunnel: ios.Interface) -> ios.TunnelSource:
        """Return where a tunnel comes from; from what is dynamic the first source of its client that has an address."""
        given = tunnel.tunnel_source or ios.TunnelSource()
        if not self._dynamic(tunnel):
            return given
        client = self._by_tunnel.get(name)
        named = [one.interface for _, one in sorted(client.sources.items())] if client else []
        able = (one for one in named if self.address_of(one, 4) or self.address_of(one, 6))
        return ios.TunnelSource(interface=next(able, named[0] if named else None), dynamic=given.dynamic)

    def _dynamic(self, tunnel: ios.Interface) -> bool:
        return tunnel.tunnel_source is not None and tunnel.tunnel_source.dynamic is not None

    # Intent

    def clients(self, labels: dict[str, str], versions: dict[str, int]) -> Iterator[Client]:
        """Yield the clients that choose the ends of a tunnel.

        `labels` are those of the connections that protect tunnels, `versions` those of the packets outside.
        """
        for name, one in self.draft.flexvpn_clients.items():
            tunnel = one.tunnel or ""
            if tunnel not in labels or self._by_tunnel.get(tunnel) is not one:
                continue
            where, what = ("flexvpn_clients", name), f"FlexVPN client {name}"
            how = one.connect
            begins = Begins(how.kind) if how is not None and how.kind else Begins.AUTO
            yield Client(
                name,
                tunnel,
                labels[tunnel],
                tuple(self._hubs(name, one, versions[tunnel])),
                tuple(self._sources(name, one, versions[tunnel])),
                begins,
                gate(self.draft, self.complaints, where, what, how.track, how.state) if how else Gate(),
                one.group if isinstance(one.group, int) else 0,
                bool(one.reactivate),
            )

    def _hubs(self, name: str, client: FlexClient, version: int) -> Iterator[Hub]:
        where = ("flexvpn_clients", name)
        for number, one in sorted(client.peers.items()):
            what = f"peer {number} of FlexVPN client {name}"
            addresses = tuple(each for each in self._addresses(one) if each.version == version)
            held = gate(self.draft, self.complaints, where, what, one.track, one.state)
            if addresses:
                yield Hub(number, addresses, one.name or str(one.address), held)

    def _sources(self, name: str, client: FlexClient, version: int) -> Iterator[Source]:
        where, tunnel = ("flexvpn_clients", name), self.draft.interfaces[client.tunnel or ""]
        for number, one in sorted(client.sources.items()):
            what = f"source {number} of FlexVPN client {name}"
            held = gate(self.draft, self.complaints, where, what, one.track)
            address, lender = self.address_of(one.interface, version), self.draft.interfaces.get(one.interface)
            if address is None:
                why = f"{what} is {one.interface}, which has no IPv{version} address"
                fix = f"ip address A.B.C.D MASK on interface {one.interface}"
                self.complaints.error(where, "interface-without-address", why, fix)
            elif lender is not None and (lender.vrf or "") != (tunnel.tunnel_vrf or ""):
                why = f"{what} is {one.interface}, which is not in the routing table of {client.tunnel}"
                self.complaints.error(where, "tunnel-incomplete", why, f"tunnel vrf {lender.vrf or 'NAME'}")
            elif self._dynamic(tunnel):
                yield Source(number, one.interface, address, held)

    def asks(self, name: str, profile: str) -> Asking | None:
        """Return what the peer of a tunnel is asked for under a profile; complain where it must be and is not."""
        held, interface = self.draft.profiles[profile], self.draft.interfaces[name]
        wanted = {4: interface.negotiated, 6: interface.negotiated6}
        negotiated = tuple(version for version, flag in wanted.items() if flag)
        if held.authorization is not None and held.config_request is not False:
            return Asking(negotiated)
        if negotiated:
            lacks = "authorization" if held.authorization is None else "config-exchange request"
            self.complaints.error(
                ("interfaces", name), "tunnel-incomplete",
                f"interface {name} negotiates its address, but IKEv2 profile {profile} has no {lacks}",
                "config-exchange request" if held.authorization else "aaa authorization group psk list LIST default",
            )  # fmt: skip
        return None
