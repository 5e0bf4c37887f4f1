"""IKE_INTERMEDIATE between IKE_SA_INIT and IKE_AUTH: what AUTH covers of it, and the keys it renews (RFC 9242)."""

from __future__ import annotations

from typing import Final

from ikecli.crypto import IkeKeys, Suite, intermediate_auth, ppk_mixed, rekeyed_skeyseed
from ikecli.errors import Malformed
from ikecli.ike.core import Core
from ikecli.ike.keys import tell
from ikecli.ike.sa import Birth, IkeSa, PpkUse
from ikecli.wire import write_authenticated

_ID_SIZE: Final = 4


def unfinished(birth: Birth) -> bool:
    """Tell whether something is left to do before IKE_AUTH."""
    return bool(birth.additional) or birth.ppk is PpkUse.INTERMEDIATE


def cover(sa: IkeSa, octets: bytes, chain: bytes, of_initiator: bool) -> None:
    """Have AUTH cover a message, under the keys that protect it (RFC 9242 3.3.2).

    `octets` are as sent, or those of its first fragment; `chain` the payloads in it.
    """
    birth, suite, keys = sa.birth, sa.suite, sa.keys
    if birth is None or suite is None or keys is None:
        return
    initiator, responder = birth.covered
    counts = write_authenticated(octets, chain)
    if of_initiator:
        initiator = intermediate_auth(suite.prf, keys.pi, initiator, counts)
        birth.rounds += 1
    else:
        responder = intermediate_auth(suite.prf, keys.pr, responder, counts)
    birth.covered = initiator, responder


def covered(birth: Birth) -> bytes:
    """Return IntAuth: both ends' and the message id of IKE_AUTH; nothing where there was no such exchange."""
    if not birth.rounds:
        return b""
    return b"".join(birth.covered) + (birth.rounds + 1).to_bytes(_ID_SIZE, "big")


def renew(sa: IkeSa, shared: bytes) -> None:
    """Have new keys ready after an additional key exchange (RFC 9370 2.2.2); raises Malformed without keys."""
    birth, suite, keys = material(sa)
    _expand(sa, rekeyed_skeyseed(suite.prf, (birth.renewed or keys).d, birth.ni, birth.nr, shared))


def mix(sa: IkeSa, ppk: bytes) -> None:
    """Have new keys ready with a PPK mixed in (RFC 9867 3.1); raises Malformed without keys."""
    birth, suite, keys = material(sa)
    _expand(sa, ppk_mixed(suite.prf, ppk, (birth.renewed or keys).d))


def turn(core: Core, sa: IkeSa) -> None:
    """Go over to the keys that are ready."""
    if sa.birth is not None and sa.birth.renewed is not None and sa.keys is not None:
        sa.birth.earlier = sa.birth.rounds, sa.keys
        sa.keys, sa.birth.renewed = sa.birth.renewed, None
        tell(core, sa)


def material(sa: IkeSa) -> tuple[Birth, Suite, IkeKeys]:
    """Return what an SA that is not authenticated is made of; raises Malformed for another."""
    if sa.birth is None or sa.suite is None or sa.keys is None:
        raise Malformed("a message of an SA that is not being authenticated")
    return sa.birth, sa.suite, sa.keys


def _expand(sa: IkeSa, seed: bytes) -> None:
    birth, suite, _ = material(sa)
    birth.renewed = suite.keys(seed, birth.ni, birth.nr, sa.spi_i, sa.spi_r)
