"""Keys of additional key exchanges and of a PPK (RFC 9370, 9242, 8784), as strongSwan derived and logged them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ikecli.crypto import (
    Suite,
    child_keys,
    intermediate_auth,
    ppk_mixed,
    rekeyed_skeyseed,
    skeyseed,
)
from ikecli.numbers import TransformType, named

LOGGED: dict[str, Any] = json.loads((Path(__file__).parent / "strongswan-multiple-ke.json").read_text())
GCM = named(TransformType.ENCR, "ios", "aes-gcm-256")
PRF = named(TransformType.PRF, "ios", "sha384")
SUITE = Suite(GCM, None, PRF, named(TransformType.KE, "ios", "31"))
SPI = 8


def octets(step: str, name: str) -> bytes:
    return bytes.fromhex(LOGGED[step][name])


def nonces(step: str) -> tuple[bytes, bytes]:
    both = octets(step, "nonces")
    return both[:32], both[32:]


def expected(step: str) -> list[bytes]:
    return [octets(step, name) for name in ("d", "ei", "er", "pi", "pr")]


def got(seed: bytes, step: str) -> list[bytes]:
    spis = octets(step, "spis")
    keys = SUITE.keys(seed, *nonces(step), spis[:SPI], spis[SPI:])
    return [keys.d, keys.ei, keys.er, keys.pi, keys.pr]


def test_the_keys_of_ike_sa_init() -> None:
    seed = skeyseed(PRF, *nonces("initial"), octets("initial", "shared"))
    assert seed == octets("initial", "skeyseed")
    assert got(seed, "initial") == expected("initial")


def test_the_keys_after_ike_intermediate() -> None:
    seed = rekeyed_skeyseed(PRF, octets("initial", "d"), *nonces("initial"), octets("intermediate", "shared"))
    assert seed == octets("intermediate", "skeyseed")
    assert got(seed, "initial") == expected("intermediate")


@pytest.mark.parametrize(("end", "proof"), [("initiator", "pi"), ("responder", "pr")])
def test_what_auth_covers_of_ike_intermediate(end: str, proof: str) -> None:
    row = {name: bytes.fromhex(value) for name, value in LOGGED["intermediate"][end].items()}
    assert row["sk_p"] == octets("initial", proof)
    assert intermediate_auth(PRF, row["sk_p"], b"", row["octets"]) == row["int_auth"]


@pytest.mark.parametrize("name", ["d", "pi", "pr"])
def test_a_ppk_in_ike_auth(name: str) -> None:
    assert ppk_mixed(PRF, octets("ppk", "ppk"), octets("intermediate", name)) == octets("ppk", name)


@pytest.mark.parametrize("step", ["child", "child_followed"])
def test_the_keys_of_a_child_sa(step: str) -> None:
    shared, further = (bytes.fromhex(LOGGED[step].get(name, "")) for name in ("shared", "further"))
    seed = octets(step, "seed")
    both = seed[len(shared) : len(seed) - len(further)]
    assert seed == shared + both + further
    keys = child_keys(PRF, octets("ppk", "d"), GCM, None, both[:32], both[32:], shared, further)
    assert (keys.encryption_i, keys.encryption_r) == (octets(step, "initiator"), octets(step, "responder"))


def test_the_keys_of_an_ike_sa_that_is_rekeyed() -> None:
    step = "ike_followed"
    seed = rekeyed_skeyseed(PRF, octets("ppk", "d"), *nonces(step), octets(step, "shared"), octets(step, "further"))
    assert seed == octets(step, "skeyseed")
    assert got(seed, step) == expected(step)
