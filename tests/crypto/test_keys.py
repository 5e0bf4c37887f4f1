"""How keys are cut from the stream, and the shared-key AUTH value."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from ikecli.crypto import Suite, child_keys, key_pad, keymat, prf_plus, shared_key_auth, signed_octets
from ikecli.crypto.prf import MAX_BLOCKS
from ikecli.numbers import BY_KEY, TransformType

SHA256, SHA1 = BY_KEY[(TransformType.PRF, 5, 0)], BY_KEY[(TransformType.PRF, 2, 0)]
GCM128, CBC256 = BY_KEY[(TransformType.ENCR, 20, 128)], BY_KEY[(TransformType.ENCR, 12, 256)]
HMAC512 = BY_KEY[(TransformType.INTEG, 14, 0)]
GROUP = BY_KEY[(TransformType.KE, 31, 0)]
NI, NR, SPI_I, SPI_R = b"i" * 32, b"r" * 32, b"I" * 8, b"R" * 8


def hash_mac(key: bytes, data: bytes, digest: str = "sha256") -> bytes:
    return hmac.new(key, data, digest).digest()


@pytest.mark.parametrize(
    ("suite", "sizes"),
    [
        (Suite(GCM128, None, SHA256, GROUP), (32, 0, 0, 20, 20, 32, 32)),
        (Suite(CBC256, HMAC512, SHA1, GROUP), (20, 64, 64, 32, 32, 20, 20)),
    ],
)
def test_ike_keys_follow_each_other_in_the_stream(suite, sizes):
    keys = suite.keys(b"seed", NI, NR, SPI_I, SPI_R)
    parts = (keys.d, keys.ai, keys.ar, keys.ei, keys.er, keys.pi, keys.pr)
    assert tuple(map(len, parts)) == sizes
    assert b"".join(parts) == prf_plus(suite.prf, b"seed", NI + NR + SPI_I + SPI_R, sum(sizes))


@pytest.mark.parametrize(("encryption", "integrity", "sizes"), [(GCM128, None, (20, 0)), (CBC256, HMAC512, (32, 64))])
def test_child_keys_are_the_initiators_first_encryption_first(encryption, integrity, sizes):
    keys = child_keys(SHA256, b"d" * 32, encryption, integrity, NI, NR, b"shared")
    parts = (keys.encryption_i, keys.integrity_i, keys.encryption_r, keys.integrity_r)
    assert tuple(map(len, parts)) == sizes * 2
    assert b"".join(parts) == keymat(SHA256, b"d" * 32, NI, NR, 2 * sum(sizes), b"shared")


def test_prf_plus_ends_after_255_blocks():
    assert len(prf_plus(SHA256, b"key", b"seed", MAX_BLOCKS * 32)) == 8160
    with pytest.raises(ValueError, match="8160 octets"):
        prf_plus(SHA256, b"key", b"seed", MAX_BLOCKS * 32 + 1)


def test_prf_plus_of_nothing_is_nothing():
    assert prf_plus(SHA256, b"key", b"seed", 0) == b""


def test_auth_of_a_shared_key():
    octets = signed_octets(SHA256, b"message", NR, b"p" * 32, b"\2\0\0\0fqdn")
    assert octets == b"message" + NR + hash_mac(b"p" * 32, b"\2\0\0\0fqdn")
    padded = hash_mac(b"cisco123", b"Key Pad for IKEv2")
    assert shared_key_auth(key_pad(SHA256, b"cisco123"), octets) == hash_mac(padded, octets)


def test_a_shared_key_longer_than_a_block_counts_whole():
    long = b"k" * 200
    padded = hash_mac(hashlib.sha256(long).digest(), b"Key Pad for IKEv2")
    assert shared_key_auth(key_pad(SHA256, long), b"octets") == hash_mac(padded, b"octets")


def test_keys_do_not_show():
    suite = Suite(GCM128, None, SHA256, GROUP)
    assert repr(suite.keys(b"seed", NI, NR, SPI_I, SPI_R)) == "IkeKeys(*****)"
    assert repr(child_keys(SHA256, b"d", GCM128, None, NI, NR)) == "ChildKeys(*****)"
