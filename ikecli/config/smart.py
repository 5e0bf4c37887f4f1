"""What a system has without being told: the objects named default, and a firewall's default groups.

They are written with `show running-config all` alone. One that was read and says no more than that is dropped.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ikecli.config import asa, ios
from ikecli.config.ios_remote import AuthorizationPolicy

DEFAULT: Final = "default"
"""The name of what holds where nothing is configured."""
PROPOSAL: Final = ios.Proposal(("aes-cbc-256",), ("sha512", "sha384"), ("sha512", "sha384"), ("19", "14", "21"))
TRANSFORM_SET: Final = ios.TransformSet((ios.Transform("esp-aes"), ios.Transform("esp-sha-hmac")))
IPSEC_PROFILE: Final = ios.IpsecProfile(transform_sets=(DEFAULT,), ikev2_profile=DEFAULT)
_GROUP_TYPES: Final = {asa.DEFAULT_GROUP: "ipsec-l2l", asa.DEFAULT_RA_GROUP: "remote-access"}


def policy() -> ios.Policy:
    """Return the IKE policy of a router that has no other."""
    return ios.Policy(fvrf="any", proposals=[DEFAULT])


def authorization() -> AuthorizationPolicy:
    """Return the authorization policy that is there without being configured."""
    return AuthorizationPolicy(route_tunnel=True)


def proposals_of(draft: ios.Ios) -> dict[str, ios.Proposal]:
    """Return all IKE proposals, the default one first, which has its own values but for those that were given."""
    own = draft.proposals.get(DEFAULT, PROPOSAL)
    held = ios.Proposal(
        own.encryption or PROPOSAL.encryption,
        own.integrity or PROPOSAL.integrity,
        own.prf or own.integrity or PROPOSAL.prf,
        own.groups or PROPOSAL.groups,
        own.pqc,
    )
    return {DEFAULT: held, **{name: each for name, each in draft.proposals.items() if name != DEFAULT}}


def transform_sets_of(draft: ios.Ios) -> dict[str, ios.TransformSet]:
    """Return all transform sets, the default one first."""
    return {DEFAULT: TRANSFORM_SET, **draft.transform_sets}


def ipsec_profiles_of(draft: ios.Ios) -> dict[str, ios.IpsecProfile]:
    """Return all IPsec profiles, the default one first."""
    return {DEFAULT: IPSEC_PROFILE, **draft.ipsec_profiles}


def said(draft: ios.Ios | asa.Asa) -> ios.Ios | asa.Asa:
    """Return a draft that says what holds without being said."""
    if isinstance(draft, ios.Ios):
        return replace(
            draft,
            authorizations={DEFAULT: authorization(), **draft.authorizations},
            proposals=proposals_of(draft),
            policies={DEFAULT: policy(), **draft.policies},
            transform_sets=transform_sets_of(draft),
            ipsec_profiles=ipsec_profiles_of(draft),
        )
    groups = {
        name: replace(group, type=group.type or _GROUP_TYPES.get(name)) for name, group in draft.tunnel_groups.items()
    }
    policies = dict(draft.group_policies)
    held = policies.get(asa.DEFAULT_POLICY, asa.GroupPolicy())
    policies[asa.DEFAULT_POLICY] = replace(held, where=held.where or "internal")
    return replace(draft, tunnel_groups=groups, group_policies=policies)


def unsay(draft: ios.Ios | asa.Asa) -> bool:
    """Drop from a draft what says no more than what holds anyhow; return whether there was something."""
    return _unsaid_ios(draft) if isinstance(draft, ios.Ios) else _unsaid_asa(draft)


def _unsaid_ios(draft: ios.Ios) -> bool:
    found = False
    for held, default in (
        (draft.authorizations, authorization()),
        (draft.proposals, PROPOSAL),
        (draft.policies, policy()),
        (draft.transform_sets, TRANSFORM_SET),
        (draft.ipsec_profiles, IPSEC_PROFILE),
    ):
        entries: dict[str, object] = held  # type: ignore[assignment]
        if entries.get(DEFAULT) == default:
            del entries[DEFAULT]
            found = True
    return found


def _unsaid_asa(draft: asa.Asa) -> bool:
    found = False
    for name, kind in _GROUP_TYPES.items():
        group = draft.tunnel_groups.get(name)
        if group is not None and group.type == kind:
            group.type, found = None, True
    whole = draft.group_policies.get(asa.DEFAULT_POLICY)
    if whole is not None and whole.where == "internal":
        whole.where, found = None, True
    return found
