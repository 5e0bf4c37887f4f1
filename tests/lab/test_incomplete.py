"""What a crypto map is for never goes in the clear, and a ping that fails for want of a profile says why."""

from __future__ import annotations

import pytest

from ikecli.boundary.events import ChildFailed
from ikecli.control.replies import Heard
from ikecli.debug import render
from ikecli.lab.lab import VirtualLab
from tests.config.reading import SAMPLES

SAMPLE = (SAMPLES / "modern" / "left.cfg").read_text()
FIREWALL = (SAMPLES / "site-to-site" / "asa.cfg").read_text()
FRONT = "vrf definition FRONT\n address-family ipv4\n exit-address-family\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (SAMPLE.replace(" keyring local KEYS\n", ""), "profile RIGHT is not there, or not complete"),
        (SAMPLE.replace("set ikev2-profile RIGHT", "set ikev2-profile LEFT"), "profile LEFT is not there"),
        (
            SAMPLE.replace("crypto ikev2 profile RIGHT\n", FRONT + "crypto ikev2 profile RIGHT\n match fvrf FRONT\n"),
            "profile RIGHT is for another routing table than the global one",
        ),
    ],
)
def test_an_entry_without_a_profile_that_serves_protects_and_says_why(text: str, why: str) -> None:
    assert text != SAMPLE
    lab = VirtualLab()
    lab.add(text, "ios")
    heard: list[Heard] = []
    lab["Left"].appliance.journal.listen(heard.append)
    assert lab.ping("Left", "10.20.0.1", source="10.10.0.1", count=2) == ".."
    (outside,) = (each for each in lab["Left"].plane.interfaces() if each.name == "GigabitEthernet0/0")
    assert (outside.packets_out, outside.map) == (0, "VPN")
    assert any(why in line for one in heard if one.event is not None for line in render(one.event, "ios"))


@pytest.mark.parametrize("lacking", [
    " set peer 203.0.113.2\n", " set ikev2-profile RIGHT\n",
    "crypto ipsec transform-set GCM esp-gcm 256\n mode tunnel\n",
])  # fmt: skip
def test_what_an_incomplete_entry_of_a_router_is_for_is_dropped(lacking: str) -> None:
    assert lacking in SAMPLE
    lab = VirtualLab()
    lab.add(SAMPLE.replace(lacking, ""), "ios")
    _dropped(lab, "Left", "10.20.0.1", "10.10.0.1")
    assert lab.ping("Left", "192.0.2.254", count=1) == "!", "what no entry is for passes"


@pytest.mark.parametrize("lacking", [
    "crypto map CMAP 10 set peer 192.0.2.1\n", "crypto map CMAP 10 set ikev2 ipsec-proposal Prop1\n",
    "crypto ikev2 enable outside\n", " ikev2 local-authentication pre-shared-key cisco\n",
])  # fmt: skip
def test_what_an_incomplete_entry_of_a_firewall_is_for_is_dropped(lacking: str) -> None:
    assert lacking in FIREWALL
    lab = VirtualLab()
    lab.add(FIREWALL.replace(lacking, ""), "asa")
    _dropped(lab, "ASA", "10.1.1.1", "10.2.2.1")


def test_a_peer_gets_no_child_sa_of_an_incomplete_entry() -> None:
    lab = VirtualLab()
    lab.add(SAMPLE.replace(" set peer 203.0.113.2\n", ""), "ios")
    lab.add((SAMPLES / "modern" / "right.cfg").read_text(), "ios")
    assert lab.ping("Right", "10.10.0.1", "10.20.0.1", count=2) == ".."
    assert not [child for sa in lab["Left"].appliance.sas() for child in sa.children]


def test_it_is_mended_by_the_line_that_lacks() -> None:
    lab = VirtualLab()
    lab.add(SAMPLE.replace(" set peer 203.0.113.2\n", ""), "ios")
    lab.add((SAMPLES / "modern" / "right.cfg").read_text(), "ios")
    assert lab.ping("Left", "10.20.0.1", "10.10.0.1", count=1) == "."
    lab["Left"].appliance.load("crypto map VPN 10 ipsec-isakmp\n set peer 203.0.113.2\n", "here")
    lab.run(6)
    assert lab.ping("Left", "10.20.0.1", "10.10.0.1", count=2).endswith("!")


def _dropped(lab: VirtualLab, name: str, destination: str, source: str) -> None:
    heard: list[Heard] = []
    lab[name].appliance.journal.listen(heard.append)
    sent = lab.fabric.carried
    out = {each.name: each.packets_out for each in lab[name].plane.interfaces()}
    assert lab.ping(name, destination, source, count=2) == ".."
    assert {each.name: each.packets_out for each in lab[name].plane.interfaces()} == out
    assert lab.fabric.carried == sent
    told = [one.event.why for one in heard if isinstance(one.event, ChildFailed)]
    assert told
    assert set(told) == {"its configuration is not complete, so its packets are dropped"}
