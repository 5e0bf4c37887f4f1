"""IPv6 outside and inside: crypto maps for it, access lists, routes."""

from __future__ import annotations

import pytest

from ikecli.lab.lab import VirtualLab
from tests.lab.tunnels import lab, router

MAP = """ipv6 unicast-routing
ipv6 access-list SIX
 permit {protocol} 2001:db8:a{here}::/64 2001:db8:a{there}::/64
crypto map ipv6 MAP6 10 ipsec-isakmp
 set peer {peer}
 set transform-set GCM
 set ikev2-profile PROF
 match address SIX
interface GigabitEthernet0/0
 ip address {wan} 255.255.255.0
 ipv6 address {wan6}/64
 ipv6 crypto map MAP6
interface GigabitEthernet0/1
 ipv6 address 2001:db8:a{here}::1/64
ipv6 route ::/0 {gateway6}
ip route 0.0.0.0 0.0.0.0 {gateway}"""
WAN = {"Left": ("192.0.2.1", "2001:db8:1::1"), "Right": ("198.51.100.1", "2001:db8:2::1")}


def end(name: str, outside: int, protocol: str = "ipv6") -> str:
    four, six = WAN[name]
    here, there = ("1", "2") if name == "Left" else ("2", "1")
    return router(
        name,
        MAP.format(
            here=here,
            there=there,
            wan=four,
            wan6=six,
            protocol=protocol,
            peer=WAN["Right" if name == "Left" else "Left"][outside == 6],
            gateway=four.rsplit(".", 1)[0] + ".254",
            gateway6=six.removesuffix("1") + "ffff",
        ),
    )


def pair(outside: int, protocol: str = "ipv6") -> VirtualLab:
    return lab(end("Left", outside, protocol), end("Right", outside, protocol))


@pytest.mark.parametrize("outside", [6, 4], ids=["over-ipv6", "over-ipv4"])
def test_a_crypto_map_protects_ipv6(outside: int) -> None:
    made = pair(outside)
    assert made.ping("Left", "2001:db8:a2::9", "2001:db8:a1::1") == "!!!!!"
    (sa,) = made["Left"].appliance.sas()
    assert sa.remote == WAN["Right"][outside == 6]
    assert sa.children[0].flows[0].remote_first == "2001:db8:a2::"


def test_icmp_of_an_ipv6_list_is_icmp_for_ipv6() -> None:
    made = pair(6, "icmp")
    assert made.ping("Left", "2001:db8:a2::9", "2001:db8:a1::1") == "!!!!!"
    assert made["Left"].appliance.sas()[0].children[0].flows[0].protocol == 58


def test_without_unicast_routing_nothing_of_ipv6_is_forwarded() -> None:
    made = pair(6)
    made["Right"].appliance.load("no ipv6 unicast-routing", "test")
    assert made.ping("Left", "2001:db8:a2::9", "2001:db8:a1::1") == "....."
    assert made.ping("Left", "2001:db8:a2::1", "2001:db8:a1::1") == "!!!!!"


def test_a_list_of_the_other_version_is_missed() -> None:
    made = VirtualLab(1)
    text = end("Left", 6).replace("ipv6 access-list SIX", "ip access-list extended FOUR\nipv6 access-list OTHER")
    _, complaints = made.add(text, "ios")
    assert any(one.endswith("type ipv6 access-list SIX") for one in complaints)


ASA = """hostname {name}
interface GigabitEthernet0/0
 nameif outside
 ip address {wan} 255.255.255.0
 ipv6 address {wan6}/64
interface GigabitEthernet0/1
 nameif inside
 ip address 10.{here}.0.1 255.255.255.0
 ipv6 address 2001:db8:a{here}::1/64
route outside 0.0.0.0 0.0.0.0 {gateway} 1
ipv6 route outside ::/0 {gateway6}
access-list VPN extended permit ip 10.{here}.0.0 255.255.255.0 10.{there}.0.0 255.255.255.0
access-list VPN extended permit ip 2001:db8:a{here}::/64 2001:db8:a{there}::/64
crypto ipsec ikev2 ipsec-proposal GCM
 protocol esp encryption aes-gcm-256
 protocol esp integrity null
crypto map MAP 10 match address VPN
crypto map MAP 10 set peer {peer}
crypto map MAP 10 set ikev2 ipsec-proposal GCM
crypto map MAP interface outside
crypto ikev2 policy 10
 encryption aes-gcm-256
 integrity null
 group 19
 prf sha384
crypto ikev2 enable outside
tunnel-group {peer} type ipsec-l2l
tunnel-group {peer} ipsec-attributes
 ikev2 remote-authentication pre-shared-key example
 ikev2 local-authentication pre-shared-key example
"""


@pytest.mark.parametrize("outside", [6, 4], ids=["over-ipv6", "over-ipv4"])
def test_firewalls_protect_both_versions_in_one_sa(outside: int) -> None:
    made = VirtualLab(1)
    for name, (four, six) in WAN.items():
        here, there = ("1", "2") if name == "Left" else ("2", "1")
        peer = WAN["Right" if name == "Left" else "Left"][outside == 6]
        ends = {"gateway": four.rsplit(".", 1)[0] + ".254", "gateway6": six.removesuffix("1") + "ffff", "peer": peer}
        _, complaints = made.add(ASA.format(name=name, wan=four, wan6=six, here=here, there=there, **ends), "asa")
        assert complaints == []
    assert made.ping("Left", "10.2.0.9", "10.1.0.1") == "!!!!!"
    assert made.ping("Left", "2001:db8:a2::9", "2001:db8:a1::1") == "!!!!!"
    (sa,) = made["Left"].appliance.sas()
    assert sa.remote == WAN["Right"][outside == 6]
    (child,) = sa.children
    assert {flow.remote_first for flow in child.flows} == {"10.2.0.0", "2001:db8:a2::"}
