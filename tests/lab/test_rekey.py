"""Pings run over lifetimes that end again and again, and none is lost."""

from __future__ import annotations

import pytest

from ikecli.dataplane.base import Echo, EchoResult
from ikecli.lab.fabric import Weather
from ikecli.lab.lab import VirtualLab
from tests.lab.test_weather import INSIDE, QUIET_SECONDS, SAMPLES, spis, storm


def lab_with(lines: str, seed: int = 1, ike: tuple[int, int] = (86400, 86400)) -> VirtualLab:
    """The article's pair, both ends with further lines, and their IKE lifetimes."""
    lab = VirtualLab(seed)
    own = [
        f"crypto ikev2 profile IKEV2\n lifetime {ike[0]}",
        f"crypto ikev2 policy 10\n lifetime seconds {ike[1]}",
    ]
    for name, dialect, more in (("router", "ios", own[0]), ("asa", "asa", own[1])):
        text = (SAMPLES / f"{name}.cfg").read_text() + f"\n{more}"
        lab.add(f"{text}\n{lines}\n".replace("\nend\n", "\n"), dialect)
    return lab


def ping(lab: VirtualLab, name: str, count: int, size: int, seconds: float) -> str:
    """Ping at a steady pace; return the marks."""
    node, marks = lab[name], []
    (other,) = [one.name for one in lab.nodes if one is not node]

    def done(result: EchoResult) -> None:
        marks.append(result.mark)

    for sequence in range(count):
        node.plane.echo(Echo(INSIDE[other], INSIDE[name], size, 5, sequence), done)
        lab.run(seconds)
    lab.run(5)
    return "".join(marks)


@pytest.mark.parametrize("name", ["Router", "ASA"])
def test_a_long_ping_over_short_lifetimes_loses_nothing(name: str) -> None:
    lab = lab_with("crypto ipsec security-association lifetime seconds 120")
    before = spis(lab, name)
    marks = ping(lab, name, 4000, 100, 0.25)
    assert marks.count(".") == 0
    assert len(marks) == 4000
    assert spis(lab, name) != before
    assert spis(lab, "Router") == spis(lab, "ASA")
    (child,) = lab["Router"].appliance.sas()[0].children
    assert child.age < 120
    sent = marks.count("!")
    for node in lab.nodes:
        lab.run(5)
        [shown] = node.appliance.sas()[0].children
        assert (shown.totals.packets_out, shown.totals.packets_in) == (sent, sent)
        assert shown.counters.packets_out < 500


def test_a_quick_ping_over_short_lifetimes_loses_nothing_where_packets_overtake_each_other() -> None:
    lab = lab_with("crypto ipsec security-association lifetime seconds 120")
    assert "!" in lab.ping("ASA", INSIDE["Router"], source=INSIDE["ASA"])
    lab.fabric.weather = Weather(jitter=0.3)
    assert ping(lab, "ASA", 12_000, 100, 0.05) == "!" * 12_000


@pytest.mark.parametrize("name", ["Router", "ASA"])
def test_a_long_ping_over_short_volumes_loses_nothing(name: str) -> None:
    lab = lab_with("crypto ipsec security-association lifetime kilobytes 2560")
    marks = ping(lab, name, 6000, 1400, 0.05)
    assert marks == "!" * 6000
    (child,) = lab["Router"].appliance.sas()[0].children
    assert child.age < 300
    assert spis(lab, "Router") == spis(lab, "ASA")


def test_a_long_ping_over_short_ike_lifetimes_loses_nothing() -> None:
    lab = lab_with("crypto ipsec security-association lifetime seconds 150", ike=(120, 130))
    marks = ping(lab, "Router", 4000, 100, 0.25)
    assert marks == "!" * 4000
    (sa,) = [sa for sa in lab["Router"].appliance.sas() if sa.children]
    assert sa.age < 120
    lab.run(QUIET_SECONDS)
    assert {one for one in spis(lab, "Router") if one in spis(lab, "ASA")}


@pytest.mark.parametrize("batch", range(5))
def test_after_the_storm_over_short_lifetimes_both_ends_agree(batch: int) -> None:
    for seed in range(batch, 50, 5):
        lab = lab_with("crypto ipsec security-association lifetime seconds 120", seed)
        for _ in range(3):
            storm(lab, seed)
        lab.fabric.weather = Weather()
        lab.run(QUIET_SECONDS)
        assert "!" in lab.ping("Router", INSIDE["ASA"], source=INSIDE["Router"]), seed
        lab.run(5)
        assert spis(lab, "Router") == spis(lab, "ASA"), seed


@pytest.mark.parametrize("name", ["Router", "ASA"])
def test_a_long_ping_loses_nothing_where_sequence_numbers_end(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without extended ones an SA has 2^32; here they end sooner."""
    monkeypatch.setattr("ikecli.ike.child.LAST_SEQUENCE", 500)
    monkeypatch.setattr("ikecli.esp.codec._LAST_SEQUENCE", {False: 500, True: 500})
    lab = lab_with("")
    assert ping(lab, name, 4000, 100, 0.1) == "!" * 4000
    (child,) = lab["Router"].appliance.sas()[0].children
    assert child.age < 60
    assert spis(lab, "Router") == spis(lab, "ASA")
