"""The IANA registries of transforms: one row an algorithm, with the words each dialect uses for it.

Everything that prints, parses or negotiates one reads it here; nothing else lists algorithms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ikecli.numbers.registries import TransformType


@dataclass(frozen=True, slots=True)
class Words:
    """What the command lines call an algorithm; empty where a dialect has no word for it."""

    ios: str = ""
    asa: str = ""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One algorithm: what is on the wire, what it is called, whether it is served.

    `key_bits` is the Key Length attribute, 0 where the transform has none. `ike`, `esp` and `ake` (additional key
    exchanges, RFC 9370) hold the dialects' words for each use; `show` is what a router prints for it in IKE, `esp_show`
    in a transform line. `refused` says why it is not offered, `weak` why it is served with a warning. In octets:
    `key_octets` is the keying material it takes (an AEAD's salt included), `iv` what goes before the ciphertext, `icv`
    the check value. `digest` is the hash of an HMAC, as hashlib names it. `slow` marks a group whose exponentiation is
    better done outside the engine, `kem` one that encapsulates. `ours` are the uses and dialects whose word is this
    project's own.
    """

    type: TransformType
    number: int
    name: str
    show: str
    key_bits: int = 0
    ike: Words = Words()
    esp: Words = Words()
    esp_show: str = ""
    aead: bool = False
    refused: str = ""
    weak: str = ""
    key_octets: int = 0
    iv: int = 0
    icv: int = 0
    digest: str = ""
    slow: bool = False
    kem: bool = False
    ake: Words = Words()
    ours: tuple[tuple[str, str], ...] = ()

    @property
    def served(self) -> bool:
        """Whether the engine negotiates it."""
        return not self.refused

    @property
    def strength(self) -> int:
        """What a cipher's key is good for, in bits."""
        return self.key_bits or _STRENGTHS.get(self.name, 0)

    @property
    def key(self) -> tuple[TransformType, int, int]:
        """What identifies it on the wire: type, transform id, key length in bits."""
        return (self.type, self.number, self.key_bits)


_E, _P, _I, _K, _N = TransformType.ENCR, TransformType.PRF, TransformType.INTEG, TransformType.KE, TransformType.ESN
_DES = "DES keys are found by search within a day"
_STRENGTHS = {"ENCR_DES": 56, "ENCR_3DES": 112, "ENCR_CHACHA20_POLY1305": 256}
"""Of ciphers without a Key Length attribute."""
_3DES = "3DES has 64-bit blocks (Sweet32)"
_MD5 = "MD5 is broken"
_SHA1 = "SHA-1 is deprecated"
_SMALL = "this group is within reach of precomputation (Logjam)"
_DUBIOUS = "group 24 may hold a trapdoor (RFC 8247 2.4)"
_CLEAR = "it authenticates packets, but does not hide them"
_NO_512 = "no library here computes ML-KEM-512, take ML-KEM-768"
_OUR_GROUPS: Final = {"ios": (17, 18, 31, 32), "asa": (17, 18, 32)}
_OURS: Final = tuple((use, dialect) for use in ("ike", "esp") for dialect in ("ios", "asa"))


def _aes(number: int, bits: int, kind: str, ike: Words, esp: Words, esp_show: str, aead: bool = False) -> Algorithm:
    name, show = f"ENCR_AES_{kind}", f"AES-{kind[:3]}"
    salt, iv, icv = (4, 8, 16) if aead else (0, 16, 0)
    key_octets = bits // 8 + salt
    return Algorithm(_E, number, name, show, bits, ike, esp, esp_show, aead, key_octets=key_octets, iv=iv, icv=icv)


def _gcm(bits: int) -> Algorithm:
    ios = Words(f"aes-gcm-{bits}" if bits != 192 else "", "aes-gcm" if bits == 128 else f"aes-gcm-{bits}")
    esp = Words(f"esp-gcm {bits}", "aes-gcm" if bits == 128 else f"aes-gcm-{bits}")
    return _aes(20, bits, "GCM_16", ios, esp, f"esp-gcm {bits}", True)


