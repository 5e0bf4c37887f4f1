"""Rekeys of both ends that meet in the middle of a ping lose none of its packets."""

from __future__ import annotations

from itertools import product
from typing import Final

import pytest

from ikecli.boundary.notices import Expired
from ikecli.dataplane.base import Echo, EchoResult
from ikecli.ike.window import Want
from ikecli.lab.fabric import HOP_SECONDS
from ikecli.lab.lab import VirtualLab
from tests.lab.test_weather import INSIDE, lab_of_the_article, spis

STEP: Final = HOP_SECONDS / 4
ACTS: Final = ("nothing", "rekey child", "rekey ike", "rekey both")


def act(lab: VirtualLab, name: str, what: str) -> None:
    """Have a node begin something."""
    appliance = lab[name].appliance
    core = appliance.engine._core
    sa = next(one for one in core.sas.values() if one.children)
    if what in ("rekey child", "rekey both"):
        appliance.notice(Expired(next(iter(sa.children)), hard=False))
    if what in ("rekey ike", "rekey both"):
        core.want(sa, Want.REKEY_IKE)
        appliance._perform(appliance.engine.wake(lab.clock.now()))


@pytest.mark.parametrize(("left", "right"), tuple(product(ACTS, ACTS)))
def test_a_ping_through_rekeys_that_meet_loses_nothing(left: str, right: str) -> None:
    """The right end begins up to two round trips after the left one; a ping leaves each end every eighth of a trip."""
    for later in range(0, 20, 4):
        lab, marks, sent = lab_of_the_article(later), list[str](), 0

        def done(result: EchoResult, marks: list[str] = marks) -> None:
            marks.append(result.mark)

        assert "!" in lab.ping("Router", INSIDE["ASA"], source=INSIDE["Router"])
        before = spis(lab, "Router")
        for tick in range(160):
            if tick == 20:
                act(lab, "Router", left)
            if tick == 20 + later:
                act(lab, "ASA", right)
            for name, other in (("Router", "ASA"), ("ASA", "Router")):
                lab[name].plane.echo(Echo(INSIDE[other], INSIDE[name], 100, 2, tick), done)
                sent += 1
            lab.run(STEP)
        for tick in range(160):
            lab["ASA"].plane.echo(Echo(INSIDE["Router"], INSIDE["ASA"], 100, 2, tick), done)
            sent += 1
            lab.run(0.125)
        assert "".join(marks) == "!" * sent, later
        assert spis(lab, "Router") == spis(lab, "ASA"), later
        assert (spis(lab, "Router") == before) == (left == right == "nothing")
