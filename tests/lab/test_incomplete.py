"""What a crypto map is for never goes in the clear, and a ping that fails for want of a profile says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from ikecli.control.messages import Heard
from ikecli.debug import render
from ikecli.lab.lab import VirtualLab

SAMPLE = (Path(__file__).parents[2] / "sample-configs" / "modern" / "left.cfg").read_text()
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