def _gmac(bits: int) -> Algorithm:
    word = "aes-gmac" if bits == 128 else f"aes-gmac-{bits}"
    return Algorithm(
        _E,
        21,
        "ENCR_NULL_AUTH_AES_GMAC",
        "AES-GMAC",
        bits,
        esp=Words(f"esp-gmac {bits}", word),
        esp_show=f"esp-gmac {bits}",
        aead=True,
        weak=_CLEAR,
        key_octets=bits // 8 + 4,
        iv=8,
        icv=16,
    )


def _cbc(bits: int) -> Algorithm:
    asa = "aes" if bits == 128 else f"aes-{bits}"
    show = "esp-aes" if bits == 128 else f"esp-{bits}-aes"
    return _aes(
        12,
        bits,
        "CBC",
        Words(f"aes-cbc-{bits}", asa),
        Words("esp-aes" if bits == 128 else f"esp-aes {bits}", asa),
        show,
    )


def _group(number: int, name: str, show: str, weak: str = "", slow: bool = False) -> Algorithm:
    word, uses = str(number), ("ike", "ake")
    ours = tuple((use, dialect) for use in uses for dialect in ("ios", "asa") if number in _OUR_GROUPS[dialect])
    return Algorithm(
        _K, number, name, show, ike=Words(word, word), ake=Words("", word), weak=weak, slow=slow, ours=ours
    )


def _kem(number: int, size: int, refused: str = "") -> Algorithm:
    """A row of draft-ietf-ipsecme-ikev2-mlkem; Cisco has words for it as an additional exchange only."""
    word = f"mlkem{size}"
    words, ours = Words(word, word), (("ike", "ios"), ("ike", "asa"))
    ike = Words() if refused else words
    return Algorithm(
        _K, number, f"ML_KEM_{size}", f"ML-KEM-{size}", ike=ike, ake=words, refused=refused, kem=True, ours=ours
    )


