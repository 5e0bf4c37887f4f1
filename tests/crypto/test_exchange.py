"""Key exchange in every group: agreement, published values, and public values that must be refused."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from ikecli.crypto import generate, respond, restore
from ikecli.crypto.exchange import GROUPS, reply_size
from ikecli.crypto.modp import _numbers
from ikecli.errors import Malformed
from ikecli.numbers import ALGORITHMS, NotifyType, TransformType

MODP = {1: 96, 2: 128, 5: 192, 14: 256, 15: 384, 16: 512, 17: 768, 18: 1024, 24: 256}
KEM = {36: 1088, 37: 1568}
PUBLIC_SIZES = {**MODP, 19: 64, 20: 96, 21: 132, 31: 32, 32: 56, 36: 1184, 37: 1568}
REPLY_SIZES = {**PUBLIC_SIZES, **KEM}
SHARED_SIZES = {**MODP, 19: 32, 20: 48, 21: 66, 31: 32, 32: 56, 36: 32, 37: 32}
QUICK = [group for group in GROUPS if group not in (17, 18)]
KAT = json.loads((Path(__file__).parent / "mlkem-kat.json").read_text())
"""Known answers for ML-KEM, from the vectors that `cryptography` is tested with."""
PRIMES = {
    # SHA-256 of the primes as OpenSSL's BN_get_rfc2409_prime_* and BN_get_rfc3526_prime_* give them
    1: "b52ba6a3026520a6c49d37e4587601801bee500123b3259b6bf03e7cecc3e63d",
    2: "3f35a3f5f6c4376a744acad409bb22f8d897f949d2311d885adaa890981b67a0",
    5: "64fcc83ec403930bf18393dbc883ccaa1fbb08ac876f77f7aa99748ca945019b",
    14: "d66436f79bbd6b2e38c0ffbd079be904d2641415e2e67140e09448be9a60890e",
    15: "48cf8b092fbce4359d9871abf74f98e25b6163379eaa15cd9087e800c6d1c55c",
    16: "4ee95187682bcb230ad26a95205f6920e84708f6251b3894329b09ec23919e33",
    17: "d1bfe6d0925ce7e4da262b62861514a7755e35831e429f343e7b864848657efd",
    18: "39ab4feab950a3128fb71accb9fc3965d857012e081998a85996e3ea8b3c3bcf",
}
VECTORS = {
    # group, our private value, our public value, the peer's, the shared one
    "X25519, RFC 7748 6.1": (
        31,
        "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
        "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
        "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
        "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
    ),
    "X448, RFC 7748 6.2": (
        32,
        "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28d"
        "d9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b",
        "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c"
        "22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0",
        "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b430"
        "27d8b972fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609",
        "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282b"
        "b60c0b56fd2464c335543936521c24403085d59a449a5037514a879d",
    ),
    "ECP 256, RFC 5903 8.1": (
        19,
        "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
        "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
        "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
        "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
        "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
        "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de",
    ),
}


def dice(seed: int):
    return Random(seed).randbytes


def test_the_groups_are_those_of_the_registry():
    served = {row.number for row in ALGORITHMS if row.type == TransformType.KE and row.served}
    assert set(GROUPS) == served | set(KEM)


@pytest.mark.parametrize("group", GROUPS)
def test_both_ends_agree(group):
    ours = generate(group, dice(1))
    theirs = respond(group, ours.public, dice(2))
    shared = ours.shared(theirs.public)
    assert shared == theirs.shared(ours.public)
    sizes = (PUBLIC_SIZES[group], REPLY_SIZES[group], SHARED_SIZES[group])
    assert (len(ours.public), len(theirs.public), len(shared)) == sizes
    assert (GROUPS[group].public_size, reply_size(group)) == sizes[:2]


@pytest.mark.parametrize("group", QUICK)
def test_the_private_value_is_all_there_is_to_keep(group):
    ours = generate(group, dice(1))
    theirs = respond(group, ours.public, dice(2))
    shared = ours.shared(theirs.public)
    for end, other in ((ours, theirs), (theirs, ours)):
        again = restore(group, end.private)
        assert (again.private, again.public) == (end.private, end.public)
        assert again.shared(other.public) == shared
        assert end.private.hex() not in repr(end)


@pytest.mark.parametrize("group", QUICK)
def test_the_same_dice_give_the_same_values(group):
    assert generate(group, dice(3)).public == generate(group, dice(3)).public
    assert generate(group, dice(3)).public != generate(group, dice(4)).public


@pytest.mark.parametrize("group", QUICK)
def test_public_values_of_another_length_are_malformed(group):
    ours = generate(group, dice(1))
    reply = respond(group, ours.public, dice(2)).public
    for use, public in ((ours.shared, reply), (lambda wrong: respond(group, wrong, dice(3)), ours.public)):
        for wrong in (b"", public[:-1], public + b"\0", b"\0" + public, public[1:]):
            with pytest.raises(Malformed) as malformed:
                use(wrong)
            assert malformed.value.notify is NotifyType.INVALID_SYNTAX


@pytest.mark.parametrize("group", MODP)
def test_modp_values_that_rfc_6989_excludes(group):
    numbers = _numbers(GROUPS[group])
    ours = generate(group, dice(1))
    for y in (0, 1, numbers.p - 1, numbers.p, numbers.p + 1, (1 << MODP[group] * 8) - 1):
        with pytest.raises(Malformed):
            ours.shared(y.to_bytes(MODP[group], "big"))


def test_a_value_outside_the_subgroup_of_group_24():
    numbers = _numbers(GROUPS[24])
    ours = generate(24, dice(1))
    for y in (2, 3, numbers.p - 2, numbers.p - numbers.g):
        assert pow(y, numbers.q, numbers.p) != 1
        with pytest.raises(Malformed):
            ours.shared(y.to_bytes(256, "big"))


@pytest.mark.parametrize("group", MODP)
def test_modp_agrees_with_plain_arithmetic(group):
    numbers = _numbers(GROUPS[group])
    ours, theirs = generate(group, dice(1)), generate(group, dice(2))
    exponent = int.from_bytes(ours.private, "big")
    assert int.from_bytes(ours.public, "big") == pow(numbers.g, exponent, numbers.p)
    assert int.from_bytes(ours.shared(theirs.public), "big") == pow(
        int.from_bytes(theirs.public, "big"), exponent, numbers.p
    )


def test_shared_values_keep_their_leading_zeros():
    ours = generate(1, dice(1))
    theirs = (generate(1, dice(seed)) for seed in range(2, 2000))
    shared = next(value for value in (ours.shared(their.public) for their in theirs) if value[0] == 0)
    assert len(shared) == 96


@pytest.mark.parametrize("group", PRIMES)
def test_the_primes_are_the_published_ones(group):
    prime = _numbers(GROUPS[group]).p.to_bytes(MODP[group], "big")
    assert hashlib.sha256(prime).hexdigest() == PRIMES[group]


@pytest.mark.parametrize(("group", "private", "public", "peer", "shared"), VECTORS.values(), ids=VECTORS)
def test_published_values(group, private, public, peer, shared):
    ours = restore(group, bytes.fromhex(private))
    assert ours.public.hex() == public
    assert ours.shared(bytes.fromhex(peer)).hex() == shared


@pytest.mark.parametrize("case", KAT, ids=lambda case: f"{case['group']}-{case['count']}")
def test_known_answers_for_ml_kem(case):
    ours = restore(case["group"], bytes.fromhex(case["seed"]))
    assert hashlib.sha256(ours.public).hexdigest() == case["public_sha256"]
    assert ours.shared(bytes.fromhex(case["ciphertext"])).hex() == case["shared"]
    assert ours.shared(bytes.fromhex(case["wrong_ciphertext"])).hex() == case["rejected"]


@pytest.mark.parametrize("group", KEM)
def test_encapsulation_keys_outside_the_field(group):
    """FIPS 203 7.2: three octets hold two coefficients, each below 3329; the seed behind them may be anything."""
    public = generate(group, dice(1)).public
    end = len(public) - 32
    for at, three in ((0, b"\x01\x0d\x00"), (0, b"\x00\x10\xd0"), (end - 3, b"\xff\xff\xff")):
        with pytest.raises(Malformed) as malformed:
            respond(group, public[:at] + three + public[at + 3 :], dice(2))
        assert malformed.value.notify is NotifyType.INVALID_SYNTAX
    largest = public[:end] + b"\xff" * 32
    assert len(respond(group, b"\x00\x0d\xd0" + largest[3:], dice(2)).public) == KEM[group]


def test_each_encapsulation_is_another():
    ours = generate(36, dice(1))
    first, second = (respond(36, ours.public, dice(2)) for _ in range(2))
    assert first.public != second.public
    assert ours.shared(first.public) != ours.shared(second.public)


@pytest.mark.parametrize("group", [19, 20, 21])
def test_points_that_are_not_on_the_curve(group):
    ours, public = generate(group, dice(1)), generate(group, dice(2)).public
    for wrong in (bytes(len(public)), public[:-1] + bytes((public[-1] ^ 1,)), b"\xff" * len(public)):
        with pytest.raises(Malformed):
            ours.shared(wrong)


@pytest.mark.parametrize("group", [19, 20, 21])
@pytest.mark.parametrize("octet", [b"\0", b"\xff"])
def test_extreme_dice_still_give_a_private_value_on_a_curve(group, octet):
    size = PUBLIC_SIZES[group] // 2
    drawn = GROUPS[group].draw(lambda count: octet * count)
    assert len(drawn) == size
    assert 0 < int.from_bytes(drawn, "big") < GROUPS[group].curve.group_order


@pytest.mark.parametrize("group", [31, 32])
def test_points_of_small_order(group):
    ours = generate(group, dice(1))
    for u in (0, 1):
        with pytest.raises(Malformed):
            ours.shared(u.to_bytes(SHARED_SIZES[group], "little"))


def test_nobody_is_warned_about_ffdh():
    """Importing and using it warns in newer releases of `cryptography`; an operator's terminal is not the place."""
    script = (
        "import os; from ikecli.crypto import generate; a, b = (generate(14, os.urandom) for _ in '12'); "
        "a.shared(b.public)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
