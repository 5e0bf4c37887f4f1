"""Suites, key exchange, PRFs, ciphers and key derivation over `cryptography`.

Randomness is always given, but for ML-KEM's ciphertexts: the library draws what they take.
"""

from __future__ import annotations

from ikecli.crypto.exchange import KeyExchange, generate, reply_size, respond, restore
from ikecli.crypto.keys import (
    ChildKeys,
    child_keys,
    intermediate_auth,
    key_pad,
    keymat,
    ppk_confirmation,
    ppk_mixed,
    rekeyed_skeyseed,
    shared_key_auth,
    signed_octets,
    skeyseed,
)
from ikecli.crypto.prf import Keyed, prf, prf_plus
from ikecli.crypto.suite import IkeKeys, Suite

__all__ = [
    "ChildKeys",
    "IkeKeys",
    "KeyExchange",
    "Keyed",
    "Suite",
    "child_keys",
    "generate",
    "intermediate_auth",
    "key_pad",
    "keymat",
    "ppk_confirmation",
    "ppk_mixed",
    "prf",
    "prf_plus",
    "rekeyed_skeyseed",
    "reply_size",
    "respond",
    "restore",
    "shared_key_auth",
    "signed_octets",
    "skeyseed",
]
