"""Diffie-Hellman on the NIST curves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurve,
    EllipticCurvePublicKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ikecli.errors import Malformed
from ikecli.value import value

_UNCOMPRESSED: Final = b"\x04"
_EXTRA: Final = 8
"""Octets drawn beyond the order's, so that the remainder is even (FIPS 186-5 A.2.1)."""


@value
class EcpGroup:
    """A curve and the octets of one coordinate."""

    curve: EllipticCurve
    size: int

    @property
    def public_size(self) -> int:
        """Octets of a public value."""
        return 2 * self.size

    def draw(self, random: Callable[[int], bytes]) -> bytes:
        """Return a new private value: 1 to order - 1."""
        drawn = int.from_bytes(random(self.size + _EXTRA), "big")
        return (drawn % (self.curve.group_order - 1) + 1).to_bytes(self.size, "big")

    def restore(self, private: bytes) -> EcpExchange:
        """Return the exchange with this private value."""
        return EcpExchange(self, private)


class EcpExchange:
    """One end of an exchange on a curve; the public value is x | y, the shared one x (RFC 5903 7)."""

    __slots__ = ("_group", "_key", "private", "public")

    def __init__(self, group: EcpGroup, private: bytes) -> None:
        self._group = group
        self._key = derive_private_key(int.from_bytes(private, "big"), group.curve)
        self.private = private
        self.public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]

    def shared(self, peer: bytes) -> bytes:
        """Return the x coordinate; raises Malformed for a point that is not on the curve (RFC 6989 2.3)."""
        if len(peer) != self._group.public_size:
            raise Malformed(f"a public value of {len(peer)} octets on {self._group.curve.name}")
        try:
            point = EllipticCurvePublicKey.from_encoded_point(self._group.curve, _UNCOMPRESSED + peer)
        except ValueError:
            raise Malformed(f"a public value that is no point of {self._group.curve.name}") from None
        return self._key.exchange(ECDH(), point)


ECP_GROUPS: Final = {
    19: EcpGroup(SECP256R1(), 32),
    20: EcpGroup(SECP384R1(), 48),
    21: EcpGroup(SECP521R1(), 66),
}
