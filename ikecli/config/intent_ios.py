"""A router's configuration becomes intent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from ikecli.config import ios, ios_ipsec, overlaps, smart, syslog
from ikecli.config.algorithms import (
    Additional,
    esp_proposals,
    fragment_mtus,
    ike_proposals,
    methods,
    rows,
    transport_of,
)
from ikecli.config.common import Dpd, Key
from ikecli.config.complaints import Complaints
from ikecli.config.ios_nat import nat_of
from ikecli.config.keyrings import ANYWHERE, credentials_of, identity_of, match_of, ppks_of, usable
from ikecli.config.maps_ios import Maps
from ikecli.config.remarks import transform_row, transform_word
from ikecli.config.remote_ios import Remote, pools
from ikecli.config.routes_ios import own_addresses, routes, vrfs
from ikecli.config.tunnels_ios import Tunnels
from ikecli.config.watch_ios import gated, probes, tracks
from ikecli.intent import (
    Address,
    Admission,
    Credential,
    EspProposal,
    IkePolicy,
    IkeProposal,
    Intent,
    Network,
    Ppk,
    Profile,
    Transport,
)
from ikecli.intent import Dpd as Checks
from ikecli.intent.peers import DEFAULT_IKE_LIFETIME
from ikecli.numbers import TransformType

HOSTNAME: Final = "Router"
NAT_KEEPALIVE: Final = 20
WINDOW: Final = 5


def resolve(draft: ios.Ios) -> tuple[Intent, Complaints]:
    """Return what a draft means, and what is wrong with it; what is incomplete is left out."""
    return _Resolver(draft).intent()


def policies_of(draft: ios.Ios) -> dict[str, ios.Policy]:
    """Return the IKE policies that hold: the complete ones, else the default, unless it is gone or offers nothing."""
    known = smart.proposals_of(draft)
    complete = {
        name: policy
        for name, policy in draft.policies.items()
        if any(_offers(each, known[each]) for each in policy.proposals if each in known)
    }
    if complete or "ikev2 policy" in draft.without or smart.DEFAULT not in known:
        return complete
    return {smart.DEFAULT: smart.policy()}


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
        self.transform_sets = smart.transform_sets_of(draft)
        self._offered: dict[tuple[str, ...], tuple[tuple[EspProposal, ...], Transport]] = {}
        self.rings = {name: credentials_of(self.complaints, name, ring, draft) for name, ring in draft.keyrings.items()}

    def intent(self) -> tuple[Intent, Complaints]:
        """Return the whole."""
        d = self.draft
        profiles = {name: profile for name, each in d.profiles.items() if (profile := self.profile(name, each))}
        tunnels = Tunnels(d, self.complaints, self.offers, set(profiles))
        interfaces = tuple(tunnels.interfaces())
        self.tables(tunnels)
        overlaps.complain(interfaces, self.complaints)
        maps = Maps(d, self.complaints, self.offers)
        protected = tuple(maps.connections())
        guarded = tuple(tunnels.connections(interfaces))
        standing = (*routes(d), *maps.routes(protected), *tunnels.routes(guarded))
        intent = Intent(
            hostname=d.hostname or HOSTNAME,
            network=Network(interfaces, standing, tuple(vrfs(d)), bool(d.ipv6_routing)),
            nat=nat_of(d, self.complaints),
            policies=tuple(self.policies()),
            profiles=tuple(
                replace(profile, template=tunnels.template_of(name, d.profiles[name]))
                for name, profile in profiles.items()
            ),
            connections=(*protected, *guarded),
            templates=tuple(tunnels.templates(interfaces)),
            pools=pools(d, self.complaints),
            probes=tuple(probes(d, self.complaints)),
            tracks=tuple(tracks(d, self.complaints)),
            clients=tuple(tunnels.chosen(guarded)),
            hosts=tuple((name.lower(), one.addresses) for name, one in d.hosts.items()),
        )
        self.gates()
        return self.settings(intent), self.complaints

    def settings(self, intent: Intent) -> Intent:
        """Return an intent with what is said of the system as a whole."""
        d = self.draft
        if (most := _lower(d.max_negotiating, d.admitted_negotiating, d.admitted_all)) is not None:
            intent = replace(intent, max_half_open=most)
        if (most := _lower(d.max_sas, d.admitted_sas or None)) is not None:
            intent = replace(intent, max_sas=most)
        threshold = intent.max_half_open if d.cookie_challenge is None else d.cookie_challenge
        mtus = fragment_mtus(d.fragmentation.mtu) if d.fragmentation else None
        return replace(
            intent,
            cookie_threshold=threshold,
            puzzle_threshold=d.puzzle_challenge,
            fragment_mtu=mtus,
            window=d.window or WINDOW,
            nat_traversal=d.nat_transparency is not False,
            strength_enforced=bool(d.strength_enforced),
            admission=admission_of(d),
            syslog=tuple(syslog.of_router(d.syslog_hosts, d.syslog_level)) if d.logging is not False else (),
        )

    def gates(self) -> None:
        """Complain of routes that depend on objects that are not there."""
        for kind in ("routes", "vrf_routes", "routes6", "vrf_routes6"):
            for key, route in getattr(self.draft, kind).items():
                prefix = next(each for each in key if not isinstance(each, str))
                gated(self.draft, self.complaints, (kind, key), f"the route to {prefix}", route.track)

    def policies(self) -> Iterator[IkePolicy]:
        """Yield the policies that hold."""
        known = smart.proposals_of(self.draft)
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
        for name, proposal in known.items():
            self.proposal(name, proposal)
        held = policies_of(self.draft)
        if self.draft.profiles and not held:
            what = "proposal" if smart.DEFAULT not in known else "policy"
            why = f"there is no IKEv2 policy, and the default {what} is disabled: nothing is negotiated"
            self.complaints.error(("without",), "", why, f"default crypto ikev2 {what}")
        for name, policy in held.items():
            offered = [one for each in policy.proposals if each in known for one in _offers(each, known[each])]
            default = policy is not self.draft.policies.get(name)
            vrf = None if default or policy.fvrf == "any" else "" if policy.fvrf in (None, "global") else policy.fvrf
            yield IkePolicy(name, tuple(offered), tuple(policy.locals), vrf, bool(policy.inbound))

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
        if profile.shutdown:
            self.complaints.warn(where, "no-matching-profile", f"IKEv2 profile {name} is shut down", "no shutdown")
            return None
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
            reauthentication=profile.reauthentication or 0,
            dpd=_checks(profile.dpd or self.draft.dpd),
            nat_keepalive=profile.nat_keepalive or self.draft.nat_keepalive or NAT_KEEPALIVE,
            authorization=self.remote.authorization(name, profile),
            mangled=self.remote.mangled(name, profile),
            ppks=self.ppks(name, profile),
            force_encapsulation=bool(profile.force_encapsulation),
            inbound=bool(profile.inbound),
            sole=bool(profile.sole),
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

    def offers(
        self, where: tuple[Any, ...], what: str, entry: ios_ipsec.MapEntry | ios_ipsec.IpsecProfile
    ) -> tuple[tuple[EspProposal, ...], Transport]:
        """Return the ESP proposals of what has transform sets, and how far one of them wants transport mode."""
        names = entry.transform_sets or (smart.DEFAULT,)
        if names in self._offered:
            return self._offered[names]
        faults = len(self.complaints.found)
        sets = list(self.sets(where, what, names))
        proposals = tuple(one for name, each in sets for one in offers_of(name, each))
        if not proposals:
            self.complaints.error(
                where,
                "no-common-esp-encryption",
                f"{what} has no transform set that can be offered",
                "set transform-set NAME",
            )
        found = proposals, max((transport_of(each.mode) for _, each in sets), default=Transport.NO)
        if len(self.complaints.found) == faults:
            self._offered[names] = found
        return found

    def sets(
        self, where: tuple[Any, ...], what: str, names: tuple[str, ...]
    ) -> Iterator[tuple[str, ios_ipsec.TransformSet]]:
        """Yield the transform sets of an entry, by their names."""
        known = self.transform_sets
        for name in names:
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


def offers_of(name: str, held: ios_ipsec.TransformSet) -> Iterable[EspProposal]:
    """Return the ESP proposals of a transform set; none where it has nothing that is served."""
    found = [transform_row(transform_word(each.kind, each.bits)) for each in held.transforms]
    if not all(row.served for row in found):
        return ()
    ciphers = tuple(row for row in found if row.type == TransformType.ENCR)
    checks = tuple(row for row in found if row.type == TransformType.INTEG)
    return esp_proposals(name, ciphers, checks, bool(held.esn))


def admission_of(draft: ios.Ios) -> Admission:
    """Return the bounds of SAs, but those on IKE SAs in all and on those that peers begin."""
    d = draft
    return Admission(
        d.admitted_children or 0,
        d.max_beginning or 0,
        d.admitted_negotiating or 0,
        d.admitted_all or 0,
        d.max_waiting or Admission().waiting,
    )


def _lower(*bounds: int | None) -> int | None:
    """Return the lowest of the bounds that there are."""
    return min((each for each in bounds if each is not None), default=None)


def _checks(dpd: Dpd | None) -> Checks | None:
    return Checks(dpd.interval, dpd.retry, dpd.query == "periodic") if dpd else None
