"""Cookies and puzzles of the responder: an initiator proves its address, and works, before it costs us anything.

A challenge leaves no state: a returned cookie is worked out anew and compared (RFC 7296 2.6), and names the puzzle that
went with it (RFC 8019 7.1).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from hashlib import sha256
from hmac import compare_digest, new
from typing import TYPE_CHECKING

from ikecli.boundary.effects import Datagram, Endpoint
from ikecli.crypto.puzzles import solves
from ikecli.ike import admission, puzzles
from ikecli.ike.limits import COOKIE_SECONDS, COOKIE_SECRET_SIZE, HALF_OPEN_OF_PREFIX, PREFIX_OCTETS, UNSOLVED_ADMITTED
from ikecli.ike.puzzles import NO_PUZZLE
from ikecli.ike.talk import Incoming
from ikecli.numbers import NotifyType
from ikecli.wire.payloads import Nonce, Notify, PuzzleSolution

if TYPE_CHECKING:
    from ikecli.ike.core import Core
    from ikecli.ike.sa import IkeSa


class Proof(IntEnum):
    """What the initiator of a half-open SA has shown, least first."""

    NOTHING = 0
    COOKIE = 1
    PUZZLE = 2


class Jar:
    """Bakes cookies: the number of the secret, the puzzle, and a hash of Ni, IPi, its port, SPIi and both under it.

    The secret is drawn when first needed and replaced every COOKIE_SECONDS; cookies of the one before are still good.
    """

    __slots__ = ("_drawn", "_number", "_random", "_secrets")

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._random = random
        self._secrets: dict[int, bytes] = {}
        self._number = 0
        self._drawn = 0.0

    def bake(self, remote: Endpoint, spi: bytes, nonce: bytes, now: float, puzzle: bytes = NO_PUZZLE) -> bytes:
        """Return the cookie for an initiator; `puzzle` is the data of the notify that goes with it."""
        self._rotate(now)
        return self._cookie(self._number, puzzle, remote, spi, nonce)

    def knows(self, cookie: bytes, remote: Endpoint, spi: bytes, nonce: bytes, now: float) -> bool:
        """Tell whether a cookie was baked here for this initiator, not too long ago."""
        self._rotate(now)
        number, puzzle = cookie[0] if cookie else -1, puzzle_of(cookie)
        return number in self._secrets and compare_digest(cookie, self._cookie(number, puzzle, remote, spi, nonce))

    def _cookie(self, number: int, puzzle: bytes, remote: Endpoint, spi: bytes, nonce: bytes) -> bytes:
        seen = puzzle + spi + remote.octets + nonce
        return bytes((number,)) + puzzle + new(self._secrets[number], seen, sha256).digest()

    def _rotate(self, now: float) -> None:
        age = now - self._drawn
        if self._secrets and age < COOKIE_SECONDS:
            return
        number, fresh = (self._number + 1) % 256, self._random(COOKIE_SECRET_SIZE)
        kept = {self._number: self._secrets[self._number]} if self._secrets and age < 2 * COOKIE_SECONDS else {}
        self._secrets, self._number, self._drawn = {**kept, number: fresh}, number, now


def puzzle_of(cookie: bytes) -> bytes:
    """Return the data of the PUZZLE notify that a cookie of ours went with."""
    return cookie[1 : 1 + len(NO_PUZZLE)]


class HalfOpen:
    """The IKE SAs that peers began and have not authenticated, oldest first, apart by what their initiators showed."""

    __slots__ = ("_by_proof", "_count", "_of_prefix")

    def __init__(self) -> None:
        self._by_proof: dict[Proof, dict[IkeSa, None]] = {proof: {} for proof in Proof}
        self._of_prefix: dict[bytes, int] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, sa: IkeSa, proof: Proof = Proof.NOTHING) -> None:
        """Take in an SA that was just begun."""
        self._by_proof[proof][sa] = None
        self._count += 1
        prefix = _prefix(sa.origin)
        self._of_prefix[prefix] = self._of_prefix.get(prefix, 0) + 1

    def discard(self, sa: IkeSa) -> None:
        """Let an SA go, if it is in here."""
        for some in self._by_proof.values():
            if some and some.pop(sa, sa) is None:
                self._count -= 1
                prefix = _prefix(sa.origin)
                if left := self._of_prefix[prefix] - 1:
                    self._of_prefix[prefix] = left
                else:
                    del self._of_prefix[prefix]
                return

    def from_near(self, end: Endpoint) -> int:
        """Return how many come from the same address, of IPv6 from the same network."""
        return self._of_prefix.get(_prefix(end), 0)

    def oldest(self, proof: Proof) -> IkeSa | None:
        """Return the SA to give up for an initiator that showed `proof`: the oldest of those that showed least."""
        for shown, some in self._by_proof.items():
            if some and shown <= proof:
                return next(iter(some))
        return None


def wanted(core: Core, remote: Endpoint) -> bool:
    """Tell whether there are so many half-open SAs, in all or from there, that an initiator is asked for a cookie.

    Where a bound of SAs in negotiation is reached it always is, so that forged requests keep nobody out.
    """
    threshold = core.lookup.intent.cookie_threshold
    if puzzles.difficulty(core):
        return True
    if threshold is None:
        return False
    if len(core.waiting) >= threshold or core.waiting.from_near(remote) >= HALF_OPEN_OF_PREFIX:
        return True
    full = admission.ike(core, own=False)
    return full is not None and full.negotiating


def judge(core: Core, datagram: Datagram, message: Incoming) -> tuple[Proof, tuple[Notify, ...]]:
    """Return what the initiator of an IKE_SA_INIT request has shown, or with NOTHING what to ask it for.

    Raises Malformed for a request without a nonce, which a cookie is bound to.
    """
    jar, counts, nonce = core.jar, core.counts.cookies, message.need(Nonce).data
    returned, puzzle = message.notify(NotifyType.COOKIE), puzzles.wanted(core, message)
    whose = datagram.remote, message.header.initiator_spi, nonce, core.now
    if returned is None:
        counts.missing += 1
    elif not jar.knows(returned.data, *whose):
        counts.rejected += 1
    elif (shown := _shown(core, message, returned.data, puzzle)) is not Proof.NOTHING:
        counts.accepted += 1
        return shown, ()
    asked = Notify(NotifyType.COOKIE, jar.bake(*whose, puzzle))
    if puzzle == NO_PUZZLE:
        return Proof.NOTHING, (asked,)
    counts.puzzles += 1
    return Proof.NOTHING, (asked, Notify(NotifyType.PUZZLE, puzzle))


def _shown(core: Core, message: Incoming, cookie: bytes, wanted: bytes) -> Proof:
    """Return what is shown by a request with a right cookie; without a solution that is wanted, most often nothing."""
    row, bits = puzzles.read(puzzle_of(cookie))
    solution = message.one(PuzzleSolution)
    if row is not None and solution is not None and solves(row, cookie, bits, solution.keys):
        core.counts.cookies.solved += 1
        return Proof.PUZZLE
    if wanted == NO_PUZZLE:
        return Proof.COOKIE
    core.counts.cookies.unsolved += 1
    lucky = row is not None and core.random(1)[0] < UNSOLVED_ADMITTED * 256
    return Proof.COOKIE if lucky else Proof.NOTHING


def _prefix(end: Endpoint) -> bytes:
    return end.host[: PREFIX_OCTETS[len(end.host)]]
