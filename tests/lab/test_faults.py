"""What goes wrong around two appliances: traffic is back when liveness checks or a start allow it; nothing is stale."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ikecli.lab.fabric import Weather
from ikecli.lab.lab import VirtualLab
from tests.daemon.engines import config

DAY = 86_400.0
INSIDE = {"Left": "10.1.1.1", "Right": "10.2.2.1"}
OTHER = {"Left": "Right", "Right": "Left"}
DPD_SECONDS = 10 + 5 * 2
"""`dpd 10 2 periodic`: an interval without traffic, and five more checks."""


def text(name: str) -> str:
    outside = {"Left": "192.0.2.1", "Right": "192.0.2.2"}
    networks = {end: address.rpartition(".")[0] for end, address in INSIDE.items()}
    other = OTHER[name]
    written = config(name, outside[name], outside[other], networks[name], networks[other])
    way = f"ip route {networks[other]}.0 255.255.255.0 {outside[other]}\nend\n"
    return written.replace(" keyring local K\n", " keyring local K\n dpd 10 2 periodic\n").replace("end\n", way)


@pytest.fixture
def lab() -> VirtualLab:
    made = VirtualLab(1)
    for name in INSIDE:
        made.add(text(name), "ios")
    assert "!" in ping(made, "Left")
    return made


def ping(lab: VirtualLab, name: str, count: int = 5) -> str:
    return lab.ping(name, INSIDE[OTHER[name]], source=INSIDE[name], count=count)


def seconds_to_traffic(lab: VirtualLab, name: str) -> float:
    """Ping until it is answered; return how long that took."""
    begun = lab.clock.now()
    while "!" not in ping(lab, name, 1):
        assert lab.clock.now() < begun + 300
    return lab.clock.now() - begun


def agree(lab: VirtualLab) -> None:
    """Both ends hold one IKE SA with one Child SA, the same, once what is old had its time."""
    lab.run(60)
    held = [
        {(frozenset((sa.local_spi, sa.remote_spi)), len(sa.children)) for sa in node.appliance.sas()}
        for node in lab.nodes
    ]
    assert held[0] == held[1]
    assert [children for _, children in held[0]] == [1]


def restart(lab: VirtualLab, name: str, kill: bool) -> None:
    """Have an appliance end, or be gone at once, and another begin with what it stored."""
    old = lab[name]
    if not kill:
        old.appliance.shutdown()
        lab.run(1)
    old.plane.transmit = lambda datagram: None  # type: ignore[method-assign]
    lab.nodes.remove(old)
    stored = old.storage.read_startup()
    assert stored is not None
    new, complaints = lab.add(stored, "ios")
    assert not complaints
    lab.fabric.replace(old.plane, new.plane)


def cut(lab: VirtualLab, seconds: float) -> None:
    lab.fabric.weather = Weather(loss=1.0)
    lab.run(seconds)
    lab.fabric.weather = Weather()


def bad_weather(lab: VirtualLab) -> None:
    lab.fabric.weather = Weather(loss=0.2, duplicate=0.2, jitter=0.7)
    for name in INSIDE:
        assert ping(lab, name, 50).count("!") > 10
    lab.fabric.weather = Weather()


FAULTS: dict[str, tuple[Callable[[VirtualLab], None], float]] = {
    "20 % loss, reordering and duplication": (bad_weather, 3),
    "the peer was restarted": (lambda lab: restart(lab, "Right", kill=False), 5),
    "the peer was killed": (lambda lab: restart(lab, "Right", kill=True), DPD_SECONDS + 5),
    "ours was killed": (lambda lab: restart(lab, "Left", kill=True), 5),
    "the link was cut for 5 minutes": (lambda lab: cut(lab, 300), DPD_SECONDS),
    "the link was cut for a moment": (lambda lab: cut(lab, 5), 5),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", ["Left", "Right"])
def test_traffic_comes_back_soon_and_nothing_stale_stays(lab: VirtualLab, fault: str, name: str) -> None:
    act, allowed = FAULTS[fault]
    act(lab)
    assert seconds_to_traffic(lab, name) <= allowed
    agree(lab)


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_wall_clock_that_jumps_by_a_day_moves_no_timer(
    lab: VirtualLab, jump: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [sa.local_spi for node in lab.nodes for sa in node.appliance.sas()]
    wall = lab.clock.wall
    monkeypatch.setattr(lab.clock, "wall", lambda: wall() + jump)
    for _ in range(10):
        lab.run(60)
        assert ping(lab, "Left") == "!!!!!"
    assert [sa.local_spi for node in lab.nodes for sa in node.appliance.sas()] == before
    agree(lab)
