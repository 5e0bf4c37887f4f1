"""FlexVPN clients of a router: which hubs a tunnel goes to, and what these are asked for."""

from __future__ import annotations

from ikecli.config import ios
from ikecli.config.common import Ip
from ikecli.config.complaints import Complaints
from ikecli.config.hosts import addresses_of_name
from ikecli.config.ios_remote import FlexPeer
from ikecli.intent import Asking


class Clients:
    """The clients of a draft, by the tunnel that each connects."""

    def __init__(self, draft: ios.Ios, complaints: Complaints) -> None:
        self.draft, self.complaints = draft, complaints
        self._by_tunnel = {one.tunnel: one for one in draft.flexvpn_clients.values() if one.tunnel}
        for name, one in draft.flexvpn_clients.items():
            where = ("flexvpn_clients", name)
            held = draft.interfaces.get(one.tunnel or "")
            if one.tunnel is None:
                complaints.error(where, "", f"FlexVPN client {name} connects no tunnel", "client connect Tunnel0")
            elif held is None or not isinstance(held.tunnel_destination, str):
                why = f"FlexVPN client {name} connects {one.tunnel}, which is no tunnel with a dynamic destination"
                complaints.error(where, "", why, f"interface {one.tunnel}, then tunnel destination dynamic")
            if not one.peers:
                complaints.error(where, "", f"FlexVPN client {name} has no peer", "peer 1 A.B.C.D")
            for hub in one.peers.values():
                if not self._addresses(hub):
                    why = f"FlexVPN client {name} has peer {hub.name}, whose address is not known"
                    complaints.error(where, "", why, f"ip host {hub.name} A.B.C.D")

    def destinations(self, name: str, tunnel: ios.Interface) -> tuple[Ip, ...]:
        """Return where a tunnel goes: its destination, or the peers of its client in order."""
        if not isinstance(tunnel.tunnel_destination, str):
            return (tunnel.tunnel_destination,) if tunnel.tunnel_destination is not None else ()
        client = self._by_tunnel.get(name)
        hubs = [one for _, one in sorted(client.peers.items())] if client else []
        return tuple(each for one in hubs for each in self._addresses(one))

    def _addresses(self, hub: FlexPeer) -> tuple[Ip, ...]:
        return (hub.address,) if hub.address is not None else addresses_of_name(self.draft, hub.name or "")

    def waits(self, name: str) -> bool:
        """Tell whether a tunnel is set up only when it is asked for."""
        client = self._by_tunnel.get(name)
        return client is not None and client.connect == "manual"

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
