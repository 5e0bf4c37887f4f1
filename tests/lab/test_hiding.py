"""`set tfc-packets`: how much an ASA sends does not show on the wire."""

from __future__ import annotations

import pytest

from ikecli.lab.lab import VirtualLab
from tests.lab.test_algorithms import SAMPLES

LINE = "crypto map CMAP 10 set tfc-packets burst 2 payload-size 600 timeout 20\n"


@pytest.fixture
def lab() -> VirtualLab:
    """A router, and a firewall that hides its traffic."""
    made = VirtualLab()
    made.add((SAMPLES / "router.cfg").read_text(), "ios")
    asa = (SAMPLES / "asa.cfg").read_text()
    made.add(asa.replace("crypto map CMAP interface", LINE + "crypto map CMAP interface"), "asa")
    return made


def sent(lab: VirtualLab, name: str) -> tuple[int, int]:
    """Return packets and octets that left by the outside."""
    outside = lab[name].plane.interfaces()[0]
    return outside.packets_out, outside.octets_out


def ping(lab: VirtualLab) -> tuple[dict[str, int], str]:
    """Ping from the router; return the octets of each node's packets."""
    before = {name: sent(lab, name) for name in ("Router", "ASA")}
    marks = lab.ping("Router", "10.2.2.1", "10.1.1.1")
    after = {name: sent(lab, name) for name in before}
    sizes = {}
    for name, (packets, octets) in before.items():
        sizes[name] = (after[name][1] - octets) // (after[name][0] - packets)
    return sizes, marks


def test_packets_are_padded_and_read(lab: VirtualLab) -> None:
    assert ping(lab)[1] == "!!!!!"
    sizes, marks = ping(lab)
    assert marks == "!!!!!"
    assert sizes["Router"] < 200
    assert 640 <= sizes["ASA"] <= 680
    (child,) = lab["Router"].appliance.sas()[0].children
    assert (child.counters.packets_in, child.counters.errors_in) == (10, 0)


def test_dummies_go_out_in_bursts_and_are_dropped_in_silence(lab: VirtualLab) -> None:
    assert ping(lab)[1] == "!!!!!"
    lab.run(61)
    (ours,), (theirs,) = (lab[name].appliance.sas()[0].children for name in ("ASA", "Router"))
    assert (ours.counters.dummies_out, theirs.counters.dummies_in) == (6, 6)
    assert (theirs.counters.packets_in, theirs.counters.errors_in) == (5, 0)


def test_they_end_with_the_sa(lab: VirtualLab) -> None:
    assert ping(lab)[1] == "!!!!!"
    lab["ASA"].plane.close()
    before = sent(lab, "ASA")[1]
    lab.run(25)
    assert sent(lab, "ASA")[1] - before < 600
