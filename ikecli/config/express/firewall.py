"""Intent becomes a firewall's configuration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface
from math import inf
from typing import Final

from ikecli.config import asa
from ikecli.config.algorithms import FRAGMENT_MTUS, TRANSPORT_WORDS
from ikecli.config.common import DHCP, Pfs
from ikecli.config.denies import DENIED
from ikecli.config.express import system
from ikecli.config.express.firewall_lists import access_line
from ikecli.config.express.groups import Groups
from ikecli.config.express.lines import lines_of
from ikecli.config.express.losses import Losses
from ikecli.config.express.travellers import as_maps, travelling
from ikecli.config.express.watched import Watched
from ikecli.config.express.writer import Writer, named, numbered
from ikecli.config.intent_asa import COOKIE_PERCENT, NAT_KEEPALIVE
from ikecli.config.intent_ios import WINDOW
from ikecli.config.tunnels_asa import KILOBYTES, LIFETIME, REPLAY_WINDOW
from ikecli.intent import (
    Address,
    Carrier,
    Connection,
    EspProposal,
    IkeProposal,
    Initiation,
    Intent,
    Interface,
    ReverseRoute,
    Screen,
    Tunnel,
)
from ikecli.intent.network import DEFAULT_MTU
from ikecli.intent.peers import DEFAULT_IKE_LIFETIME, tunnel_flows

OUTSIDE, INSIDE = "outside", "inside"
LEVELS: Final = {OUTSIDE: 0, INSIDE: 100}
INNER_LEVEL: Final = 50
"""The security level of further interfaces."""
STEP: Final = 10
"""Between the numbers of policies, and of map entries that need another number."""
LAST_SEQUENCE: Final = 65535


class Firewall(Writer[asa.Asa]):
    """Writes an intent as a firewall's draft."""

    def __init__(self, intent: Intent, losses: Losses) -> None:
        super().__init__(as_maps(intent, losses), asa.Asa(hostname=intent.hostname), losses)
        self.windows: Final = sorted({one.replay_window for one in self.intent.connections}) or [REPLAY_WINDOW]
        self.nameifs: Final = dict(self._nameifs())
        self.watched: Final = Watched(self.intent, self.draft, self.peers, self.nameifs, self.losses)

    def whole(self) -> asa.Asa:
        """Return the draft."""
        self._interfaces()
        self.watched.write()
        self._routes()
        self._policies()
        for connection in self.intent.connections:
            self._connection(connection)
        Groups(self.intent, self.draft, self.peers, travelling(self.intent), self.losses).write()
        self._settings()
        return self.draft

    # The network

    def _nameifs(self) -> Iterator[tuple[str, str]]:
        """Yield a name for each interface with an address: what IKE goes through is outside."""
        one_of = {one.tunnel.source_interface for one in self.intent.network.interfaces if one.tunnel}
        carrying = {one.interface for one in self.intent.connections} | one_of
        sources = {one.tunnel.source for one in self.intent.network.interfaces if one.tunnel}
        used: set[str] = set()
        for one in self.intent.network.interfaces:
            if not one.addresses or one.template:
                continue
            outer = one.name in carrying or sources & {address.ip for address in one.addresses}
            own = not one.tunnel and not one.name.startswith("Loopback")
            wanted = one.nameif or ((OUTSIDE if outer else INSIDE) if own else one.name.lower())
            name = next(each for each in numbered(wanted) if each not in used)
            used.add(name)
            yield one.name, name

    def _interfaces(self) -> None:
        for one in self.intent.network.interfaces:
            what = f"interface {one.name}"
            if one.template:
                self.losses.add(what, "there are no virtual-access interfaces")
                continue
            if one.vrf:
                self.losses.add(what, f"there is no routing table {one.vrf}")
            if one.unnumbered:
                self.losses.add(what, f"it cannot use the address of {one.unnumbered}")
            four = [each for each in one.addresses if isinstance(each, IPv4Interface)]
            for each in four[1:]:
                self.losses.add(what, f"the secondary address {each.ip}")
            nameif = self.nameifs.get(one.name)
            held = asa.Interface(
                description=one.description or None,
                shutdown=one.shutdown or None,
                nameif=nameif,
                security_level=LEVELS.get(nameif, INNER_LEVEL) if nameif else None,
                address=DHCP[0] if one.dynamic else asa.InterfaceAddress(four[0].ip, four[0].netmask) if four else None,
                ipv6_addresses=[each for each in one.addresses if isinstance(each, IPv6Interface)],
            )
            if one.tunnel is None or self._tunnel(one, held):
                self.draft.interfaces[one.name] = held
            if nameif and one.mtu != DEFAULT_MTU:
                self.draft.mtus[nameif] = asa.Mtu(one.mtu)

    def _tunnel(self, one: Interface, held: asa.Interface) -> bool:
        """Make an interface a tunnel; return whether there is such a tunnel here."""
        tunnel, what = one.tunnel, f"interface {one.name}"
        assert tunnel is not None
        if tunnel.carrier is Carrier.GRE:
            self.losses.add(what, "GRE: a tunnel here is IPsec by itself")
            return False
        version = tunnel.source.version if tunnel.source else 4
        if tunnel.versions != (version,):
            self.losses.add(what, "packets of the other IP version in the tunnel")
            return False
        source = tunnel.source_interface or self._interface_with(tunnel.source)
        if not source or one.name not in self.nameifs or not self.nameifs.get(source):
            self.losses.add(what, "a tunnel needs an address of its own and an interface to send from")
            return False
        held.tunnel_source = self.nameifs[source]
        held.tunnel_destination = tunnel.destination
        held.tunnel_mode = f"ipv{version}"
        held.protection = tunnel.profile or None
        return True

    def _interface_with(self, address: Address | None) -> str:
        own = (one.name for one in self.intent.network.interfaces if address in {each.ip for each in one.addresses})
        return next(own, "")

    def _routes(self) -> None:
        for route in self.intent.network.routes:
            what = f"the route to {route.prefix}"
            if route.learned:
                continue
            if route.tag:
                self.losses.add(what, f"tag {route.tag}")
            if route.vrf:
                self.losses.add(what, f"there is no routing table {route.vrf}")
                continue
            interface, gateway = self.peers.egress(route)
            nameif = self.nameifs.get(interface)
            if nameif is None or gateway is None or interface not in self.draft.interfaces:
                self.losses.add(what, "a route needs an interface with an address and a gateway on it")
                continue
            held = asa.StaticRoute(route.distance, self.watched.track(route.track, what))
            if isinstance(route.prefix, IPv4Network) and isinstance(gateway, IPv4Address):
                self.draft.routes[nameif, route.prefix.network_address, route.prefix.netmask, gateway] = held
            elif isinstance(gateway, IPv6Address):
                self.draft.routes6[nameif, IPv6Interface(route.prefix), gateway] = held

    # IKE

    def _policies(self) -> None:
        lifetimes = sorted({one.lifetime for one in self.intent.profiles}) or [DEFAULT_IKE_LIFETIME]
        for lifetime in lifetimes[1:]:
            self.losses.add("lifetime", f"all IKE SAs live as long, {lifetimes[0]} seconds, not {lifetime}")
        seen: list[IkeProposal] = []
        used = {one.local for one in self.intent.connections}
        for policy in self.intent.policies:
            self.losses.note(
                f"crypto ikev2 policy {policy.name}",
                (policy.inbound, "match inbound-only"),
                (policy.locals and used - {*policy.locals}, "match address local: a policy holds at every address"),
            )
            for proposal in policy.proposals:
                if not any(replace(one, name=proposal.name) == proposal for one in seen):
                    seen.append(proposal)
        for number, proposal in enumerate(seen, 1):
            self.draft.ikev2_policies[number * STEP] = self._policy(proposal, lifetimes[0])

    def _policy(self, one: IkeProposal, lifetime: int) -> asa.IkePolicy:
        what = f"proposal {one.name}"
        held = asa.IkePolicy(
            encryption=self.losses.words(one.encryption, "asa", "ike", what),
            integrity=self.losses.words(one.integrity, "asa", "ike", what) or ("null",),
            groups=self.losses.words(one.groups, "asa", "ike", what),
            prf=self.losses.words(one.prf, "asa", "ike", what),
            lifetime=lifetime if lifetime <= 2**31 - 2 else "none",
        )
        for number, rows in enumerate(one.additional, 1):
            named = self.losses.words(tuple(row for row in rows if row.number), "asa", "ake", what)
            none = ("none",) if any(not row.number for row in rows) else ()
            if rows:
                held.additional[number] = asa.AdditionalExchange(named + none)
        return held

    # Child SAs

    def _connection(self, one: Connection) -> None:
        tunnel = self.by_name.get(one.interface)
        if one.closed and one.name.endswith(DENIED):
            what = f"crypto map {one.name.removesuffix(DENIED)} {one.sequence}"
            self.losses.add(what, "packets that its list denies are dropped: they go in clear here")
        if one.closed:
            self.losses.add(
                f"crypto map {one.name} {one.sequence}", "it is not complete: what it is for is dropped here"
            )
            return
        if tunnel is not None and tunnel.tunnel is not None:
            held = self.draft.interfaces.get(one.interface)
            if held is not None:
                self._enable(held.tunnel_source)
                self._ipsec_profile(tunnel.tunnel.profile, one)
                held.policy = self._list(f"interface {one.interface}", one) if chosen(tunnel.tunnel, one) else None
            return
        what, nameif = f"crypto map {one.name} {one.sequence}", self.nameifs.get(one.interface)
        if nameif is None:
            self.losses.add(what, f"interface {one.interface} has no address")
            return
        self._enable(nameif)
        entry = self._entry(what, one)
        if one.wildcard_peer:
            self._dynamic(nameif, one, entry)
            return
        entries = self._map(nameif, one.name).entries
        entries[_place(entries, one.sequence, entry)] = entry

    def _enable(self, nameif: str | None) -> None:
        if nameif and nameif not in self.draft.ikev2_interfaces:
            self.draft.ikev2_interfaces.append(nameif)

    def _map(self, nameif: str, name: str) -> asa.CryptoMap:
        """Return the map of an interface: it has one, or takes the one of this name."""
        for held in self.draft.crypto_maps.values():
            if nameif in held.interfaces:
                return held
        held = self.draft.crypto_maps.setdefault(name, asa.CryptoMap())
        held.interfaces.append(nameif)
        return held

    def _dynamic(self, nameif: str, one: Connection, entry: asa.MapEntry) -> None:
        """Make an entry for peers of any address, at the end of the interface's map."""
        entry.connection_type = None
        if entry.pfs is not None and entry.pfs.pqc:
            self.losses.add(f"dynamic map {one.name}", f"set pfs with a further key exchange ({entry.pfs.pqc})")
            entry.pfs = replace(entry.pfs, pqc=None) if entry.pfs.group else None
        inner = self.draft.dynamic_maps.setdefault(one.name, asa.DynamicMap())
        inner.entries[one.sequence] = entry
        held = self._map(nameif, f"{nameif}_map")
        if not any(each.dynamic == one.name for each in held.entries.values()):
            last = next(number for number in range(LAST_SEQUENCE, 0, -1) if number not in held.entries)
            held.entries[last] = asa.MapEntry(dynamic=one.name)

    def _entry(self, what: str, one: Connection) -> asa.MapEntry:
        self._unserved(what, one)
        back, _ = self.peers.reverse(one)
        return asa.MapEntry(
            match_address=self._list(what, one) if one.flows else None,
            pfs=pfs_of(one, "asa", what, self.losses),
            connection_type="answer-only" if one.initiation is Initiation.NEVER and not one.wildcard_peer else None,
            peers=list(one.peers),
            ipsec_proposals=self._proposals(what, one.proposals),
            mode=TRANSPORT_WORDS["asa"].get(one.transport),
            lifetime_seconds=None if one.lifetime == LIFETIME else one.lifetime,
            lifetime_kilobytes=None if one.kilobytes == KILOBYTES else one.kilobytes or "unlimited",
            reverse_route=asa.ReverseRoute(back == "dynamic" and not one.wildcard_peer) if back else None,
            nat_t_disable=None if one.nat_traversal else True,
            own_errors=one.own_errors or None,
            tfc=asa.Tfc(one.tfc.burst, one.tfc.size, one.tfc.interval) if one.tfc and one.tfc.pads else None,
        )

    def _unserved(self, what: str, one: Connection) -> None:
        """Note what a connection has and no line of a firewall says."""
        self.losses.note(
            what,
            (any(True in each.esn for each in one.proposals), "extended sequence numbers (esn)"),
            (one.idle, "an end of SAs without traffic (idle-time)"),
            (one.only is not None, "peers of certain identities alone (set identity)"),
            (one.screen != Screen(), "filters of its own (set ip access-group)"),
            (one.per_host, "a Child SA for each pair of hosts (level per-host)"),
            (one.vrf or one.inner_vrf, "routing tables"),
            (one.asks, "asking the peer for an address"),
            (one.most_flows, "a bound on its flows (security-policy limit)"),
            (one.tfc and not one.tfc.pads, "dummy packets without padding"),
            (one.wildcard_peer and one.profile, f"peers of profile {one.profile} alone"),
            (len(self.windows) > 1, "a replay window of its own"),
            (
                replace(self.peers.reverse(one)[1], tunnel=False) != ReverseRoute(),
                "distance, tag and gateway of its routes (set reverse-route)",
            ),
        )

    def _ipsec_profile(self, name: str, one: Connection) -> None:
        what = f"IPsec profile {name}"
        self._unserved(what, one)
        self.draft.ipsec_profiles[name] = asa.IpsecProfile(
            ipsec_proposals=self._proposals(what, one.proposals),
            pfs=pfs_of(one, "asa", what, self.losses),
            lifetime_seconds=None if one.lifetime == LIFETIME else one.lifetime or "unlimited",
            lifetime_kilobytes=None if one.kilobytes == KILOBYTES else one.kilobytes or "unlimited",
            responder_only=one.initiation is Initiation.NEVER or None,
            reverse_route=one.reverse_route is not None or None,
        )

    def _proposals(self, what: str, proposals: tuple[EspProposal, ...]) -> tuple[str, ...]:
        """Return the names of ipsec-proposals that offer the same."""
        found = []
        for one in proposals:
            held = asa.IpsecProposal(
                self.losses.words(one.encryption, "asa", "esp", what),
                self.losses.words(one.integrity, "asa", "esp", what) or ("null",),
            )
            found.append(named(self.draft.ipsec_proposals, one.name, held))
        return tuple(found)

    def _list(self, what: str, one: Connection) -> str:
        """Return the name of an access list for what a connection protects."""
        held = asa.AccessList([access_line(line) for line in lines_of(one.flows, what, self.losses)])
        return named(self.draft.access_lists, f"{one.name}_{one.sequence}", held)

    # Settings of the whole

    def _settings(self) -> None:
        intent, draft, usual = self.intent, self.draft, Intent()
        if self.windows[-1] != REPLAY_WINDOW:
            draft.replay_window = str(self.windows[-1]) if self.windows[0] else "disable"
        keepalives = sorted({one.nat_keepalive for one in intent.profiles}) or [NAT_KEEPALIVE]
        keepalive = max(keepalives[0], 10)
        if len(keepalives) > 1 or keepalive != keepalives[0]:
            self.losses.add("nat keepalive", f"it is {keepalive} seconds for all peers")
        draft.nat_keepalive = None if keepalive == NAT_KEEPALIVE else keepalive
        if not intent.nat_traversal:
            draft.nat_keepalive = False
        if intent.strength_enforced:
            self.losses.add("crypto ipsec ike sa-strength-enforcement", "a firewall has no word for it")
        if intent.path_aging:
            draft.pmtu_aging = "infinite" if intent.path_aging == inf else int(intent.path_aging) // 60
        delays = {one.rest for one in intent.pools}
        draft.reuse_delay = max(delays, default=0) // 60 or None
        self._limits()
        if intent.fragment_mtu is None:
            draft.fragmentation = False
        elif intent.fragment_mtu != FRAGMENT_MTUS:
            draft.fragmentation = asa.Fragmentation(intent.fragment_mtu[0])
        draft.notify_invalid_selectors = intent.notify_invalid_selectors or None
        system.firewall_servers(draft, intent, self.nameifs, self.losses)
        system.firewall_segments(draft, intent, self.losses)
        system.firewall_headers(draft, intent, self.nameifs, self.losses)
        self.losses.note(
            "this system",
            (
                any(one.optional for one in intent.connections),
                "packets in clear while no SA stands (crypto ipsec optional): they never are here",
            ),
            (intent.window not in (usual.window, WINDOW), f"{intent.window} requests at a time (crypto ikev2 window)"),
            (intent.nat.rules or intent.nat.statics, "address translation"),
            (intent.network.vrfs, "routing tables beside the global one"),
        )

    def _limits(self) -> None:
        """Write how many SAs there may be, and from how many on peers are asked for more than a request."""
        intent, draft, usual = self.intent, self.draft, Intent()
        draft.max_sas = None if intent.max_sas == usual.max_sas else intent.max_sas
        if intent.max_half_open != usual.max_half_open:
            draft.max_negotiating = asa.Negotiating(number=intent.max_half_open)
        bounds = intent.admission
        draft.max_waiting = None if bounds.waiting == usual.admission.waiting else bounds.waiting
        self.losses.note(
            "this system",
            (bounds.children, "a bound on IPsec SAs"),
            (bounds.beginning or bounds.negotiating or bounds.negotiating_all, "a bound on SAs that are begun here"),
        )
        if intent.cookie_threshold is None:
            draft.cookie_challenge = "never"
        else:
            percent = min(100, intent.cookie_threshold * 100 // intent.max_half_open)
            draft.cookie_challenge = None if percent == COOKIE_PERCENT else percent
        if intent.puzzle_threshold is not None:
            draft.puzzle_challenge = min(100, intent.puzzle_threshold * 100 // intent.max_half_open)


def pfs_of(one: Connection, dialect: str, what: str, losses: Losses) -> Pfs | None:
    """Return a connection's further key exchange."""
    if one.pfs is None:
        return None
    further = [row for rows in one.pfs_additional for row in rows]
    if one.pfs.kem:
        return Pfs(pqc=one.pfs.ake.ios)
    group = losses.words((one.pfs,), dialect, "ike", what)
    return Pfs(f"group{group[0]}" if group else None, further[0].ake.ios if further else None)


def chosen(tunnel: Tunnel, one: Connection) -> bool:
    """Tell whether a tunnel protects what an access list chooses, not all that is routed into it."""
    return one.flows != tunnel_flows(tunnel.carrier, one.local, one.peers[0], tunnel.versions)


def _place(entries: dict[int, asa.MapEntry], wanted: int, entry: asa.MapEntry) -> int:
    """Return a sequence number that is free, or holds the same."""
    while entries.get(wanted, entry) != entry:
        wanted += 1
    return wanted
