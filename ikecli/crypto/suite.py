"""What an IKE SA negotiated, and the Encrypted payload under it."""

from __future__ import annotations

from functools import cache
from struct import Struct

from ikecli.crypto.ciphers import Cipher, cipher
from ikecli.crypto.prf import prf_plus
from ikecli.errors import Malformed
from ikecli.numbers import Algorithm
from ikecli.value import value


@value
class IkeKeys:
    """The seven keys of an IKE SA (RFC 7296 2.14), octets; i and r are the original initiator's and responder's.

    `ai` and `ar` are empty with an AEAD, whose salt ends `ei` and `er` (RFC 5282 7.1).
    """

    d: bytes
    ai: bytes
    ar: bytes
    ei: bytes
    er: bytes
    pi: bytes
    pr: bytes

    def __repr__(self) -> str:
        return "IkeKeys(*****)"


@value
class Suite:
    """The algorithms of an IKE SA; `integrity` is None with an AEAD, `additional` what RFC 9370 added to the group."""

    encryption: Algorithm
    integrity: Algorithm | None
    prf: Algorithm
    group: Algorithm
    additional: tuple[Algorithm, ...] = ()

    def keys(self, skeyseed: bytes, ni: bytes, nr: bytes, spi_i: bytes, spi_r: bytes) -> IkeKeys:
        """Return the keys of an SA with these nonces and SPIs (RFC 7296 2.14)."""
        d, a = self.prf.key_octets, self.integrity.key_octets if self.integrity else 0
        shape = cutter(d, a, a, self.encryption.key_octets, self.encryption.key_octets, d, d)
        return IkeKeys(*shape.unpack(prf_plus(self.prf, skeyseed, ni + nr + spi_i + spi_r, shape.size)))

    def sealed_size(self, plaintext: int) -> int:
        """Return the octets of IV, ciphertext and check value for `plaintext` octets of payloads."""
        if self.integrity is None:
            return self.encryption.iv + plaintext + 1 + self.encryption.icv
        return self.encryption.iv + plaintext + self._padding(plaintext) + 1 + self.integrity.icv

    def seal(self, keys: IkeKeys, from_initiator: bool, associated: bytes, plaintext: bytes, iv: bytes) -> bytes:
        """Return the whole message (RFC 7296 3.14, RFC 5282 3).

        `associated` is the message up to the IV, its lengths counting `sealed_size(len(plaintext))` octets to come.
        `iv` is as long as `encryption` has it: with an AEAD never used before under these keys, else unforeseeable.
        """
        padding = 0 if self.integrity is None else self._padding(len(plaintext))
        padded = plaintext + bytes(padding) + bytes((padding,))
        return associated + self._cipher(keys, from_initiator).seal(associated, iv, padded)

    def open(self, keys: IkeKeys, from_initiator: bool, datagram: bytes, at: int) -> bytes:
        """Return the payloads sealed in `datagram`, whose IV starts `at`.

        Raises Unauthentic when the peer did not send this, Malformed when it did, but wrongly padded.
        """
        padded = self._cipher(keys, from_initiator).open(datagram[:at], datagram[at:])
        if not padded or padded[-1] >= len(padded):
            raise Malformed("an encrypted payload with more padding than content")
        return padded[: -1 - padded[-1]]

    def _padding(self, plaintext: int) -> int:
        return -(plaintext + 1) % self.encryption.iv

    def _cipher(self, keys: IkeKeys, from_initiator: bool) -> Cipher:
        if from_initiator:
            return cipher(self.encryption, self.integrity, keys.ei, keys.ai)
        return cipher(self.encryption, self.integrity, keys.er, keys.ar)


@cache
def cutter(*sizes: int) -> Struct:
    """Return what cuts keying material into keys of `sizes` octets, in order."""
    return Struct("".join(f"{size}s" for size in sizes))
