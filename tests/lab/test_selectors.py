"""Access lists of crypto maps in the lab: which packets go into which SA."""

from __future__ import annotations

from typing import Any

import pytest

from ikecli.dataplane.base import Echo, EchoResult
from ikecli.dataplane.memory import MemoryPlane
from ikecli.lab.lab import VirtualLab
from tests.lab.test_weather import SAMPLES

ROUTER_LINE = " permit ip host 10.1.1.1 host 10.2.2.1\n"
ASA_LINE = "access-list VPN permit ip host 10.2.2.1 host 10.1.1.1\n"


def lab_with(router: str, asa: str, more: str = "") -> VirtualLab:
    """Return the article's pair with other access lists, and further lines for the router's crypto map."""
    lab = VirtualLab()
    text = (SAMPLES / "router.cfg").read_text().replace(ROUTER_LINE, router)
    lab.add(text.replace(" match address VPN\n", f" match address VPN\n{more}"), "ios")
    lab.add((SAMPLES / "asa.cfg").read_text().replace(ASA_LINE, asa), "asa")
    return lab


def children(lab: VirtualLab, name: str) -> list[tuple[int, int]]:
    """Return what each Child SA of a node carried: packets out and in."""
    return [(c.counters.packets_out, c.counters.packets_in) for sa in lab[name].appliance.sas() for c in sa.children]


def test_lines_for_icmp_messages_protect_just_these() -> None:
    lines = "permit icmp {} {} echo", "permit icmp {} {} echo-reply"
    router = "".join(f" {one.format('host 10.1.1.1', 'host 10.2.2.1')}\n" for one in lines)
    asa = "".join(f"access-list VPN {one.format('host 10.2.2.1', 'host 10.1.1.1')}\n" for one in lines)
    lab = lab_with(router, asa)
    assert lab.ping("Router", "10.2.2.1", source="10.1.1.1") == "!!!!!"
    assert children(lab, "Router") == [(5, 5)]


@pytest.mark.parametrize("carries", [True, False])
def test_what_is_cut_passes_though_its_later_parts_name_no_message(carries: bool, monkeypatch: Any) -> None:
    """The fragments ride in the SA where both ends say so, else the packet is protected whole and its ESP is cut."""
    if not carries:
        monkeypatch.setattr(MemoryPlane, "features", MemoryPlane.features - {"later-fragments"})
    lines = "permit icmp {} {} echo", "permit icmp {} {} echo-reply"
    router = "".join(f" {one.format('host 10.1.1.1', 'host 10.2.2.1')}\n" for one in lines)
    asa = "".join(f"access-list VPN {one.format('host 10.2.2.1', 'host 10.1.1.1')}\n" for one in lines)
    lab = lab_with(router, asa)
    assert lab.ping("Router", "10.2.2.1", source="10.1.1.1", count=2).endswith("!")
    before = children(lab, "Router")
    results: list[EchoResult] = []
    lab["Router"].plane.echo(Echo("10.2.2.1", "10.1.1.1", 4000, 2, 9), results.append)
    lab.run(5)
    assert [one.mark for one in results] == ["!"]
    parts = 3 if carries else 1
    assert children(lab, "Router") == [(out + parts, come + parts) for out, come in before]


def test_an_answer_that_no_line_names_finds_no_way_into_the_tunnel() -> None:
    router = " permit icmp host 10.1.1.1 host 10.2.2.1 echo\n"
    lab = lab_with(router, "access-list VPN permit icmp host 10.2.2.1 host 10.1.1.1 echo\n")
    assert lab.ping("Router", "10.2.2.1", source="10.1.1.1") == "....."
    assert children(lab, "ASA") == [(0, 5)]


def test_per_host_has_a_child_sa_for_each_pair_of_hosts() -> None:
    router = " permit ip 10.1.1.0 0.0.0.255 10.2.2.0 0.0.0.255\n"
    asa = "access-list VPN permit ip 10.2.2.0 255.255.255.0 10.1.1.0 255.255.255.0\n"
    lab = lab_with(router, asa, " set security-association level per-host\n")
    for host in (1, 7, 8):
        assert lab.ping("Router", f"10.2.2.{host}", source="10.1.1.1") == "!!!!!"
    assert children(lab, "Router") == children(lab, "ASA") == [(5, 5)] * 3


def test_a_firewall_with_an_entry_a_line_gets_a_child_sa_a_line() -> None:
    lines = [("10.1.1.1", "10.2.2.1"), ("10.1.1.1", "10.2.2.7")]
    router = "".join(f" permit ip host {here} host {there}\n" for here, there in lines)
    asa = (
        "access-list VPN permit ip host 10.2.2.1 host 10.1.1.1\naccess-list TWO permit ip host 10.2.2.7 host 10.1.1.1\n"
        "crypto map CMAP 20 match address TWO\ncrypto map CMAP 20 set peer 192.0.2.1\n"
        "crypto map CMAP 20 set ikev2 ipsec-proposal Prop1\n"
    )
    lab = lab_with(router, asa)
    for _ in range(2):
        for _, there in lines:
            assert lab.ping("Router", there, source="10.1.1.1") == "!!!!!"
    assert children(lab, "Router") == children(lab, "ASA") == [(10, 10)] * 2
