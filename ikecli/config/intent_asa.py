"""A firewall's configuration becomes intent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from ipaddress import IPv6Network, ip_address
from typing import Any, Final

from ikecli.config import asa, asa_watch, overlaps, syslog
from ikecli.config.algorithms import (
    fragment_mtus,
    network,
    pfs_rows,
    replay_window,
    transport_of,
)
from ikecli.config.algorithms_asa import esp_offers_of, hiding, offers_of, policy_defaults
from ikecli.config.common import DHCP, Key
from ikecli.config.complaints import Complaints
from ikecli.config.keys_asa import entry_keys
from ikecli.config.lists_asa import ANYWHERE, Lists
from ikecli.config.named_asa import Named, four_of
from ikecli.config.remote_asa import Remote, pools
from ikecli.config.tunnels_asa import (
    HOSTNAME,
    LIFETIME,
    REPLAY_WINDOW,
    Tunnels,
    fqdn_of,
    identities_of,
    is_tunnel,
    outer_of,
    path_aging,
    volume_of,
)
from ikecli.intent import (
    Address,
    Admission,
    Connection,
    Credential,
    Dpd,
    EspProposal,
    Flow,
    Identity,
    IdentityMatch,
    IkePolicy,
    IkeProposal,
    Initiation,
    Intent,
    Interface,
    Network,
    Prefix,
    Profile,
    ReverseRoute,
    Route,
    Screen,
)
from ikecli.intent.network import DEFAULT_MTU
from ikecli.numbers import IdType
from ikecli.secret import Secret

NAT_KEEPALIVE: Final = 20
COOKIE_PERCENT: Final = 50
ENDLESS: Final = 2**31 - 1
"""Seconds of `lifetime seconds none`."""
KEEPALIVE: Final = Dpd(10, 2, True)
"""The liveness checks of a tunnel group that says nothing about them."""
DEFAULT_GROUPS: Final = f"{asa.DEFAULT_RA_GROUP} {asa.DEFAULT_GROUP}"
"""The tunnel groups of peers that have none of their own, in the order they are looked at."""


def resolve(draft: asa.Asa) -> tuple[Intent, Complaints]:
    """Return what a draft means, and what is wrong with it; what is incomplete is left out."""
    return _Resolver(draft).intent()


def as_address(name: str) -> Address | None:
    """Return the address that a tunnel group is named for."""
    try:
        return ip_address(name)
    except ValueError:
        return None


class _Resolver:
    def __init__(self, draft: asa.Asa) -> None:
        self.draft = draft
        self.complaints = Complaints()
        interfaces = Named(draft)
        self.named, self.address_of = interfaces.names, interfaces.address_of
        self.lists = Lists(draft, self.complaints, self.address_of)
        self.screens: dict[str, Screen] = {}
        self.groups: set[str] = set()
        self.remote = Remote(draft, self.complaints)
        self.shown = dict(identities_of(draft))

    def intent(self) -> tuple[Intent, Complaints]:
        """Return the whole."""
        profiles = tuple(self.profiles())
        self.groups = {profile.name for profile in profiles}
        tunnels = Tunnels(
            self.draft, self.complaints, self.address_of, self.offers, self.tunnel_group, self.flows, self.remote.idle
        )
        maps = tuple(self.connections())
        interfaces = tuple(self.interfaces(tunnels))
        overlaps.complain(interfaces, self.complaints)
        intent = Intent(
            nat_traversal=self.draft.nat_keepalive is not False,
            hostname=self.draft.hostname or HOSTNAME,
            network=Network(interfaces, (*self.routes(), *self.reverse_routes(maps))),
            policies=tuple(self.policies()),
            profiles=profiles,
            connections=(*maps, *tunnels.connections()),
            pools=pools(self.draft, self.complaints),
            probes=tuple(asa_watch.probes(self.draft, self.named, self.complaints)),
            tracks=tuple(asa_watch.tracks(self.draft, self.complaints)),
        )
        return self.settings(intent), self.complaints

    def settings(self, intent: Intent) -> Intent:
        """Return an intent with what is said of the system as a whole."""
        d = self.draft
        if bounds := [most for most in (d.max_sas, d.max_sessions) if most is not None]:
            intent = replace(intent, max_sas=min(bounds))
        if (most := d.max_negotiating) is not None:
            number = intent.max_half_open * (most.percent or 0) // 100 if most.number is None else most.number
            intent = replace(intent, max_half_open=number)
        cut, share = d.fragmentation, d.puzzle_challenge
        return replace(
            intent,
            cookie_threshold=self.cookie_threshold(intent.max_half_open),
            puzzle_threshold=None if share is None else intent.max_half_open * share // 100,
            fragment_mtu=None if cut is False else fragment_mtus(cut.mtu if cut else None),
            notify_invalid_selectors=bool(d.notify_invalid_selectors),
            path_aging=path_aging(d.pmtu_aging),
            admission=Admission(waiting=d.max_waiting or Admission().waiting),
            syslog=tuple(syslog.of_firewall(d.syslog_hosts, d.syslog_level, bool(d.logging_enable), self.complaints)),
        )

    def cookie_threshold(self, most: int) -> int | None:
        """Return from how many half-open SAs on cookies are asked for, of `most` that may be; None for never."""
        match self.draft.cookie_challenge:
            case "never":
                return None
            case "always":
                return 0
            case percent:
                return most * (COOKIE_PERCENT if percent is None else int(percent)) // 100

    def interfaces(self, tunnels: Tunnels) -> Iterator[Interface]:
        """Yield the interfaces."""
        for name, each in self.draft.interfaces.items():
            own = four_of(each)
            mtu = self.draft.mtus.get(each.nameif or "")
            yield Interface(
                name,
                (*own, *each.ipv6_addresses),
                bool(each.shutdown),
                (mtu and mtu.mtu) or DEFAULT_MTU,
                each.nameif or "",
                each.description or "",
                tunnel=tunnels.tunnel(name, each) if is_tunnel(name) else None,
                segments=(self.draft.tcp_mss or 0,) * 2,
                dynamic=each.address in DHCP,
            )

    def routes(self) -> Iterator[Route]:
        """Yield the static routes."""
        for (nameif, address, mask, gateway), route in self.draft.routes.items():
            if nameif not in self.named:
                where = ("routes", (nameif, address, mask, gateway))
                why = f"a route goes through {nameif}, which no interface is"
                self.complaints.error(where, "", why, f"nameif {nameif} on an interface")
                continue
            way = self.named[nameif]
            yield Route(network(address, mask), gateway, way, route.distance or 1, track=route.track or 0)
        for (nameif, prefix, there), route in self.draft.routes6.items():
            if nameif in self.named:
                yield Route(IPv6Network(prefix.network), there, self.named[nameif], route.distance or 1)
            else:
                why = f"a route goes through {nameif}, which no interface is"
                self.complaints.error(("routes6", (nameif, prefix, there)), "", why, f"nameif {nameif} on an interface")

    def policies(self) -> Iterator[IkePolicy]:
        """Yield one policy: all proposals, at the addresses of the interfaces that IKEv2 is enabled on."""
        locals_ = [self.address_of(nameif, version) for nameif in self.draft.ikev2_interfaces for version in (4, 6)]
        proposals: list[IkeProposal] = []
        for priority, policy in sorted(self.draft.ikev2_policies.items()):
            offered = offers_of(priority, policy)
            proposals += offered
            if not offered:
                self.complaints.error(
                    ("ikev2_policies", priority), "", f"crypto ikev2 policy {priority} has nothing that is offered",
                    "encryption aes-256",
                )  # fmt: skip
            for number, held in policy.additional.items():
                if not held.methods:
                    why = f"additional-key-exchange {number} of crypto ikev2 policy {priority} has no method"
                    self.complaints.warn(("ikev2_policies", priority), "", why, "key-exchange-method mlkem768")
        if self.draft.ikev2_interfaces and not self.draft.ikev2_policies:
            self.complaints.error((), "", "IKEv2 is enabled, but there is no policy", "crypto ikev2 policy 10")
        if proposals and any(locals_):
            yield IkePolicy("ikev2", tuple(proposals), tuple(each for each in locals_ if each is not None))

    # Tunnel groups

    def profiles(self) -> Iterator[Profile]:
        """Yield the tunnel groups that have both keys; the default groups last, that of travellers first of these."""
        groups = self.draft.tunnel_groups.items()
        for name, group in sorted(groups, key=lambda item: DEFAULT_GROUPS.find(item[0])):
            if name in DEFAULT_GROUPS.split() and group.ipsec is None:
                continue
            keys = self.keys(name, group.ipsec or asa.TunnelIpsec())
            profile = self.profile(name, group.ipsec or asa.TunnelIpsec(), *keys) if keys else None
            if profile is not None and not self.remote.allows(name, group):
                profile = None
            if profile is not None and (group.type == "remote-access" or name == asa.DEFAULT_RA_GROUP):
                authorization = self.remote.authorization(name, group)
                profile = replace(profile, authorization=authorization, session=0) if authorization else None
            if profile is not None:
                yield profile
        for name, held in entry_keys(self.draft, self.complaints).items():
            if keys := self.keys(name, held):
                yield self.profile(name, held, *keys)

    def keys(self, name: str, ipsec: asa.TunnelIpsec) -> tuple[Secret, Secret] | None:
        """Return the local and the remote key of a group."""
        where = ("tunnel_groups", name)
        sides = {"local": ipsec.key_local, "remote": ipsec.key_remote}
        for side, key in sides.items():
            fix = f"ikev2 {side}-authentication pre-shared-key KEY"
            if key is None:
                self.complaints.error(where, "pre-shared-key-missing", f"tunnel-group {name} has no {side} key", fix)
            elif key.usable is None:
                why = f"the {side} key of tunnel-group {name} was encrypted on another system"
                self.complaints.error(where, "pre-shared-key-missing", why, f"{fix} with the key itself")
        local, remote = (_usable(key) for key in sides.values())
        return (local, remote) if local and remote else None

    def profile(self, name: str, ipsec: asa.TunnelIpsec, local: Secret, remote: Secret) -> Profile:
        """Return a tunnel group: for its address, for the identity it is named for, or (a default group) for all."""
        address = as_address(name)
        gateways: tuple[Prefix, ...] = ()
        remotes: tuple[IdentityMatch, ...] = (IdentityMatch(),)
        if address is not None:
            gateways = (network(address, None) if address.version == 4 else IPv6Network(address),)
        elif name not in DEFAULT_GROUPS.split():
            remotes = (IdentityMatch(IdType.FQDN, name.encode()), IdentityMatch(IdType.KEY_ID, name.encode()))
        policies = [policy for _, policy in sorted(self.draft.ikev2_policies.items())]
        lifetime = (policies[0].lifetime if policies else None) or policy_defaults()["lifetime"]
        return Profile(
            name,
            remotes,
            (Credential(name, local, remote, gateways or ANYWHERE),),
            local=self.shown.get(address, self.identity()) if address else self.identity(),
            gateways=gateways,
            lifetime=lifetime if isinstance(lifetime, int) else ENDLESS,
            dpd=_checks(ipsec.keepalive),
            nat_keepalive=self.draft.nat_keepalive or NAT_KEEPALIVE,
            session=self.remote.session(name),
            screen=self.screen(name),
        )

    def screen(self, group: str) -> Screen:
        """Return what may pass of the packets of a tunnel group's peers."""
        name = self.remote.filter(group)
        held = self.draft.access_lists.get(name)
        if name and held is None:
            self.complaints.warn(
                ("tunnel_groups", group), "access-list-missing",
                f"tunnel-group {group} filters by access list {name}, which is not there: all pass",
                f"access-list {name} extended permit ip NET MASK NET MASK",
            )  # fmt: skip
        if held is None:
            return Screen()
        if name not in self.screens:
            into = tuple(self.lists.flows(name, held))
            self.screens[name] = Screen(into, tuple(Flow(one.remote, one.local, one.permit) for one in into))
        return self.screens[name]

    def identity(self) -> Identity | None:
        """Return the identity that this side shows; None: its address."""
        match self.draft.isakmp_identity:
            case asa.IsakmpIdentity("hostname"):
                return fqdn_of(self.draft)
            case asa.IsakmpIdentity("key-id", str(name)):
                return Identity.key_id(name)
            case _:
                return None

    # Connections

    def connections(self) -> Iterator[Connection]:
        """Yield the complete crypto-map entries, for each interface that uses them."""
        for name, held in self.draft.crypto_maps.items():
            if held.entries and not held.interfaces:
                self.complaints.warn(
                    ("crypto_maps", name), "crypto-map-not-applied", f"crypto map {name} is used by no interface",
                    f"crypto map {name} interface {next(iter(self.named), 'NAMEIF')}",
                )  # fmt: skip
                for tag, sequence, entry in self.rows(name, held):
                    self.entry(tag, sequence, entry, dynamic=held.entries.get(sequence) is not entry)
            for nameif in held.interfaces:
                yield from self.applied(name, held, nameif)

    def applied(self, name: str, held: asa.CryptoMap, nameif: str) -> Iterator[Connection]:
        """Yield the entries of a map on an interface; those that are incomplete are closed."""
        where = ("crypto_maps", name)
        locals_ = [each for version in (4, 6) if (each := self.address_of(nameif, version))]
        if nameif not in self.named:
            why, fix = f"crypto map {name} is on {nameif}, which no interface is", f"nameif {nameif} on an interface"
            self.complaints.error(where, "crypto-map-not-applied", why, fix)
        elif not locals_:
            why = f"crypto map {name} is on interface {nameif}, which has no address"
            self.complaints.error(
                where, "interface-without-address", why, f"ip address A.B.C.D MASK on {self.named[nameif]}"
            )
        enabled = nameif in self.draft.ikev2_interfaces
        if not enabled:
            why = f"crypto map {name} is on interface {nameif}, but IKEv2 is not enabled there"
            self.complaints.error(where, "ikev2-not-enabled", why, f"crypto ikev2 enable {nameif}")
        interface = self.draft.interfaces.get(self.named.get(nameif, ""))
        if interface and interface.shutdown:
            self.complaints.warn(
                where, "", f"interface {nameif} uses crypto map {name} and is shut down", "no shutdown"
            )
        for tag, sequence, entry in self.rows(name, held):
            dynamic = held.entries.get(sequence) is not entry
            parts = self.entry(tag, sequence, entry, dynamic)
            fitting = (one for one in locals_ if entry.peers and one.version == entry.peers[0].version)
            local = next(iter(locals_) if dynamic else fitting, None)
            if parts and locals_ and interface and not interface.shutdown:
                found, proposals, group = parts
                offered = proposals if enabled and local is not None else ()
                ends = self.named[nameif], local or locals_[0]
                made = self.connection(tag, sequence, entry, *ends, found, offered, group)
                if dynamic and entry.peers:
                    made = replace(
                        made, initiation=Initiation.NEVER, reverse_route=ReverseRoute() if entry.reverse_route else None
                    )
                yield replace(
                    made, outer=outer_of(self.draft, nameif, entry.df_bit), idle=self.remote.idle(group) if group else 0
                )

    def rows(self, name: str, held: asa.CryptoMap) -> Iterator[tuple[str, int, asa.MapEntry]]:
        """Yield the entries of a map in order, those of a dynamic map in the place that names it."""
        for sequence, entry in sorted(held.entries.items()):
            if entry.dynamic is None:
                yield name, sequence, entry
                continue
            inner = self.draft.dynamic_maps.get(entry.dynamic)
            if inner is None:
                self.complaints.error(
                    ("crypto_maps", name, "entries", sequence), "crypto-map-incomplete",
                    f"crypto map {name} {sequence} names dynamic map {entry.dynamic}, which is not there",
                    f"crypto dynamic-map {entry.dynamic} 10 set ikev2 ipsec-proposal NAME",
                )  # fmt: skip
                continue
            for number, one in sorted(inner.entries.items()):
                yield entry.dynamic, number, one

    def connection(
        self, name: str, sequence: int, entry: asa.MapEntry, interface: str, local: Address, found: tuple[Flow, ...],
        proposals: tuple[EspProposal, ...], profile: str | None,
    ) -> Connection:  # fmt: skip
        """Return a complete entry on an interface."""
        pfs, additional = pfs_rows(entry.pfs, "asa")
        with_sas = entry.reverse_route is not None and (entry.reverse_route.dynamic or not entry.peers)
        return Connection(
            name,
            sequence,
            interface,
            local,
            tuple(peer for peer in entry.peers if peer.version == local.version),
            found,
            proposals,
            profile=profile,
            pfs=pfs,
            pfs_additional=additional,
            lifetime=entry.lifetime_seconds or self.draft.lifetime_seconds or LIFETIME,
            kilobytes=volume_of(entry, self.draft),
            transport=transport_of(entry.mode),
            initiation=Initiation.NEVER if entry.connection_type == "answer-only" else Initiation.TRAFFIC,
            replay_window=replay_window(self.draft.replay_window, REPLAY_WINDOW),
            closed=not proposals,
            reverse_route=ReverseRoute() if with_sas else None,
            tfc=None if entry.tfc is None else hiding(entry.tfc),
            nat_traversal=not entry.nat_t_disable,
            own_errors=bool(entry.own_errors),
        )

    def entry(
        self, name: str, sequence: int, entry: asa.MapEntry, dynamic: bool = False
    ) -> tuple[tuple[Flow, ...], tuple[EspProposal, ...], str | None] | None:
        """Return the flows, proposals and tunnel group of an entry that is for something.

        There is no group where each peer has its own, as those of a dynamic entry. An entry that lacks something has no
        proposals: what it is for never goes in clear.
        """
        where = ("dynamic_maps" if dynamic else "crypto_maps", name, "entries", sequence)
        what = f"crypto {'dynamic-map' if dynamic else 'map'} {name} {sequence}"
        fix = f"{what} set ikev2 ipsec-proposal"
        if dynamic:
            flows = tuple(self.flows(where, what, entry.match_address)) if entry.match_address else ()
            offered = tuple(self.offers(where, what, entry.ipsec_proposals, fix))
            return (flows, offered, None) if flows or offered else None
        if not entry.peers:
            self.complaints.error(where, "crypto-map-incomplete", f"{what} has no peer", f"{what} set peer A.B.C.D")
        groups = list(dict.fromkeys(self.tunnel_group(where, what, peer) for peer in entry.peers))
        complete = entry.peers and None not in groups
        found = tuple(self.flows(where, what, entry.match_address))
        proposals = tuple(self.offers(where, what, entry.ipsec_proposals, fix))
        return (found, proposals if complete else (), groups[0] if len(groups) == 1 else None) if found else None

    def reverse_routes(self, connections: Iterable[Connection]) -> Iterator[Route]:
        """Yield the routes to what entries with a peer protect; the others come with their SAs."""
        for one in connections:
            held = self.draft.crypto_maps.get(one.name)
            entry = held.entries.get(one.sequence) if held else None
            if entry is None or entry.reverse_route is None or entry.reverse_route.dynamic:
                continue
            behind = [flow.remote.prefix for flow in one.flows if flow.permit]
            yield from ReverseRoute().routes(
                one, [prefix for prefix in behind if prefix is not None], next(iter(one.peers), None)
            )

    def tunnel_group(self, where: tuple[Any, ...], what: str, peer: Address) -> str | None:
        """Return the tunnel group that authenticates a peer: its own, or the default one."""
        group = next((each for each in (str(peer), asa.DEFAULT_GROUP) if each in self.groups), None)
        if group is None and str(peer) not in self.draft.tunnel_groups:
            self.complaints.error(
                where, "pre-shared-key-missing", f"{what} has peer {peer}, which has no tunnel group",
                f"tunnel-group {peer} type ipsec-l2l",
            )  # fmt: skip
        return group

    def offers(self, where: tuple[Any, ...], what: str, names: tuple[str, ...], fix: str) -> list[EspProposal]:
        """Return the ESP proposals of these names; `fix` is how a line begins that names one."""
        if not names:
            wanted = next(iter(self.draft.ipsec_proposals), "NAME")
            self.complaints.error(where, "crypto-map-incomplete", f"{what} has no IPsec proposal", f"{fix} {wanted}")
        found: list[EspProposal] = []
        for name in names:
            held = self.draft.ipsec_proposals.get(name)
            offered = list(esp_offers_of(name, held)) if held else []
            if not offered:
                why = "has no cipher and hash that can be offered" if held else "is not there"
                self.complaints.error(
                    ("ipsec_proposals", name) if held else where,
                    "no-common-esp-encryption" if held else "crypto-map-incomplete",
                    f"{what} names IPsec proposal {name}, which {why}",
                    f"crypto ipsec ikev2 ipsec-proposal {name}",
                )  # fmt: skip
            found += offered
        return found

    # Access lists

    def flows(self, where: tuple[Any, ...], what: str, name: str | None) -> Iterator[Flow]:
        """Yield the flows of an access list."""
        if name is None:
            self.complaints.error(
                where, "crypto-map-incomplete", f"{what} has no access list", f"{what} match address NAME"
            )
            return
        held = self.draft.access_lists.get(name)
        found = list(self.lists.flows(name, held)) if held else []
        if not any(flow.permit for flow in found):
            why = "permits nothing" if held else "is not there"
            self.complaints.error(
                where, "access-list-missing", f"{what} matches access list {name}, which {why}",
                f"access-list {name} extended permit ip NET MASK NET MASK",
            )  # fmt: skip
            return
        yield from found


def _usable(key: Key | None) -> Secret | None:
    return key.usable if key else None


def _checks(keepalive: asa.Keepalive | None) -> Dpd | None:
    if keepalive is None:
        return KEEPALIVE
    if keepalive.threshold is None or keepalive.retry is None:
        return None
    return Dpd(keepalive.threshold, keepalive.retry, True)
