"""Puzzles: how difficult, under which PRF, and how a notify says so (RFC 8019 section 4, 7.1.1, 8.1)."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import TYPE_CHECKING, Final

from ikecli.crypto.puzzles import solves
from ikecli.errors import Malformed
from ikecli.ike.limits import PUZZLE_BITS
from ikecli.ike.talk import Incoming
from ikecli.numbers import BY_KEY, Algorithm, TransformType
from ikecli.wire.payloads import Payload, PuzzleSolution, SecurityAssociation

if TYPE_CHECKING:
    from ikecli.ike.core import Core
    from ikecli.ike.sa import IkeSa

_NOTIFY: Final = Struct("!HB")
NO_PUZZLE: Final = bytes(_NOTIFY.size)
"""The data of a notify that nobody sends: it stands in a cookie without a puzzle."""


def wanted(core: Core, message: Incoming) -> bytes:
    """Return the data of the notify that asks for a puzzle, NO_PUZZLE where none is wanted or no PRF is in common."""
    bits, offered = difficulty(core), message.one(SecurityAssociation)
    if not bits or offered is None:
        return NO_PUZZLE
    keys = {one.key for proposal in offered.proposals for one in proposal.transforms}
    rows = [row for row in BY_KEY.values() if row.type is TransformType.PRF and row.served and row.key in keys]
    return write(min(rows, key=lambda row: bool(row.weak)), bits) if rows else NO_PUZZLE


def difficulty(core: Core) -> int:
    """Return the bits of the puzzles of now, more as the half-open table fills up; 0 where none are wanted."""
    limits = core.lookup.intent
    threshold = limits.puzzle_threshold
    if threshold is None or (half_open := len(core.waiting)) < threshold:
        return 0
    least, most = PUZZLE_BITS
    room = max(1, limits.max_half_open - threshold)
    return least + min(most - least, (half_open - threshold) * (most - least) // room)


def write(row: Algorithm, bits: int) -> bytes:
    """Return the data of a PUZZLE notify."""
    return _NOTIFY.pack(row.number, bits)


def read(data: bytes) -> tuple[Algorithm | None, int]:
    """Read the data of a PUZZLE notify: a PRF, None for one that is not served, and bits; raises Malformed."""
    if len(data) != _NOTIFY.size:
        raise Malformed(f"a puzzle of {len(data)} octets")
    number, bits = _NOTIFY.unpack(data)
    row = BY_KEY.get((TransformType.PRF, number, 0))
    return (row if row is not None and row.served else None), bits


def solved(sa: IkeSa, clear: Sequence[Payload]) -> bool:
    """Tell whether an initiator has solved the puzzle of its IKE_AUTH, if it was given one (RFC 8019 7.2)."""
    birth = sa.birth
    if birth is None or sa.suite is None or not birth.puzzle:
        return True
    text, solution = text_of(birth.nr, sa.spi_r), next((one for one in clear if isinstance(one, PuzzleSolution)), None)
    if solution is None or not solves(sa.suite.prf, text, birth.puzzle, solution.keys):
        return False
    birth.puzzle = 0
    return True


def text_of(nr: bytes, spi_r: bytes) -> bytes:
    """Return the octets of a puzzle in IKE_AUTH: the responder's nonce and SPI."""
    return nr + spi_r
