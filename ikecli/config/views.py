"""What `show` sees of a configuration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ikecli.boundary.views import (
    AccessListView,
    ConnectionView,
    FlowView,
    PolicyView,
    ProfileView,
    ProposalView,
    TransformSetView,
)
from ikecli.config import asa, intent_asa, intent_ios, ios
from ikecli.config.algorithms import kilobytes, pfs_row, rows
from ikecli.config.complaints import Complaints
from ikecli.config.crypto_acl import flows_of
from ikecli.config.keyrings import match_of
from ikecli.config.remarks import transform_row, transform_word
from ikecli.config.store import Store
from ikecli.intent import Connection, Flow, Profile
from ikecli.intent.peers import DEFAULT_IKE_LIFETIME
from ikecli.language import write
from ikecli.numbers import Algorithm, TransformType

_E, _P, _I, _K = TransformType.ENCR, TransformType.PRF, TransformType.INTEG, TransformType.KE


def proposals(store: Store) -> Iterator[ProposalView]:
    """Yield the IKE proposals: on IOS all that are configured and the default, on ASA the policies."""
    if isinstance(store.draft, ios.Ios):
        for name, each in intent_ios.proposals_of(store.draft).items():
            yield _proposal(name, "ios", each.encryption, each.integrity, each.prf, each.groups)
        return
    unset = intent_asa.policy_defaults()
    for priority, policy in sorted(store.draft.ikev2_policies.items()):
        words = [getattr(policy, field) or unset[field] for field in ("encryption", "integrity", "prf", "groups")]
        yield _proposal(str(priority), "asa", *words)


def _proposal(
    name: str,
    dialect: str,
    encryption: Iterable[str],
    integrity: Iterable[str],
    prf: Iterable[str],
    groups: Iterable[str],
) -> ProposalView:
    hashes = tuple(integrity)
    return ProposalView(
        name,
        tuple((row.number, row.key_bits) for row in rows(_E, dialect, encryption)),
        _numbers(rows(_I, dialect, hashes)),
        _numbers(rows(_P, dialect, tuple(prf) or hashes)),
        _numbers(rows(_K, dialect, groups)),
    )


def _numbers(found: Iterable[Algorithm]) -> tuple[int, ...]:
    return tuple(row.number for row in found)


def policies(store: Store) -> Iterator[PolicyView]:
    """Yield the IKE policies in use."""
    draft = store.draft
    if isinstance(draft, ios.Ios):
        for name, policy in intent_ios.policies_of(draft).items():
            vrf = "any" if policy.fvrf == "any" or policy is not draft.policies.get(name) else "global"
            yield PolicyView(name, vrf, tuple(map(str, policy.locals)), tuple(policy.proposals))
        return
    for each in store.intent.policies:
        names = dict.fromkeys(proposal.name for proposal in each.proposals)
        yield PolicyView(each.name, "global", tuple(map(str, each.locals)), tuple(names))


def profiles(store: Store) -> Iterator[ProfileView]:
    """Yield the IKEv2 profiles (on ASA the tunnel groups), complete or not."""
    used = [connection.profile for connection in store.intent.connections]
    complete = {profile.name: profile for profile in store.intent.profiles}
    if isinstance(store.draft, ios.Ios):
        for name, each in store.draft.profiles.items():
            dpd = each.dpd or store.draft.dpd
            yield ProfileView(
                name,
                tuple(str(match_of(remote)) for remote in each.remotes),
                _local(each),
                each.auth_local.kind or "" if each.auth_local else "",
                (each.auth_remote.kind or "",) if each.auth_remote else (),
                each.keyring or ("none" if each.auth_local and each.auth_local.key else ""),
                each.lifetime or DEFAULT_IKE_LIFETIME,
                f"interval {dpd.interval}, retry-interval {dpd.retry}, {dpd.query}" if dpd else "",
                name in complete,
                used.count(name),
            )
        return
    for name, group in store.draft.tunnel_groups.items():
        if group.type is not None or group.ipsec is not None:
            yield _group(name, complete.get(name), used.count(name))


def _local(profile: ios.Profile) -> str:
    if profile.identity is None:
        return ""
    return f"{profile.identity.kind} {profile.identity.value}"


def _group(name: str, profile: Profile | None, references: int) -> ProfileView:
    if profile is None:
        return ProfileView(name, (), "", "", (), "", 0, "", False, references)
    dpd = f"threshold {profile.dpd.interval}, retry {profile.dpd.retry}" if profile.dpd else ""
    remotes = tuple(map(str, profile.gateways or profile.remotes))
    method = "pre-shared-key"
    return ProfileView(name, remotes, "", method, (method,), name, profile.lifetime, dpd, True, references)


def transform_sets(store: Store) -> Iterator[TransformSetView]:
    """Yield the transform sets (on ASA the IPsec proposals), as a router prints their transforms."""
    for name, (transforms, transport) in _sets(store).items():
        yield TransformSetView(name, transforms, transport)


def _sets(store: Store) -> dict[str, tuple[str, bool]]:
    draft = store.draft
    if isinstance(draft, ios.Ios):
        return {
            name: (
                " ".join(transform_row(transform_word(one.kind, one.bits)).esp_show for one in each.transforms),
                each.mode == "transport",
            )
            for name, each in intent_ios.transform_sets_of(draft).items()
        }
    return {
        name: (" ".join((*each.encryption, *each.integrity)), False) for name, each in draft.ipsec_proposals.items()
    }


def access_lists(store: Store) -> Iterator[AccessListView]:
    """Yield the access lists with their lines as written."""
    draft = store.draft
    if isinstance(draft, ios.Ios):
        for name, numbered in draft.access_lists.items():
            texts = (text for text in write(store.language, numbered, mode="access-list") if text != "!")
            lines = zip(sorted(numbered.entries), texts, strict=True)
            yield AccessListView(name, "extended", tuple((sequence, text, 0) for sequence, text in lines))
        return
    for name, held in draft.access_lists.items():
        begins = f"access-list {name} "
        alone = asa.Asa(access_lists={name: held})
        found = [text.removeprefix(begins) for text in write(store.language, alone) if text.startswith(begins)]
        yield AccessListView(name, "extended", tuple((line, text, 0) for line, text in enumerate(found, 1)))


def connections(store: Store) -> Iterator[ConnectionView]:
    """Yield the crypto-map entries that are in use, as the intent has them."""
    sets = _sets(store)
    interfaces = {each.name: each for each in store.intent.network.interfaces}
    for each in store.intent.connections:
        interface = interfaces[each.interface]
        yield _connection(each, sets, _access_list(store, each.name, each.sequence), interface.mtu, interface.nameif)


def _connection(
    each: Connection, sets: dict[str, tuple[str, bool]], access_list: str, mtu: int, nameif: str
) -> ConnectionView:
    names = dict.fromkeys(proposal.name for proposal in each.proposals)
    return ConnectionView(
        each.name,
        each.sequence,
        each.interface,
        str(each.local),
        tuple(map(str, each.peers)),
        each.profile or "",
        tuple(flow_view(flow) for flow in each.flows if flow.permit),
        (),
        each.lifetime,
        each.kilobytes,
        each.pfs.number if each.pfs else None,
        tuple((name, sets[name][0]) for name in names),
        access_list,
        each.transport,
        mtu,
        nameif,
    )


def flow_view(flow: Flow) -> FlowView:
    """Return a flow in plain values."""
    local, remote = flow.local, flow.remote
    return FlowView(
        local.protocol,
        str(local.first),
        str(local.last),
        (local.first_port, local.last_port),
        str(remote.first),
        str(remote.last),
        (remote.first_port, remote.last_port),
    )


def _access_list(store: Store, name: str, sequence: int) -> str:
    maps = [store.draft.crypto_maps, *([] if isinstance(store.draft, ios.Ios) else [store.draft.dynamic_maps])]
    held = (each[name].entries.get(sequence) for each in maps if name in each)
    return next((one.match_address or "" for one in held if one is not None), "")


def crypto_maps(store: Store) -> Iterator[ConnectionView]:
    """Yield every crypto-map entry of a router: those in use, and those that are incomplete or on no interface."""
    used = list(connections(store))
    there = {(view.name, view.sequence) for view in used}
    draft = store.draft
    if not isinstance(draft, ios.Ios):
        yield from used
        return
    sets = _sets(store)
    for name, held in draft.crypto_maps.items():
        on = [interface for interface, each in draft.interfaces.items() if each.crypto_map == name]
        for sequence, entry in sorted(held.entries.items()):
            if (name, sequence) in there:
                yield from (view for view in used if (view.name, view.sequence) == (name, sequence))
                continue
            yield from (_unused(draft, name, sequence, entry, interface, sets) for interface in on or [""])


def _unused(
    draft: ios.Ios, name: str, sequence: int, entry: ios.MapEntry, interface: str, sets: dict[str, tuple[str, bool]]
) -> ConnectionView:
    flows = flows_of(draft, entry.match_address or "", Complaints())
    seconds = entry.lifetime_seconds or draft.lifetime_seconds or intent_ios.LIFETIME
    volume = draft.lifetime_kilobytes if entry.lifetime_kilobytes is None else entry.lifetime_kilobytes
    pfs = pfs_row(entry.pfs, "ios")
    names = entry.transform_sets or (intent_ios.DEFAULT,)
    return ConnectionView(
        name,
        sequence,
        interface,
        "",
        tuple(map(str, intent_ios.peers_of(entry))),
        entry.ikev2_profile or "",
        tuple(flow_view(flow) for flow in flows if flow.permit),
        (),
        seconds,
        kilobytes(volume, intent_ios.KILOBYTES),
        pfs.number if pfs else None,
        tuple((one, sets[one][0]) for one in names if one in sets),
        entry.match_address or "",
    )
