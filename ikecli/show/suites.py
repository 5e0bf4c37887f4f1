"""What algorithms and authentication methods are called in each layout; all names come from the registry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from ikecli.boundary.views import ChildView, IkeSaView
from ikecli.numbers import BY_KEY, Algorithm, AuthMethod, TransformType

Cipher = tuple[int, int]
"""An encryption algorithm: transform id and key length in bits."""

_CACHED: Final = 1024

_METHODS: Final = {
    AuthMethod.RSA_SIGNATURE: "RSA",
    AuthMethod.SHARED_KEY: "PSK",
    AuthMethod.DSS_SIGNATURE: "DSS",
    AuthMethod.ECDSA_256: "ECDSA",
    AuthMethod.ECDSA_384: "ECDSA",
    AuthMethod.ECDSA_521: "ECDSA",
    AuthMethod.NULL: "NULL",
    AuthMethod.DIGITAL_SIGNATURE: "RSA",
}


def row(type: TransformType, number: int, bits: int = 0) -> Algorithm | None:
    """Return the registry's row, or None for a number that is not in it."""
    return BY_KEY.get((type, number, bits))


def shown(type: TransformType, number: int, bits: int = 0) -> str:
    """Return what a router prints for an algorithm."""
    found = row(type, number, bits)
    return f"Unknown - {number}" if found is None else found.show


def method(number: int) -> str:
    """Return what a router prints for an authentication method; 0 is none yet."""
    try:
        return _METHODS[AuthMethod(number)]
    except ValueError:
        return f"Unknown - {number}"


@lru_cache(maxsize=_CACHED)
def cipher(encryption: Cipher) -> str:
    """Return an encryption algorithm with its key size, as SA tables have it."""
    name = shown(TransformType.ENCR, *encryption)
    return f"{name}, keysize: {encryption[1]}" if encryption[1] else name


def integrity(number: int | None, none: str) -> str:
    """Return an integrity algorithm's name; `none` is the layout's word where there is none."""
    return none if number is None else shown(TransformType.INTEG, number)


@lru_cache(maxsize=_CACHED)
def _ike(
    encryption: Cipher, prf: int | None, integ: int | None, group: int, sign: int, verify: int, dialect: str
) -> str:
    middle = "" if dialect == "asa" or prf is None else f"PRF: {shown(TransformType.PRF, prf)}, "
    return (
        f"Encr: {cipher(encryption)}, {middle}Hash: {integrity(integ, 'None' if dialect == 'ios' else 'N/A')}, "
        f"DH Grp:{group}, Auth sign: {method(sign)}, Auth verify: {method(verify)}"
    )


def ike(sa: IkeSaView, dialect: str) -> str:
    """Return the line of algorithms of an IKE SA."""
    return _ike(sa.encryption, sa.prf, sa.integrity, sa.group, sa.auth_local, sa.auth_remote, dialect)


def is_kem(number: int) -> bool:
    """Tell whether a key exchange method is post-quantum."""
    found = row(TransformType.KE, number)
    return found is not None and found.kem


def methods(numbers: Sequence[int]) -> str:
    """Return key exchange methods by name: ML-KEM-768; 0 says that they are optional."""
    named = [shown(TransformType.KE, number) for number in numbers if number]
    return " ".join([*named, "Optional"] if 0 in numbers else named)


def further(numbers: Sequence[int], dialect: str) -> Iterator[str]:
    """Yield the lines of an SA's additional key exchanges.

    A router names post-quantum ones; a firewall, and a router for others, says which number each has.
    """
    if dialect == "ios" and numbers and all(map(is_kem, numbers)):
        yield f"PQC Key Exchange: {methods(numbers)}"
    elif numbers:
        each = (shown(TransformType.KE, number) if is_kem(number) else str(number) for number in numbers)
        yield "Additional Key Exchange Group: " + " ".join(f"AKE{at}: {name}" for at, name in enumerate(each, 1))


@lru_cache(maxsize=_CACHED)
def _transform(encryption: Cipher, integ: int | None) -> str:
    names = (row(TransformType.ENCR, *encryption), None if integ is None else row(TransformType.INTEG, integ))
    return " ".join(name.esp_show or name.name for name in names if name is not None) or "unknown"


def transform(child: ChildView) -> str:
    """Return a Child SA's transform line as IOS prints it: esp-256-aes esp-sha256-hmac."""
    return _transform(child.encryption, child.integrity)


@lru_cache(maxsize=_CACHED)
def _asa_transform(encryption: Cipher, integ: int | None) -> str:
    name = row(TransformType.ENCR, *encryption)
    check = None if integ is None else row(TransformType.INTEG, integ)
    words = f"esp-{name.esp.asa}" if name is not None else f"esp-unknown-{encryption[0]}"
    return f"{words} esp-{check.esp.asa.removesuffix('-1')}-hmac" if check is not None else f"{words} esp-null-hmac"


def asa_transform(child: ChildView) -> str:
    """Return a Child SA's transform line as an ASA prints it: esp-aes-256 esp-sha-256-hmac no compression."""
    return f"{_asa_transform(child.encryption, child.integrity)} no compression"


@lru_cache(maxsize=_CACHED)
def brief_cipher(encryption: Cipher) -> str:
    """Return an encryption algorithm as an ASA's session database has it: AES256, AES-GCM-256."""
    name = shown(TransformType.ENCR, *encryption)
    if name == "AES-CBC":
        return f"AES{encryption[1]}"
    return f"{name}-{encryption[1]}" if encryption[1] else name


def brief_hash(integ: int | None) -> str:
    """Return an integrity algorithm as an ASA's session database has it."""
    return {"SHA96": "SHA1", "MD596": "MD5"}.get(name := integrity(integ, "none"), name)


@lru_cache(maxsize=_CACHED)
def sizes(encryption: Cipher, integ: int | None) -> tuple[int, int, int, int]:
    """Return an ESP suite's octets: IV, check value, what plaintext is padded to (with the two octets of trailer),
    and the cipher's own block.
    """
    name = row(TransformType.ENCR, *encryption)
    check = None if integ is None else row(TransformType.INTEG, integ)
    iv, icv = (name.iv, name.icv) if name is not None else (0, 0)
    block = 1 if name is None or name.aead else max(name.iv, 1)
    return iv, icv + (check.icv if check is not None else 0), max(block, 4), block


@lru_cache(maxsize=_CACHED)
def proposal_ciphers(rows: tuple[Cipher, ...]) -> str:
    """Return the ciphers of an IKE proposal: AES-CBC-256 AES-GCM-128."""
    names = ((shown(TransformType.ENCR, *pair), pair[1]) for pair in rows)
    return " ".join(f"{name}-{bits}" if bits else name for name, bits in names)


def groups(numbers: tuple[int, ...]) -> str:
    """Return the key-exchange groups of an IKE proposal: DH_GROUP_2048_MODP/Group 14."""
    return " ".join(f"{shown(TransformType.KE, number)}/Group {number}" for number in numbers)
