"""What a router's settings of its SAs do to packets in the lab."""

from __future__ import annotations

from ikecli.lab.lab import VirtualLab
from tests.config.reading import SAMPLES
from tests.lab.shows import shown

LEFT, RIGHT = ((SAMPLES / "modern" / f"{name}.cfg").read_text() for name in ("left", "right"))
MAP = "crypto map VPN 10 ipsec-isakmp\n "


def modern(*lines: str) -> VirtualLab:
    """Start the two routers of the sample, the left one with further lines."""
    lab = VirtualLab(1)
    for text in (LEFT.replace("end\n", "\n".join(lines)), RIGHT):
        assert lab.add(text, "ios")[1] == []
    return lab


def children(lab: VirtualLab, node: str) -> int:
    return sum(len(sa.children) for sa in lab[node].appliance.sas())


def test_an_sa_without_traffic_goes_and_comes_back_with_the_next_packet() -> None:
    lab = modern(MAP + "set security-association idle-time 60")
    assert "Security association idletime: 60 seconds" in shown(lab, "Left", "map")
    for _ in range(4):
        assert lab.ping("Left", "10.20.0.1", "10.10.0.1").endswith("!!!!")
        lab.run(50)
        assert children(lab, "Left") == 1
    lab.run(60)
    assert (children(lab, "Left"), children(lab, "Right"), len(lab["Right"].appliance.sas())) == (0, 0, 1)
    assert lab.ping("Left", "10.20.0.1", "10.10.0.1").endswith("!!!!")
    assert len(lab["Left"].appliance.sas()) == 1
