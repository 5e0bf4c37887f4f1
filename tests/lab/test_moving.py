"""A gateway's IKE SAs and ESP move to a second appliance in the middle of a ping, and nobody notices."""

from __future__ import annotations

import json

import pytest

from ikecli.dataplane.base import Echo, EchoResult
from ikecli.lab.lab import Node, VirtualLab
from tests.lab import tunnels
from tests.lab.test_virtual_access import hub, reach, spoke
from tests.lab.test_weather import INSIDE, SAMPLES

LIVES = "crypto ipsec security-association lifetime seconds 120"


def lab_of_two(seed: int) -> VirtualLab:
    """The article's pair, its Child SAs short-lived."""
    lab = VirtualLab(seed)
    for name, dialect in (("router", "ios"), ("asa", "asa")):
        lab.add(text(name), dialect)
    return lab


def text(name: str) -> str:
    return (SAMPLES / f"{name}.cfg").read_text().replace("\nend\n", "\n") + f"\n{LIVES}\n"


def take_over(lab: VirtualLab, name: str, config: str, turn: int = 0) -> None:
    """Have a new appliance of the same configuration stand in the place of one."""
    old = lab[name]
    new, _ = lab.add(config.replace(f"hostname {name}", f"hostname Standby{turn}"), old.appliance.dialect)
    for view in old.appliance.sas():
        if any(view.id == one.id for one in old.appliance.sas()):
            new.appliance.take(json.loads(json.dumps(old.appliance.give(view.id))))
    lab.fabric.replace(old.plane, new.plane)
    lab.nodes.remove(old)
    lab.nodes[:] = [node for node in lab.nodes if node is not new]
    new.appliance.load(f"hostname {name}", "takeover")
    lab.nodes.append(new)
    assert not old.appliance.sas()


def totals(node: Node) -> tuple[int, int]:
    children = [child for sa in node.appliance.sas() for child in sa.children]
    return (
        sum(child.counters.packets_in for child in children),
        sum(
            child.counters.replays + child.counters.errors_in + child.counters.integrity_failures for child in children
        ),
    )


@pytest.mark.parametrize("name", ["Router", "ASA"])
def test_a_ping_across_goes_on_over_moves_and_rekeys(name: str) -> None:
    lab = lab_of_two(1)
    pinger = "ASA" if name == "Router" else "Router"
    marks: list[str] = []

    def done(result: EchoResult) -> None:
        marks.append(result.mark)

    for sequence in range(800):
        lab[pinger].plane.echo(Echo(INSIDE[name], INSIDE[pinger], 100, 5, sequence), done)
        if sequence % 7 == 3:
            lab.run(0.0003 * (sequence % 11))
            take_over(lab, name, text(name.lower()), sequence)
        lab.run(0.25)
    lab.run(5)
    assert "".join(marks) == "!" * 800
    assert totals(lab[name])[1] == totals(lab[pinger])[1] == 0


def test_counters_and_the_replay_window_go_on() -> None:
    lab = lab_of_two(2)
    assert lab.ping("ASA", INSIDE["Router"], INSIDE["ASA"]) == "!!!!!"
    before = totals(lab["Router"])
    take_over(lab, "Router", text("router"))
    assert totals(lab["Router"]) == before == (5, 0)
    assert lab.ping("ASA", INSIDE["Router"], INSIDE["ASA"]) == "!!!!!"
    assert totals(lab["Router"]) == (10, 0)


def test_virtual_access_interfaces_move_with_their_ike_sas() -> None:
    made = tunnels.lab(hub(), spoke(1), spoke(2))
    reach(made)
    before = tunnels.lines(made, "Hub")
    take_over(made, "Hub", hub())
    assert tunnels.lines(made, "Hub") == before
    assert before["Virtual-Access2"]
    for number in (1, 2):
        assert made.ping(f"Spoke{number}", "10.255.0.1") == "!!!!!"
