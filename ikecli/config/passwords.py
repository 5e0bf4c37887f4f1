"""Passwords as hashes, in the text forms that routers and firewalls write."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Final

from ikecli.config.common import Obscured
from ikecli.secret import Secret

Random = Callable[[int], bytes]

SALT_CHARACTERS: Final = 14
SCRYPT_COST, SCRYPT_BLOCK, SCRYPT_LANES = 16384, 1, 1
PBKDF2_ROUNDS: Final = 20000
ASA_ROUNDS: Final = 5000
ASA_ROUNDS_LIMIT: Final = 1_000_000
"""Rounds of a given hash that are not gone beyond: a stored configuration must not stall the appliance."""
ASA_OCTETS: Final = 16
HASH_OCTETS: Final = 32

_STANDARD: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_CISCO: Final = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_TO_CISCO: Final = str.maketrans(_STANDARD, _CISCO, "=")

_IOS: Final = re.compile(r"\$([89])\$([./0-9A-Za-z]{14})\$([./0-9A-Za-z]{43})")
_MD5: Final = re.compile(r"\$1\$[./0-9A-Za-z]{1,8}\$[./0-9A-Za-z]{16,22}")
_ASA: Final = re.compile(r"\$sha512\$(\d{1,7})\$([+/0-9A-Za-z]{22}==)\$([+/0-9A-Za-z]{22}==)")
_ASA_MD5: Final = re.compile(r"[./0-9A-Za-z]{13,16}")


def _cisco64(octets: bytes) -> str:
    return base64.b64encode(octets).decode().translate(_TO_CISCO)


def _ios(kind: str, password: bytes, salt: str) -> str:
    if kind == "8":
        digest = hashlib.pbkdf2_hmac("sha256", password, salt.encode(), PBKDF2_ROUNDS, HASH_OCTETS)
    else:
        digest = hashlib.scrypt(
            password, salt=salt.encode(), n=SCRYPT_COST, r=SCRYPT_BLOCK, p=SCRYPT_LANES, dklen=HASH_OCTETS
        )
    return f"${kind}${salt}${_cisco64(digest)}"


def _asa(password: bytes, rounds: int, salt: bytes) -> str:
    digest = hashlib.pbkdf2_hmac("sha512", password, salt, rounds, ASA_OCTETS)
    return f"$sha512${rounds}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def hashed(dialect: str, password: Secret, random: Random) -> str:
    """Return a password's hash: scrypt (type 9) on IOS, PBKDF2-SHA512 on ASA."""
    if dialect == "ios":
        salt = "".join(_CISCO[octet & 63] for octet in random(SALT_CHARACTERS))
        return _ios("9", password.reveal(), salt)
    return _asa(password.reveal(), ASA_ROUNDS, random(ASA_OCTETS))


_OBSCURING: Final = b"dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87"
OBSCURING_STARTS: Final = 16
_OBSCURED: Final = re.compile(r"(\d\d)((?:[0-9A-Fa-f]{2})+)")


def unobscured(text: str) -> Secret | None:
    """Return the password of a type 7 text, which anybody can read, or None for a text that is none."""
    found = _OBSCURED.fullmatch(text)
    if found is None:
        return None
    start = int(found[1])
    octets = bytes.fromhex(found[2])
    return Secret(bytes(octet ^ _OBSCURING[(start + at) % len(_OBSCURING)] for at, octet in enumerate(octets)))


def obscured(password: Secret, random: Random) -> str:
    """Return a password as type 7; it hides nothing, and is written where a configuration asks for it."""
    start = random(1)[0] % OBSCURING_STARTS
    mixed = (octet ^ _OBSCURING[(start + at) % len(_OBSCURING)] for at, octet in enumerate(password.reveal()))
    return f"{start:02}{bytes(mixed).hex().upper()}"


def is_hash(encoding: str, text: str) -> bool:
    """Tell whether `text` has the form of a hash of this encoding (5, 8, 9, pbkdf2, encrypted)."""
    match encoding:
        case "5":
            return bool(_MD5.fullmatch(text))
        case "8" | "9":
            found = _IOS.fullmatch(text)
            return found is not None and found[1] == encoding
        case "pbkdf2":
            asa = _ASA.fullmatch(text)
            return asa is not None and 0 < int(asa[1]) <= ASA_ROUNDS_LIMIT
        case _:
            return bool(_ASA_MD5.fullmatch(text))


def verified(stored: Secret, password: Secret, user: str = "") -> bool:
    """Tell whether a password is the one that was hashed. `user` is whose it is, which old hashes of an ASA cover."""
    text = stored.reveal().decode()
    if isinstance(stored, Obscured):
        return unobscured(text) == password
    if ios := _IOS.fullmatch(text):
        again = _ios(ios[1], password.reveal(), ios[2])
    elif asa := _ASA.fullmatch(text):
        again = _asa(password.reveal(), int(asa[1]), base64.b64decode(asa[2]))
    else:
        return _md5_verified(text, password, user)
    return hmac.compare_digest(text, again)


def _md5_verified(text: str, password: Secret, user: str) -> bool:
    from passlib.hash import cisco_asa, md5_crypt  # slow to import, and seldom needed

    if _MD5.fullmatch(text):
        return bool(md5_crypt.verify(password.reveal(), text))
    octets = password.reveal()
    if len(octets) > cisco_asa.truncate_size or not cisco_asa.identify(text):
        return False
    return bool(cisco_asa.verify(octets, text, user=user))
