"""NIST's 900 key-derivation vectors for IKEv2 (CAVS 17.3)."""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from pathlib import Path

from ikecli.crypto import keymat, prf_plus, rekeyed_skeyseed, skeyseed
from ikecli.numbers import ALGORITHMS, TransformType

VECTORS = Path(__file__).parent / "nist-cavs-ikev2-kdf.fax.xz"
PRFS = {"SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
ROWS = {row.digest: row for row in ALGORITHMS if row.type == TransformType.PRF}


def vectors() -> Iterator[tuple[str, dict[str, bytes]]]:
    digest, values = "", {}
    for line in lzma.decompress(VECTORS.read_bytes()).decode().splitlines():
        name, _, value = line.strip().partition(" = ")
        if name.strip("[]") in PRFS:
            digest = PRFS[name.strip("[]")]
        elif value and not name.startswith("[") and name != "COUNT":
            values[name] = bytes.fromhex(value)
            if name == "SKEYSEED(Rekey)":
                yield digest, values
                values = {}


def test_all_derivations():
    count = 0
    for digest, v in vectors():
        row, ni, nr = ROWS[digest], v["Ni"], v["Nr"]
        seed = skeyseed(row, ni, nr, v["g^ir"])
        assert seed == v["SKEYSEED"]
        dkm = prf_plus(row, seed, ni + nr + v["SPIi"] + v["SPIr"], len(v["DKM"]))
        assert dkm == v["DKM"]
        sk_d = dkm[: row.key_octets]
        child, with_dh = v["DKM(Child SA)"], v["DKM(Child SA D-H)"]
        assert keymat(row, sk_d, ni, nr, len(child)) == child
        assert keymat(row, sk_d, ni, nr, len(with_dh), v["g^ir (new)"]) == with_dh
        assert rekeyed_skeyseed(row, sk_d, ni, nr, v["g^ir (new)"]) == v["SKEYSEED(Rekey)"]
        count += 1
    assert count == 900
