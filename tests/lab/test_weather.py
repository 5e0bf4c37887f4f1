"""Two appliances on a bad network: when it is good again, both ends hold the same SAs and a ping passes.

A run is repeated exactly by its seed. IKECLI_WEATHER_RUNS sets how many runs there are: 1,000 in CI, 100 elsewhere.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ikecli.lab.fabric import Weather
from ikecli.lab.lab import VirtualLab

SAMPLES = Path(__file__).parents[2] / "sample-configs" / "site-to-site"
RUNS = int(os.environ.get("IKECLI_WEATHER_RUNS", "1000" if os.environ.get("CI") else "100"))
STORM_SECONDS = 40
QUIET_SECONDS = 200
"""Longer than the retransmission schedule."""


def lab_of_the_article(seed: int) -> VirtualLab:
    lab = VirtualLab(seed)
    for name, dialect in (("router", "ios"), ("asa", "asa")):
        lab.add((SAMPLES / f"{name}.cfg").read_text(), dialect)
    return lab


def spis(lab: VirtualLab, name: str) -> set[tuple[str, ...]]:
    """The SAs of a node as pairs of SPIs, IKE and ESP, in an order both ends share."""
    found = set()
    for sa in lab[name].appliance.sas():
        found.add(tuple(sorted((sa.local_spi, sa.remote_spi))))
        for child in sa.children:
            found.add(tuple(sorted((f"{child.inbound_spi:08x}", f"{child.outbound_spi:08x}"))))
    return found


def storm(lab: VirtualLab, seed: int) -> None:
    lab.fabric.weather = Weather(loss=0.1 + seed % 5 * 0.1, duplicate=seed % 3 * 0.2, jitter=seed % 4 * 0.7)
    until = lab.clock.now() + STORM_SECONDS
    left, right = lab.nodes
    while lab.clock.now() < until:
        for node, other in ((left, right), (right, left)) if seed % 2 else ((left, right),):
            lab.ping(node.name, INSIDE[other.name], source=INSIDE[node.name], count=1)
        lab.run(1)


INSIDE = {"Router": "10.1.1.1", "ASA": "10.2.2.1"}
"""The protected addresses of the article's pair."""


@pytest.mark.parametrize("batch", range(10))
def test_after_the_storm_both_ends_agree(batch: int) -> None:
    for seed in range(batch, RUNS, 10):
        lab = lab_of_the_article(seed)
        left, right = (node.name for node in lab.nodes)
        storm(lab, seed)
        lab.fabric.weather = Weather()
        lab.run(QUIET_SECONDS)
        assert "!" in lab.ping(left, INSIDE[right], source=INSIDE[left]), seed
        lab.run(QUIET_SECONDS)
        assert spis(lab, left) == spis(lab, right), seed
