"""Moments that lie evenly apart, so that what came up together is not all renewed in one second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ikecli.ike.limits import REKEY_SHARES

_GOLDEN: Final = (5**0.5 - 1) / 2


class Spread:
    """Shares of a lifetime after which SAs of one kind are replaced.

    They go round the ranges of REKEY_SHARES by the golden ratio, begun by the dice: of any number in a row no part of
    a range gets many more than its share, as it would by chance.
    """

    __slots__ = ("_at",)

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._at = {ours: int.from_bytes(random(2), "big") / 65536 for ours in REKEY_SHARES}

    def share(self, ours: bool) -> float:
        """Return the next share, of an SA that was begun from here or not."""
        self._at[ours] = at = (self._at[ours] + _GOLDEN) % 1.0
        least, most = REKEY_SHARES[ours]
        return least + (most - least) * at
