"""What protects octets: an AEAD, or another cipher with an HMAC over it; the same for IKE and ESP."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from ikecli.errors import Unauthentic
from ikecli.numbers import Algorithm

_AEADS: Final[dict[int, Callable[[bytes], AESGCM | ChaCha20Poly1305]]] = {
    20: AESGCM,
    21: AESGCM,
    28: ChaCha20Poly1305,
}
"""The AEADs by transform id."""
_BLOCKS: Final[dict[int, Callable[[bytes], AES | TripleDES]]] = {3: TripleDES, 12: AES}
"""The block ciphers by transform id; IVs are as long as their blocks."""
_SALT: Final = 4
"""Octets of keying material that begin an AEAD's nonce."""
_GMAC: Final = 21


class Cipher(Protocol):
    """Keys ready for use in one direction. Padding is its caller's, to a multiple of the encryption's block.

    A sealed text is IV, ciphertext, check value. `associated` is authenticated and goes before it on the wire;
    `tail` is authenticated after the ciphertext and not sent (an ESN's high half with an HMAC, RFC 4303 2.2.1).
    """

    def seal(self, associated: bytes, iv: bytes, plaintext: bytes, tail: bytes = b"") -> bytes:
        """Return the sealed text; an IV must never come twice under one key, and a CBC's not be foreseeable."""
        ...

    def open(self, associated: bytes, sealed: bytes, tail: bytes = b"") -> bytes:
        """Return the plaintext; raises Unauthentic."""
        ...


def cipher(encryption: Algorithm, integrity: Algorithm | None, encryption_key: bytes, integrity_key: bytes) -> Cipher:
    """Return the cipher of two rows and their keys, an AEAD's salt at the end.

    Raises ValueError for an AEAD with an integrity algorithm, and for any other cipher, NULL too, without one.
    """
    if encryption.aead is not (integrity is None):
        raise ValueError(f"{encryption.name} with {integrity.name if integrity else 'no integrity algorithm'}")
    if integrity is None:
        return (_Gmac if encryption.number == _GMAC else _Aead)(encryption, encryption_key)
    return _Hmac(encryption, integrity, encryption_key, integrity_key)


class _Aead:
    """An AEAD with a salt from the keying material (RFC 4106, RFC 5282, RFC 7634)."""

    __slots__ = ("_aead", "_iv_size", "_salt")

    def __init__(self, row: Algorithm, key: bytes) -> None:
        self._aead = _AEADS[row.number](key[:-_SALT])
        self._salt = key[-_SALT:]
        self._iv_size = row.iv

    def seal(self, associated: bytes, iv: bytes, plaintext: bytes, tail: bytes = b"") -> bytes:
        return iv + self._aead.encrypt(self._salt + iv, plaintext, associated + tail)

    def open(self, associated: bytes, sealed: bytes, tail: bytes = b"") -> bytes:
        iv = sealed[: self._iv_size]
        try:
            return self._aead.decrypt(self._salt + iv, sealed[self._iv_size :], associated + tail)
        except (InvalidTag, ValueError):
            raise Unauthentic("the check value does not match") from None


class _Gmac(_Aead):
    """AES-GMAC: as AES-GCM, but IV and text are only authenticated (RFC 4543 3)."""

    __slots__ = ("_icv",)

    def __init__(self, row: Algorithm, key: bytes) -> None:
        super().__init__(row, key)
        self._icv = row.icv

    def seal(self, associated: bytes, iv: bytes, plaintext: bytes, tail: bytes = b"") -> bytes:
        text = iv + plaintext
        return text + self._aead.encrypt(self._salt + iv, b"", associated + tail + text)

    def open(self, associated: bytes, sealed: bytes, tail: bytes = b"") -> bytes:
        text, icv = sealed[: -self._icv], sealed[-self._icv :]
        iv = text[: self._iv_size]
        try:
            self._aead.decrypt(self._salt + iv, icv, associated + tail + text)
        except (InvalidTag, ValueError):
            raise Unauthentic("the check value does not match") from None
        return text[self._iv_size :]


class _Hmac:
    """CBC, or no encryption at all, and an HMAC over header, IV and text (RFC 2410, 2403, 2404, 2451, 3602, 4868)."""

    __slots__ = ("_block", "_digest", "_icv", "_iv_size", "_key")

    def __init__(self, row: Algorithm, integrity: Algorithm, key: bytes, integrity_key: bytes) -> None:
        self._block = _BLOCKS[row.number](key) if row.iv else None
        self._key = integrity_key
        self._digest = integrity.digest
        self._iv_size = row.iv
        self._icv = integrity.icv

    def seal(self, associated: bytes, iv: bytes, plaintext: bytes, tail: bytes = b"") -> bytes:
        text = plaintext
        if self._block is not None:
            encryptor = BlockCipher(self._block, CBC(iv)).encryptor()
            text = iv + encryptor.update(plaintext) + encryptor.finalize()
        return text + self._check(associated, text, tail)

    def open(self, associated: bytes, sealed: bytes, tail: bytes = b"") -> bytes:
        text, icv = sealed[: -self._icv], sealed[-self._icv :]
        size = len(text) - self._iv_size
        if size <= 0 or (self._block is not None and size % self._iv_size):
            raise Unauthentic(f"{len(sealed)} octets are no ciphertext")
        if not hmac.compare_digest(icv, self._check(associated, text, tail)):
            raise Unauthentic("the check value does not match")
        if self._block is None:
            return text
        decryptor = BlockCipher(self._block, CBC(text[: self._iv_size])).decryptor()
        return decryptor.update(text[self._iv_size :]) + decryptor.finalize()

    def _check(self, associated: bytes, text: bytes, tail: bytes) -> bytes:
        return hmac.digest(self._key, associated + text + tail, self._digest)[: self._icv]
