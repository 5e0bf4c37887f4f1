"""Keys as they are stored and shown: encrypted under a master key (type 6 of IOS, type 8 of ASA)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from ikecli.config import type6
from ikecli.secret import Secret

MASTER_OCTETS: Final = 32
"""Length of an appliance's own master key."""

SEALED: Final = "sealed:"
"""Stands before a sealed part of a line."""

_SEALED_PART: Final = re.compile(rf"{SEALED}([-\w]+)", re.ASCII)
_PART: Final = b"part\0"
"""Begins every sealed part, so that no sealed key is opened as one."""
_ROUNDS: Final = 20000
_KEPT: Final = 65536
"""Keys whose sealed text is remembered: a configuration is written again and again."""


class Mask:
    """Seals keys into text and opens them again; equal keys give equal text, so a stored configuration is stable.

    Keys are sealed under the first of the operator's `phrases` (the key of `key config-key`), under the appliance's own
    master key where there is none, and opened under any of these. A router's have the layout of type 6; those of a
    firewall and the parts of lines are AES-SIV (RFC 5297), whose safety needs no nonce.
    """

    def __init__(self, dialect: str, master_key: bytes, phrases: tuple[Secret, ...] = ()) -> None:
        if len(master_key) != MASTER_OCTETS:
            raise ValueError(f"a master key has {MASTER_OCTETS} octets, not {len(master_key)}")
        self._own: Final = _siv(master_key)
        self._master: Final = master_key
        secrets = [phrase.reveal() for phrase in phrases if len(phrase)]
        own = [] if secrets and len(phrases[0]) else [base64.b64encode(master_key)]
        self._six: Final = [*own, *secrets, base64.b64encode(master_key)] if dialect == "ios" else []
        under = [_siv(_stretched(secret)) for secret in secrets] if dialect == "asa" else []
        self._eight: Final = [*([self._own] if own else []), *under, self._own]
        self._sealed: dict[bytes, str] = {}

    def seal(self, key: bytes) -> str:
        """Return the key as one word of text."""
        found = self._sealed.get(key)
        if found is None:
            if len(self._sealed) >= _KEPT:
                self._sealed.clear()
            found = self._sealed[key] = self._seal(key) if key else ""
        return found

    def _seal(self, key: bytes) -> str:
        if self._six:
            salt = hmac.digest(self._master, key, "sha256")[: type6.SALT_OCTETS]
            return type6.seal(self._six[0], key, salt)
        return _text(self._eight[0].encrypt(key, None))

    def open(self, text: bytes) -> bytes | None:
        """Return the key, or None for a text that was not made under any of these master keys."""
        tries = (
            [type6.unseal(master, text) for master in self._six]
            if self._six
            else [_opened(cipher, text) for cipher in self._eight]
        )
        return next((key for key in tries if key is not None), None)

    def seal_text(self, text: str) -> str:
        """Return a part of a line without effect as one word, which `open_texts` makes that part again."""
        if _SEALED_PART.fullmatch(text):
            return text
        return SEALED + _text(self._own.encrypt(_PART + text.encode(errors="surrogateescape"), None))

    def open_texts(self, line: str) -> str:
        """Return the line with its sealed parts opened; those of another master key stay."""
        return _SEALED_PART.sub(self._part, line) if SEALED in line else line

    def _part(self, found: re.Match[str]) -> str:
        octets = _opened(self._own, found[1].encode())
        if octets is None or not octets.startswith(_PART):
            return found[0]
        return octets.removeprefix(_PART).decode(errors="surrogateescape")


def _siv(master_key: bytes) -> AESSIV:
    return AESSIV(HKDFExpand(SHA512(), 64, b"ikecli stored keys").derive(master_key))


@lru_cache(16)
def _stretched(phrase: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", phrase, b"ikecli config-key", _ROUNDS, MASTER_OCTETS)


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def _opened(cipher: AESSIV, text: bytes) -> bytes | None:
    try:
        return cipher.decrypt(base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4)), None)
    except (InvalidTag, ValueError):
        return None
