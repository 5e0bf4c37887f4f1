"""Intent becomes a router's configuration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Interface, IPv6Network
from typing import Final

from ikecli.config import ios, ios_ipsec
from ikecli.config.algorithms import FRAGMENT_MTUS, TRANSPORT_WORDS
from ikecli.config.common import DHCP, Dpd, Key, Matched
from ikecli.config.express import system
from ikecli.config.express.firewall import chosen, pfs_of
from ikecli.config.express.lines import lines_of, versions
from ikecli.config.express.losses import Losses
from ikecli.config.express.policies import write_policy, write_pools
from ikecli.config.express.router_lists import list4, list6
from ikecli.config.express.travellers import as_templates
from ikecli.config.express.watched import write_router
from ikecli.config.express.writer import Writer, named
from ikecli.config.intent_ios import NAT_KEEPALIVE, WINDOW
from ikecli.config.ios_routes import StaticRoute
from ikecli.config.maps_ios import OPTIONAL_RETRY
from ikecli.config.tunnels_ios import DF_WORDS, KILOBYTES, LIFETIME, MODES, REPLAY_WINDOW
from ikecli.intent import (
    Admission,
    Connection,
    Credential,
    EspProposal,
    Flow,
    Identity,
    IdentityMatch,
    IkeProposal,
    Initiation,
    Intent,
    Interface,
    Prefix,
    Profile,
    ReverseRoute,
    Screen,
    Template,
    Tunnel,
)
from ikecli.intent.network import DEFAULT_MTU
from ikecli.intent.peers import DEFAULT_IKE_LIFETIME
from ikecli.numbers import Algorithm, IdType
from ikecli.numbers.conventions import GRE_HOPS

MOST_COOKIES: Final = 1000
MOST_SAS: Final = 9999
LEAST_WAITING: Final = 100
LAST_SEQUENCE: Final = 65535
LIFETIMES: Final = range(120, 86401)
"""Seconds that an IKE SA may live."""
_KINDS: Final = {IdType.FQDN: "fqdn", IdType.RFC822_ADDR: "email", IdType.KEY_ID: "key-id"}


class Router(Writer[ios.Ios]):
    """Writes an intent as a router's draft."""

    def __init__(self, intent: Intent, losses: Losses) -> None:
        super().__init__(as_templates(intent, losses), ios.Ios(hostname=intent.hostname), losses)

    def whole(self) -> ios.Ios:
        """Return the draft."""
        for one in self.intent.network.interfaces:
            self._interface(one)
        write_pools(self.draft, self.intent)
        self._routes()
        self._policies()
        together = {one.name for connection in self.intent.connections for one in self.peers.merged(connection)}
        for profile in self.intent.profiles:
            if profile.name not in together:
                self._profile(profile)
        for connection in self.intent.connections:
            self._connection(connection)
        for template in self.intent.templates:
            self._template(template)
        self._settings()
        write_router(self.draft, self.intent, self.losses)
        return self.draft

    # The network

    def _interface(self, one: Interface) -> None:
        four = [each for each in one.addresses if isinstance(each, IPv4Interface) and not one.dynamic]
        own = [ios.InterfaceAddress(each.ip, each.netmask) for each in four]
        held = ios.Interface(
            description=one.description or one.nameif or None,
            mtu=None if one.mtu == DEFAULT_MTU else one.mtu,
            type="tunnel" if one.template else None,
            address=DHCP[0] if one.dynamic else own[0] if own else one.unnumbered or None,
            secondaries=own[1:],
            shutdown=one.shutdown or None,
            ipv6_addresses=[each for each in one.addresses if isinstance(each, IPv6Interface)],
        )
        if held.ipv6_addresses:
            self.draft.ipv6_routing = True
        system.router_segments(one, held, self.losses)
        if one.tunnel is not None:
            self._tunnel(one.tunnel, held)
        self.draft.interfaces[one.name] = held

    def _tunnel(self, tunnel: Tunnel, held: ios.Interface) -> None:
        version = tunnel.source.version if tunnel.source else 4
        kind = (tunnel.carrier, version, (version,) if _is_mixed(tunnel) else tunnel.versions)
        held.tunnel_mode = next((mode for mode, what in MODES.items() if what == kind), None)
        if tunnel.source_interface:
            held.tunnel_source = ios.TunnelSource(interface=tunnel.source_interface)
        elif tunnel.source is not None:
            held.tunnel_source = ios.TunnelSource(address=tunnel.source)
        held.tunnel_destination = tunnel.destination
        held.tunnel_key, held.tunnel_tos = tunnel.key, tunnel.service
        held.tunnel_ttl = tunnel.hops if tunnel.hops != GRE_HOPS else None
        if tunnel.profile:
            held.protection = ios.Protection(tunnel.profile)

    def _routes(self) -> None:
        tunnels = {one.name for one in self.intent.network.interfaces if one.tunnel}
        for route in self.intent.network.routes:
            if route.learned:
                continue
            interface, gateway = self.peers.egress(route)
            through = interface if interface in tunnels or gateway is None else None
            distance = route.distance if route.distance != 1 else None
            held = StaticRoute(distance, track=route.track or None, tag=route.tag or None)
            if isinstance(route.prefix, IPv4Network):
                four = gateway if isinstance(gateway, IPv4Address) and not through else None
                self.draft.routes[route.prefix.network_address, route.prefix.netmask, through, four] = held
            else:
                six = gateway if gateway is not None and not isinstance(gateway, IPv4Address) and not through else None
                self.draft.routes6[IPv6Interface(route.prefix), through, six] = held

    # IKE

    def _policies(self) -> None:
        for policy in self.intent.policies:
            held = ios.Policy(fvrf="any" if policy.vrf is None else None, locals=list(policy.locals))
            held.inbound = policy.inbound or None
            for proposal in policy.proposals:
                held.proposals.append(named(self.draft.proposals, proposal.name, self._proposal(proposal)))
            self.draft.policies[policy.name] = held

    def _proposal(self, one: IkeProposal) -> ios.Proposal:
        what = f"crypto ikev2 policy {one.name}"
        integrity = self.losses.words(one.integrity, "ios", "ike", what)
        prf = self.losses.words(one.prf, "ios", "ike", what)
        return ios.Proposal(
            encryption=self.losses.words(one.encryption, "ios", "ike", what),
            integrity=integrity,
            prf=() if prf == integrity else prf,
            groups=self.losses.words(one.groups, "ios", "ike", what),
            pqc=self._pqc(what, one.additional),
        )

    def _pqc(self, what: str, additional: tuple[tuple[Algorithm, ...], ...]) -> ios.Pqc | None:
        """Return the one additional key exchange that a router has words for."""
        said = [rows for rows in additional if rows]
        if not said:
            return None
        if len(said) > 1:
            self.losses.add(what, "more than one additional key exchange")
        words = self.losses.words(tuple(row for row in said[0] if row.number), "ios", "ake", what)
        optional = any(not row.number for row in said[0])
        return ios.Pqc(words, optional) if words else None

    def _profile(self, one: Profile) -> None:
        what = f"tunnel-group {one.name}"
        if (one.authorization is not None and not one.template) or one.mangled is not None:
            self.losses.add(what, "what peers are lent and told")
        if one.screen != Screen():
            self.losses.add(
                what, "vpn-filter: packets are filtered by an entry of a crypto map here (set ip access-group)"
            )
        if one.session:
            self.losses.add(what, f"vpn-session-timeout: sessions of {one.session} seconds")
        remotes = [_match(match) for match in one.remotes]
        if one.gateways:
            remotes = [_network(prefix) for prefix in one.gateways]
            self.losses.add(
                "tunnel groups", "one named by an address takes any identity from there, a profile the address"
            )
        lifetime = min(max(one.lifetime, LIFETIMES[0]), LIFETIMES[-1])
        if lifetime != one.lifetime:
            self.losses.add(what, f"a lifetime of {one.lifetime} seconds: it is {lifetime} here")
        self.draft.keyrings[one.name] = ios.Keyring(
            {
                f"peer{number}": peer
                for number, peer in enumerate((each for held in one.credentials for each in _ring_peers(held)), 1)
            }
        )
        held = ios.Profile(
            fvrf="any" if one.vrf is None else None,
            locals=[ios.LocalMatch(address=each) for each in one.locals],
            remotes=remotes,
            identity=_identity(one.local),
            auth_local=ios.Authentication("pre-share"),
            auth_remote=ios.Authentication("pre-share"),
            keyring=one.name,
            lifetime=None if lifetime == DEFAULT_IKE_LIFETIME else lifetime,
            reauthentication=one.reauthentication or None,
            dpd=Dpd(one.dpd.interval, one.dpd.retry, "periodic" if one.dpd.periodic else "on-demand")
            if one.dpd
            else None,
            nat_keepalive=None if one.nat_keepalive == NAT_KEEPALIVE else one.nat_keepalive,
            force_encapsulation=one.force_encapsulation or None,
            inbound=one.inbound or None,
            sole=one.sole or None,
        )
        if one.authorization is not None and one.template:
            write_policy(self.draft, one, one.authorization, held)
        self.draft.profiles[one.name] = held

    def _together(self, what: str, one: Connection) -> str:
        """Return the name of one profile for all peers of an entry, which have a tunnel group each."""
        held = self.peers.merged(one)
        alike = {replace(each, name="", remotes=(), gateways=(), credentials=()) for each in held}
        if len(alike) > 1:
            self.losses.add(what, "settings of its own for each peer")
        profile = replace(
            held[0],
            name=f"{one.name}_{one.sequence}",
            remotes=tuple(match for each in held for match in each.remotes),
            gateways=tuple(prefix for each in held for prefix in each.gateways),
            credentials=tuple(credential for each in held for credential in each.credentials),
        )
        self._profile(profile)
        return profile.name

    # Child SAs

    def _connection(self, one: Connection) -> None:
        held = self.draft.interfaces.get(one.interface)
        if held is None:
            return
        if held.protection is not None:
            profile = self._ipsec_profile(held.protection.profile, one)
            tunnel = self.by_name[one.interface].tunnel
            profile.mixed_mode = (tunnel is not None and _is_mixed(tunnel)) or None
            held.protection = ios.Protection(named(self.draft.ipsec_profiles, held.protection.profile, profile))
            if tunnel is not None and chosen(tunnel, one):
                what = f"interface {one.interface}"
                held.policy = self._list(f"{one.interface}_policy", what, one.flows, one.flows[0].local.first.version)
            return
        what = f"crypto map {one.name} {one.sequence}"
        if one.closed:
            self.losses.add(what, "it is not complete: what it is for is dropped here")
            return
        if one.profile is None and not one.wildcard_peer:
            one = replace(one, profile=self._together(what, one))
        self.losses.note(
            what,
            (one.initiation is Initiation.NEVER and not one.wildcard_peer, "connection-type answer-only"),
            (one.tfc, "set tfc-packets"),
        )
        for version in versions(one.flows) or (one.local.version,):
            self._entry(what, one, version, held)

    def _entry(self, what: str, one: Connection, version: int, interface: ios.Interface) -> None:
        """Put an entry into the map of an interface for packets of an IP version."""
        flows = tuple(flow for flow in one.flows if flow.local.first.version == version)
        self.losses.note(
            what,
            (not one.nat_traversal, "nat-t-disable: translations are looked for"),
            (one.own_errors, "validate-icmp-errors"),
        )
        entry = ios_ipsec.MapEntry(
            form=None if one.wildcard_peer else "ipsec-isakmp",
            peers={peer: ios_ipsec.MapPeer() for peer in one.peers},
            lifetime=_lifetime(one),
            lifetime_kilobytes=None if one.kilobytes == KILOBYTES else one.kilobytes or "disable",
            per_host=one.per_host or None,
            replay_window=_window(one),
            transform_sets=self._sets(what, one),
            pfs=pfs_of(one, "ios", what, self.losses),
            ikev2_profile=one.profile,
            match_address=self._list(f"{one.name}_{one.sequence}", what, flows, version) if flows else None,
            idle=ios_ipsec.IdleTime(one.idle) if one.idle else None,
            df_bit=DF_WORDS[one.outer.whole],
            ecn=None if one.outer.marks else "discard",
        )
        self._reverse(entry, one)
        for direction, passing in (("in", one.screen.into), ("out", one.screen.out)):
            if passing is not None:
                listed = self._list(f"{one.name}_{one.sequence}_{direction}", what, passing, version)
                entry.access_groups[direction] = ios_ipsec.AccessGroup(listed)
        interface.esp_fragmentation = _when_cut(one)
        maps = self.draft.crypto_maps if version == 4 else self.draft.crypto_maps6
        wanted = f"{one.name}-map" if one.wildcard_peer else one.name
        name = (interface.crypto_map if version == 4 else interface.ipv6_crypto_map) or wanted
        if version == 4:
            interface.crypto_map = name
        else:
            interface.ipv6_crypto_map = name
        entries = maps.setdefault(name, ios_ipsec.CryptoMap()).entries
        sequence = one.sequence
        if one.wildcard_peer:
            self.draft.dynamic_maps.setdefault(one.name, ios_ipsec.DynamicMap()).entries[sequence] = entry
            entry = ios_ipsec.MapEntry(form="dynamic", dynamic=one.name)
            sequence = next((at for at, each in entries.items() if each == entry), LAST_SEQUENCE)
        while entries.get(sequence, entry) != entry:
            sequence += -1 if one.wildcard_peer else 1
        entries[sequence] = entry

    def _reverse(self, held: ios_ipsec.MapEntry | ios_ipsec.IpsecProfile, one: Connection) -> None:
        """Write how what lies behind a connection's peers has routes, and who they are."""
        how, made = self.peers.reverse(one)
        if how:
            held.reverse_route = ios_ipsec.ReverseRoute(how == "static", made.gateway if made.past else None, made.past)
            held.reverse_distance = made.distance if made.distance > 1 else None
            held.reverse_tag = made.tag or None
            held.reverse_gateway = None if made.past else made.gateway
        if one.only is not None:
            names = [match.value.decode() for match in one.only]
            wanted = f"{one.name}_{one.sequence}"
            held.identity = named(self.draft.identities, wanted, ios_ipsec.CryptoIdentity(fqdns=names))

    def _ipsec_profile(self, name: str, one: Connection) -> ios_ipsec.IpsecProfile:
        what = f"IPsec profile {name}"
        held = ios_ipsec.IpsecProfile(
            lifetime=_lifetime(one),
            lifetime_kilobytes=None if one.kilobytes == KILOBYTES else one.kilobytes or "disable",
            replay_window=_window(one),
            transform_sets=self._sets(what, one),
            pfs=pfs_of(one, "ios", what, self.losses),
            ikev2_profile=one.profile,
            responder_only=one.initiation is Initiation.NEVER or None,
            idle=ios_ipsec.IdleTime(one.idle) if one.idle else None,
            ecn=None if one.outer.marks else "discard",
            most_flows=one.most_flows or None,
        )
        self._reverse(held, one)
        interface = self.draft.interfaces[one.interface]
        interface.df_bit, interface.esp_fragmentation = DF_WORDS[one.outer.whole], _when_cut(one)
        if not one.lifetime:
            self.losses.add(what, f"SAs without an end: they live {LIFETIME} seconds here")
        return held

    def _template(self, one: Template) -> None:
        """Write what protects the interfaces that are made of a template, for the peers of its profile."""
        tunnel = self.by_name[one.name].tunnel
        assert tunnel is not None
        assert tunnel.source is not None
        row = one.connection(one.name, tunnel.profile, one.carrier, tunnel.source, tunnel.source, tunnel.vrf)
        held = self._ipsec_profile(tunnel.profile, replace(row, initiation=Initiation.TRAFFIC))
        held.mixed_mode = _is_mixed(tunnel) or None
        if one.reverse_route is None:
            held.rri_dvti_disable = True
        elif one.reverse_route == ReverseRoute(tunnel=True):
            held.reverse_route = None
        self.draft.interfaces[one.name].protection = ios.Protection(
            named(self.draft.ipsec_profiles, tunnel.profile, held)
        )

    def _sets(self, what: str, one: Connection) -> tuple[str, ...]:
        """Return the names of transform sets that offer the same: each has one cipher and one hash."""
        found = []
        for proposal in one.proposals:
            for transforms in self._transforms(what, proposal):
                held = ios_ipsec.TransformSet(
                    transforms, any(proposal.esn) or None, TRANSPORT_WORDS["ios"].get(one.transport)
                )
                found.append(named(self.draft.transform_sets, proposal.name, held))
        return tuple(dict.fromkeys(found))

    def _transforms(self, what: str, proposal: EspProposal) -> Iterator[tuple[ios_ipsec.Transform, ...]]:
        ciphers = self.losses.words(proposal.encryption, "ios", "esp", what)
        for cipher in ciphers:
            for check in self.losses.words(proposal.integrity, "ios", "esp", what) or ("",):
                yield tuple(_transform(word) for word in (cipher, check) if word)

    def _list(self, wanted: str, what: str, flows: tuple[Flow, ...], version: int) -> str:
        """Return the name of an access list for flows of one IP version."""
        lines = list(lines_of(flows, what, self.losses))
        if version == 6:
            if any(line.icmp for line in lines):
                self.losses.add(what, "a message of ICMP for IPv6: the line is for all of them here")
            return named(self.draft.access_lists6, wanted, list6(lines))
        return named(self.draft.access_lists, wanted, list4(lines))

    # Settings of the whole

    def _settings(self) -> None:
        intent, draft, usual = self.intent, self.draft, Intent()
        threshold = MOST_COOKIES if intent.cookie_threshold is None else intent.cookie_threshold
        draft.cookie_challenge = None if threshold == intent.max_half_open else threshold
        draft.puzzle_challenge = intent.puzzle_threshold
        draft.nat_transparency = None if intent.nat_traversal else False
        draft.strength_enforced = intent.strength_enforced or None
        draft.window = None if intent.window in (usual.window, WINDOW) else intent.window
        retry = max((one.optional for one in intent.connections), default=0)
        draft.optional, draft.optional_retry = bool(retry) or None, None if retry in (0, OPTIONAL_RETRY) else retry
        if intent.max_sas != usual.max_sas:
            draft.max_sas = self._most("crypto ikev2 limit max-sa", intent.max_sas)
        if intent.max_half_open != usual.max_half_open:
            limit = self._most("crypto ikev2 limit max-in-negotiation-sa", intent.max_half_open)
            draft.max_negotiating = limit
        self._admission()
        self.losses.note("crypto ipsec security-association", (intent.path_aging, "pmtu-aging"))
        self.losses.note("vpn-addr-assign", (any(one.rest for one in intent.pools), "reuse-delay"))
        if intent.fragment_mtu is not None:
            own = intent.fragment_mtu != FRAGMENT_MTUS
            draft.fragmentation = ios.Fragmentation(intent.fragment_mtu[0] if own else None)
        if intent.cookie_threshold is None:
            self.losses.add("crypto ikev2 cookie-challenge never", f"it is {MOST_COOKIES} here, the most there are")
        system.router_servers(draft, intent, self.losses)

    def _admission(self) -> None:
        bounds, draft = self.intent.admission, self.draft
        draft.admitted_children = bounds.children or None
        draft.admitted_negotiating = bounds.negotiating or None
        draft.admitted_all = bounds.negotiating_all or None
        draft.max_beginning = bounds.beginning or None
        if bounds.waiting < LEAST_WAITING:
            least = f"{bounds.waiting} requests: the least there are here are {LEAST_WAITING}"
            self.losses.add("crypto ikev2 limit queue", least)
        if bounds.waiting != Admission().waiting:
            draft.max_waiting = max(bounds.waiting, LEAST_WAITING)

    def _most(self, what: str, wanted: int) -> int:
        if wanted > MOST_SAS:
            self.losses.add(what, f"{wanted} SAs: the most there are here are {MOST_SAS}")
        return min(wanted, MOST_SAS)


