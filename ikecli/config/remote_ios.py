"""What a router lends and tells its peers: pools and authorization policies become intent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv6Network, ip_network
from typing import Any, Final

from ikecli.config import ios, smart
from ikecli.config.algorithms import network
from ikecli.config.complaints import Complaints
from ikecli.config.crypto_acl import selector6_of, selector_of
from ikecli.config.dhcp import MAX_SERVERS, TIMEOUT, towards
from ikecli.config.hosts import addresses_of_name
from ikecli.config.ios_remote import AuthorizationPolicy, RemoteNetwork, RouteAccept
from ikecli.config.pools import Named, Span, pools_of
from ikecli.config.route_maps import RouteMaps
from ikecli.config.routes_ios import own_addresses
from ikecli.config.tunnels_ios import addresses_of
from ikecli.intent import Authorization, Mangled, Mangler, Pool, Prefix
from ikecli.intent.remote import MAX_BACKUPS, ROUTE_TAG, Dhcp
from ikecli.numbers.conventions import NEARBY

MAX_PREFIX: Final = 128


def pools(draft: ios.Ios, complaints: Complaints) -> tuple[Pool, ...]:
    """Return the pools of both IP versions."""
    four: list[Named] = []
    for name, held in draft.ip_pools.items():
        spans: list[Span] = [(one.first, one.last or one.first) for one in held.ranges]
        four.append(("ip_pools", name, spans, None))
    return pools_of(complaints, (*four, *_pools6(draft, complaints)))


def _pools6(draft: ios.Ios, complaints: Complaints) -> Iterator[Named]:
    for name, held in draft.ipv6_pools.items():
        if held.length != MAX_PREFIX:
            why = f"pool {name} lends prefixes of length {held.length}, which is not served: only addresses are lent"
            fix = f"ipv6 local pool {name} {held.prefix} {MAX_PREFIX}"
            complaints.error(("ipv6_pools", name), "", why, fix)
            continue
        inside = IPv6Network(held.prefix.network)
        yield "ipv6_pools", name, [(held.prefix.ip, inside.broadcast_address)], None


def _network(one: RemoteNetwork) -> Prefix:
    if one.prefix is not None:
        return IPv6Network(one.prefix.network)
    return network(one.network or IPv4Address(0), one.mask)


class Remote:
    """Reads the authorization of a draft's profiles."""

    def __init__(self, draft: ios.Ios, complaints: Complaints) -> None:
        self.draft, self.complaints = draft, complaints
        self.accepted = RouteMaps(draft, complaints)

    def authorization(self, name: str, profile: ios.Profile) -> Authorization | None:
        """Return what a profile's peers are lent and told, if it says so."""
        wanted, where = profile.authorization, ("profiles", name)
        if wanted is None:
            return None
        if not self._local(where, name, wanted.list):
            return None
        if wanted.mangler is not None:
            return None
        policy = wanted.policy or smart.DEFAULT
        held = smart.authorizations_of(self.draft).get(policy)
        if held is None:
            self.complaints.error(
                where, "", f"profile {name} names authorization policy {policy}, which is not there",
                f"crypto ikev2 authorization policy {policy}",
            )  # fmt: skip
            return None
        return self._of(policy, held, name, profile)

    def mangled(self, name: str, profile: ios.Profile) -> Mangled | None:
        """Return what a profile's peers are lent and told by the name that is derived of each, if it says so."""
        wanted, where = profile.authorization, ("profiles", name)
        if wanted is None or wanted.mangler is None or not self._local(where, name, wanted.list):
            return None
        held = self.draft.name_manglers.get(wanted.mangler)
        if held is None or not (held.fqdn or held.email):
            lacks = "which is not there" if held is None else "which derives no name"
            why = f"profile {name} names name-mangler {wanted.mangler}, {lacks}"
            fix = f"crypto ikev2 name-mangler {wanted.mangler}"
            self.complaints.error(where, "", why, fix if held is None else f"{fix}, then fqdn hostname")
            return None
        known = smart.authorizations_of(self.draft)
        choices = (self._of(each, policy, name, profile) for each, policy in known.items())
        return Mangled(Mangler(wanted.mangler, held.fqdn or "", held.email or ""), tuple(choices))

    def _of(self, policy: str, held: AuthorizationPolicy, name: str, profile: ios.Profile) -> Authorization:
        """Return what a policy says to the peers of a profile."""
        found = self.policy(policy, held, name)
        if profile.config_send is False:
            found = replace(found, networks=(), tells_own=False)
        return replace(found, accepts=found.accepts and profile.config_accept is not False)

    def _local(self, where: tuple[Any, ...], name: str, wanted: str) -> bool:
        """Tell whether a method list is local; complain of another."""
        if not self.draft.aaa_new_model:
            why = f"profile {name} is authorized by list {wanted}, but method lists are not in use"
            self.complaints.error(where, "", why, "aaa new-model")
            return False
        held = self.draft.aaa_networks.get(wanted)
        if held is not None and held.local:
            return True
        why = f"profile {name} is authorized by list {wanted}, which is no local one: others are not served yet"
        self.complaints.error(where, "", why, f"aaa authorization network {wanted} local")
        return False

    def policy(self, name: str, held: AuthorizationPolicy, profile: str = "") -> Authorization:
        """Return what a policy says."""
        where = ("authorizations", name)
        accepts = held.route_accept or RouteAccept()
        servers = [*(held.dns.all if held.dns else ()), *(held.ipv6_dns.all if held.ipv6_dns else ())]
        return Authorization(
            name,
            tuple(self._pools(where, name, held)),
            netmask=held.netmask,
            prefix_length=held.prefix_length or MAX_PREFIX,
            dns=tuple(servers),
            nbns=tuple(one for one in (held.wins.all if held.wins else ()) if isinstance(one, IPv4Address)),
            networks=tuple(dict.fromkeys(self._networks(where, name, held, profile))),
            domain=held.domain or "",
            split_dns=tuple(held.split_dns),
            banner=held.banner or "",
            accepts=held.route_accept is not False or held.route_map is not None,
            clauses=self.accepted.clauses(where, name, held.route_map),
            tells_own=bool(held.route_tunnel),
            session=held.session or 0,
            most_children=held.most_children or 0,
            pfs=bool(held.pfs),
            excluded=(NEARBY,) if held.local_lan else (),
            backups=tuple(self._most(where, name, "backup-gateway", held.backups, MAX_BACKUPS)),
            behind=tuple(map(_network, held.route_locals)),
            distance=accepts.distance or 1,
            tag=accepts.tag or ROUTE_TAG,
            dhcp=self._dhcp(where, name, held),
        )

    def _most(self, where: tuple[Any, ...], name: str, what: str, held: list[str], most: int) -> list[str]:
        """Return as many as there may be; complain of more."""
        if len(held) > most:
            why = f"authorization policy {name} has {len(held)} {what}: the first {most} hold"
            self.complaints.warn(where, "", why, f"no {what} {held[most]}")
        return held[:most]

    def _dhcp(self, where: tuple[Any, ...], name: str, held: AuthorizationPolicy) -> Dhcp | None:
        """Return the DHCP servers of a policy, and the address of ours that they answer."""
        if not held.dhcp_servers:
            return None
        found = {
            each: tuple(self._servers(each))
            for each in self._most(where, name, "dhcp server", held.dhcp_servers, MAX_SERVERS)
        }
        for each in [each for each, addresses in found.items() if not addresses]:
            why = f"authorization policy {name} asks DHCP server {each}, whose address is not known"
            self.complaints.error(where, "", why, f"ip host {each} A.B.C.D")
        servers = tuple(dict.fromkeys(one for addresses in found.values() for one in addresses))
        own = [one for each in self.draft.interfaces.values() if not each.vrf for one in addresses_of(each)]
        four = [one for one in own if isinstance(one, IPv4Interface)]
        relay = held.dhcp_relay or towards(four, servers)
        if servers and (relay is None or relay not in {one.ip for one in four}):
            lacks = "no address of this router" if relay is None else f"{relay}, which is none of this router,"
            why = f"authorization policy {name} has {lacks} that DHCP servers answer"
            self.complaints.error(where, "", why, "dhcp giaddr A.B.C.D, with the address of an interface")
            return None
        return Dhcp(servers, relay, held.dhcp_timeout or TIMEOUT) if servers and relay else None

    def _servers(self, given: str) -> Iterator[IPv4Address]:
        try:
            yield IPv4Address(given)
        except ValueError:
            yield from (one for one in addresses_of_name(self.draft, given) if isinstance(one, IPv4Address))

    def _pools(self, where: tuple[Any, ...], name: str, held: AuthorizationPolicy) -> Iterator[str]:
        for pool, known, fix in (
            (held.pool, self.draft.ip_pools, "ip local pool {} FIRST LAST"),
            (held.ipv6_pool, self.draft.ipv6_pools, "ipv6 local pool {} PREFIX 128"),
        ):
            if pool is None:
                continue
            if pool in known:
                yield pool
            else:
                why = f"authorization policy {name} lends from pool {pool}, which is not there"
                self.complaints.error(where, "", why, fix.format(pool))

    def _networks(self, where: tuple[Any, ...], name: str, held: AuthorizationPolicy, profile: str) -> Iterator[Prefix]:
        """Yield the networks that the peer is told of."""
        for interface in held.route_interfaces:
            yield from self._addresses(interface)
        if held.route_list is not None:
            yield from self._list(where, name, held.route_list)
        if held.route_list6 is not None:
            yield from self._list6(where, name, held.route_list6)
        yield from map(_network, held.route_remotes)

    def _addresses(self, interface: str) -> Iterable[Prefix]:
        return map(ip_network, own_addresses(self.draft, interface))

    def _list(self, where: tuple[Any, ...], name: str, wanted: str) -> Iterator[Prefix]:
        """Yield what an access list permits: as a standard one, or as the source of an extended one."""
        standard, extended = self.draft.standard_lists.get(wanted), self.draft.access_lists.get(wanted)
        lines = [*(standard.entries.items() if standard else ()), *(extended.entries.items() if extended else ())]
        if not lines:
            self._listless(where, name, wanted, "ip access-list standard")
        for _, line in sorted(lines, key=lambda pair: pair[0]):
            selector = selector_of(line.source) if line.action == "permit" else None
            if selector is not None and selector.prefix is not None:
                yield selector.prefix

    def _list6(self, where: tuple[Any, ...], name: str, wanted: str) -> Iterator[Prefix]:
        """Yield what an IPv6 access list permits as its source."""
        held = self.draft.access_lists6.get(wanted)
        if held is None:
            self._listless(where, name, wanted, "ipv6 access-list")
            return
        for _, line in sorted(held.entries.items()):
            prefix = selector6_of(line.source).prefix if line.action == "permit" else None
            if prefix is not None:
                yield prefix

    def _listless(self, where: tuple[Any, ...], name: str, wanted: str, command: str) -> None:
        why = f"authorization policy {name} names access list {wanted}, which is not there"
        self.complaints.error(where, "access-list-missing", why, f"{command} {wanted}")
