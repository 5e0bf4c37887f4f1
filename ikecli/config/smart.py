"""What a system has without being told: the objects named default, and a firewall's default groups.

They are written with `show running-config all` alone. One that was read and says no more than that is dropped.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, TypeVar

from ikecli.config import asa, asa_remote, ios, ios_ipsec
from ikecli.config.ios_remote import AuthorizationPolicy
from ikecli.language import Command

_T = TypeVar("_T")

DEFAULT: Final = "default"
"""The name of what holds where nothing is configured."""
PROPOSAL: Final = ios.Proposal(("aes-cbc-256",), ("sha512", "sha384"), ("sha512", "sha384"), ("19", "14", "21"))
TRANSFORM_SET: Final = ios_ipsec.TransformSet((ios_ipsec.Transform("esp-aes"), ios_ipsec.Transform("esp-sha-hmac")))
IPSEC_PROFILE: Final = ios_ipsec.IpsecProfile(transform_sets=(DEFAULT,), ikev2_profile=DEFAULT)
_OBJECTS: Final = {
    "ikev2 proposal": "proposals",
    "ikev2 policy": "policies",
    "ikev2 authorization policy": "authorizations",
    "ipsec transform-set": "transform_sets",
    "ipsec profile": "ipsec_profiles",
}
"""What has a default on a router, as `no crypto ... default` calls it, and where its own values are."""
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
    others = {name: each for name, each in draft.proposals.items() if name != DEFAULT}
    return others if "ikev2 proposal" in draft.without else {DEFAULT: held, **others}


def policies_of(draft: ios.Ios) -> dict[str, ios.Policy]:
    """Return all IKE policies, the default one first."""
    return _with(draft, "ikev2 policy", policy(), draft.policies)


def authorizations_of(draft: ios.Ios) -> dict[str, AuthorizationPolicy]:
    """Return all authorization policies, the default one first."""
    return _with(draft, "ikev2 authorization policy", authorization(), draft.authorizations)


def transform_sets_of(draft: ios.Ios) -> dict[str, ios_ipsec.TransformSet]:
    """Return all transform sets, the default one first."""
    return _with(draft, "ipsec transform-set", TRANSFORM_SET, draft.transform_sets)


def ipsec_profiles_of(draft: ios.Ios) -> dict[str, ios_ipsec.IpsecProfile]:
    """Return all IPsec profiles, the default one first."""
    return _with(draft, "ipsec profile", IPSEC_PROFILE, draft.ipsec_profiles)


def _with(draft: ios.Ios, what: str, default: _T, entries: dict[str, _T]) -> dict[str, _T]:
    return dict(entries) if what in draft.without else {DEFAULT: default, **entries}


def settle(draft: ios.Ios, command: Command) -> None:
    """After a line: what is removed, or back at its default, has no values of its own; what is configured is there."""
    target = command.declaration.target
    if target.path and target.path[0].name == "without":
        getattr(draft, _OBJECTS[command.slots["object"]]).pop(DEFAULT, None)
    elif target.operator == ">" and not command.negated and command.slots.get("name") == DEFAULT:
        for what, where in _OBJECTS.items():
            if where == target.path[0].name:
                draft.without.pop(what, None)


def said(draft: ios.Ios | asa.Asa) -> ios.Ios | asa.Asa:
    """Return a draft that says what holds without being said."""
    if isinstance(draft, ios.Ios):
        return replace(
            draft,
            authorizations=authorizations_of(draft),
            proposals=proposals_of(draft),
            policies=policies_of(draft),
            transform_sets=transform_sets_of(draft),
            ipsec_profiles=ipsec_profiles_of(draft),
        )
    groups = {
        name: replace(group, type=group.type or _GROUP_TYPES.get(name)) for name, group in draft.tunnel_groups.items()
    }
    policies = dict(draft.group_policies)
    held = policies.get(asa.DEFAULT_POLICY, asa_remote.GroupPolicy())
    policies[asa.DEFAULT_POLICY] = replace(held, where=held.where or "internal")
    return replace(draft, tunnel_groups=groups, group_policies=policies)


def unsay(draft: ios.Ios | asa.Asa) -> bool:
    """Drop from a draft what says no more than what holds anyhow; return whether there was something."""
    return _unsaid_ios(draft) if isinstance(draft, ios.Ios) else _unsaid_asa(draft)


def _unsaid_ios(draft: ios.Ios) -> bool:
    return any(
        [
            _dropped(draft.authorizations, authorization()),
            _dropped(draft.proposals, PROPOSAL),
            _dropped(draft.policies, policy()),
            _dropped(draft.transform_sets, TRANSFORM_SET),
            _dropped(draft.ipsec_profiles, IPSEC_PROFILE),
        ]
    )


def _dropped(held: dict[str, _T], default: _T) -> bool:
    """Drop the entry that is the default; return whether there was one."""
    return held.get(DEFAULT) == default and held.pop(DEFAULT) is not None


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
