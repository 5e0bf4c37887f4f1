"""The cryptographic calls of a responder's handshake, alone: what no implementation over these bindings can go below.

PSK, X25519, PRF_HMAC_SHA2_256, AES-GCM-128 for IKE and for the first Child SA, with NAT detection.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SPI_SIZE, NONCE_SIZE, IV_SIZE, SALT_SIZE = 8, 32, 8, 4
IKE_KEYMAT = 3 * 32 + 2 * 20
"""SK_d, SK_pi and SK_pr of SHA-256, SK_ei and SK_er with their salts."""
CHILD_KEYMAT = 2 * 20
SIGNED_SIZE = 240
"""Octets of an IKE_SA_INIT request or response with one proposal and its notifies, the signed message."""
INNER_SIZE = 168
"""Octets of IDi, AUTH, SA, TSi, TSr and a notify, or of the response's."""
ASSOCIATED_SIZE = 32
REQUEST_KEY = bytes(16 + SALT_SIZE)


def main() -> None:
    """Print what one handshake costs."""
    print(f"raw handshake: {raw_handshake_seconds(2000) * 1e6:.1f} us of CPU")


def raw_handshake_seconds(n: int) -> float:
    """Return the CPU seconds of one handshake's calls, the mean of `n` (after one that does not count)."""
    peer = X25519PrivateKey.generate().public_key().public_bytes_raw()
    request = sealed(REQUEST_KEY, bytes(INNER_SIZE))
    respond(peer, request)
    start = time.process_time()
    for _ in range(n):
        respond(peer, request)
    return (time.process_time() - start) / n


def respond(peer: bytes, request: bytes) -> bytes:
    """Make the responder's calls of one handshake, with a peer's public value and its request under `REQUEST_KEY`."""
    spis, ni, nr = bytes(SPI_SIZE) + os.urandom(SPI_SIZE), bytes(NONCE_SIZE), os.urandom(NONCE_SIZE)
    for _ in range(4):
        hashlib.sha1(spis + bytes(6)).digest()
    private = X25519PrivateKey.from_private_bytes(os.urandom(32))
    private.public_key().public_bytes_raw()
    shared = private.exchange(X25519PublicKey.from_public_bytes(peer))
    skeyseed = hmac.digest(ni + nr, shared, "sha256")
    keys = prf_plus(skeyseed, ni + nr + spis, IKE_KEYMAT)
    d, e, p = keys[:32], keys[32:52], keys[-32:]
    opening = AESGCM(REQUEST_KEY[:-SALT_SIZE])
    opening.decrypt(REQUEST_KEY[-SALT_SIZE:] + bytes(IV_SIZE), request, bytes(ASSOCIATED_SIZE))
    auth(p, ni)
    auth(p, nr)
    prf_plus(d, ni + nr, CHILD_KEYMAT)
    os.urandom(4)
    return sealed(e, bytes(INNER_SIZE))


def auth(sk_p: bytes, nonce: bytes) -> bytes:
    """Make the three PRF calls of one end's AUTH value (RFC 7296 2.15)."""
    octets = bytes(SIGNED_SIZE) + nonce + hmac.digest(sk_p, bytes(12), "sha256")
    return hmac.digest(hmac.digest(b"pre-shared key", b"Key Pad for IKEv2", "sha256"), octets, "sha256")


def sealed(key: bytes, plaintext: bytes) -> bytes:
    """Make the calls that seal one Encrypted payload."""
    return AESGCM(key[:-SALT_SIZE]).encrypt(key[-SALT_SIZE:] + bytes(IV_SIZE), plaintext, bytes(ASSOCIATED_SIZE))


def prf_plus(key: bytes, seed: bytes, size: int) -> bytes:
    """Make the PRF calls of prf+ (RFC 7296 2.13)."""
    block, stream = b"", b""
    while len(stream) < size:
        block = hmac.digest(key, block + seed + bytes((len(stream) // 32 + 1,)), "sha256")
        stream += block
    return stream[:size]


if __name__ == "__main__":
    main()
