"""Tunnel interfaces of two routers: GRE in the clear, GRE and VTI under IPsec, over and with IPv4 and IPv6."""

from __future__ import annotations

from ipaddress import ip_address
from types import SimpleNamespace

import pytest

from ikecli.dataplane import gre
from ikecli.dataplane.base import Echo, EchoResult
from ikecli.dataplane.memory import MemoryPlane
from ikecli.dataplane.packet import Packet, udp
from ikecli.ike.requests import DeleteIke
from ikecli.intent import Address
from ikecli.lab.lab import VirtualLab
from tests.lab.tunnels import lab, lines, log, router

ENDS = {4: ("192.0.2.1", "198.51.100.1"), 6: ("2001:db8:1::1", "2001:db8:2::1")}


def one(name: str, tunnel: str, mode: str = "tunnel", more: str = "") -> str:
    """One end of a pair, with the tunnel lines given."""
    at = 0 if name == "Left" else 1
    here, there = (str(at + 1), str(2 - at))
    return router(
        name,
        f"""ipv6 unicast-routing
interface GigabitEthernet0/0
 ip address {ENDS[4][at]} 255.255.255.0
 ipv6 address {ENDS[6][at]}/64
interface GigabitEthernet0/1
 ip address 10.{here}.0.1 255.255.255.0
 ipv6 address 2001:db8:a{here}::1/64
interface Tunnel0
 ip address 172.16.0.{here} 255.255.255.252
 ipv6 address 2001:db8:ffff::{here}/64
 tunnel source GigabitEthernet0/0
 tunnel destination END
{tunnel}
ip route 0.0.0.0 0.0.0.0 {ENDS[4][at].rsplit(".", 1)[0]}.254
ip route 10.{there}.0.0 255.255.255.0 Tunnel0
ipv6 route ::/0 {ENDS[6][at].removesuffix("1")}ffff
ipv6 route 2001:db8:a{there}::/64 Tunnel0
{more}""",
        mode,
    )


def pair(tunnel: str, version: int = 4, mode: str = "tunnel", settle: int = 5) -> VirtualLab:
    """Left and Right with the same tunnel lines."""
    ends = {"Left": ENDS[version][1], "Right": ENDS[version][0]}
    made = lab(
        *(
            one(name, tunnel, mode).replace("END", end).replace("AT", "1" if name == "Left" else "2")
            for name, end in ends.items()
        )
    )
    made.run(settle)
    return made


PROTECTED = " tunnel protection ipsec profile PROF"
MIXED = "crypto ipsec profile PROF\n set mixed-mode"


@pytest.mark.parametrize(
    ("tunnel", "version", "mode", "inside"),
    [
        (" tunnel key 7", 4, "tunnel", (4, 6)),
        (" tunnel mode gre ipv6", 6, "tunnel", (4, 6)),
        (PROTECTED, 4, "transport", (4, 6)),
        (PROTECTED, 4, "tunnel", (4, 6)),
        (f" tunnel mode gre ipv6\n{PROTECTED}", 6, "transport", (4, 6)),
        (f" tunnel mode ipsec ipv4\n{PROTECTED}", 4, "tunnel", (4,)),
        (f" tunnel mode ipsec ipv4 v6-overlay\n{PROTECTED}", 4, "tunnel", (6,)),
        (f" tunnel mode ipsec ipv6\n{PROTECTED}", 6, "tunnel", (6,)),
        (f" tunnel mode ipsec ipv6 v4-overlay\n{PROTECTED}", 6, "tunnel", (4,)),
        (f" tunnel mode ipsec dual-overlay\n{PROTECTED}", 4, "tunnel", (4, 6)),
        (f" tunnel mode ipsec ipv4\n{PROTECTED}\n{MIXED}", 4, "tunnel", (4, 6)),
        (f" tunnel mode ipsec ipv6\n{PROTECTED}\n{MIXED}", 6, "tunnel", (4, 6)),
    ],
)
def test_a_tunnel_carries_what_its_mode_says(tunnel: str, version: int, mode: str, inside: tuple[int, ...]) -> None:
    made = pair(tunnel, version, mode)
    assert lines(made, "Left")["Tunnel0"]
    assert made.ping("Left", "10.2.0.9", "10.1.0.1") == ("!!!!!" if 4 in inside else ".....")
    assert made.ping("Left", "2001:db8:a2::9", "2001:db8:a1::1") == ("!!!!!" if 6 in inside else ".....")
    sas = made["Left"].appliance.sas()
    packets = sum(child.counters.packets_out for sa in sas for child in sa.children)
    assert packets == (5 * len(inside) if "protection" in tunnel else 0)


