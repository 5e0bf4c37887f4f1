"""Who both ends are, and that they know the pre-shared keys (RFC 7296 1.2, 2.15)."""

from __future__ import annotations

from collections.abc import Iterable
from hmac import compare_digest
from typing import Final

from ikecli.boundary.events import AuthenticationFailed, ProfileMissing
from ikecli.crypto import IkeKeys, shared_key_auth, signed_octets
from ikecli.errors import Malformed, Refused
from ikecli.ike import ppks, telling
from ikecli.ike.intermediate import covered, material
from ikecli.ike.talk import Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.intent import Credential, Identity, Ppk, Profile
from ikecli.numbers import AuthMethod, IdType, NotifyType, label
from ikecli.secret import Secret
from ikecli.wire.payloads import (
    Authentication,
    Configuration,
    Identification,
    IdInitiator,
    IdResponder,
    Notify,
    Payload,
)

_SHARED_KEY: Final = AuthMethod.SHARED_KEY

_FAILED = NotifyType.AUTHENTICATION_FAILED


class Authenticate(Task):
    """Proves our identity with a pre-shared key, and checks the peer's proof."""

    __slots__ = ("_credential", "_keys", "_ppk", "_profile", "_proof")
    notifies = frozenset({_FAILED, NotifyType.PPK_IDENTITY, NotifyType.NO_PPK_AUTH})

    def __init__(self) -> None:
        self._profile: Profile | None = None
        self._credential: Credential | None = None
        self._proof: tuple[Payload, ...] = ()
        self._ppk: Ppk | None = None
        self._keys: IkeKeys | None = None

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return IDi, AUTH, and of a PPK its identity and, where it is optional, AUTH without it (RFC 8784 3)."""
        sa, lookup = talk.sa, talk.core.lookup
        profile = lookup.profiles.get(sa.profile)
        if profile is None:
            raise Refused(f"profile {sa.profile} is gone", _FAILED)
        self._profile = profile
        self._credential = lookup.credential(profile, Identity.of(sa.remote.address), sa.remote.address)
        self._ppk = ppks.in_auth(talk)
        if self._ppk is None:
            return self._prove(talk, IdInitiator)
        *_, plain = self._prove(talk, IdInitiator)
        self._keys, sa.keys = sa.keys, ppks.mixed(sa, self._ppk)
        return *self._prove(talk, IdInitiator), *ppks.announced(self._ppk, plain)

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Check that the responder is who the profile is for, and its proof."""
        if message.one(Authentication) is None and (error := message.error) is not None:
            why = f"the peer answers {label(NotifyType, error.type)}"
            others = [task for task in talk.tasks if task is not self and error.type in task.notifies]
            if not others:
                self._tell_failed(talk, self._wanted(), why, by_peer=True)
            for task in others:
                task.spurned(talk, error)
            raise Refused(why, _FAILED)
        claimed = message.need(IdResponder)
        identity = Identity(claimed.type, claimed.data)
        if self._profile is None or not any(one.matches(identity) for one in self._profile.remotes):
            raise self._refusal(talk, str(identity), "the peer shows an identity that the profile is not for")
        if self._ppk is not None and self._keys is not None:
            ppks.answered(talk, self._ppk, self._keys, message)
        self._check(talk, claimed, identity, message)
        return None

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Find the profile for the initiator, and check its proof."""
        sa, core = talk.sa, talk.core
        if sa.birth is not None and sa.birth.additional:
            raise Malformed("IKE_AUTH before the additional key exchanges are done")
        claimed = message.need(IdInitiator)
        identity = Identity(claimed.type, claimed.data)
        asks, ends = message.one(Configuration) is not None, (sa.local.address, sa.remote.address)
        self._profile = profile = core.lookup.profile(identity, *ends, sa.vrf, asks)
        if profile is None:
            _tell_missing(talk, identity)
            raise Refused(f"no profile is for {identity}", _FAILED)
        telling.profile_chosen(talk, profile, identity)
        sa.profile, sa.local_identity = profile.name, profile.local or Identity.of(sa.local.address)
        self._credential = core.lookup.credential(profile, identity, sa.remote.address)
        if self._credential is None or self._credential.local is None:
            raise self._refusal(talk, str(identity), "no pre-shared key is configured for this peer")
        self._ppk, plain = ppks.asked(talk, profile, identity, message)
        self._check(talk, claimed, identity, message, plain)
        return None

    def write_response(self, talk: Talk) -> Iterable[Payload]:
        """Return IDr, AUTH, and that a PPK is in it."""
        used = (Notify(NotifyType.PPK_IDENTITY),) if self._ppk is not None else ()
        self._proof = self._proof or (*self._prove(talk, IdResponder), *used)
        return self._proof

    def _prove(self, talk: Talk, kind: type[IdInitiator] | type[IdResponder]) -> tuple[Identification, Authentication]:
        sa = talk.sa
        secret = self._credential.local if self._credential else None
        if self._profile is None or secret is None:
            raise self._refusal(talk, self._wanted(), f"no local pre-shared key for {sa.remote.address}")
        if talk.asking:
            sa.local_identity = self._profile.local or Identity.of(sa.local.address)
        identity = sa.local_identity or Identity.of(sa.local.address)
        shown = kind(identity.type, identity.data)
        data = _auth(talk, secret, shown, talk.asking)
        return shown, Authentication(_SHARED_KEY, data)

    def _check(
        self, talk: Talk, claimed: Identification, identity: Identity, message: Incoming, plain: bytes | None = None
    ) -> None:
        """Take the peer's proof, or raise Refused; `plain` is one without the PPK that we do not have."""
        sa, proof, profile = talk.sa, message.one(Authentication), self._profile
        if profile is None or proof is None:
            raise self._refusal(talk, str(identity), "the peer sends no AUTH payload: it wants EAP")
        if proof.method != _SHARED_KEY or _SHARED_KEY not in profile.auth_remote:
            method = label(AuthMethod, proof.method)
            raise self._refusal(talk, str(identity), f"authentication method {method} is not configured")
        secret = self._credential.remote if self._credential else None
        if secret is None:
            raise self._refusal(talk, str(identity), "no remote pre-shared key is configured for this peer")
        if not compare_digest(proof.data if plain is None else plain, _auth(talk, secret, claimed, not talk.asking)):
            why = "pre-shared key mismatch" if not sa.ppk else "pre-shared key or PPK mismatch"
            raise self._refusal(talk, str(identity), why)
        sa.remote_identity = identity
        telling.authenticated(talk, profile, identity)

    def _wanted(self) -> str:
        return ", ".join(str(one) for one in self._profile.remotes) if self._profile else ""

    def _refusal(self, talk: Talk, identity: str, why: str) -> Refused:
        self._tell_failed(talk, identity, why)
        return Refused(why, _FAILED)

    def _tell_failed(self, talk: Talk, identity: str, why: str, by_peer: bool = False) -> None:
        sa, name = talk.sa, self._profile.name if self._profile else talk.sa.profile
        talk.core.tell(
            AuthenticationFailed,
            lambda: AuthenticationFailed(
                sa.number, sa.session, name, identity, why, by_peer, str(sa.local), str(sa.remote)
            ),
        )


def _auth(talk: Talk, secret: Secret, identity: Identification, of_initiator: bool) -> bytes:
    """Return the AUTH data of one end over its own first message (RFC 7296 2.15)."""
    birth, suite, keys = material(talk.sa)
    if of_initiator:
        octets = signed_octets(suite.prf, birth.request, birth.nr, keys.pi, identity.write(), covered(birth))
    else:
        octets = signed_octets(suite.prf, birth.response, birth.ni, keys.pr, identity.write(), covered(birth))
    return shared_key_auth(talk.core.lookup.key_pad(suite.prf, secret), octets)


def _tell_missing(talk: Talk, identity: Identity) -> None:
    sa, wants = talk.sa, talk.core.lookup.wants
    kind = label(IdType, identity.type)
    talk.core.tell(
        ProfileMissing,
        lambda: ProfileMissing(sa.number, sa.session, str(identity), kind, str(sa.remote), wants(), str(sa.local)),
    )
