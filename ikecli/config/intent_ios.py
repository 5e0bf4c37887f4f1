"""A router's configuration becomes intent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from ipaddress import IPv4Interface
from typing import Any, Final

from ikecli.config import ios
from ikecli.config.algorithms import esp_proposals, fragment_mtus, ike_proposals, kilobytes, network, pfs_row
from ikecli.config.common import Dpd, Ip, Key
from ikecli.config.complaints import Complaints
from ikecli.config.crypto_acl import flows_of
from ikecli.config.keyrings import ANYWHERE, credentials_of, identity_of, match_of, usable
from ikecli.config.remarks import transform_row, transform_word
from ikecli.intent import (
    Address,
    Connection,
    Credential,
    EspProposal,
    Flow,
    IkePolicy,
    IkeProposal,
    Intent,
    Interface,
    Network,
    Profile,
    Route,
)
from ikecli.intent import Dpd as Checks
from ikecli.intent.network import DEFAULT_MTU
from ikecli.intent.peers import DEFAULT_IKE_LIFETIME
from ikecli.numbers import TransformType

HOSTNAME: Final = "Router"
LIFETIME: Final = 3600
KILOBYTES: Final = 4608000
REPLAY_WINDOW: Final = 64
NAT_KEEPALIVE: Final = 20

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
    p = proposal
    return list(ike_proposals(name, "ios", p.encryption, p.integrity, p.prf, p.groups))


class _Resolver:
    def __init__(self, draft: ios.Ios) -> None:
        self.draft = draft
        self.complaints = Complaints()
        self.rings = {name: credentials_of(self.complaints, name, ring) for name, ring in draft.keyrings.items()}

    def intent(self) -> tuple[Intent, Complaints]:
        """Return the whole."""
        d = self.draft
        profiles = {name: self.profile(name, profile) for name, profile in d.profiles.items()}
        intent = Intent(
            hostname=d.hostname or HOSTNAME,
            network=Network(tuple(self.interfaces()), tuple(self.routes())),
            policies=tuple(self.policies()),
            profiles=tuple(profile for profile in profiles.values() if profile),
            connections=tuple(self.connections({name for name, profile in profiles.items() if profile})),
        )
        if d.max_negotiating is not None:
            intent = replace(intent, max_half_open=d.max_negotiating)
        if d.max_sas is not None:
            intent = replace(intent, max_sas=d.max_sas)
        threshold = intent.max_half_open if d.cookie_challenge is None else d.cookie_challenge
        mtus = fragment_mtus(d.fragmentation.mtu) if d.fragmentation else None
        return replace(intent, cookie_threshold=threshold, fragment_mtu=mtus), self.complaints

    def interfaces(self) -> Iterator[Interface]:
        """Yield the interfaces."""
        for name, each in self.draft.interfaces.items():
            addresses = [
                IPv4Interface((int(one.address), str(one.mask)))
                for one in (each.address, *each.secondaries)
                if one is not None
            ]
            yield Interface(
                name,
                (*addresses, *each.ipv6_addresses),
                bool(each.shutdown),
                each.mtu or DEFAULT_MTU,
                description=each.description or "",
            )

    def routes(self) -> Iterator[Route]:
        """Yield the static routes."""
        for (address, mask, interface, gateway), route in self.draft.routes.items():
            yield Route(network(address, mask), gateway, interface or "", route.distance or 1)

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
            yield IkePolicy(name, tuple(offered), tuple(policy.locals))

    def proposal(self, name: str, proposal: ios.Proposal) -> None:
        """Complain of a proposal that offers nothing."""
        if _offers(name, proposal):
            return
        gcm = any("gcm" in word for word in proposal.encryption)
        needs = {"encryption": proposal.encryption, "group": proposal.groups}
        needs["prf" if gcm else "integrity"] = proposal.prf if gcm else proposal.integrity
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
        )

    def locals(self, name: str, profile: ios.Profile) -> Iterator[Address]:
        """Yield the local addresses that a profile is restricted to."""
        for each in profile.locals:
            address = each.address or self.address_of(each.interface or "")
            if address is None:
                self.complaints.error(
                    ("profiles", name), "interface-without-address",
                    f"IKEv2 profile {name} is for interface {each.interface}, which has no address",
                    f"ip address A.B.C.D MASK on interface {each.interface}",
                )  # fmt: skip
            else:
                yield address

    def address_of(self, interface: str) -> Address | None:
        """Return the primary address of an interface."""
        held = self.draft.interfaces.get(interface)
        return held.address.address if held and held.address else None

    # Connections

    def connections(self, profiles: set[str]) -> Iterator[Connection]:
        """Yield the complete crypto-map entries, for each interface that uses them."""
        used: set[str] = set()
        for name, interface in self.draft.interfaces.items():
            if interface.crypto_map is None:
                continue
            used.add(interface.crypto_map)
            held = self.draft.crypto_maps.get(interface.crypto_map)
            if held is None:
                self.complaints.error(
                    ("interfaces", name), "crypto-map-incomplete",
                    f"interface {name} uses crypto map {interface.crypto_map}, which is not there",
                    f"crypto map {interface.crypto_map} 10 ipsec-isakmp",
                )  # fmt: skip
                continue
            yield from self.applied(name, interface, interface.crypto_map, held, profiles)
        for name, held in self.draft.crypto_maps.items():
            if name not in used and held.entries:
                self.complaints.warn(
                    ("crypto_maps", name), "crypto-map-not-applied", f"crypto map {name} is used by no interface",
                    f"crypto map {name} on the interface towards the peer",
                )  # fmt: skip
                for sequence, entry in sorted(held.entries.items()):
                    self.entry(name, sequence, entry, profiles)

    def applied(
        self, name: str, interface: ios.Interface, map_name: str, held: ios.CryptoMap, profiles: set[str]
    ) -> Iterator[Connection]:
        """Yield the complete entries of a map on an interface."""
        source = held.local_address or name
        local = self.address_of(source)
        if local is None:
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
            parts = self.entry(map_name, sequence, entry, profiles)
            if parts and local is not None and not interface.shutdown:
                found, proposals, transport = parts
                yield self.connection(map_name, sequence, entry, name, local, found, proposals, transport)

    def connection(
        self, name: str, sequence: int, entry: ios.MapEntry, interface: str, local: Address, found: tuple[Flow, ...],
        proposals: tuple[EspProposal, ...], transport: bool,
    ) -> Connection:  # fmt: skip
        """Return a complete entry on an interface."""
        window = entry.replay_window or self.draft.replay_window
        volume = self.draft.lifetime_kilobytes if entry.lifetime_kilobytes is None else entry.lifetime_kilobytes
        return Connection(
            name,
            sequence,
            interface,
            local,
            peers_of(entry),
            found,
            proposals,
            profile=entry.ikev2_profile,
            pfs=pfs_row(entry.pfs, "ios"),
            lifetime=entry.lifetime_seconds or self.draft.lifetime_seconds or LIFETIME,
            kilobytes=kilobytes(volume, KILOBYTES),
            transport=transport,
            replay_window=int(window) if window else REPLAY_WINDOW,
            per_host=bool(entry.per_host),
        )

    def entry(
        self, name: str, sequence: int, entry: ios.MapEntry, profiles: set[str]
    ) -> tuple[tuple[Flow, ...], tuple[EspProposal, ...], bool] | None:
        """Return the flows and proposals of an entry and whether it is transport mode, unless it is incomplete."""
        where = ("crypto_maps", name, "entries", sequence)
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
        found = tuple(self.flows(where, what, entry.match_address))
        sets = [each for each in self.sets(where, what, entry) if each]
        proposals = tuple(one for each_name, each in sets for one in offers_of(each_name, each))
        if not proposals:
            self.complaints.error(
                where,
                "no-common-esp-encryption",
                f"{what} has no transform set that can be offered",
                "set transform-set NAME",
            )
        transport = any(each.mode == "transport" for _, each in sets)
        complete = entry.peers and found and proposals and entry.ikev2_profile in profiles
        return (found, proposals, transport) if complete else None

    def sets(self, where: tuple[Any, ...], what: str, entry: ios.MapEntry) -> Iterator[tuple[str, ios.TransformSet]]:
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

    def flows(self, where: tuple[Any, ...], what: str, name: str | None) -> Iterator[Flow]:
        """Yield the flows of an access list."""
        if name is None:
            self.complaints.error(where, "crypto-map-incomplete", f"{what} has no access list", "match address NAME")
            return
        found = flows_of(self.draft, name, self.complaints)
        if not any(flow.permit for flow in found):
            why = "permits nothing" if name in self.draft.access_lists else "is not there"
            self.complaints.error(
                where, "access-list-missing", f"{what} matches access list {name}, which {why}",
                f"ip access-list extended {name}",
            )  # fmt: skip
            return
        yield from found


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