def test_a_vti_is_up_while_it_has_an_sa() -> None:
    made = pair(f" tunnel mode ipsec ipv4\n{PROTECTED}")
    assert lines(made, "Left")["Tunnel0"]
    assert "%LINEPROTO-5-UPDOWN: Line protocol on Interface Tunnel0, changed state to up" in log(made, "Left")
    made["Right"].appliance.shutdown()
    made.run(1)
    assert not lines(made, "Left")["Tunnel0"]
    assert log(made, "Left")[-1] == "%LINEPROTO-5-UPDOWN: Line protocol on Interface Tunnel0, changed state to down"
    assert not [view for view in made["Left"].plane.routes() if view.interface == "Tunnel0"]


def test_a_vti_comes_up_again_by_itself() -> None:
    made = pair(f" tunnel mode ipsec ipv4\n{PROTECTED}")
    made["Left"].appliance.do(DeleteIke())
    made.run(60)
    assert lines(made, "Left")["Tunnel0"]
    assert made.ping("Left", "10.2.0.9", "10.1.0.1", count=1) == "!"


def test_a_gre_tunnel_through_itself_is_down() -> None:
    made = lab(one("Left", "", more="ip route 198.51.100.1 255.255.255.255 Tunnel0").replace("END", ENDS[4][1]))
    assert not lines(made, "Left")["Tunnel0"]
    made["Left"].appliance.load("no ip route 198.51.100.1 255.255.255.255 Tunnel0", "test")
    made.run(1)
    assert lines(made, "Left")["Tunnel0"]
    made["Left"].appliance.load("ip route 198.51.100.1 255.255.255.255 Tunnel0", "test")
    made.run(1)
    assert log(made, "Left")[-1] == "%TUN-5-RECURDOWN: Tunnel0 temporarily disabled due to recursive routing"


def test_a_protected_tunnel_takes_nothing_in_the_clear() -> None:
    made = pair(PROTECTED, mode="transport")
    made["Left"].appliance.load("interface Tunnel0\n no tunnel protection ipsec profile", "test")
    made.run(1)
    assert made.ping("Left", "10.2.0.9", "10.1.0.1", count=1) == "."
    clear = [view for view in made["Right"].plane.interfaces() if view.name == "Tunnel0"]
    assert clear[0].packets_in == 0


def test_tunnels_between_the_same_ends_are_told_apart_by_their_key() -> None:
    made = pair(
        f" tunnel key 1\n{PROTECTED} shared\ninterface Tunnel1\n ip address 172.17.0.AT 255.255.255.252\n"
        f" tunnel source GigabitEthernet0/0\n tunnel destination END\n tunnel key 2\n{PROTECTED} shared",
        mode="transport",
    )
    assert made.ping("Left", "10.2.0.9", "10.1.0.1") == "!!!!!"
    assert len([child for sa in made["Left"].appliance.sas() for child in sa.children]) == 1


def test_what_is_no_gre_is_dropped() -> None:
    made = pair("")
    for octets in (b"", b"\0\0", b"\xff\xff\x08\0", b"\0\0\x08\0\x45", b"\x80\0\x08\0\0\0\0\0"):
        made["Left"].plane.arrive(
            "GigabitEthernet0/0",
            Packet(ip_address(ENDS[4][1]), ip_address(ENDS[4][0]), 47, octets),
        )
    made.run(1)
    assert made.ping("Left", "10.2.0.9", "10.1.0.1", count=1) == "!"


