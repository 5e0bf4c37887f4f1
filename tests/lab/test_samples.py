"""The samples with tunnels, and with more than two ends, come up and carry packets."""

from __future__ import annotations

from collections import Counter

import pytest

from ikecli.config import dialect_of
from ikecli.lab.lab import VirtualLab
from tests.config.reading import SAMPLES


def started(directory: str, *names: str) -> VirtualLab:
    """Start sample configurations, in this order, and let a few seconds pass."""
    lab = VirtualLab(1)
    for name in names:
        text = (SAMPLES / directory / f"{name}.cfg").read_text()
        _, complaints = lab.add(text, dialect_of(text))
        assert complaints == []
    lab.run(5)
    return lab


def flows(lab: VirtualLab, name: str) -> set[tuple[str, str]]:
    """Where the Child SAs of a node lead: the peer, and the first address of each flow there."""
    return {
        (sa.remote, flow.remote_first)
        for sa in lab[name].appliance.sas()
        for child in sa.children
        for flow in child.flows
    }


def test_a_firewall_and_a_router_join_their_sites_by_a_route() -> None:
    lab = started("route-based", "router", "asa")
    assert lab.ping("Router", "10.2.0.9", "10.1.0.1") == "!!!!!"
    assert lab.ping("ASA", "10.1.0.9", "10.2.0.1") == "!!!!!"
    assert flows(lab, "ASA") == {("192.0.2.1", "0.0.0.0")}


def test_spokes_reach_the_hub_and_each_other_by_its_crypto_map() -> None:
    lab = started("hub-and-spoke", "hub", "spoke1", "spoke2")
    assert lab.ping("Spoke1", "10.0.0.9", "10.1.0.1") == "!!!!!"
    assert lab.ping("Spoke2", "10.0.0.9", "10.2.0.1") == "!!!!!"
    assert lab.ping("Spoke1", "10.2.0.9", "10.1.0.1") == "!!!!!"
    assert flows(lab, "Hub") == {("198.51.100.11", "10.1.0.0"), ("198.51.100.12", "10.2.0.0")}


def test_spokes_have_an_interface_each_and_tell_their_routes() -> None:
    lab = started("hub-and-spoke", "flex-hub", "flex-spoke1", "flex-spoke2")
    assert lab.ping("Spoke1", "10.0.0.9", "10.1.0.1") == "!!!!!"
    assert lab.ping("Hub", "10.2.0.9", "10.0.0.1") == "!!!!!"
    assert lab.ping("Spoke1", "10.2.0.9", "10.1.0.1") == "!!!!!"
    routed = {view.prefix: view.interface for view in lab["Hub"].plane.routes() if "Access" in view.interface}
    assert len(set(routed.values())) == 2
    assert routed["10.1.0.0/24"] == routed["10.255.0.11/32"]
    assert routed["10.2.0.0/24"] == routed["10.255.0.12/32"]
    assert flows(lab, "Hub") == {("198.51.100.11", "198.51.100.11"), ("198.51.100.12", "198.51.100.12")}


@pytest.mark.parametrize("name", ["West", "East"])
def test_both_versions_are_in_one_sa_and_ipv4_also_goes_over_ipv6(name: str) -> None:
    lab = started("dual-stack", "west", "east")
    own, far = ("1", "2") if name == "West" else ("2", "1")
    assert lab.ping(name, f"10.{far}.0.9", f"10.{own}.0.1") == "!!!!!"
    assert lab.ping(name, f"2001:db8:a{far}::9", f"2001:db8:a{own}::1") == "!!!!!"
    assert lab.ping(name, f"10.{far}.1.9", f"10.{own}.1.1") == "!!!!!"
    outer = {"1": "192.0.2.1", "2": "198.51.100.1"}[far]
    assert flows(lab, name) == {(outer, "0.0.0.0"), (outer, "::"), (f"2001:db8:{far}::1", "0.0.0.0")}
    packets: Counter[str] = Counter()
    for sa in lab[name].appliance.sas():
        packets[sa.remote] += sum(child.counters.packets_out for child in sa.children)
    assert packets == {outer: 10, f"2001:db8:{far}::1": 5}


@pytest.mark.parametrize(("directory", "names"), [("route-based", ("router", "asa")), ("dual-stack", ("west", "east"))])
def test_ends_that_both_begin_have_one_sa_in_the_end(directory: str, names: tuple[str, str]) -> None:
    lab = started(directory, *names)
    for node in lab.nodes:
        sas = node.appliance.sas()
        assert sorted(sa.remote for sa in sas) == sorted({sa.remote for sa in sas})
        assert all(len(sa.children) == 1 for sa in sas)
