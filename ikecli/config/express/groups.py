"""The tunnel groups of a firewall, with the group policies of those whose peers are lent an address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Interface
from typing import Final

from ikecli.config import asa, asa_remote
from ikecli.config.common import Key
from ikecli.config.express.firewall_lists import networks_list
from ikecli.config.express.losses import Losses
from ikecli.config.express.peers import Peers, alone, names, shown_identity
from ikecli.config.express.writer import named
from ikecli.config.remote_asa import EXCLUDED, LOGINS, SPECIFIED
from ikecli.intent import Address, Authorization, Credential, Dpd, Identity, Intent, Profile
from ikecli.language.kinds import Range
from ikecli.numbers import IdType
from ikecli.secret import Secret

DEFAULTS: Final = (asa.DEFAULT_GROUP, asa.DEFAULT_RA_GROUP)
"""The tunnel groups that are there anyhow, and have their type."""
RETRIES: Final = range(2, 11)
MOST_SIX: Final = 16384
"""How many addresses a pool of IPv6 has."""
_PREFIX: Final = 64
"""The length that IPv6 addresses are lent with: an intent says none."""
_MINUTE: Final = 60
ANY_LOGINS: Final = (1 << 31) - 1
"""What says that an identity may have any number of sessions."""


class Groups:
    """Writes the profiles of an intent into a draft; `travelling` are those whose peers are lent an address."""

    def __init__(
        self, intent: Intent, draft: asa.Asa, peers: Peers, travelling: frozenset[str], losses: Losses
    ) -> None:
        self.intent, self.draft, self.peers, self.losses = intent, draft, peers, losses
        self.travelling = travelling

    def write(self) -> None:
        """Write the pools, the tunnel groups and who this side is."""
        self._pools()
        for profile in self.intent.profiles:
            self._groups(profile)
        self._identity()

    def _groups(self, profile: Profile) -> None:
        """Make the tunnel groups of a profile: one for each address or name that its peers have."""
        used = self.peers.used(profile)
        peers: list[Address] = [*used]
        peers += [one for match in profile.remotes if (one := alone(match)) is not None]
        peers += [one.network_address for one in profile.gateways if one.num_addresses == 1]
        for peer in dict.fromkeys(peers):
            self._group(str(peer), profile, peer)
        travels = profile.name in self.travelling
        known: Iterable[str] = (*names(profile), *(_keyed(profile) if travels else ()))
        for name in dict.fromkeys(known):
            self._group(name, profile, None)
        if travels:
            self._others(profile)
        elif any(match.type is None for match in profile.remotes) and not (profile.gateways or used):
            self._group(asa.DEFAULT_GROUP, profile, None)
        self._unsaid(profile, bool(peers))

    def _others(self, profile: Profile) -> None:
        """Make the default group of travellers, where a profile is for more than certain names and addresses."""
        wide = [
            match
            for match in profile.remotes
            if not profile.gateways and alone(match) is None and (match.network or not _named(match.type, match.domain))
        ]
        if wide:
            self._group(asa.DEFAULT_RA_GROUP, profile, None)
        self._keys(profile)
        for match in wide:
            if match.type is not None or match.network is not None:
                what = f"tunnel-group {asa.DEFAULT_RA_GROUP}"
                self.losses.add(what, f"it takes any identity, not only {match} (profile {profile.name})")

    def _keys(self, profile: Profile) -> None:
        """Note the keys of a profile that no group of travellers has: each group has those of one peer."""
        held: list[tuple[Secret | None, Secret | None]] = []
        for one in profile.credentials:
            if one.identity is None:
                held += [(one.local, one.remote)] if (one.local, one.remote) not in held else []
            elif one.identity.network or not _named(one.identity.type, one.identity.domain):
                self.losses.add(f"profile {profile.name}", f"keys for the identity {one.identity}")
        if len(held) > 1:
            self.losses.add(f"profile {profile.name}", "keys by the address of the peer: the first of them hold")

    def _unsaid(self, profile: Profile, known: bool) -> None:
        """Note what a profile says and no tunnel group can."""
        what, travels = f"profile {profile.name}", profile.name in self.travelling
        for match in profile.remotes if not travels else ():
            wide = match.network is not None and alone(match) is None and not known
            if wide or match.domain or match.type == IdType.RFC822_ADDR:
                self.losses.add(what, f"no tunnel group is for the identity {match}")
        self.losses.note(
            what,
            (profile.ppks, "post-quantum preshared keys"),
            ((profile.authorization and not travels) or profile.mangled, "what peers are lent and told"),
            (profile.template, "virtual-access interfaces"),
            (profile.force_encapsulation, "nat force-encap"),
            (profile.inbound, "match inbound-only"),
            (profile.authorization and profile.authorization.most_children, "ipsec flow-limit"),
            (profile.sole, "initial-contact force"),
            (profile.reauthentication, "lifetime reauthentication"),
            (profile.locals, "match address local: a tunnel group holds at every address"),
        )

    def _group(self, name: str, profile: Profile, peer: Address | None) -> None:
        what = f"tunnel-group {name}"
        credential = self.peers.credential_of(profile, peer) if peer is not None else _credential(profile, name)
        if credential is None or credential.local is None or credential.remote is None:
            self.losses.add(what, f"profile {profile.name} has no two keys for it")
            return
        if any(b" " in each.reveal() for each in (credential.local, credential.remote)):
            self.losses.add(what, "a key with blanks, which a firewall does not take")
            return
        ipsec = asa.TunnelIpsec(_key(credential.remote), _key(credential.local), self._keepalive(what, profile.dpd))
        held = asa.TunnelGroup("ipsec-l2l", ipsec)
        if profile.name in self.travelling and profile.authorization is not None:
            held = asa.TunnelGroup("remote-access", ipsec, self._general(profile.authorization))
        before = self.draft.tunnel_groups.get(name)
        if before is not None and before.ipsec is not None and before not in (held, replace(held, type=None)):
            self.losses.add(what, f"profile {profile.name} is for the same peer with another key or keepalive")
            return
        self.draft.tunnel_groups[name] = replace(held, type=None) if name in DEFAULTS else held

    def _keepalive(self, what: str, dpd: Dpd | None) -> asa.Keepalive:
        if dpd is None:
            return asa.Keepalive("disable")
        retry = min(max(dpd.retry, RETRIES[0]), RETRIES[-1])
        if not dpd.periodic:
            self.losses.add(what, "checks only when there is traffic to send (on-demand): they are periodic here")
        if retry != dpd.retry:
            self.losses.add(what, f"a retry of {dpd.retry} seconds: it is {retry} here")
        return asa.Keepalive("threshold", dpd.interval, retry)

    def _identity(self) -> None:
        """Say who this side is, for all peers at once."""
        shown: dict[Identity | None, str] = {}
        for one in self.intent.connections:
            profiles = [self.peers.profile_towards(one, peer) for peer in one.peers]
            if one.wildcard_peer:
                profiles += [each for each in self.intent.profiles if each.name in self.travelling]
            for profile in profiles:
                if profile is not None:
                    shown.setdefault(shown_identity(profile, one.local), profile.name)
        for identity, name in shown.items():
            match identity:
                case None:
                    kind = None
                case Identity(type=IdType.FQDN) if identity == Identity.fqdn(self.intent.hostname):
                    kind = asa.IsakmpIdentity("hostname")
                case Identity(type=IdType.KEY_ID, data=data):
                    kind = asa.IsakmpIdentity("key-id", data.decode(errors="replace"))
                case _:
                    self.losses.add(f"profile {name}", f"the identity {identity} of this side")
                    continue
            if self.draft.isakmp_identity not in (None, kind) or (kind and None in shown):
                self.losses.add(f"profile {name}", "all peers are shown the same identity")
            else:
                self.draft.isakmp_identity = kind

    # What travellers are lent and told

    def _pools(self) -> None:
        for pool in self.intent.pools:
            first, last = pool.ranges[0]
            if first.version == 4:
                self.draft.ip_pools[pool.name] = asa_remote.IpPool(
                    Range(IPv4Address(first), IPv4Address(last)), pool.netmask
                )
                continue
            count = int(last) - int(first) + 1
            if count > MOST_SIX:
                self.losses.add(f"pool {pool.name}", f"{count} addresses: the most there are here are {MOST_SIX}")
            self.draft.ipv6_pools[pool.name] = asa_remote.Ipv6Pool(
                IPv6Interface((int(first), _PREFIX)), min(count, MOST_SIX)
            )

    def _general(self, gives: Authorization) -> asa_remote.TunnelGeneral:
        four, six = (
            tuple(
                one.name
                for name in gives.pools
                for one in self.intent.pools
                if one.name == name and one.version == version
            )
            for version in (4, 6)
        )
        return asa_remote.TunnelGeneral(
            asa_remote.PoolNames(names=four) if four else None,
            asa_remote.PoolNames(names=six) if six else None,
            self._policy(gives),
            asa_remote.DhcpServers(servers=gives.dhcp.servers) if gives.dhcp else None,
        )

    def _policy(self, gives: Authorization) -> str:
        """Return the name of a group policy for this; the default one is never written, as others inherit from it."""
        wanted = "TRAVELLERS" if gives.name == asa.DEFAULT_POLICY else gives.name
        held = asa_remote.GroupPolicy("internal", self._attributes(wanted, gives))
        return named(self.draft.group_policies, wanted, held)

    def _attributes(self, name: str, gives: Authorization) -> asa_remote.GroupAttributes:
        minutes, lasts = (-(-seconds // _MINUTE) for seconds in (gives.idle, gives.session))
        self.losses.note(
            f"group-policy {name}",
            (minutes * _MINUTE != gives.idle, f"{gives.idle} seconds without traffic: it is {minutes} minutes here"),
            (lasts * _MINUTE != gives.session, f"sessions of {gives.session} seconds: it is {lasts} minutes here"),
        )
        return asa_remote.GroupAttributes(
            banner=gives.banner.split("\n") if gives.banner else [],
            wins_servers=asa_remote.Servers("value", gives.nbns) if gives.nbns else None,
            dns_servers=asa_remote.Servers("value", gives.dns) if gives.dns else None,
            protocols=("ikev2",),
            split_policy=SPECIFIED if gives.networks else EXCLUDED if gives.excluded else None,
            split_policy6=SPECIFIED if gives.networks and self._six(gives) else None,
            split_list=asa_remote.Named("value", self._split(name, gives))
            if gives.networks or gives.excluded
            else None,
            logins=None if gives.logins == LOGINS else gives.logins or ANY_LOGINS,
            dhcp_scope=gives.dhcp.relay if gives.dhcp else None,
            pfs="enable" if gives.pfs else None,
            backups=gives.backups,
            session_timeout=lasts or None,
            domain=asa_remote.Named("value", gives.domain) if gives.domain else None,
            split_dns=asa_remote.Names("value", gives.split_dns) if gives.split_dns else None,
            idle_timeout=minutes or "none",
        )

    def _six(self, gives: Authorization) -> bool:
        lent = (one.version for one in self.intent.pools if one.name in gives.pools)
        return 6 in {*lent, *(one.version for one in gives.networks)}

    def _split(self, policy: str, gives: Authorization) -> str:
        return named(self.draft.access_lists, f"{policy}_split", networks_list(gives.networks or gives.excluded))


def _named(kind: int | None, domain: bool) -> bool:
    return kind in (IdType.FQDN, IdType.KEY_ID) and not domain


def _keyed(profile: Profile) -> Iterator[str]:
    """Yield the names that a profile has keys for, of those that it takes."""
    for one in profile.credentials:
        match = one.identity
        if match is None or match.type is None or not _named(match.type, match.domain):
            continue
        if any(each.matches(Identity(match.type, match.value)) for each in profile.remotes):
            yield match.value.decode(errors="replace")


def _credential(profile: Profile, name: str) -> Credential | None:
    """Return the keys for a peer of a name: those for it, else those for an address, else the first."""
    shown = Identity.fqdn(name), Identity.key_id(name)
    rows = profile.credentials
    own = (one for one in rows if one.identity and any(map(one.identity.matches, shown)))
    return next(own, next((one for one in rows if one.identity is None), next(iter(rows), None)))


def _key(secret: Secret) -> Key:
    return Key(key=secret)
