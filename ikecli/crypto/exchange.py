"""Key exchange: one small interface over Diffie-Hellman groups and key encapsulation.

The initiator's end comes from `generate`, the responder's from `respond`. The `public` of each goes into its KE
payload, and `shared`, called with the other's, gives both the same secret.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from ikecli.crypto.ecp import ECP_GROUPS
from ikecli.crypto.mlkem import KEM_GROUPS
from ikecli.crypto.modp import MODP_GROUPS
from ikecli.crypto.montgomery import CURVE_GROUPS
from ikecli.errors import Malformed


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

    def shared(self, peer: bytes) -> bytes:
        """Return the shared secret with a peer's public value.

        Raises Malformed for a value of wrong length, outside its group, or of small order (RFC 6989 section 2).
        """
        ...


class Group(Protocol):
    """A way to exchange keys: draws private values, and makes exchanges of them."""

    @property
    def public_size(self) -> int:
        """Octets of an initiator's public value."""
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

    Raises KeyError for a number not in `GROUPS`, Malformed for a value of wrong length or one for which nothing can be
    encapsulated. What RFC 6989 asks of values in Diffie-Hellman groups is left to `shared`.
    """
    size = GROUPS[group].public_size
    if len(peer) != size:
        raise Malformed(f"a public value of {len(peer)} octets where group {group} has {size}")
    kem = KEM_GROUPS.get(group)
    return kem.respond(peer) if kem is not None else generate(group, random)


def reply_size(group: int) -> int:
    """Return the octets of a responder's public value; raises KeyError for a number not in `GROUPS`."""
    kem = KEM_GROUPS.get(group)
    return kem.reply_size if kem is not None else GROUPS[group].public_size


def restore(group: int, private: bytes) -> KeyExchange:
    """Return the exchange, in either role, with this private value; raises KeyError for a number not in `GROUPS`."""
    return GROUPS[group].restore(private)