def _is_mixed(tunnel: Tunnel) -> bool:
    """Tell whether a tunnel carries IP versions that no mode says."""
    version = tunnel.source.version if tunnel.source else 4
    return (tunnel.carrier, version, tunnel.versions) not in MODES.values()


def _lifetime(one: Connection) -> ios_ipsec.Lifetime | None:
    return None if one.lifetime in (0, LIFETIME) else ios_ipsec.Lifetime("seconds", one.lifetime)


def _when_cut(one: Connection) -> str | None:
    return "after-encryption" if one.outer.late else None


def _window(one: Connection) -> str | None:
    if one.replay_window == REPLAY_WINDOW:
        return None
    return str(one.replay_window) if one.replay_window else "disable"


def _transform(word: str) -> ios_ipsec.Transform:
    kind, _, bits = word.partition(" ")
    return ios_ipsec.Transform(kind, bits or None)


def _match(match: IdentityMatch) -> Matched:
    if match.type is None:
        return Matched("any")
    if match.network is not None:
        return _network(match.network)
    return Matched(_KINDS[IdType(match.type)], match.value.decode(errors="replace"), domain=match.domain)


def _network(prefix: Prefix) -> Matched:
    if isinstance(prefix, IPv6Network):
        return Matched("address", prefix=IPv6Interface(prefix))
    return Matched("address", prefix.network_address, prefix.netmask)


def _identity(identity: Identity | None) -> Matched | None:
    if identity is None:
        return None
    address = identity.address
    if address is not None:
        return Matched("address", address)
    return Matched(_KINDS[IdType(identity.type)], identity.data.decode(errors="replace"))


def _ring_peers(credential: Credential) -> Iterator[ios.KeyringPeer]:
    """Yield the peers of a keyring that have a credential's keys: one for each network, one for an identity."""
    for prefix in credential.addresses:
        if isinstance(prefix, IPv6Network):
            yield _ring_peer(credential, ios.PeerAddress(prefix=IPv6Interface(prefix)))
        else:
            yield _ring_peer(credential, ios.PeerAddress(address=prefix.network_address, mask=prefix.netmask))
    if credential.identity is not None:
        yield _ring_peer(credential, None)


def _ring_peer(credential: Credential, address: ios.PeerAddress | None) -> ios.KeyringPeer:
    local, remote = (Key(key=secret) if secret else None for secret in (credential.local, credential.remote))
    same = local == remote
    return ios.KeyringPeer(
        address=address,
        identity=_match(credential.identity) if credential.identity else None,
        key=local if same else None,
        key_local=None if same else local,
        key_remote=None if same else remote,
    )
