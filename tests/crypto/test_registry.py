"""The table of algorithms: what is served can be computed, what is not says why, and every word means one row."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from ikecli.crypto import generate, prf, prf_plus, respond
from ikecli.crypto.ciphers import cipher
from ikecli.errors import Unauthentic
from ikecli.numbers import ALGORITHMS, BY_KEY, Algorithm, TransformType, named

ENCR, PRF, INTEG, KE = TransformType.ENCR, TransformType.PRF, TransformType.INTEG, TransformType.KE
NULL, SHA256 = BY_KEY[(ENCR, 11, 0)], BY_KEY[(INTEG, 12, 0)]
TEXT = bytes(range(48))


def label(row: Algorithm) -> str:
    return f"{row.name}-{row.key_bits}" if row.key_bits else row.name


def of(type: TransformType, served: bool = True) -> list[Algorithm]:
    return [row for row in ALGORITHMS if row.type is type and row.served is served]


def words(row: Algorithm) -> Iterator[tuple[str, str, str]]:
    for use in ("ike", "esp", "ake"):
        for dialect in ("ios", "asa"):
            if word := getattr(getattr(row, use), dialect):
                yield use, dialect, word


def seals_and_opens(encryption: Algorithm, integrity: Algorithm | None) -> None:
    dice = Random(1).randbytes
    checks = integrity or encryption
    sealing = cipher(encryption, integrity, dice(encryption.key_octets), dice(integrity.key_octets if integrity else 0))
    sealed = sealing.seal(b"header", dice(encryption.iv), TEXT)
    assert len(sealed) == encryption.iv + len(TEXT) + checks.icv
    assert sealing.open(b"header", sealed) == TEXT
    with pytest.raises(Unauthentic):
        sealing.open(b"Header", sealed)


@pytest.mark.parametrize("row", of(ENCR), ids=label)
def test_a_served_cipher_seals_and_opens(row):
    seals_and_opens(row, None if row.aead else SHA256)


@pytest.mark.parametrize("row", of(INTEG), ids=label)
def test_a_served_hash_protects(row):
    seals_and_opens(NULL, row)


@pytest.mark.parametrize("row", of(PRF), ids=label)
def test_a_served_prf_gives_what_its_row_says(row):
    assert len(prf(row, b"key", b"data")) == row.key_octets
    assert prf_plus(row, b"key", b"data", row.key_octets) == prf(row, b"key", b"data\1")


@pytest.mark.parametrize("row", of(KE), ids=label)
def test_a_served_group_exchanges_keys(row):
    ours = generate(row.number, Random(1).randbytes)
    theirs = respond(row.number, ours.public, Random(2).randbytes)
    assert ours.shared(theirs.public) == theirs.shared(ours.public)


def test_what_is_not_served_says_why():
    refused = {label(row): row.refused for type in TransformType for row in of(type, served=False)}
    assert refused == {
        "ENCR_DES": "DES keys are found by search within a day",
        "ML_KEM_512": "no library here computes ML-KEM-512, take ML-KEM-768",
    }


def test_what_hides_nothing_or_is_broken_warns():
    weak = {label(row) for row in ALGORITHMS if row.weak}
    assert {"ENCR_3DES", "ENCR_NULL", "ENCR_NULL_AUTH_AES_GMAC-256", "AUTH_HMAC_MD5_96", "PRF_HMAC_SHA1"} <= weak
    assert not any("GCM" in name or "CHACHA" in name or "SHA2" in name or "KEM" in name for name in weak)


@pytest.mark.parametrize("row", ALGORITHMS, ids=label)
def test_each_word_means_its_row_and_no_other(row):
    for use, dialect, word in words(row):
        assert named(row.type, dialect, word, use) is row
    assert BY_KEY[row.key] is row


def test_what_is_no_cipher_or_group_of_an_ike_sa_has_no_word_there():
    apart = {
        label(row) for row in ALGORITHMS if row.type in (ENCR, KE) and not any(use == "ike" for use, *_ in words(row))
    }
    gmacs = {f"ENCR_NULL_AUTH_AES_GMAC-{bits}" for bits in (128, 192, 256)}
    assert apart == {"ENCR_NULL", *gmacs, "ML_KEM_512"}


def test_additional_key_exchanges_have_words_of_their_own():
    assert named(KE, "ios", "mlkem1024", "ake").number == named(KE, "asa", "mlkem1024", "ake").number == 37
    assert named(KE, "asa", "31", "ake") is named(KE, "asa", "31")
    with pytest.raises(KeyError):
        named(KE, "ios", "31", "ake")
