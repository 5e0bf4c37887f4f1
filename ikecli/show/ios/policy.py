"""`show crypto ikev2 policy`, `proposal` and `profile`, as IOS lays them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ikecli.boundary.views import PolicyView, ProfileView, ProposalView
from ikecli.numbers import TransformType
from ikecli.show import suites, text
from ikecli.show.options import Slots


def policy(views: Sequence[PolicyView], slots: Slots) -> Iterator[str]:
    """`show crypto ikev2 policy`."""
    for view in views:
        yield f" IKEv2 policy : {view.name}"
        yield f"      Match fvrf{' ' if view.vrf == 'any' else '  '}: {view.vrf or 'global'}"
        for local in view.locals or ("any",):
            yield f"      Match address local : {text.address(local)}"
        for proposal in view.proposals or ("none",):
            yield f"      Proposal    : {proposal}"
        yield ""


def proposal(views: Sequence[ProposalView], slots: Slots) -> Iterator[str]:
    """`show crypto ikev2 proposal`."""
    for view in views:
        integrity = " ".join(suites.shown(TransformType.INTEG, number) for number in view.integrity) or "none"
        yield f" IKEv2 proposal: {view.name} "
        yield f"     Encryption : {suites.proposal_ciphers(view.encryption)}"
        yield f"     Integrity  : {integrity}"
        yield f"     PRF        : {' '.join(suites.shown(TransformType.PRF, number) for number in view.prf)}"
        yield f"     DH Group   : {suites.groups(view.groups)}"
        for methods in view.additional:
            yield f"     PQC Key Exchange: {suites.methods(methods)}"


_NOT_SERVED = (
    " mode auto: none",
    " AAA AnyConnect EAP authentication mlist: none",
    " AAA EAP authentication mlist: none",
    " AAA authentication mlist: none",
    " AAA Accounting: none",
    " AAA group authorization: none",
    " AAA user authorization: none",
)


def profile(views: Sequence[ProfileView], slots: Slots) -> Iterator[str]:
    """`show crypto ikev2 profile`; one that cannot work says so and why."""
    for view in views:
        yield ""
        yield f"IKEv2 profile: {view.name}"
        if not view.complete:
            yield f" WARNING: this profile is incomplete and not used ({_missing(view)})"
        yield " Shutdown : No"
        yield f" Ref Count: {view.references}"
        yield " Match criteria: "
        yield f"  Fvrf: {view.fvrf}"
        yield f"  Local address/interface: {' '.join(map(text.address, view.local_addresses)) or 'none'}"
        yield "  Identities: "
        yield from (f"   {remote}" for remote in view.remotes or ("none",))
        yield "  Certificate maps: none"
        yield "  Application type: none"
        yield f" Local identity: {view.local or 'none'}"
        yield " Remote identity: none"
        yield f" Local authentication method: {view.auth_local or 'none'}"
        yield f" Remote authentication method(s): {' '.join(view.auth_remote) or 'none'}"
        yield " EAP options: none"
        yield f" Keyring: {view.keyring or 'none'}"
        yield " Trustpoint(s): none"
        yield f" Lifetime: {view.lifetime} seconds"
        yield f" DPD: {view.dpd or 'disabled'}"
        yield " NAT-keepalive: disabled"
        yield f" Ivrf: {view.ivrf or 'none'}"
        yield f" Virtual-template: {view.template or 'none'}"
        yield from _NOT_SERVED


def _missing(view: ProfileView) -> str:
    needs = (
        ("match identity remote", view.remotes),
        ("authentication local", view.auth_local),
        ("authentication remote", view.auth_remote),
        ("keyring local", view.keyring),
    )
    return "no " + ", no ".join([command for command, given in needs if not given] or ["key for its peers"])
