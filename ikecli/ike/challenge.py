"""Cookies of the responder: an initiator proves that it receives at its address before it costs us anything.

A challenge leaves no state: a returned cookie is worked out anew and compared (RFC 7296 2.6).
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest, new
from typing import TYPE_CHECKING

from ikecli.boundary.effects import Datagram, Endpoint
from ikecli.ike.limits import COOKIE_SECONDS, COOKIE_SECRET_SIZE
from ikecli.ike.talk import Incoming
from ikecli.numbers import NotifyType
from ikecli.wire.payloads import Nonce, Notify

if TYPE_CHECKING:
    from ikecli.ike.core import Core
    from ikecli.ike.sa import IkeSa


class Jar:
    """Bakes cookies: one octet that names the secret, then a hash of Ni, IPi, its port and SPIi under it.

    The secret is drawn when first needed and replaced every COOKIE_SECONDS; cookies of the one before are still good.
    """

    __slots__ = ("_drawn", "_number", "_random", "_secrets")

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._random = random
        self._secrets: dict[int, bytes] = {}
        self._number = 0
        self._drawn = 0.0

    def bake(self, remote: Endpoint, spi: bytes, nonce: bytes, now: float) -> bytes:
        """Return the cookie for an initiator."""
        self._rotate(now)
        return self._cookie(self._number, remote, spi, nonce)

    def knows(self, cookie: bytes, remote: Endpoint, spi: bytes, nonce: bytes, now: float) -> bool:
        """Tell whether a cookie was baked here for this initiator, not too long ago."""
        self._rotate(now)
        number = cookie[0] if cookie else -1
        return number in self._secrets and compare_digest(cookie, self._cookie(number, remote, spi, nonce))

    def _cookie(self, number: int, remote: Endpoint, spi: bytes, nonce: bytes) -> bytes:
        seen = spi + remote.port.to_bytes(2, "big") + remote.address.packed + nonce
        return bytes((number,)) + new(self._secrets[number], seen, sha256).digest()

    def _rotate(self, now: float) -> None:
        age = now - self._drawn
        if self._secrets and age < COOKIE_SECONDS:
            return
        number, fresh = (self._number + 1) % 256, self._random(COOKIE_SECRET_SIZE)
        kept = {self._number: self._secrets[self._number]} if self._secrets and age < 2 * COOKIE_SECONDS else {}
        self._secrets, self._number, self._drawn = {**kept, number: fresh}, number, now


class HalfOpen:
    """The IKE SAs that peers began and have not authenticated, oldest first; those that returned a cookie apart."""

    __slots__ = ("_proven", "_unproven")

    def __init__(self) -> None:
        self._proven: dict[IkeSa, None] = {}
        self._unproven: dict[IkeSa, None] = {}

    def __len__(self) -> int:
        return len(self._proven) + len(self._unproven)

    def add(self, sa: IkeSa) -> None:
        """Take in an SA that was just begun."""
        self._unproven[sa] = None

    def prove(self, sa: IkeSa) -> None:
        """Note that the initiator of an SA returned its cookie."""
        del self._unproven[sa]
        self._proven[sa] = None

    def discard(self, sa: IkeSa) -> None:
        """Let an SA go, if it is in here."""
        self._unproven.pop(sa, None)
        self._proven.pop(sa, None)

    @property
    def oldest(self) -> IkeSa | None:
        """The SA to give up first where one must be: the oldest that returned no cookie, else the oldest."""
        return next(iter(self._unproven), None) or next(iter(self._proven), None)


def wanted(core: Core) -> bool:
    """Tell whether there are so many half-open SAs that initiators are asked for a cookie."""
    threshold = core.lookup.intent.cookie_threshold
    return threshold is not None and len(core.waiting) >= threshold


def judge(core: Core, datagram: Datagram, message: Incoming) -> Notify | None:
    """Return the cookie to ask an IKE_SA_INIT request for, or None when it returned the right one.

    Raises Malformed for a request without a nonce, which a cookie is bound to.
    """
    jar, nonce, returned = core.jar, message.need(Nonce).data, message.notify(NotifyType.COOKIE)
    whose = datagram.remote, message.header.initiator_spi, nonce, core.now
    if returned is None:
        core.counts.cookies.missing += 1
    elif jar.knows(returned.data, *whose):
        core.counts.cookies.accepted += 1
        return None
    else:
        core.counts.cookies.rejected += 1
    return Notify(NotifyType.COOKIE, jar.bake(*whose))
