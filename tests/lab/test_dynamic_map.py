"""A router admits peers of any address by a dynamic crypto map, and routes what is behind them while an SA stands."""

from __future__ import annotations

from ikecli.ike.requests import DeleteChild, DeleteIke
from ikecli.lab.lab import VirtualLab
from tests.config.reading import SAMPLES
from tests.lab.shows import shown

LEFT, RIGHT = ((SAMPLES / "modern" / f"{name}.cfg").read_text() for name in ("left", "right"))
DYNAMIC = """
crypto dynamic-map ANYONE 10
 set transform-set GCM
 set pfs group31
 set ikev2-profile LEFT
 reverse-route
no crypto map VPN 10
crypto map VPN 20 ipsec-isakmp dynamic ANYONE
"""


def routes(lab: VirtualLab) -> list[str]:
    return [route.prefix for route in lab["Right"].plane.routes() if route.code == "V"]


def test_a_peer_of_any_address_is_admitted_and_routed_to_while_its_sa_stands() -> None:
    lab = VirtualLab(1)
    for text in (LEFT, RIGHT.replace("end\n", DYNAMIC)):
        _, complaints = lab.add(text, "ios")
        assert complaints == []
    assert "Dynamic map template tag: ANYONE" in shown(lab, "Right", "map")
    assert not routes(lab)
    assert lab.ping("Left", "10.20.0.1", "10.10.0.1").endswith("!!!!")
    (sa,) = lab["Right"].appliance.sas()
    assert [child.connection for child in sa.children] == ["ANYONE 10 GigabitEthernet0/0"]
    assert routes(lab) == ["10.10.0.0/16"]
    assert "10.10.0.0" in shown(lab, "Right", "ipsec.sa")


def test_the_route_goes_with_the_last_child_sa_though_the_ike_sa_stays() -> None:
    lab = VirtualLab(1)
    for text in (LEFT, RIGHT.replace("end\n", DYNAMIC)):
        lab.add(text, "ios")
    lab.ping("Left", "10.20.0.1", "10.10.0.1")
    assert routes(lab) == ["10.10.0.0/16"]
    right = lab["Right"].appliance
    right.do(DeleteChild(spi=right.sas()[0].children[0].inbound_spi))
    lab.run(10)
    assert [sa.children for sa in right.sas()] == [()]
    assert routes(lab) == []
    right.do(DeleteIke())
    lab.run(10)
    assert routes(lab) == []
