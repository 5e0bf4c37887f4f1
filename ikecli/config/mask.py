"""Keys as they are stored and shown: encrypted under the appliance's master key (type 6 of IOS, type 8 of ASA)."""

from __future__ import annotations

import base64
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

MASTER_OCTETS: Final = 32
"""Length of a master key."""


class Mask:
    """Seals keys into text and opens them again; equal keys give equal text, so a stored configuration is stable.

    AES-SIV (RFC 5297), whose safety needs no nonce, under a key derived from the master key.
    """

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) != MASTER_OCTETS:
            raise ValueError(f"a master key has {MASTER_OCTETS} octets, not {len(master_key)}")
        self._cipher: Final = AESSIV(HKDFExpand(SHA512(), 64, b"ikecli stored keys").derive(master_key))

    def seal(self, key: bytes) -> str:
        """Return the key as one word of text."""
        return base64.urlsafe_b64encode(self._cipher.encrypt(key, None)).decode().rstrip("=") if key else ""

    def open(self, text: bytes) -> bytes | None:
        """Return the key, or None for a text that was not made under this master key."""
        try:
            return self._cipher.decrypt(base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4)), None)
        except (InvalidTag, ValueError):
            return None
