"""Which post-quantum preshared key is for a peer, and what it does to an IKE SA's keys (RFC 8784, RFC 9867)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ikecli.boundary.events import AuthenticationFailed, PpkUsed
from ikecli.crypto import IkeKeys, ppk_confirmation, ppk_mixed
from ikecli.errors import Refused
from ikecli.ike import intermediate
from ikecli.ike.sa import IkeSa, PpkUse
from ikecli.ike.talk import Incoming, Talk
from ikecli.intent import Identity, Ppk, Profile, printable
from ikecli.numbers import NotifyType
from ikecli.wire.payloads import Authentication, Notify

_AUTH: Final = PpkUse.AUTH

_OPAQUE: Final = 1
_FIXED: Final = 2
"""The types of PPK_ID (RFC 8784 5.1): ours are names of keys that stay."""
CONFIRMATION: Final = 8
"""Octets of a confirmation."""
MAX_SHOWN: Final = 16
"""PPKs of one message that are looked for."""


def of_gateway(talk: Talk) -> Ppk | None:
    """Return the PPK for the peer that an initiator begins with, of which it knows the address."""
    profile, address = talk.core.lookup.profiles.get(talk.sa.profile), talk.sa.remote.address
    return talk.core.lookup.ppk(profile, Identity.of(address), address) if profile is not None else None


def called(talk: Talk, id: bytes | None) -> Iterator[Ppk]:
    """Yield the PPKs with this PPK_ID; whose they are is only known when the peer has shown its identity."""
    return (one for row in talk.core.lookup.intent.profiles for one in row.ppks if one.id == id)


def named(ppk: Ppk) -> bytes:
    """Return a PPK_ID as a notify carries it."""
    return bytes((_FIXED,)) + ppk.id


def id_of(data: bytes) -> bytes | None:
    """Return the PPK_ID in a notify's data, or None for one of an unknown type."""
    return data[1:] if data[:1] in (bytes((_OPAQUE,)), bytes((_FIXED,))) else None


def confirmation(sa: IkeSa, ppk: Ppk) -> bytes:
    """Return what shows that an end has the key (RFC 9867 3.1)."""
    birth, suite, _ = intermediate.material(sa)
    return ppk_confirmation(suite.prf, ppk.secret.reveal(), birth.ni, birth.nr, sa.spi_i, sa.spi_r)


def mix(talk: Talk, ppk: Ppk) -> None:
    """Have keys ready that the PPK is in, in IKE_INTERMEDIATE."""
    intermediate.mix(talk.sa, ppk.secret.reveal())
    _note(talk, ppk, PpkUse.INTERMEDIATE)


def mixed(sa: IkeSa, ppk: Ppk) -> IkeKeys:
    """Return the keys for IKE_AUTH and what comes after with the PPK in them; those of messages stay (RFC 8784 3)."""
    _, suite, keys = intermediate.material(sa)
    d, pi, pr = (ppk_mixed(suite.prf, ppk.secret.reveal(), key) for key in (keys.d, keys.pi, keys.pr))
    return replace(keys, d=d, pi=pi, pr=pr)


def in_auth(talk: Talk) -> Ppk | None:
    """Return the PPK that an initiator is to use in IKE_AUTH, if there is one."""
    birth = talk.sa.birth
    return of_gateway(talk) if birth is not None and birth.ppk is _AUTH else None


def announced(ppk: Ppk, plain: Authentication) -> Iterator[Notify]:
    """Yield which PPK is in AUTH, and where it is optional the proof without it (RFC 8784 3)."""
    yield Notify(NotifyType.PPK_IDENTITY, named(ppk))
    if not ppk.required:
        yield Notify(NotifyType.NO_PPK_AUTH, plain.data)


def answered(talk: Talk, ppk: Ppk, plain: IkeKeys, message: Incoming) -> None:
    """See whether the responder used the PPK; where not, go on with the keys without it, or raise Refused."""
    if message.notify(NotifyType.PPK_IDENTITY) is not None:
        _note(talk, ppk, _AUTH)
    elif ppk.required:
        raise refused(talk, ppk.id, "the peer does not use this PPK, and it is required")
    else:
        talk.sa.keys = plain


def asked(talk: Talk, profile: Profile, identity: Identity, message: Incoming) -> tuple[Ppk | None, bytes | None]:
    """Return the PPK that is in the initiator's AUTH, or else its proof without one that is not ours.

    Raises Refused where an end requires a PPK that is not used.
    """
    sa, ours = talk.sa, talk.core.lookup.ppk(profile, identity, talk.sa.remote.address)
    if sa.birth is None or sa.birth.ppk is not _AUTH:
        if sa.ppk and (ours is None or ours.id != sa.ppk):
            raise refused(talk, sa.ppk, "the peer used a PPK that is not its own", str(identity))
        if ours is not None and ours.required and not sa.ppk:
            raise refused(talk, ours.id, "the peer does not use this PPK, and it is required", str(identity))
        return None, None
    shown, plain = message.notify(NotifyType.PPK_IDENTITY), message.notify(NotifyType.NO_PPK_AUTH)
    if shown is not None and ours is not None and id_of(shown.data) == ours.id:
        sa.keys = mixed(sa, ours)
        _note(talk, ours, _AUTH)
        return ours, None
    if ours is not None and ours.required:
        raise refused(talk, ours.id, "the peer does not use this PPK, and it is required", str(identity))
    if shown is not None and plain is None:
        theirs = id_of(shown.data) or b""
        raise refused(talk, theirs, "the peer requires this PPK, which is not configured for it", str(identity))
    return None, plain.data if plain is not None and shown is not None else None


def refused(talk: Talk, id: bytes, why: str, identity: str = "") -> Refused:
    """Tell why there is no SA without a PPK; return the refusal."""
    sa, name = talk.sa, printable(id)
    why = f"PPK '{name}': {why}" if id else why
    who = identity or str(sa.remote.address)
    talk.core.tell(
        AuthenticationFailed,
        lambda: AuthenticationFailed(
            sa.number, sa.session, sa.profile, who, why, False, str(sa.local), str(sa.remote), True
        ),
    )
    return Refused(why, NotifyType.AUTHENTICATION_FAILED)


def _note(talk: Talk, ppk: Ppk, use: PpkUse) -> None:
    sa = talk.sa
    sa.ppk = ppk.id
    talk.core.tell(PpkUsed, lambda: PpkUsed(sa.number, sa.session, printable(ppk.id), use.value))
