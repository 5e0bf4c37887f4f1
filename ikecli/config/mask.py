"""Keys as they are stored and shown: encrypted under the appliance's master key (type 6 of IOS, type 8 of ASA)."""

from __future__ import annotations

import base64
import re
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

MASTER_OCTETS: Final = 32
"""Length of a master key."""

SEALED: Final = "sealed:"
"""Stands before a sealed part of a line."""

_SEALED_PART: Final = re.compile(rf"{SEALED}([-\w]+)", re.ASCII)
_PART: Final = b"part\0"
"""Begins every sealed part, so that no sealed key is opened as one."""


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

    def seal_text(self, text: str) -> str:
        """Return a part of a line without effect as one word, which `open_texts` makes that part again."""
        if _SEALED_PART.fullmatch(text):
            return text
        return SEALED + self.seal(_PART + text.encode(errors="surrogateescape"))

    def open_texts(self, line: str) -> str:
        """Return the line with its sealed parts opened; those of another master key stay."""
        return _SEALED_PART.sub(self._opened, line) if SEALED in line else line

    def _opened(self, found: re.Match[str]) -> str:
        octets = self.open(found[1].encode())
        if octets is None or not octets.startswith(_PART):
            return found[0]
        return octets.removeprefix(_PART).decode(errors="surrogateescape")