@pytest.mark.parametrize(
    ("tunnel", "version", "mode"),
    [
        ("", 4, "tunnel"),
        (PROTECTED, 4, "transport"),
        (f" tunnel mode gre ipv6\n{PROTECTED}", 6, "tunnel"),
        (f" tunnel mode ipsec dual-overlay\n{PROTECTED}", 4, "tunnel"),
    ],
)
def test_what_a_tunnel_has_no_room_for_is_cut_or_refused(tunnel: str, version: int, mode: str) -> None:
    made = pair(tunnel, version, mode)
    [room] = [view.tunnel.transport_mtu for view in made["Left"].plane.interfaces() if view.tunnel]
    assert 1300 < room < 1500
    longest = made["Left"].plane.network_interfaces[0].mtu
    emitted: list[int] = []
    carry = made.fabric.emit

    def watched(node: MemoryPlane, interface: str, next_hop: Address, packet: Packet) -> None:
        emitted.append(packet.length)
        carry(node, interface, next_hop, packet)

    made["Left"].plane._link = SimpleNamespace(emit=watched)  # type: ignore[assignment]
    marks = {
        (size, whole): echo(made, Echo("10.2.0.9", "10.1.0.1", size, 2, 0, whole=whole))
        for size in (room, room + 1, 9000)
        for whole in (False, True)
    }
    assert marks == {
        (room, False): "!",
        (room, True): "!",
        (room + 1, False): "!",
        (room + 1, True): "M",
        (9000, False): "!",
        (9000, True): "M",
    }
    assert longest - 16 < max(emitted) <= longest


def echo(made: VirtualLab, request: Echo) -> str:
    results: list[EchoResult] = []
    made["Left"].plane.echo(request, results.append)
    made.run(3)
    return results[0].mark


@pytest.mark.parametrize("version", [4, 6])
def test_the_hops_and_the_type_of_service_of_gre_are_as_it_is_said(version: int) -> None:
    mode = "" if version == 4 else " tunnel mode gre ipv6\n"
    seen: list[Packet] = []
    for lines_of in (mode, f"{mode} tunnel ttl 33\n tunnel tos 96"):
        made = pair(lines_of, version)
        made.fabric.tap = seen.append
        assert made.ping("Left", "10.2.0.9", "10.1.0.1", count=1) == "!"
    there = ip_address(ENDS[version][1])
    assert [(one.ttl, one.tos) for one in seen if one.destination == there] == [(255, 0), (33, 96)]


def test_gre_that_may_go_too_few_hops_does_not_arrive() -> None:
    assert pair(" tunnel ttl 1").ping("Left", "10.2.0.9", "10.1.0.1") == "....."
    assert pair(" tunnel ttl 2").ping("Left", "10.2.0.9", "10.1.0.1") == "!!!!!"


def test_an_ipsec_tunnel_has_no_hops_of_its_own_and_says_so() -> None:
    made = VirtualLab(1)
    text = one("Left", f" tunnel mode ipsec ipv4\n tunnel ttl 9\n{PROTECTED}").replace("END", ENDS[4][1])
    assert [str(each) for each in made.add(text, "ios")[1]] == [
        "%Warning: interface Tunnel0 is an IPsec tunnel, and tunnel ttl is of GRE: type no tunnel ttl"
    ]


MAPPED = """ip access-list extended GRE
 permit gre host {here} host {there}
crypto map VPN 10 ipsec-isakmp
 set peer {there}
 set transform-set GCM
 set ikev2-profile PROF
 match address GRE
interface GigabitEthernet0/0
 crypto map VPN"""


def test_gre_that_a_crypto_map_protects_is_not_taken_in_the_clear() -> None:
    """Who forges the other end's address would be in the network behind."""
    here, there = ENDS[4]
    ends = ("Left", here, there), ("Right", there, here)
    made = lab(
        *(
            one(name, "", mode="transport", more=MAPPED.format(here=own, there=other)).replace("END", other)
            for name, own, other in ends
        )
    )
    assert made.ping("Left", "10.2.0.9", "10.1.0.1").endswith("!!!!")
    into = [view.packets_in for view in made["Right"].plane.interfaces() if view.name == "Tunnel0"]
    inner = udp(ip_address("10.1.0.9"), 9, ip_address("10.2.0.9"), 9, b"forged")
    forged = Packet(ip_address(here), ip_address(there), gre.GRE, gre.wrap(inner, None))
    made["Right"].plane.arrive("GigabitEthernet0/0", forged)
    made.run(1)
    assert into == [view.packets_in for view in made["Right"].plane.interfaces() if view.name == "Tunnel0"]
