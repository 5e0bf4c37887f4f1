"""Key exchange: one small interface over all groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from ikecli.crypto.ecp import ECP_GROUPS
from ikecli.crypto.modp import MODP_GROUPS
from ikecli.crypto.montgomery import CURVE_GROUPS


class KeyExchange(Protocol):
    """One end of a key exchange: `public` goes into the KE payload, `private` and the group's number restore it."""

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

    def draw(self, random: Callable[[int], bytes]) -> bytes:
        """Return a new private value from `random`, which gives as many octets as it is asked for."""
        ...

    def restore(self, private: bytes) -> KeyExchange:
        """Return the exchange with this private value."""
        ...


GROUPS: Final[dict[int, Group]] = {**MODP_GROUPS, **ECP_GROUPS, **CURVE_GROUPS}
"""The groups by their number."""


def generate(group: int, random: Callable[[int], bytes]) -> KeyExchange:
    """Return a new exchange in `group`; raises KeyError for a number not in `GROUPS`."""
    kind = GROUPS[group]
    return kind.restore(kind.draw(random))


def restore(group: int, private: bytes) -> KeyExchange:
    """Return the exchange that had this private value; raises KeyError for a number not in `GROUPS`."""
    return GROUPS[group].restore(private)
