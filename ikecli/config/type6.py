"""Keys of type 6, as a router writes them: AES-128 in a counter mode, four octets of HMAC-SHA1, base 41.

The layout is the one that Cisco published: salt (8 octets), ciphertext, and the first octets of the ciphertext's MAC.
Both keys are the salt encrypted under the MD5 of the master key. Three letters from `A` on stand for two octets.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

SALT_OCTETS: Final = 8
MAC_OCTETS: Final = 4
_BASE: Final = 41
_FIRST: Final = ord("A")
_BLOCK: Final = 16
_EVEN: Final = b"\x00\x01"
"""Ends an even number of octets; an odd number ends in its last octet and 0."""


def seal(master: bytes, key: bytes, salt: bytes) -> str:
    """Return a key as one word under a master key; `salt` has 8 octets. A key that ends in 0 keeps it."""
    cipher, mac = _keys(master, salt)
    sealed = _cross(cipher, key + b"\0" if key.endswith(b"\0") else key)
    return _letters(salt + sealed + _tag(mac, sealed))


def unseal(master: bytes, text: bytes) -> bytes | None:
    """Return the key, or None for a text that was not made under this master key."""
    octets = _octets(text)
    if octets is None or len(octets) < SALT_OCTETS + MAC_OCTETS:
        return None
    salt, sealed, tag = octets[:SALT_OCTETS], octets[SALT_OCTETS:-MAC_OCTETS], octets[-MAC_OCTETS:]
    cipher, mac = _keys(master, salt)
    if not hmac.compare_digest(tag, _tag(mac, sealed)):
        return None
    return _cross(cipher, sealed).removesuffix(b"\0")


def _encrypt(key: bytes, blocks: bytes) -> bytes:
    encryptor = Cipher(AES(key), ECB()).encryptor()
    return encryptor.update(blocks) + encryptor.finalize()


def _keys(master: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """Return the keys of the cipher and of the MAC."""
    both = _encrypt(hashlib.md5(master, usedforsecurity=False).digest(), salt + bytes(7) + b"\x01" + salt + bytes(8))
    return both[:_BLOCK], both[_BLOCK:]


def _tag(key: bytes, sealed: bytes) -> bytes:
    return hmac.digest(key, sealed, "sha1")[:MAC_OCTETS]


def _cross(key: bytes, octets: bytes) -> bytes:
    """Encrypt or decrypt: the counter is the first four octets of a block."""
    count = -(-len(octets) // _BLOCK)
    stream = _encrypt(key, b"".join(at.to_bytes(4, "big") + bytes(12) for at in range(count)))
    return bytes(a ^ b for a, b in zip(octets, stream, strict=False))


def _letters(octets: bytes) -> str:
    octets += b"\0" if len(octets) % 2 else _EVEN
    values = (int.from_bytes(octets[at : at + 2], "big") for at in range(0, len(octets), 2))
    return "".join(
        chr(_FIRST + digit) for value in values for digit in (value // _BASE**2, value // _BASE % _BASE, value % _BASE)
    )


def _octets(text: bytes) -> bytes | None:
    digits = [letter - _FIRST for letter in text]
    if not digits or len(digits) % 3 or not all(0 <= digit < _BASE for digit in digits):
        return None
    values = [(digits[at] * _BASE + digits[at + 1]) * _BASE + digits[at + 2] for at in range(0, len(digits), 3)]
    if max(values) > 0xFFFF:
        return None
    octets = b"".join(value.to_bytes(2, "big") for value in values)
    return octets[:-2] if octets[-1] else octets[:-1]
