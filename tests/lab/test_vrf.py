"""Routing tables: the front door in one, what is protected in others, and the same networks twice."""

from __future__ import annotations

from ikecli.boundary.views import RouteView
from ikecli.lab.lab import VirtualLab
from tests.config.reading import read
from tests.lab.tunnels import lab, lines, router

WAN = {"Left": "192.0.2.1", "Right": "198.51.100.1"}
FRONT = "vrf definition INTERNET\n rd 65000:1\n address-family ipv4\n exit-address-family\n"


def gateway(name: str) -> str:
    return WAN[name].rsplit(".", 1)[0] + ".254"


def front_door(name: str, tunnel: str, more: str = "") -> str:
    """A router whose outside lies in VRF INTERNET."""
    here, there = ("1", "2") if name == "Left" else ("2", "1")
    far = WAN["Right" if name == "Left" else "Left"]
    return router(
        name,
        f"""{FRONT}interface GigabitEthernet0/0
 vrf forwarding INTERNET
 ip address {WAN[name]} 255.255.255.0
interface GigabitEthernet0/1
 ip address 10.{here}.0.1 255.255.255.0
interface Tunnel0
 ip address 172.16.0.{here} 255.255.255.252
 tunnel source GigabitEthernet0/0
 tunnel destination {far}
 tunnel vrf INTERNET
{tunnel} tunnel protection ipsec profile PROF
ip route vrf INTERNET 0.0.0.0 0.0.0.0 {gateway(name)}
ip route 10.{there}.0.0 255.255.255.0 Tunnel0
{more}""",
    )


def vti(name: str) -> str:
    return front_door(name, " tunnel mode ipsec ipv4\n")


def routes(made: VirtualLab, name: str, vrf: str) -> list[RouteView]:
    return [view for view in made[name].plane.routes() if view.vrf == vrf]


def test_the_tunnel_goes_through_the_front_door() -> None:
    made = lab(vti("Left"), vti("Right"))
    assert made.ping("Left", "10.2.0.9", "10.1.0.1") == "!!!!!"
    assert {sa.vrf for sa in made["Left"].appliance.sas() if sa.children} == {"INTERNET/none"}
    assert [view.prefix for view in routes(made, "Left", "INTERNET")] == ["0.0.0.0/0", "192.0.2.0/24", "192.0.2.1/32"]
    assert "0.0.0.0/0" not in [view.prefix for view in routes(made, "Left", "")]


def test_the_tables_do_not_know_each_other() -> None:
    made = lab(vti("Left"), vti("Right"))
    assert made.ping("Left", WAN["Right"], vrf="INTERNET", count=1) == "!"
    assert made.ping("Left", WAN["Right"], count=1) == "U"
    assert made.ping("Left", "10.2.0.9", vrf="INTERNET", count=1) == "."


def test_a_profile_for_the_global_table_is_not_for_peers_at_the_front_door() -> None:
    made = lab(*(vti(name).replace("crypto ikev2 profile PROF\n match fvrf any\n", "crypto ikev2 profile PROF\n")
                 if name == "Right" else vti(name) for name in WAN))  # fmt: skip
    assert not lines(made, "Left")["Tunnel0"]


def customers(name: str) -> str:
    """A router that carries VRFs RED and BLUE, both with the same networks, over one front door."""
    here, there = ("1", "2") if name == "Left" else ("2", "1")
    far = WAN["Right" if name == "Left" else "Left"]
    text = "".join(f"vrf definition {vrf}\n address-family ipv4\n" for vrf in ("RED", "BLUE"))
    text += f"interface GigabitEthernet0/0\n ip address {WAN[name]} 255.255.255.0\n"
    for key, vrf in enumerate(("RED", "BLUE"), 1):
        text += f"""interface GigabitEthernet0/{key}
 vrf forwarding {vrf}
 ip address 10.{here}.0.{key} 255.255.255.0
interface Tunnel{key}
 vrf forwarding {vrf}
 ip address 172.16.0.{here} 255.255.255.252
 tunnel source GigabitEthernet0/0
 tunnel destination {far}
 tunnel key {key}
 tunnel protection ipsec profile PROF shared
ip route vrf {vrf} 10.{there}.0.0 255.255.255.0 Tunnel{key}
"""
    return router(name, f"{text}ip route 0.0.0.0 0.0.0.0 {gateway(name)}", "transport")


def test_two_customers_have_the_same_networks() -> None:
    made = lab(customers("Left"), customers("Right"))
    for key, vrf in enumerate(("RED", "BLUE"), 1):
        assert made.ping("Left", f"10.2.0.{key}", f"10.1.0.{key}", vrf=vrf) == "!!!!!"
        assert [view.interface for view in routes(made, "Left", vrf) if view.code == "S"] == [f"Tunnel{key}"]
    counted = {view.name: view.packets_out for view in made["Left"].plane.interfaces()}
    assert counted["Tunnel1"] == counted["Tunnel2"] == 5
    assert made.ping("Left", "10.2.0.2", "10.1.0.1", vrf="RED", count=1) == "!"
    assert [len(sa.children) for sa in made["Left"].appliance.sas()] == [1], "the tunnels share it"


def mapped(name: str) -> str:
    """A router with a crypto map whose protected networks lie in VRF RED."""
    here, there = ("1", "2") if name == "Left" else ("2", "1")
    far = WAN["Right" if name == "Left" else "Left"]
    return router(
        name,
        f"""vrf definition RED
 address-family ipv4
crypto ikev2 profile PROF
 ivrf RED
ip access-list extended ACL
 permit ip 10.{here}.0.0 0.0.0.255 10.{there}.0.0 0.0.0.255
crypto map MAP 10 ipsec-isakmp
 set peer {far}
 set transform-set GCM
 set ikev2-profile PROF
 match address ACL
interface GigabitEthernet0/0
 ip address {WAN[name]} 255.255.255.0
 crypto map MAP
interface GigabitEthernet0/1
 vrf forwarding RED
 ip address 10.{here}.0.1 255.255.255.0
ip route vrf RED 10.{there}.0.0 255.255.255.0 GigabitEthernet0/0 {gateway(name)}
ip route 0.0.0.0 0.0.0.0 {gateway(name)}""",
    )


def test_a_crypto_map_protects_packets_of_its_profiles_table() -> None:
    made = lab(mapped("Left"), mapped("Right"))
    assert made.ping("Left", "10.2.0.9", "10.1.0.1", vrf="RED") == "!!!!!"
    assert made.ping("Left", "10.2.0.9", count=1) == "."
    assert [sa.vrf for sa in made["Left"].appliance.sas()] == ["none/RED"]


def test_a_table_that_is_not_there_is_complained_of() -> None:
    made = VirtualLab(1)
    _, complaints = made.add("interface Tunnel0\n vrf forwarding RED\n tunnel source 192.0.2.1\n"
                             " tunnel destination 198.51.100.1\n tunnel vrf BLUE\nend", "ios")  # fmt: skip
    assert [one.split(": type ")[1] for one in complaints] == ["vrf definition RED", "vrf definition BLUE"]


def test_tables_that_profiles_and_policies_name_must_be_there() -> None:
    text = "crypto ikev2 policy P\n match fvrf RED\ncrypto ikev2 profile Q\n match fvrf BLUE\n ivrf GREEN\n"
    found = {each.message for each in read("ios", text)[0].complaints if each.cause == "vrf-missing"}
    assert found == {
        "IKEv2 policy P names VRF RED, which is not there",
        "IKEv2 profile Q names VRF BLUE, which is not there",
        "IKEv2 profile Q names VRF GREEN, which is not there",
    }
