"""Two branches behind one address, the hub behind another: sample-configs/nat."""

from __future__ import annotations

from pathlib import Path

from ikecli.boundary.views import ChildView, IkeSaView
from ikecli.dataplane.base import Echo, EchoResult
from ikecli.lab.lab import VirtualLab
from tests.lab.shows import shown

SAMPLES = Path(__file__).parents[2] / "sample-configs" / "nat"
BRANCHES = {"North": "10.1.0.1", "South": "10.2.0.1"}
HUB = "10.0.0.1"
SHARED = "203.0.113.1"


def lab() -> VirtualLab:
    """Return the sample with both branches up."""
    found = VirtualLab()
    for path in sorted(SAMPLES.glob("*.cfg")):
        found.add(path.read_text(), "ios")
    for name, inside in BRANCHES.items():
        assert found.ping(name, HUB, source=inside) == "!!!!!"
    return found


def sas(lab: VirtualLab, name: str) -> list[IkeSaView]:
    return lab[name].appliance.sas()


def children(lab: VirtualLab, name: str) -> list[ChildView]:
    return [child for sa in sas(lab, name) for child in sa.children]


def hubs_ports(lab: VirtualLab) -> dict[str, tuple[str, int]]:
    """Return where the hub sees each branch."""
    return {sa.profile: (sa.remote, sa.remote_port) for sa in sas(lab, "Hub")}


def test_both_branches_come_up_through_both_nats() -> None:
    up = lab()
    for name in BRANCHES:
        (sa,) = sas(up, name)
        assert (sa.nat_local, sa.nat_remote, sa.local_port, sa.remote_port) == (True, True, 4500, 4500)
        assert (sa.remote, sa.remote_identity) == ("198.51.100.1", "hub.example.net")
    assert hubs_ports(up) == {"NORTH": (SHARED, 4500), "SOUTH": (SHARED, 1024)}
    assert [sa.remote_identity for sa in sas(up, "Hub")] == ["north.example.net", "south.example.net"]
    for inside in BRANCHES.values():
        assert up.ping("Hub", inside, source=HUB) == "!!!!!"
    assert all(child.encapsulated for name in ("Hub", *BRANCHES) for child in children(up, name))
    assert [(c.counters.packets_in, c.counters.packets_out) for c in children(up, "Hub")] == [(10, 10)] * 2


def test_what_is_translated_is_shown() -> None:
    up = lab()
    rows = {(row.protocol, row.inside_local, row.inside_global) for row in up["Shared"].plane.translations()}
    assert rows == {
        ("udp", f"192.168.0.{host}:{inside}", f"{SHARED}:{outside}")
        for host, inside, outside in ((11, 500, 500), (11, 4500, 4500), (12, 500, 1), (12, 4500, 1024))
    }
    static, *flows = up["Edge"].plane.translations()
    assert (static.inside_global, static.inside_local, static.outside_global) == (
        "198.51.100.1:500",
        "172.16.0.2:500",
        "",
    )
    assert {row.outside_global for row in flows if row.outside_global} >= {f"{SHARED}:4500", f"{SHARED}:1024"}


def test_the_hub_follows_branches_whose_translations_change_places() -> None:
    up = lab()
    before = {name: [child.inbound_spi for child in children(up, name)] for name in BRANCHES}
    up["Shared"].plane.forget_translations()
    for name in ("South", "North"):
        assert up.ping(name, HUB, source=BRANCHES[name]).endswith("!")
    assert hubs_ports(up) == {"NORTH": (SHARED, 1024), "SOUTH": (SHARED, 4500)}
    for inside in BRANCHES.values():
        assert up.ping("Hub", inside, source=HUB) == "!!!!!"
    assert {name: [child.inbound_spi for child in children(up, name)] for name in BRANCHES} == before


def test_idle_translations_stay_open_for_the_hub() -> None:
    up = lab()
    up.run(2000)
    for inside in BRANCHES.values():
        assert up.ping("Hub", inside, source=HUB) == "!!!!!"


def test_rekeys_pass_through_the_nats() -> None:
    up = lab()
    before = {child.inbound_spi for child in children(up, "Hub")}
    up.run(8000)
    for name, inside in BRANCHES.items():
        assert up.ping(name, HUB, source=inside) == "!!!!!"
        assert up.ping("Hub", inside, source=HUB) == "!!!!!"
    assert not before & {child.inbound_spi for child in children(up, "Hub")}


def test_fragments_are_translated_whole() -> None:
    up = lab()
    results: list[EchoResult] = []
    for size in (1400, 1500, 4000):
        up["North"].plane.echo(Echo(HUB, BRANCHES["North"], size, 2, size), results.append)
        up.run(3)
    assert [result.mark for result in results] == ["!", "!", "!"]


def test_clear_text_of_the_inside_is_translated_too() -> None:
    up = lab()
    assert up.ping("North", "203.0.113.9") == "!!!!!"
    assert any(row.protocol == "icmp" for row in up["Shared"].plane.translations())


def test_the_hub_shows_a_session_for_each_branch_behind_one_address() -> None:
    up = lab()
    said = shown(up, "Hub", "session")
    for profile, port in (("NORTH", 4500), ("SOUTH", 1024)):
        assert f"Profile: {profile}\nSession status: UP-ACTIVE     \nPeer: {SHARED} port {port} " in said
    assert said.count("IKEv2 SA: ") == said.count("IPSEC FLOW: ") == 2
    assert f"current_peer {SHARED} port 1024" in shown(up, "Hub", "ipsec.sa")
