"""A crypto map's own lists say which packets pass, out of its SAs and into them."""

from __future__ import annotations

import pytest

from ikecli.lab.lab import VirtualLab
from tests.config.reading import SAMPLES

LEFT, RIGHT = ((SAMPLES / "modern" / f"{name}.cfg").read_text() for name in ("left", "right"))


def made(lines: str, listed: str = "") -> VirtualLab:
    """A lab of Left and of Right, whose crypto map has more lines."""
    found = VirtualLab(1)
    more = f"crypto map VPN 10 ipsec-isakmp\n{lines}\n{listed}"
    for text in (LEFT, RIGHT.replace("end\n", more)):
        assert found.add(text, "ios")[1] == []
    return found


def sas(found: VirtualLab) -> int:
    return len(found["Right"].appliance.sas())


@pytest.mark.parametrize(
    ("listed", "echoed"),
    [
        ("permit ip 10.10.0.0 0.0.255.255 any", True),
        ("deny ip host 10.10.0.1 any\n permit ip any any", False),
        ("permit ip host 10.10.0.2 any", False),
        ("permit icmp any any", True),
        ("permit tcp any any", False),
    ],
)
def test_what_comes_out_of_an_sa_passes_as_the_list_says(listed: str, echoed: bool) -> None:
    found = made(" set ip access-group 150 in", f"ip access-list extended 150\n {listed}\n")
    answer = found.ping("Left", "10.20.0.1", "10.10.0.1")
    assert ("!" in answer) is echoed
    assert sas(found) == 1


@pytest.mark.parametrize(
    ("listed", "echoed"),
    [
        ("permit ip 10.20.0.0 0.0.255.255 any", True),
        ("deny ip any host 10.10.0.1\n permit ip any any", False),
        ("permit udp any any", False),
    ],
)
def test_what_is_to_go_into_an_sa_passes_as_the_list_says_and_else_brings_up_none(listed: str, echoed: bool) -> None:
    found = made(" set ip access-group OUTWARD out", f"ip access-list extended OUTWARD\n {listed}\n")
    answer = found.ping("Right", "10.10.0.1", "10.20.0.1")
    assert ("!" in answer) is echoed
    assert sas(found) == int(echoed)


def test_a_list_that_is_not_there_lets_all_pass_and_is_complained_of() -> None:
    found = VirtualLab(1)
    found.add(LEFT, "ios")
    text = RIGHT.replace("end\n", "crypto map VPN 10 ipsec-isakmp\n set ip access-group 150 in\n")
    assert [str(one) for one in found.add(text, "ios")[1]] == [
        "%Warning: crypto map VPN 10 filters in by access list 150, which is not there: all pass: "
        "type ip access-list extended 150"
    ]
    assert "!" in found.ping("Left", "10.20.0.1", "10.10.0.1")
