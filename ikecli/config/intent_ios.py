"""A router's configuration becomes intent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from ikecli.config import ios, overlaps
from ikecli.config.algorithms import (
    Additional,
    esp_proposals,
    fragment_mtus,
    ike_proposals,
    kilobytes,
    methods,
    pfs_rows,
    replay_window,
    rows,
)
from ikecli.config.common import Dpd, Ip, Key
from ikecli.config.complaints import Complaints
from ikecli.config.crypto_acl import flows_of
from ikecli.config.ios_nat import nat_of
from ikecli.config.keyrings import ANYWHERE, credentials_of, identity_of, match_of, ppks_of, usable
from ikecli.config.remarks import transform_row, transform_word
from ikecli.config.remote_ios import Remote, pools
from ikecli.config.routes_ios import own_addresses, routes, vrfs
from ikecli.config.tunnels_ios import KILOBYTES, LIFETIME, REPLAY_WINDOW, Tunnels
from ikecli.intent import (
    Address,
    Connection,
    Credential,
    EspProposal,
    Flow,
    IkePolicy,
    IkeProposal,
    Intent,
    Network,
    Ppk,
    Profile,
)
from ikecli.intent import Dpd as Checks
from ikecli.intent.peers import DEFAULT_IKE_LIFETIME
from ikecli.numbers import TransformType

HOSTNAME: Final = "Router"
NAT_KEEPALIVE: Final = 20
WINDOW: Final = 5

_MAPS: Final = {4: "crypto_maps", 6: "crypto_maps6"}
"""Where the draft has the crypto maps for packets of each IP version."""

DEFAULT: Final = "default"
"""The name of what holds where nothing is configured."""
DEFAULT_PROPOSAL: Final = ios.Proposal(("aes-cbc-256",), ("sha512", "sha384"), ("sha512", "sha384"), ("19", "14", "21"))
DEFAULT_TRANSFORM_SET: Final = ios.TransformSet((ios.Transform("esp-aes"), ios.Transform("esp-sha-hmac")))


def resolve(draft: ios.Ios) -> tuple[Intent, Complaints]:
    """Return what a draft means, and what is wrong with it; what is incomplete is left out."""
    return _Resolver(draft).intent()


def proposals_of(draft: ios.Ios) -> dict[str, ios.Proposal]:
    """Return all IKE proposals, the default one first."""
    return {DEFAULT: DEFAULT_PROPOSAL, **draft.proposals}


def policies_of(draft: ios.Ios) -> dict[str, ios.Policy]:
    """Return the IKE policies that hold: the complete ones, else the default."""
    known = proposals_of(draft)
    complete = {
        name: policy
        for name, policy in draft.policies.items()
        if any(_offers(each, known[each]) for each in policy.proposals if each in known)
    }
    return complete or {DEFAULT: ios.Policy(proposals=[DEFAULT])}


def transform_sets_of(draft: ios.Ios) -> dict[str, ios.TransformSet]:
    """Return all transform sets, the default one first."""
    return {DEFAULT: DEFAULT_TRANSFORM_SET, **draft.transform_sets}


def missing_of(profile: ios.Profile, draft: ios.Ios) -> list[tuple[str, str]]:
    """Return what a profile lacks: in words, and as the line that would bring it."""
    lacks = []
    if not profile.remotes:
        lacks.append(("match identity remote", "match identity remote address A.B.C.D"))
    if profile.auth_local is None:
        lacks.append(("authentication local", "authentication local pre-share"))
    if profile.auth_remote is None:
        lacks.append(("authentication remote", "authentication remote pre-share"))
    keys = profile.auth_local and profile.auth_remote and profile.auth_local.key and profile.auth_remote.key
    if profile.keyring is None and not keys and not lacks:
        lacks.append(("keyring", f"keyring local {next(iter(draft.keyrings), 'NAME')}"))
    return lacks


def _offers(name: str, proposal: ios.Proposal) -> list[IkeProposal]:
    p, more = proposal, additional_of(proposal)
    return list(ike_proposals(name, "ios", p.encryption, p.integrity, p.prf, p.groups, more))


def additional_of(proposal: ios.Proposal) -> Additional:
    """Return the additional key exchange of a proposal."""
    return (methods("ios", proposal.pqc.methods, proposal.pqc.optional),) if proposal.pqc else ()


class _Resolver:
    def __init__(self, draft: ios.Ios) -> None:
        self.draft = draft
        self.complaints = Complaints()
        self.remote = Remote(draft, self.complaints)
        self.rings = {name: credentials_of(self.complaints, name, ring) for name, ring in draft.keyrings.items()}

    def intent(self) -> tuple[Intent, Complaints]:
        """Return the whole."""
        d = self.draft
        profiles = {name: profile for name, each in d.profiles.items() if (profile := self.profile(name, each))}
        tunnels = Tunnels(d, self.complaints, self.offers, set(profiles))
        interfaces = tuple(tunnels.interfaces())
        self.tables(tunnels)
        overlaps.complain(interfaces, self.complaints)
        intent = Intent(
            hostname=d.hostname or HOSTNAME,
            network=Network(interfaces, tuple(routes(d)), tuple(vrfs(d)), bool(d.ipv6_routing)),
            nat=nat_of(d, self.complaints),
            policies=tuple(self.policies()),
            profiles=tuple(
                replace(profile, template=tunnels.template_of(name, d.profiles[name]))
                for name, profile in profiles.items()
            ),
            connections=(*self.connections(), *tunnels.connections(interfaces)),
            templates=tuple(tunnels.templates(interfaces)),
            pools=pools(d, self.complaints),
        )
        if d.max_negotiating is not None:
            intent = replace(intent, max_half_open=d.max_negotiating)
        if d.max_sas is not None:
            intent = replace(intent, max_sas=d.max_sas)
        threshold = intent.max_half_open if d.cookie_challenge is None else d.cookie_challenge
        mtus = fragment_mtus(d.fragmentation.mtu) if d.fragmentation else None
        intent = replace(
            intent,
            cookie_threshold=threshold,
            puzzle_threshold=d.puzzle_challenge,
            fragment_mtu=mtus,
            window=d.window or WINDOW,
        )
        return intent, self.complaints

    def policies(self) -> Iterator[IkePolicy]:
        """Yield the policies that hold."""
        known = proposals_of(self.draft)
        for name, policy in self.draft.policies.items():
            where = ("policies", name)
            for each in policy.proposals:
                if each not in known:
                    self.complaints.error(
                        where, "", f"IKEv2 policy {name} names proposal {each}, which is not there",
                        f"crypto ikev2 proposal {each}",
                    )  # fmt: skip
            if not policy.proposals:
                self.complaints.error(where, "", f"IKEv2 policy {name} has no proposal", "proposal NAME")
        for name, proposal in self.draft.proposals.items():
            self.proposal(name, proposal)
        for name, policy in policies_of(self.draft).items():
            offered = [one for each in policy.proposals if each in known for one in _offers(each, known[each])]
            default = policy is not self.draft.policies.get(name)
            vrf = None if default or policy.fvrf == "any" else "" if policy.fvrf in (None, "global") else policy.fvrf
            yield IkePolicy(name, tuple(offered), tuple(policy.locals), vrf)

    def proposal(self, name: str, proposal: ios.Proposal) -> None:
        """Complain of a proposal that offers nothing."""
        if _offers(name, proposal):
            return
        aead = any(row.aead for row in rows(TransformType.ENCR, "ios", proposal.encryption))
        needs = {"encryption": proposal.encryption, "group": proposal.groups}
        needs["prf" if aead else "integrity"] = proposal.prf if aead else proposal.integrity
        lacks = next((word for word, value in needs.items() if not value), None)
        why = f"has no {lacks}" if lacks else "has nothing that is offered"
        fix = {"encryption": "encryption aes-cbc-256", "group": "group 19", "prf": "prf sha256"}.get(
            lacks or "encryption", "integrity sha256"
        )
        self.complaints.error(("proposals", name), "", f"IKEv2 proposal {name} {why}", fix)

    # Profiles

    def credentials(self, name: str, profile: ios.Profile) -> tuple[Credential, ...]:
        """Return the keys of a profile: those of its keyring, with those of its own lines before them."""
        where = ("profiles", name)
        local, remote = (
            usable(self.complaints, where, f"profile {name}", Key(key=auth.key)) if auth and auth.key else None
            for auth in (profile.auth_local, profile.auth_remote)
        )
        if profile.keyring and profile.keyring not in self.rings:
            self.complaints.error(
                where, "pre-shared-key-missing", f"profile {name} names keyring {profile.keyring}, which is not there",
                f"crypto ikev2 keyring {profile.keyring}",
            )  # fmt: skip
        found = self.rings.get(profile.keyring or "", ())
        if local and remote and not found:
            return (Credential(name, local, remote, ANYWHERE),)
        if not (local or remote):
            return found
        return tuple(replace(one, local=local or one.local, remote=remote or one.remote) for one in found)

    def profile(self, name: str, profile: ios.Profile) -> Profile | None:
        """Return a profile, unless it is incomplete."""
        where = ("profiles", name)
        lacks = missing_of(profile, self.draft)
        for what, fix in lacks:
            self.complaints.error(where, "no-matching-profile", f"IKEv2 profile {name} has no {what}", fix)
        credentials = self.credentials(name, profile)
        if lacks or not credentials:
            return None
        return Profile(
            name,
            tuple(map(match_of, profile.remotes)),
            credentials,
            local=identity_of(profile.identity),
            locals=tuple(self.locals(name, profile)),
            lifetime=profile.lifetime or DEFAULT_IKE_LIFETIME,
            dpd=_checks(profile.dpd or self.draft.dpd),
            nat_keepalive=profile.nat_keepalive or self.draft.nat_keepalive or NAT_KEEPALIVE,
            authorization=self.remote.authorization(name, profile),
            ppks=self.ppks(name, profile),
            force_encapsulation=bool(profile.force_encapsulation),
            vrf=None if profile.fvrf == "any" else profile.fvrf or "",
            template_auto=profile.virtual_template is not None and profile.virtual_template.mode == "auto",
        )

    def ppks(self, name: str, profile: ios.Profile) -> tuple[Ppk, ...]:
        """Return the post-quantum preshared keys of a profile."""
        if profile.ppk_keyring is None:
            return ()
        ring = self.draft.keyrings.get(profile.ppk_keyring)
        if ring is not None:
            return ppks_of(self.complaints, profile.ppk_keyring, ring)
        why = f"profile {name} names PPK keyring {profile.ppk_keyring}, which is not there"
        self.complaints.error(("profiles", name), "", why, f"crypto ikev2 keyring {profile.ppk_keyring}")
        return ()

    def locals(self, name: str, profile: ios.Profile) -> Iterator[Address]:
        """Yield the local addresses that a profile is restricted to."""
        for each in profile.locals:
            found = [each.address] if each.address else own_addresses(self.draft, each.interface or "")
            if not found:
                self.complaints.error(
                    ("profiles", name), "interface-without-address",
                    f"IKEv2 profile {name} is for interface {each.interface}, which has no address",
                    f"ip address A.B.C.D MASK on interface {each.interface}",
                )  # fmt: skip
            yield from found

    # Connections

    def tables(self, tunnels: Tunnels) -> None:
        """Complain of routing tables that profiles and policies name and that are not there."""
        for name, profile in self.draft.profiles.items():
            for vrf in (profile.fvrf, profile.ivrf):
                tunnels.known_vrf(("profiles", name), f"IKEv2 profile {name}", None if vrf == "any" else vrf)
        for name, policy in self.draft.policies.items():
            vrf = None if policy.fvrf in ("any", "global") else policy.fvrf
            tunnels.known_vrf(("policies", name), f"IKEv2 policy {name}", vrf)

    def connections(self) -> Iterator[Connection]:
        """Yield the complete crypto-map entries, for each interface that uses them."""
        for version in (4, 6):
            used: set[str] = set()
            maps = maps_of(self.draft, version)
            for name, interface in self.draft.interfaces.items():
                map_name = interface.crypto_map if version == 4 else interface.ipv6_crypto_map
                if map_name is None:
                    continue
                used.add(map_name)
                held = maps.get(map_name)
                if held is None:
                    self.complaints.error(
                        ("interfaces", name), "crypto-map-incomplete",
                        f"interface {name} uses crypto map {map_name}, which is not there",
                        f"crypto map {'ipv6 ' if version == 6 else ''}{map_name} 10 ipsec-isakmp",
                    )  # fmt: skip
                    continue
                yield from self.applied(name, interface, map_name, held, version)
            yield from self.unapplied(maps, used, version)

    def unapplied(self, maps: dict[str, ios.CryptoMap], used: set[str], version: int) -> Iterator[Connection]:
        """Complain of maps that are on no interface, and of their entries; there is nothing to yield."""
        for name, held in maps.items():
            if name not in used and held.entries:
                self.complaints.warn(
                    (_MAPS[version], name), "crypto-map-not-applied", f"crypto map {name} is used by no interface",
                    f"{'ipv6 ' if version == 6 else ''}crypto map {name} on the interface towards the peer",
                )  # fmt: skip
                for sequence, entry in sorted(held.entries.items()):
                    self.entry(name, sequence, entry, version)
        yield from ()

    def applied(
        self, name: str, interface: ios.Interface, map_name: str, held: ios.CryptoMap, version: int
    ) -> Iterator[Connection]:
        """Yield the complete entries of a map on an interface."""
        source = held.local_address or name
        locals_ = own_addresses(self.draft, source)
        if not locals_:
            self.complaints.error(
                ("interfaces", name), "interface-without-address",
                f"crypto map {map_name} is on interface {name}, but {source} has no address",
                f"ip address A.B.C.D MASK on interface {source}",
            )  # fmt: skip
        if interface.shutdown:
            self.complaints.warn(
                ("interfaces", name), "", f"interface {name} uses crypto map {map_name} and is shut down", "no shutdown"
            )
        for sequence, entry in sorted(held.entries.items()):
            parts = self.entry(map_name, sequence, entry, version)
            peers = peers_of(entry)
            local = next((one for one in locals_ if peers and one.version == peers[0].version), None)
            if parts and local is None and locals_:
                self.complaints.error(
                    (_MAPS[version], map_name, "entries", sequence), "interface-without-address",
                    f"crypto map {map_name} {sequence} has peer {peers[0]}, but {source} has no IPv{peers[0].version} "
                    "address", f"{'ip' if peers[0].version == 4 else 'ipv6'} address on interface {source}",
                )  # fmt: skip
            if parts and local is not None and not interface.shutdown:
                found, proposals, transport = parts
                made = self.connection(map_name, sequence, entry, name, local, found, proposals, transport)
                yield replace(made, vrf=interface.vrf or "", inner_vrf=self.inner_vrf(entry, interface))

    def inner_vrf(self, entry: ios.MapEntry, interface: ios.Interface) -> str:
        """Return the routing table of what a map entry protects: its profile's, else that of the interface."""
        profile = self.draft.profiles.get(entry.ikev2_profile or "")
        return (profile.ivrf if profile else None) or interface.vrf or ""

    def connection(
        self, name: str, sequence: int, entry: ios.MapEntry, interface: str, local: Address, found: tuple[Flow, ...],
        proposals: tuple[EspProposal, ...], transport: bool,
    ) -> Connection:  # fmt: skip
        """Return a complete entry on an interface."""
        window = entry.replay_window or self.draft.replay_window
        volume = self.draft.lifetime_kilobytes if entry.lifetime_kilobytes is None else entry.lifetime_kilobytes
        pfs, additional = pfs_rows(entry.pfs, "ios")
        return Connection(
            name,
            sequence,
            interface,
            local,
            tuple(peer for peer in peers_of(entry) if peer.version == local.version),
            found,
            proposals,
            profile=entry.ikev2_profile,
            pfs=pfs,
            pfs_additional=additional,
            lifetime=entry.lifetime_seconds or self.draft.lifetime_seconds or LIFETIME,
            kilobytes=kilobytes(volume, KILOBYTES),
            transport=transport,
            replay_window=replay_window(window, REPLAY_WINDOW),
            per_host=bool(entry.per_host),
        )

    def entry(
        self, name: str, sequence: int, entry: ios.MapEntry, version: int
    ) -> tuple[tuple[Flow, ...], tuple[EspProposal, ...], bool] | None:
        """Return the flows and proposals of an entry and whether it is transport mode, unless it is incomplete.

        An entry whose profile is not there, or not complete, protects all the same: what it is for never goes in clear.
        """
        where = (_MAPS[version], name, "entries", sequence)
        what = f"crypto map {name} {sequence}"
        if not entry.peers:
            self.complaints.error(where, "crypto-map-incomplete", f"{what} has no peer", "set peer A.B.C.D")
        if entry.ikev2_profile is None:
            fix = f"set ikev2-profile {next(iter(self.draft.profiles), 'NAME')}"
            self.complaints.error(where, "crypto-map-incomplete", f"{what} has no IKEv2 profile", fix)
        elif entry.ikev2_profile not in self.draft.profiles:
            self.complaints.error(
                where, "no-matching-profile", f"{what} names IKEv2 profile {entry.ikev2_profile}, which is not there",
                f"crypto ikev2 profile {entry.ikev2_profile}",
            )  # fmt: skip
        found = tuple(self.flows(where, what, entry.match_address, version))
        proposals, transport = self.offers(where, what, entry)
        complete = entry.peers and found and proposals and entry.ikev2_profile is not None
        return (found, proposals, transport) if complete else None

    def offers(
        self, where: tuple[Any, ...], what: str, entry: ios.MapEntry | ios.IpsecProfile
    ) -> tuple[tuple[EspProposal, ...], bool]:
        """Return the ESP proposals of what has transform sets, and whether one of them is transport mode."""
        sets = list(self.sets(where, what, entry))
        proposals = tuple(one for name, each in sets for one in offers_of(name, each))
        if not proposals:
            self.complaints.error(
                where,
                "no-common-esp-encryption",
                f"{what} has no transform set that can be offered",
                "set transform-set NAME",
            )
        return proposals, any(each.mode == "transport" for _, each in sets)

    def sets(
        self, where: tuple[Any, ...], what: str, entry: ios.MapEntry | ios.IpsecProfile
    ) -> Iterator[tuple[str, ios.TransformSet]]:
        """Yield the transform sets of an entry."""
        known = transform_sets_of(self.draft)
        for name in entry.transform_sets or (DEFAULT,):
            if name not in known:
                self.complaints.error(
                    where, "crypto-map-incomplete", f"{what} names transform set {name}, which is not there",
                    f"crypto ipsec transform-set {name} esp-aes 256 esp-sha256-hmac",
                )  # fmt: skip
                continue
            yield name, known[name]
            if not list(offers_of(name, known[name])):
                self.complaints.error(
                    ("transform_sets", name), "", f"transform set {name} has no cipher and hash that can be offered",
                    f"crypto ipsec transform-set {name} esp-aes 256 esp-sha256-hmac",
                )  # fmt: skip

    def flows(self, where: tuple[Any, ...], what: str, name: str | None, version: int) -> Iterator[Flow]:
        """Yield the flows of an access list."""
        if name is None:
            self.complaints.error(where, "crypto-map-incomplete", f"{what} has no access list", "match address NAME")
            return
        found = flows_of(self.draft, name, self.complaints, version)
        if not any(flow.permit for flow in found):
            lists = self.draft.access_lists if version == 4 else self.draft.access_lists6
            why = "permits nothing" if name in lists else "is not there"
            self.complaints.error(
                where, "access-list-missing", f"{what} matches access list {name}, which {why}",
                f"ip access-list extended {name}" if version == 4 else f"ipv6 access-list {name}",
            )  # fmt: skip
            return
        yield from found


def maps_of(draft: ios.Ios, version: int) -> dict[str, ios.CryptoMap]:
    """Return the crypto maps for packets of an IP version."""
    return draft.crypto_maps if version == 4 else draft.crypto_maps6


def peers_of(entry: ios.MapEntry) -> tuple[Ip, ...]:
    """Return the peers of an entry, the default first."""
    return tuple(sorted(entry.peers, key=lambda address: not entry.peers[address].default))


def offers_of(name: str, held: ios.TransformSet) -> Iterable[EspProposal]:
    """Return the ESP proposals of a transform set; none where it has nothing that is served."""
    found = [transform_row(transform_word(each.kind, each.bits)) for each in held.transforms]
    if not all(row.served for row in found):
        return ()
    ciphers = tuple(row for row in found if row.type == TransformType.ENCR)
    checks = tuple(row for row in found if row.type == TransformType.INTEG)
    return esp_proposals(name, ciphers, checks, bool(held.esn))


def _checks(dpd: Dpd | None) -> Checks | None:
    return Checks(dpd.interval, dpd.retry, dpd.query == "periodic") if dpd else None
