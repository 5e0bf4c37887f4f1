"""When SAs that came up together are rekeyed: spread over time, and by one end."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from ikecli.ike.limits import REKEY_SHARES
from ikecli.ike.spread import Spread

SAS, LIFETIME = 10_000, 3600


def _moments(seed: int, ours: bool, count: int) -> list[float]:
    spread = Spread(random.Random(seed).randbytes)
    return [LIFETIME * spread.share(ours) for _ in range(count)]


@pytest.mark.parametrize("ours", [True, False])
def test_no_second_rekeys_twice_the_mean(ours: bool) -> None:
    least, most = (LIFETIME * share for share in REKEY_SHARES[ours])
    for seed in range(5):
        moments = _moments(seed, ours, SAS)
        assert least <= min(moments)
        assert max(moments) <= most
        assert max(Counter(map(int, moments)).values()) < 1.5 * SAS / (most - least)


def test_two_ends_do_not_meet() -> None:
    assert max(_moments(1, True, SAS)) < min(_moments(2, False, SAS))
