"""Diffie-Hellman modulo a prime."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from cryptography.utils import CryptographyDeprecationWarning

from ikecli.errors import Malformed
from ikecli.value import value

with warnings.catch_warnings():
    warnings.simplefilter("ignore", CryptographyDeprecationWarning)
    from cryptography.hazmat.primitives.asymmetric.dh import (
        DHParameterNumbers,
        DHPrivateNumbers,
        DHPublicNumbers,
    )

_PI_OFFSETS: Final = {
    768: 149686,
    1024: 129093,
    1536: 741804,
    2048: 124476,
    3072: 1690314,
    4096: 240904,
    6144: 929484,
    8192: 4743158,
}
_GUARD: Final = 64
_SMALLEST_KNOWN: Final = 1536

_P24: Final = int(
    "87A8E61DB4B6663CFFBBD19C651959998CEEF608660DD0F25D2CEED4435E3B00E00DF8F1D61957D4FAF7DF4561B2AA30"
    "16C3D91134096FAA3BF4296D830E9A7C209E0C6497517ABD5A8A9D306BCF67ED91F9E6725B4758C022E0B1EF4275BF7B"
    "6C5BFC11D45F9088B941F54EB1E59BB8BC39A0BF12307F5C4FDB70C581B23F76B63ACAE1CAA6B7902D52526735488A0E"
    "F13C6D9A51BFA4AB3AD8347796524D8EF6A167B5A41825D967E144E5140564251CCACB83E6B486F6B3CA3F7971506026"
    "C0B857F689962856DED4010ABD0BE621C3A3960A54E710C375F26375D7014103A4B54330C198AF126116D2276E11715F"
    "693877FAD7EF09CADB094AE91E1A1597",
    16,
)
_G24: Final = int(
    "3FB32C9B73134D0B2E77506660EDBD484CA7B18F21EF205407F4793A1A0BA12510DBC15077BE463FFF4FED4AAC0BB555"
    "BE3A6C1B0C6B47B1BC3773BF7E8C6F62901228F8C28CBB18A55AE31341000A650196F931C77A57F2DDF463E5E9EC144B"
    "777DE62AAAB8A8628AC376D282D6ED3864E67982428EBC831D14348F6F2F9193B5045AF2767164E1DFC967C1FB3F2E55"
    "A4BD1BFFE83B9C80D052B985D182EA0ADB2A3B7313D3FE14C8484B1E052588B9B7D2BBD2DF016199ECD06E1557CD0915"
    "B3353BBB64E0EC377FD028370DF92B52C7891428CDC67EB6184B523D1DB246C32F63078490F00EF8D647D148D4795451"
    "5E2327CFEF98C582664B4C0F6CC41659",
    16,
)
_Q24: Final = 0x8CF83642A709A097B447997640129DA299B1A47D1EB3750BA308B0FE64F5FBD3


@value
class ModpGroup:
    """A group modulo a prime of `bits`: a safe prime made of pi, or with `subgroup` RFC 5114's.

    Private values have `exponent` octets: twice the strength that RFC 3526 section 8 estimates, to the next 64 bits.
    """

    bits: int
    exponent: int
    subgroup: bool = False

    @property
    def public_size(self) -> int:
        """Octets of a public value."""
        return self.bits // 8

    def draw(self, random: Callable[[int], bytes]) -> bytes:
        """Return a new private value."""
        octets = random(self.exponent)
        return bytes((octets[0] | 0x40,)) + octets[1:]

    def restore(self, private: bytes) -> ModpExchange:
        """Return the exchange with this private value."""
        return ModpExchange(self, private)


class ModpExchange:
    """One end of an exchange in a MODP group (RFC 7296 3.4, RFC 3526); values are padded to the prime's length."""

    __slots__ = ("_group", "private", "public")

    def __init__(self, group: ModpGroup, private: bytes) -> None:
        self._group = group
        self.private = private
        self.public = _power(group, _numbers(group).g, private)

    def shared(self, peer: bytes) -> bytes:
        """Return g^ir, as long as the prime; raises Malformed for a value that RFC 6989 section 2 excludes."""
        numbers = _numbers(self._group)
        y = int.from_bytes(peer, "big")
        if len(peer) != self._group.public_size:
            raise Malformed(f"a public value of {len(peer)} octets in a group of {self._group.bits} bits")
        if not 1 < y < numbers.p - 1:
            raise Malformed("a public value outside its group")
        try:
            return _power(self._group, y, self.private)
        except ValueError:
            raise Malformed("a public value outside its subgroup") from None


MODP_GROUPS: Final = {
    1: ModpGroup(768, 24),
    2: ModpGroup(1024, 24),
    5: ModpGroup(1536, 24),
    14: ModpGroup(2048, 32),
    15: ModpGroup(3072, 40),
    16: ModpGroup(4096, 40),
    17: ModpGroup(6144, 48),
    18: ModpGroup(8192, 48),
    24: ModpGroup(2048, 32, subgroup=True),
}


@lru_cache(len(MODP_GROUPS))
def _numbers(group: ModpGroup) -> DHParameterNumbers:
    if group.subgroup:
        return DHParameterNumbers(_P24, _G24, _Q24)
    return DHParameterNumbers(_prime(group.bits), 2)


def _power(group: ModpGroup, base: int, exponent: bytes) -> bytes:
    """Return base^exponent mod p; raises ValueError for a base outside a known subgroup.

    OpenSSL's exchange takes constant time and a tenth of what `pow` does, but before it uses a prime that it does not
    know it tests whether it is one, which takes 20 ms.
    """
    numbers, power = _numbers(group), int.from_bytes(exponent, "big")
    if group.bits < _SMALLEST_KNOWN:
        return pow(base, power, numbers.p).to_bytes(group.bits // 8, "big")
    key = DHPrivateNumbers(power, DHPublicNumbers(numbers.g, numbers)).private_key()
    return key.exchange(DHPublicNumbers(base, numbers).public_key())


def _prime(bits: int) -> int:
    """Return 2^n - 2^(n-64) - 1 + 2^64 (floor(2^(n-130) pi) + k), the prime of RFC 2409 6 and RFC 3526."""
    pi = 16 * _arctan(5, bits - 130) - 4 * _arctan(239, bits - 130) >> _GUARD
    return (1 << bits) - (1 << bits - 64) - 1 + (pi + _PI_OFFSETS[bits] << 64)


def _arctan(inverse: int, bits: int) -> int:
    term = (1 << bits + _GUARD) // inverse
    total, divisor = term, 1
    while term:
        term //= -inverse * inverse
        divisor += 2
        total += term // divisor
    return total
