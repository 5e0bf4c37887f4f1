"""X25519 and X448."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.x448 import X448PrivateKey, X448PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from ikecli.errors import Malformed
from ikecli.value import value


@value
class CurveGroup:
    """One of the two functions: the octets of every value in it, and what reads private and public ones."""

    name: str
    public_size: int
    private: Callable[[bytes], Any]
    public: Callable[[bytes], Any]

    def draw(self, random: Callable[[int], bytes]) -> bytes:
        """Return a new private value."""
        return random(self.public_size)

    def restore(self, private: bytes) -> CurveExchange:
        """Return the exchange with this private value."""
        return CurveExchange(self, private)


class CurveExchange:
    """One end of an exchange by X25519 or X448 (RFC 7748 6, RFC 8031)."""

    __slots__ = ("_group", "_key", "private", "public")

    def __init__(self, group: CurveGroup, private: bytes) -> None:
        self._group = group
        self._key: X25519PrivateKey | X448PrivateKey = group.private(private)
        self.private = private
        self.public = self._key.public_key().public_bytes_raw()

    def shared(self, peer: bytes) -> bytes:
        """Return the shared value; raises Malformed for a wrong length or when it is all zero (RFC 8031 2)."""
        group = self._group
        if len(peer) != group.public_size:
            raise Malformed(f"a public value of {len(peer)} octets in {group.name}")
        try:
            return self._key.exchange(group.public(peer))
        except ValueError:
            raise Malformed(f"a public value of small order in {group.name}") from None


CURVE_GROUPS: Final = {
    31: CurveGroup("X25519", 32, X25519PrivateKey.from_private_bytes, X25519PublicKey.from_public_bytes),
    32: CurveGroup("X448", 56, X448PrivateKey.from_private_bytes, X448PublicKey.from_public_bytes),
}
