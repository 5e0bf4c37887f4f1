"""Loss, reordering and duplication: when the network is good again, both ends agree and packets pass."""

from __future__ import annotations

import os
import random

import pytest

from ikecli.boundary.effects import Datagram
from ikecli.boundary.views import SaStatus
from ikecli.ike.limits import RETRANSMISSION
from ikecli.ike.requests import DeleteChild, DeleteIke
from tests.ike.pair import LEFT, RIGHT, Dpd, End, Initiation, Pair, connection, intent, profile

RUNS = int(os.environ.get("IKECLI_WEATHER_RUNS", "200"))
BAD_SECONDS = 60.0
SCHEDULE = sum(RETRANSMISSION)


def pair(seed: int) -> Pair:
    dice = random.Random(seed)
    dpd = dice.choice([None, Dpd(10, 2, periodic=True)])
    left, right = (
        intent(
            here,
            there,
            profiles=(profile(there, dpd=dpd),),
            connections=(connection(here, there, initiation=dice.choice([Initiation.START, Initiation.TRAFFIC])),),
        )
        for here, there in ((LEFT, RIGHT), (RIGHT, LEFT))
    )
    return Pair(left, right, seed)


def disturb(pair: Pair, dice: random.Random) -> None:
    """Do to one end what happens in a bad minute."""
    end: End = dice.choice(pair.ends)
    happening = dice.randrange(10)
    if happening == 0:
        end.do(DeleteIke())
    elif happening == 1:
        end.do(DeleteChild())
    elif happening < 5:
        pair.ping(end)


@pytest.mark.parametrize("seed", range(RUNS))
def test_after_bad_weather_both_ends_agree_and_a_ping_passes(seed: int) -> None:
    dice = random.Random(f"weather {seed}")
    loss, again = dice.choice([0.1, 0.3, 0.5, 0.7]), dice.choice([0.0, 0.2, 0.5])

    def weather(datagram: Datagram) -> list[float]:
        copies = 0 if dice.random() < loss else 1 + (dice.random() < again)
        return [dice.choice([0.01, 0.1, 1.0, 5.0]) * dice.random() for _ in range(copies)]

    world = pair(seed)
    world.weather = weather
    while world.now < BAD_SECONDS:
        disturb(world, dice)
        world.advance(dice.random() * 5)
    world.weather = lambda datagram: [0.02]
    pinger = dice.choice(world.ends)
    ping_until_it_passes(world, pinger)
    world.advance(SCHEDULE)
    ping_until_it_passes(world, pinger)
    world.advance(1)
    left = {frozenset((sa.local_spi, sa.remote_spi)) for sa in world.left.sas}
    world.agree(len(left), sum(len(sa.children) for sa in world.left.sas))
    assert left
    assert all(sa.status is SaStatus.READY for end in world.ends for sa in end.sas)


def ping_until_it_passes(world: Pair, end: End) -> None:
    """Ping each second, as an operator would, for no longer than the retransmission schedule."""
    begun = world.now
    while not world.ping(end):
        world.advance(1)
        assert world.now - begun <= SCHEDULE
