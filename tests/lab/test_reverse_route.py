"""Routes that come with SAs: their distance, tag and next hop, into crypto maps and into tunnels."""

from __future__ import annotations

from ikecli.boundary.views import RouteView
from ikecli.lab.lab import VirtualLab
from ikecli.show.ios.network import way
from tests.config.reading import SAMPLES
from tests.lab.shows import shown
from tests.lab.tunnels import lab, router

LEFT, RIGHT = ((SAMPLES / "modern" / f"{name}.cfg").read_text() for name in ("left", "right"))
TRANSIT = """hostname Transit
interface GigabitEthernet0/0
 ip address 203.0.113.9 255.255.255.0
ip route 0.0.0.0 0.0.0.0 203.0.113.254
end
"""
BEHIND = "10.10.0.0/16"


def made(lines: str, *more: str) -> VirtualLab:
    """A lab of Left and of Right, whose crypto map says more, and of others."""
    found = VirtualLab(1)
    for text in (LEFT, RIGHT.replace("end\n", f"crypto map VPN 10 ipsec-isakmp\n{lines}"), *more):
        assert found.add(text, "ios")[1] == []
    return found


def learned(found: VirtualLab, node: str = "Right") -> list[RouteView]:
    return [one for one in found[node].plane.routes() if one.code == "V"]


def passed(found: VirtualLab, node: str) -> int:
    return sum(one.packets_in for one in found[node].plane.interfaces())


def test_routes_of_sas_have_the_distance_and_the_tag_that_are_said() -> None:
    found = made(" reverse-route\n set reverse-route distance 20\n set reverse-route tag 4711\n")
    assert learned(found) == []
    assert found.ping("Left", "10.20.0.1", "10.10.0.1").endswith("!!!!")
    assert "S        10.10.0.0/16 [20/0] via 192.0.2.1\n" in shown(found, "Right", "route")
    assert "10.10.0.0/255.255.0.0 [20/0] via 192.0.2.1 tag 4711\n" in shown(found, "Right", "crypto.route")
    assert list(way(learned(found), {})) == [
        "Routing entry for 10.10.0.0/16",
        '  Known via "static", distance 20, metric 0',
        "  Tag 4711",
        "  Routing Descriptor Blocks:",
        "  * 192.0.2.1",
        "      Route metric is 0, traffic share count is 1",
        "      Route tag 4711",
    ]


def test_a_route_of_our_own_with_less_distance_is_used_rather() -> None:
    found = made(" reverse-route\n set reverse-route distance 20\nip route 10.10.0.0 255.255.0.0 203.0.113.254\n")
    assert found.ping("Left", "10.20.0.1", "10.10.0.1").endswith("!!!!")
    assert learned(found) == []


def test_a_gateway_has_the_peer_reached_through_it() -> None:
    found = made(" reverse-route\n set reverse-route gateway 203.0.113.9\n", TRANSIT)
    assert found.ping("Left", "10.20.0.1", "10.10.0.1").endswith("!!!!")
    routes = {one.prefix: one.gateway for one in learned(found)}
    assert routes == {BEHIND: "192.0.2.1", "192.0.2.1/32": "203.0.113.9"}
    before = passed(found, "Transit")
    assert found.ping("Right", "10.10.0.1", "10.20.0.1") == "!!!!!"
    assert passed(found, "Transit") == before + 5


def test_a_remote_peer_is_such_a_gateway_or_the_only_hop() -> None:
    for words, routes in (
        ("", {BEHIND: "192.0.2.1", "192.0.2.1/32": "203.0.113.9"}),
        (" gateway", {BEHIND: "203.0.113.9"}),
    ):
        during = made(f" reverse-route remote-peer 203.0.113.9{words}\n")
        assert learned(during) == []
        assert during.ping("Left", "10.20.0.1", "10.10.0.1").endswith("!!!!")
        assert {one.prefix: one.gateway for one in learned(during)} == routes
        always = made(f" reverse-route remote-peer 203.0.113.9{words} static\n")
        assert {one.prefix: one.gateway for one in learned(always)} == routes


CHOSEN = """interface Loopback0
 ip address 10.{own}.0.1 255.255.0.0
interface GigabitEthernet0/0
 ip address 192.0.2.{own} 255.255.255.0
interface Tunnel0
 ip unnumbered GigabitEthernet0/0
 tunnel source GigabitEthernet0/0
 tunnel mode ipsec ipv4
 tunnel destination 192.0.2.{other}
 tunnel protection ipsec policy ipv4 CHOSEN
 tunnel protection ipsec profile PROF
ip access-list extended CHOSEN
 permit ip 10.{own}.0.0 0.0.255.255 10.{other}.0.0 0.0.255.255"""
REVERSE = "crypto ipsec profile PROF\n reverse-route\n"


def test_a_tunnel_that_protects_chosen_networks_has_routes_to_them() -> None:
    tagged = f"{REVERSE} set reverse-route tag 9\n"
    ends = (CHOSEN.format(own=1, other=2), CHOSEN.format(own=2, other=1))
    found = lab(router("One", ends[0], more=tagged), router("Two", ends[1], more=REVERSE))
    assert [(one.prefix, one.interface, one.tag) for one in learned(found, "One")] == [("10.2.0.0/16", "Tunnel0", 9)]
    assert found.ping("One", "10.2.0.1", "10.1.0.1") == "!!!!!"
    bare = lab(router("One", ends[0]), router("Two", ends[1]))
    assert learned(bare, "One") == []
    assert bare.ping("One", "10.2.0.1", "10.1.0.1") != "!!!!!"


def test_routes_into_a_tunnel_may_be_there_always() -> None:
    found = lab(router("One", CHOSEN.format(own=1, other=2), more=f"{REVERSE.rstrip()} static\n"))
    assert learned(found, "One") == []  # its line protocol is down
    found.add(router("Two", CHOSEN.format(own=2, other=1)), "ios")
    found.run(60)
    assert [one.prefix for one in learned(found, "One")] == ["10.2.0.0/16"]


HUB = """interface Loopback0
 ip address 10.2.0.1 255.255.0.0
interface GigabitEthernet0/0
 ip address 192.0.2.2 255.255.255.0
interface Virtual-Template1 type tunnel
 ip unnumbered Loopback0
 tunnel source GigabitEthernet0/0
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile PROF
crypto ikev2 profile PROF
 virtual-template 1"""


def test_a_virtual_access_interface_has_routes_to_what_its_peer_protects_unless_that_is_disabled() -> None:
    spoke = router("One", CHOSEN.format(own=1, other=2), more=REVERSE)
    found = lab(router("Hub", HUB), spoke)
    assert [(one.prefix, one.interface) for one in learned(found, "Hub")] == [("10.1.0.0/16", "Virtual-Access1")]
    assert found.ping("Hub", "10.1.0.1", "10.2.0.1") == "!!!!!"
    disabled = lab(router("Hub", HUB, more="crypto ipsec profile PROF\n rri-dvti-disable\n"), spoke)
    assert learned(disabled, "Hub") == []


def test_what_is_described_but_not_made_is_complained_of() -> None:
    found = VirtualLab(1)
    _, complaints = found.add(
        RIGHT.replace("end\n", "crypto map VPN 10 ipsec-isakmp\n set reverse-route tag 5\n"), "ios"
    )
    assert [str(one) for one in complaints] == [
        "%Warning: crypto map VPN 10 says what its routes are like, but makes none: type reverse-route"
    ]
