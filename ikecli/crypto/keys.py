"""Key derivation and the shared-key AUTH value: everything that a PRF makes of secrets."""

from __future__ import annotations

from typing import Final

from ikecli.crypto.prf import Keyed, prf, prf_plus
from ikecli.crypto.suite import cutter
from ikecli.numbers import Algorithm
from ikecli.value import value

_CONFIRMATION: Final = 8
"""Octets of a PPK confirmation."""
_KEY_PAD: Final = b"Key Pad for IKEv2"


@value
class ChildKeys:
    """The keys of a Child SA (RFC 7296 2.17), octets: of the SA initiator -> responder (i), and back (r).

    An AEAD's salt ends its encryption key; its integrity key is empty.
    """

    encryption_i: bytes
    integrity_i: bytes
    encryption_r: bytes
    integrity_r: bytes

    def __repr__(self) -> str:
        return "ChildKeys(*****)"


def skeyseed(row: Algorithm, ni: bytes, nr: bytes, shared: bytes) -> bytes:
    """Return SKEYSEED = prf(Ni | Nr, g^ir) (RFC 7296 2.14)."""
    return prf(row, ni + nr, shared)


def rekeyed_skeyseed(row: Algorithm, sk_d: bytes, ni: bytes, nr: bytes, shared: bytes, further: bytes = b"") -> bytes:
    """Return SKEYSEED of a new IKE SA; `row` and `sk_d` are the old one's (RFC 7296 2.18).

    `further` are the shared secrets of the key exchanges that followed, in order (RFC 9370 2.2.4).
    """
    return prf(row, sk_d, shared + ni + nr + further)


def keymat(
    row: Algorithm, sk_d: bytes, ni: bytes, nr: bytes, size: int, shared: bytes = b"", further: bytes = b""
) -> bytes:
    """Return `size` octets of KEYMAT; `shared` is the exchange's own g^ir if it had one (RFC 7296 2.17).

    `further` are the shared secrets of the key exchanges that followed, in order (RFC 9370 2.2.4).
    """
    return prf_plus(row, sk_d, shared + ni + nr + further, size)


def child_keys(
    row: Algorithm,
    sk_d: bytes,
    encryption: Algorithm,
    integrity: Algorithm | None,
    ni: bytes,
    nr: bytes,
    shared: bytes = b"",
    further: bytes = b"",
) -> ChildKeys:
    """Return the keys of a Child SA; i and r are the roles in the exchange that made it (RFC 7296 2.17)."""
    shape = cutter(*(encryption.key_octets, integrity.key_octets if integrity else 0) * 2)
    return ChildKeys(*shape.unpack(keymat(row, sk_d, ni, nr, shape.size, shared, further)))


def ppk_mixed(row: Algorithm, ppk: bytes, key: bytes) -> bytes:
    """Return SK_d, SK_pi or SK_pr with a PPK mixed in (RFC 8784 3), and SKEYSEED' from SK_d (RFC 9867 3.1)."""
    return prf_plus(row, ppk, key, row.key_octets)


def ppk_confirmation(row: Algorithm, ppk: bytes, ni: bytes, nr: bytes, spi_i: bytes, spi_r: bytes) -> bytes:
    """Return what shows that an initiator has a PPK (RFC 9867 3.1)."""
    return prf(row, ppk, ni + nr + spi_i + spi_r)[:_CONFIRMATION]


def signed_octets(
    row: Algorithm, message: bytes, nonce: bytes, sk_p: bytes, identity: bytes, intermediate: bytes = b""
) -> bytes:
    """Return what AUTH covers (RFC 7296 2.15).

    `message` is the signer's own first message, whole; `nonce` the other end's; `sk_p` the signer's SK_pi or SK_pr;
    `identity` the body of its ID payload; `intermediate` the IntAuth of the exchanges in between (RFC 9242 3.3.2).
    """
    return message + nonce + prf(row, sk_p, identity) + intermediate


def intermediate_auth(row: Algorithm, sk_p: bytes, before: bytes, octets: bytes) -> bytes:
    """Return IntAuth_* after one more IKE_INTERMEDIATE message of an end (RFC 9242 3.3.2).

    `sk_p` is what is SK_pi or SK_pr in that exchange, `before` IntAuth_* of the exchange before it.
    """
    return prf(row, sk_p, before + octets)


def key_pad(row: Algorithm, secret: bytes) -> Keyed:
    """Return the PRF by which a pre-shared key makes AUTH data, the same for all SAs (RFC 7296 2.15)."""
    return Keyed(row, prf(row, secret, _KEY_PAD))


def shared_key_auth(padded: Keyed, octets: bytes) -> bytes:
    """Return the AUTH data of a pre-shared key, as `key_pad` has it, over `signed_octets` (RFC 7296 2.15)."""
    return padded.of(octets)
