"""The kernel's names of ESP's algorithms (crypto API), and the attributes that give an SA its keys."""

from __future__ import annotations

from typing import Final

from ikecli.boundary.effects import EspKeys
from ikecli.dataplane.xfrm.messages import algorithm
from ikecli.errors import Unavailable
from ikecli.numbers import Algorithm

AEADS: Final = {20: "rfc4106(gcm(aes))", 21: "rfc4543(gcm(aes))", 28: "rfc7539esp(chacha20,poly1305)"}
"""By transform id; their keys end with the salt."""
CIPHERS: Final = {3: "cbc(des3_ede)", 11: "ecb(cipher_null)", 12: "cbc(aes)"}


def attributes(encryption: Algorithm, integrity: Algorithm | None, keys: EspKeys) -> list[tuple[str, bytes]]:
    """Return the attributes of one direction's keys; raises Unavailable for what the kernel has no name for."""
    if integrity is None:
        if (name := AEADS.get(encryption.number)) is None:
            raise Unavailable(f"the kernel's ESP has no {encryption.name}")
        return [("XFRMA_ALG_AEAD", algorithm(name, keys.encryption, 8 * encryption.icv))]
    if (name := CIPHERS.get(encryption.number)) is None or not integrity.digest:
        raise Unavailable(f"the kernel's ESP has no {encryption.name} with {integrity.name}")
    return [
        ("XFRMA_ALG_CRYPT", algorithm(name, keys.encryption)),
        ("XFRMA_ALG_AUTH_TRUNC", algorithm(f"hmac({integrity.digest})", keys.integrity, 8 * integrity.icv)),
    ]