ALGORITHMS: Final[tuple[Algorithm, ...]] = (
    _cbc(128),
    _cbc(192),
    _cbc(256),
    _gcm(128),
    _gcm(192),
    _gcm(256),
    Algorithm(
        _E,
        28,
        "ENCR_CHACHA20_POLY1305",
        "CHACHA20-POLY1305",
        0,
        Words("chacha20-poly1305", "chacha20-poly1305"),
        Words("esp-chacha20-poly1305", "chacha20-poly1305"),
        "esp-chacha20-poly1305",
        aead=True,
        key_octets=36,
        iv=8,
        icv=16,
        ours=_OURS,
    ),
    _gmac(128),
    _gmac(192),
    _gmac(256),
    Algorithm(_E, 2, "ENCR_DES", "DES", 0, Words("des", "des"), Words("esp-des", "des"), "esp-des", refused=_DES),
    Algorithm(
        _E,
        3,
        "ENCR_3DES",
        "3DES",
        0,
        Words("3des", "3des"),
        Words("esp-3des", "3des"),
        "esp-3des",
        weak=_3DES,
        key_octets=24,
        iv=8,
    ),
    Algorithm(_E, 11, "ENCR_NULL", "NULL", 0, Words(), Words("esp-null", "null"), "esp-null", weak=_CLEAR),
    Algorithm(_P, 1, "PRF_HMAC_MD5", "MD5", ike=Words("md5", "md5"), weak=_MD5, key_octets=16, digest="md5"),
    Algorithm(_P, 2, "PRF_HMAC_SHA1", "SHA1", ike=Words("sha1", "sha"), weak=_SHA1, key_octets=20, digest="sha1"),
    Algorithm(_P, 5, "PRF_HMAC_SHA2_256", "SHA256", ike=Words("sha256", "sha256"), key_octets=32, digest="sha256"),
    Algorithm(_P, 6, "PRF_HMAC_SHA2_384", "SHA384", ike=Words("sha384", "sha384"), key_octets=48, digest="sha384"),
    Algorithm(_P, 7, "PRF_HMAC_SHA2_512", "SHA512", ike=Words("sha512", "sha512"), key_octets=64, digest="sha512"),
    Algorithm(
        _I,
        1,
        "AUTH_HMAC_MD5_96",
        "MD596",
        0,
        Words("md5", "md5"),
        Words("esp-md5-hmac", "md5"),
        "esp-md5-hmac",
        weak=_MD5,
        key_octets=16,
        icv=12,
        digest="md5",
    ),
    Algorithm(
        _I,
        2,
        "AUTH_HMAC_SHA1_96",
        "SHA96",
        0,
        Words("sha1", "sha"),
        Words("esp-sha-hmac", "sha-1"),
        "esp-sha-hmac",
        weak=_SHA1,
        key_octets=20,
        icv=12,
        digest="sha1",
    ),
    Algorithm(
        _I,
        12,
        "AUTH_HMAC_SHA2_256_128",
        "SHA256",
        0,
        Words("sha256", "sha256"),
        Words("esp-sha256-hmac", "sha-256"),
        "esp-sha256-hmac",
        key_octets=32,
        icv=16,
        digest="sha256",
    ),
    Algorithm(
        _I,
        13,
        "AUTH_HMAC_SHA2_384_192",
        "SHA384",
        0,
        Words("sha384", "sha384"),
        Words("esp-sha384-hmac", "sha-384"),
        "esp-sha384-hmac",
        key_octets=48,
        icv=24,
        digest="sha384",
    ),
    Algorithm(
        _I,
        14,
        "AUTH_HMAC_SHA2_512_256",
        "SHA512",
        0,
        Words("sha512", "sha512"),
        Words("esp-sha512-hmac", "sha-512"),
        "esp-sha512-hmac",
        key_octets=64,
        icv=32,
        digest="sha512",
    ),
    _group(1, "MODP_768", "DH_GROUP_768_MODP", _SMALL),
    _group(2, "MODP_1024", "DH_GROUP_1024_MODP", _SMALL),
    _group(5, "MODP_1536", "DH_GROUP_1536_MODP", _SMALL),
    _group(14, "MODP_2048", "DH_GROUP_2048_MODP"),
    _group(15, "MODP_3072", "DH_GROUP_3072_MODP"),
    _group(16, "MODP_4096", "DH_GROUP_4096_MODP", slow=True),
    _group(17, "MODP_6144", "DH_GROUP_6144_MODP", slow=True),
    _group(18, "MODP_8192", "DH_GROUP_8192_MODP", slow=True),
    _group(19, "ECP_256", "DH_GROUP_256_ECP"),
    _group(20, "ECP_384", "DH_GROUP_384_ECP"),
    _group(21, "ECP_521", "DH_GROUP_521_ECP"),
    _group(24, "MODP_2048_256", "DH_GROUP_2048_256_MODP", _DUBIOUS),
    _group(31, "X25519", "DH_GROUP_X25519"),
    _group(32, "X448", "DH_GROUP_X448"),
    _kem(35, 512, _NO_512),
    _kem(36, 768),
    _kem(37, 1024),
    Algorithm(_N, 0, "NO_ESN", "Don't use ESN"),
    Algorithm(_N, 1, "ESN", "ESN"),
)
"""Every algorithm this project knows, in the order it prefers within a type when a dialect gives none."""

NO_KEY_EXCHANGE: Final = Algorithm(_K, 0, "NONE", "NONE")
"""No additional key exchange: where it is among the rows of one, the exchange is optional (RFC 9370 2.2.1)."""

BY_KEY: Final[dict[tuple[TransformType, int, int], Algorithm]] = {row.key: row for row in ALGORITHMS}
"""The row of a (type, transform id, key length in bits)."""


GROUP_BITS: Final = {
    1: 60, 2: 80, 5: 90, 14: 112, 24: 112, 15: 128, 16: 152, 17: 176, 18: 200,
    19: 128, 20: 192, 21: 256, 31: 128, 32: 224,
}  # fmt: skip
"""The security of each group in bits (RFC 3526 8, RFC 5114 4, RFC 8031 1, NIST SP 800-57 part 1 table 2)."""


def named(type: TransformType, dialect: str, word: str, use: str = "ike") -> Algorithm:
    """Return the row that `dialect` ("ios" or "asa") calls `word` in `use` ("ike", "esp" or "ake").

    Raises KeyError when the dialect has no such word.
    """
    return _BY_WORD[(type, use, dialect, word)]


_BY_WORD: Final = {
    (row.type, use, dialect, word): row
    for row in ALGORITHMS
    for use in ("ike", "esp", "ake")
    for dialect in ("ios", "asa")
    if (word := getattr(getattr(row, use), dialect))
}
