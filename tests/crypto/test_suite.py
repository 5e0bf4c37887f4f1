"""The Encrypted payload under every suite."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from ikecli.crypto import Suite
from ikecli.crypto.ciphers import cipher
from ikecli.errors import Malformed, Unauthentic
from ikecli.numbers import ALGORITHMS, BY_KEY, TransformType

ENCR, INTEG = TransformType.ENCR, TransformType.INTEG
PRF, GROUP = BY_KEY[(TransformType.PRF, 5, 0)], BY_KEY[(TransformType.KE, 31, 0)]
CIPHERS = [row for row in ALGORITHMS if row.type == ENCR and row.served and row.ike.asa]
INTEGRITY = [row for row in ALGORITHMS if row.type == INTEG and row.served]
SUITES = [Suite(row, None, PRF, GROUP) for row in CIPHERS if row.aead] + [
    Suite(row, integrity, PRF, GROUP) for row in CIPHERS if not row.aead for integrity in INTEGRITY
]
GCM, CBC = SUITES[0], Suite(BY_KEY[(ENCR, 12, 128)], BY_KEY[(INTEG, 12, 0)], PRF, GROUP)
HEADER = bytes(range(32))


def keys_of(suite: Suite):
    return suite.keys(b"seed", b"i" * 32, b"r" * 32, b"I" * 8, b"R" * 8)


def seal(suite: Suite, plaintext: bytes, from_initiator: bool = True) -> bytes:
    return suite.seal(keys_of(suite), from_initiator, HEADER, plaintext, b"v" * suite.encryption.iv)


@given(suite=st.sampled_from(SUITES), plaintext=st.binary(max_size=200), from_initiator=st.booleans())
def test_what_is_sealed_opens_for_the_same_sender_only(suite, plaintext, from_initiator):
    octets = seal(suite, plaintext, from_initiator)
    assert octets.startswith(HEADER + b"v" * suite.encryption.iv)
    assert len(octets) == len(HEADER) + suite.sealed_size(len(plaintext))
    assert suite.open(keys_of(suite), from_initiator, octets, len(HEADER)) == plaintext
    with pytest.raises(Unauthentic):
        suite.open(keys_of(suite), not from_initiator, octets, len(HEADER))


@pytest.mark.parametrize("suite", [GCM, CBC])
def test_every_octet_is_authenticated(suite):
    octets = seal(suite, b"payloads")
    for at in range(len(octets)):
        damaged = octets[:at] + bytes((octets[at] ^ 0x80,)) + octets[at + 1 :]
        with pytest.raises(Unauthentic) as unauthentic:
            suite.open(keys_of(suite), True, damaged, len(HEADER))
        assert unauthentic.value.notify is None


@pytest.mark.parametrize("suite", [GCM, CBC])
def test_anything_cut_short_is_not_authentic(suite):
    octets = seal(suite, b"payloads")
    for size in range(len(HEADER), len(octets)):
        with pytest.raises(Unauthentic):
            suite.open(keys_of(suite), True, octets[:size], len(HEADER))


@given(suite=st.sampled_from(SUITES), octets=st.binary(max_size=100))
def test_arbitrary_octets_are_not_authentic(suite, octets):
    with pytest.raises(Unauthentic):
        suite.open(keys_of(suite), True, HEADER + octets, len(HEADER))


@pytest.mark.parametrize(("suite", "padded"), [(GCM, b""), (GCM, b"ab\3"), (GCM, b"\1"), (CBC, b"a" * 15 + b"\20")])
def test_authentic_octets_with_impossible_padding_are_malformed(suite, padded):
    keys = keys_of(suite)
    sealing = cipher(suite.encryption, suite.integrity, keys.ei, keys.ai)
    octets = HEADER + sealing.seal(HEADER, b"v" * suite.encryption.iv, padded)
    with pytest.raises(Malformed):
        suite.open(keys, True, octets, len(HEADER))


def test_padding_may_hold_anything_and_be_longer_than_needed():
    keys = keys_of(CBC)
    octets = HEADER + cipher(CBC.encryption, CBC.integrity, keys.ei, keys.ai).seal(
        HEADER, b"v" * 16, b"ab" + b"?" * 29 + b"\35"
    )
    assert CBC.open(keys, True, octets, len(HEADER)) == b"ab"


def test_gcm_has_the_salt_before_the_iv_and_the_header_associated():
    keys = keys_of(GCM)
    octets = seal(GCM, b"payloads")
    decryptor = Cipher(algorithms.AES(keys.ei[:16]), modes.GCM(keys.ei[16:] + b"v" * 8, octets[-16:])).decryptor()
    decryptor.authenticate_additional_data(HEADER)
    assert decryptor.update(octets[40:-16]) + decryptor.finalize() == b"payloads\0"


def test_aes_cbc_of_rfc_3602():
    """RFC 3602 4, case 2: two blocks."""
    row, integrity = BY_KEY[(ENCR, 12, 128)], BY_KEY[(INTEG, 2, 0)]
    sealing = cipher(row, integrity, bytes.fromhex("c286696d887c9aa0611bbb3e2025a45a"), b"a" * 20)
    iv = bytes.fromhex("562e17996d093d28ddb3ba695a2e6f58")
    sealed = sealing.seal(b"", iv, bytes(range(32)))
    assert sealed[16:-12].hex() == "d296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1"


def test_the_ike_example_of_rfc_7634():
    """RFC 7634, appendix B: header and payload header associated, one Notify and an empty padding sealed."""
    suite = Suite(BY_KEY[(ENCR, 28, 0)], None, PRF, GROUP)
    keys = replace(keys_of(suite), ei=bytes(range(0x80, 0xA4)))
    associated = bytes.fromhex("c0c1c2c3c4c5c6c7d0d1d2d3d4d5d6d72e202500000000090000004529000029")
    notify, iv = bytes.fromhex("0000000c000040010000000a"), bytes.fromhex("1011121314151617")
    sealed = bytes.fromhex("610394701f8d017f7c129248896b71bfe25236efd7cdc67066906315b2")
    octets = suite.seal(keys, True, associated, notify, iv)
    assert octets == associated + iv + sealed
    assert suite.open(keys, True, octets, len(associated)) == notify


@pytest.mark.parametrize(("suite", "integrity"), [(GCM, CBC.integrity), (CBC, None)])
def test_an_aead_takes_no_integrity_algorithm_and_any_other_cipher_needs_one(suite, integrity):
    with pytest.raises(ValueError, match=suite.encryption.name):
        cipher(suite.encryption, integrity, bytes(suite.encryption.key_octets), b"k" * 32)
