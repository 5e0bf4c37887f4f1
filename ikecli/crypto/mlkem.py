"""ML-KEM: the initiator's value is an encapsulation key, the responder's the ciphertext that it makes with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.asymmetric.mlkem import (
    MLKEM768PrivateKey,
    MLKEM768PublicKey,
    MLKEM1024PrivateKey,
    MLKEM1024PublicKey,
)

from ikecli.errors import Malformed
from ikecli.value import value

_SEED: Final = 64
"""Octets that a decapsulation key is made of: d | z (FIPS 203 7.1)."""
_SECRET: Final = 32
"""Octets of the shared secret."""


@value
class KemGroup:
    """A parameter set of FIPS 203; an encapsulation key has `public_size` octets, a ciphertext `reply_size`."""

    name: str
    private: type[MLKEM768PrivateKey | MLKEM1024PrivateKey]
    public: type[MLKEM768PublicKey | MLKEM1024PublicKey]
    public_size: int
    reply_size: int

    def draw(self, random: Callable[[int], bytes]) -> bytes:
        """Return an initiator's new private value, the seed."""
        return random(_SEED)

    def restore(self, private: bytes) -> KemInitiator | KemResponder:
        """Return the end with this private value: a seed is an initiator's."""
        return KemInitiator(self, private) if len(private) == _SEED else KemResponder(private)

    def respond(self, peer: bytes) -> KemResponder:
        """Return the responder's end for an initiator's encapsulation key.

        Raises Malformed for a key of wrong length or with a coefficient outside the field (FIPS 203 7.2). The library
        draws what randomness it takes.
        """
        try:
            key = self.public.from_public_bytes(peer)
        except ValueError:
            raise Malformed(f"an encapsulation key that is none of {self.name}") from None
        secret, ciphertext = key.encapsulate()
        return KemResponder(secret + ciphertext)


class KemInitiator:
    """The end that decapsulates; `private` is the seed."""

    __slots__ = ("_group", "_key", "private", "public")

    def __init__(self, group: KemGroup, private: bytes) -> None:
        self._group = group
        self._key = group.private.from_seed_bytes(private)
        self.private = private
        self.public = self._key.public_key().public_bytes_raw()

    def shared(self, peer: bytes) -> bytes:
        """Return the secret in a ciphertext; raises Malformed for a wrong length.

        A ciphertext made for another key gives a secret that nobody else has (FIPS 203 7.3).
        """
        if len(peer) != self._group.reply_size:
            raise Malformed(f"a ciphertext of {len(peer)} octets in {self._group.name}")
        return self._key.decapsulate(peer)


class KemResponder:
    """The end that encapsulated: nothing is left to compute; `private` is secret | ciphertext."""

    __slots__ = ("private", "public")

    def __init__(self, private: bytes) -> None:
        self.private = private
        self.public = private[_SECRET:]

    def shared(self, peer: bytes) -> bytes:
        """Return the secret; `peer` is the encapsulation key that it was made for, and not looked at again."""
        return self.private[:_SECRET]


KEM_GROUPS: Final = {
    36: KemGroup("ML-KEM-768", MLKEM768PrivateKey, MLKEM768PublicKey, 1184, 1088),
    37: KemGroup("ML-KEM-1024", MLKEM1024PrivateKey, MLKEM1024PublicKey, 1568, 1568),
}
"""By number in the registry of key exchange methods (draft-ietf-ipsecme-ikev2-mlkem)."""
