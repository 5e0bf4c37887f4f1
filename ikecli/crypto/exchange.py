"""Key exchange: one small interface over Diffie-Hellman groups and key encapsulation.

The initiator's end comes from `generate`, the responder's from `respond`. The `public` of each goes into its KE payload,
and `shared`, called with the other's, gives both the same secret.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from ikecli.crypto.ecp import ECP_GROUPS
from ikecli.crypto.mlkem import KEM_GROUPS
from ikecli.crypto.modp import MODP_GROUPS
from ikecli.crypto.montgomery import CURVE_GROUPS


class KeyExchange(Protocol):
    """One end of a key exchange, in either role: `private` and the group's number restore it."""

    @property
    def private(self) -> bytes:
        """The private value."""
        ...

    @property
    def public(self) -> bytes:
        """The public value, as the KE payload carries it."""
        ...

    @property
    def peer_size(self) -> int:
        """Octets that the peer's public value must have."""
        ...

    def shared(self, peer: bytes) -> bytes:
        """Return the shared secret with a peer's public value.

        Raises Malformed for a value of wrong length, outside its group, or of small order (RFC 6989 section 2).
        """
        ...


class Group(Protocol):
    """A way to exchange keys: draws private values, and makes exchanges of them."""

    @property
    def public_size(self) -> int:
        """Octets of a public value."""
        ...

    def draw(self, random: Callable[[int], bytes]) -> bytes:
        """Return a new private value from `random`, which gives as many octets as it is asked for."""
        ...

    def restore(self, private: bytes) -> KeyExchange:
        """Return the exchange with this private value."""
        ...


GROUPS: Final[dict[int, Group]] = {**MODP_GROUPS, **ECP_GROUPS, **CURVE_GROUPS, **KEM_GROUPS}
"""The groups by their number."""


def generate(group: int, random: Callable[[int], bytes]) -> KeyExchange:
    """Return an initiator's new exchange in `group`; raises KeyError for a number not in `GROUPS`."""
    kind = GROUPS[group]
    return kind.restore(kind.draw(random))


def respond(group: int, peer: bytes, random: Callable[[int], bytes]) -> KeyExchange:
    """Return a responder's new exchange for an initiator's public value.

    Raises KeyError for a number not in `GROUPS`, Malformed for a `peer` that nothing can be encapsulated for; a
    Diffie-Hellman group judges it when `shared` is called.
    """
    kem = KEM_GROUPS.get(group)
    return kem.respond(peer) if kem is not None else generate(group, random)


def restore(group: int, private: bytes) -> KeyExchange:
    """Return the exchange, of either role, that had this private value; raises KeyError for a number not in `GROUPS`."""
    return GROUPS[group].restore(private)
