"""Both ends rekey and delete at random in bad weather: when it is good again they agree, and nothing is left over.

A run is repeated exactly by its seed. IKECLI_STORMS sets how many runs there are.
"""

from __future__ import annotations

import os
import random
from typing import Final

import pytest

from ikecli.ike.limits import LINGER_SECONDS, REPLACED_SECONDS, RETRANSMISSION
from ikecli.ike.requests import DeleteChild, DeleteIke, Request
from ikecli.lab.fabric import Weather
from ikecli.lab.lab import VirtualLab
from tests.lab.test_collisions import act
from tests.lab.test_rekey import lab_with
from tests.lab.test_weather import INSIDE, spis

RUNS: Final = int(os.environ.get("IKECLI_STORMS", "40"))
STORM_SECONDS: Final = 60
QUIET_SECONDS: Final = sum(RETRANSMISSION) + REPLACED_SECONDS + LINGER_SECONDS
LIVES: Final = ("", "crypto ipsec security-association lifetime seconds 120")
DELETES: Final[tuple[Request, ...]] = (DeleteChild(), DeleteChild(), DeleteIke())


def trouble(lab: VirtualLab, dice: random.Random) -> None:
    """Have one end or both begin something, or ping."""
    for name in dice.choice((("Router",), ("ASA",), ("Router", "ASA"))):
        (other,) = (one for one in INSIDE if one != name)
        appliance, happening = lab[name].appliance, dice.randrange(12)
        if happening < 8 and any(sa.children for sa in appliance.sas()):
            act(lab, name, dice.choice(("rekey child", "rekey ike", "rekey both")))
        elif happening < 9:
            appliance.do(dice.choice(DELETES))
        else:
            lab.ping(name, INSIDE[other], source=INSIDE[name], count=1)


def storm(seed: int) -> VirtualLab:
    """Return a pair that has been through a storm and some minutes of good weather."""
    dice = random.Random(f"storm {seed}")
    ike = dice.choice((120, 86400))
    lab = lab_with(dice.choice(LIVES), seed, (ike, ike + 10))
    lab.ping("Router", INSIDE["ASA"], source=INSIDE["Router"])
    loss, duplicate, jitter = dice.choice((0.0, 0.1, 0.4)), dice.choice((0.0, 0.3)), dice.choice((0.0, 0.2, 3.0))
    lab.fabric.weather = Weather(loss, duplicate, jitter)
    until = lab.clock.now() + STORM_SECONDS
    while lab.clock.now() < until:
        trouble(lab, dice)
        lab.run(dice.choice((0.0, 0.001, 0.3, 2.5)))
    lab.fabric.weather = Weather()
    lab.run(QUIET_SECONDS)
    return lab


@pytest.mark.parametrize("batch", range(8))
def test_after_a_storm_of_rekeys_both_ends_agree(batch: int) -> None:
    for seed in range(batch, RUNS, 8):
        lab = storm(seed)
        assert "!" in lab.ping("ASA", INSIDE["Router"], source=INSIDE["ASA"]), seed
        assert lab.ping("Router", INSIDE["ASA"], source=INSIDE["Router"]) == "!!!!!", seed
        lab.run(QUIET_SECONDS)
        assert spis(lab, "Router") & spis(lab, "ASA"), seed
        carried = [
            sorted((*sorted((child.inbound_spi, child.outbound_spi)), child.connection[:0]) for child in sa.children)
            for node in lab.nodes
            for sa in node.appliance.sas()
            if sa.children
        ]
        assert len(carried) == 2, seed
        assert carried[0] == carried[1], seed
        assert len(carried[0]) == 1, seed
