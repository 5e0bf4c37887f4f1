"""Who answers at each place of a way: routers, ends of tunnels, hosts; and who does not."""

from __future__ import annotations

from functools import partial
from ipaddress import ip_address

import pytest

from ikecli.config import dialect_of
from ikecli.dataplane.base import Echo, EchoResult
from ikecli.dataplane.icmp_errors import EXPIRED, expired, quoted
from ikecli.dataplane.packet import Packet, echo_asked, echo_request, udp
from ikecli.lab.lab import VirtualLab
from tests.config.reading import SAMPLES
from tests.lab.test_tunnels import pair
from tests.lab.tunnels import lab, router

VTI = " tunnel mode ipsec ipv4\n tunnel protection ipsec profile PROF"


def trace(made: VirtualLab, name: str, destination: str, source: str = "", most: int = 6) -> list[str]:
    """Ask at each place of the way, once; return who answers, or `*`."""
    way: list[str] = []
    for place in range(1, most + 1):
        results: list[EchoResult] = []
        made[name].plane.echo(Echo(destination, source, 60, 2, place, ttl=place), results.append)
        made.time.run(made.time.now() + 3, stop=partial(bool, results))
        way.append(results[0].hop or "*")
        if results[0].mark == "!":
            break
    return way


@pytest.mark.parametrize("tunnel", ["", VTI, " tunnel protection ipsec profile PROF"], ids=["gre", "vti", "gre-ipsec"])
def test_a_tunnel_is_one_hop(tunnel: str) -> None:
    made = pair(tunnel)
    made.ping("Left", "172.16.0.2")
    assert trace(made, "Left", "10.2.0.1", "GigabitEthernet0/1") == ["10.2.0.1"]
    assert trace(made, "Left", "10.2.0.77", "GigabitEthernet0/1") == ["172.16.0.2", "10.2.0.77"]
    assert trace(made, "Left", "2001:db8:a2::77" if tunnel != VTI else "10.2.0.77")[-1].endswith("77")


def test_the_network_between_is_a_hop_outside_of_the_tunnel() -> None:
    made = pair(VTI)
    assert trace(made, "Left", "198.51.100.1") == ["192.0.2.254", "198.51.100.1"]
    assert trace(made, "Left", "2001:db8:2::1") == ["2001:db8:1::ffff", "2001:db8:2::1"]


def test_the_end_of_a_crypto_map_tells_of_itself_in_the_clear_and_so_not_to_a_private_address() -> None:
    made = VirtualLab(1)
    for name in ("router", "asa"):
        text = (SAMPLES / "site-to-site" / f"{name}.cfg").read_text()
        text = text.replace("host 10.1.1.1", "10.1.1.0 0.0.0.255").replace("host 10.2.2.1", "10.2.2.0 0.0.0.255")
        if name == "asa":
            text = text.replace("0.0.0.255", "255.255.255.0")
        made.add(text, dialect_of(text))
    made.ping("Router", "10.2.2.77", "10.1.1.1")
    assert trace(made, "Router", "10.2.2.77", "10.1.1.1") == ["*", "10.2.2.77"]
    assert trace(made, "Router", "10.2.2.1", "10.1.1.1") == ["10.2.2.1"]


def chain() -> VirtualLab:
    """Three routers in a row."""
    rows = (("A", 1, 1, "10.0.1.2"), ("B", 2, 1, "10.0.2.3"), ("C", 3, 2, "10.0.2.2"))
    texts = []
    for name, last, net, gateway in rows:
        more = "interface GigabitEthernet0/1\n ip address 10.0.2.2 255.255.255.0\n" if name == "B" else ""
        more += "ip route 10.0.9.0 255.255.255.0 10.0.1.1\n" if name == "B" else ""
        lines = f"interface GigabitEthernet0/0\n ip address 10.0.{net}.{last} 255.255.255.0\n{more}"
        texts.append(router(name, f"{lines}ip route 0.0.0.0 0.0.0.0 {gateway}"))
    return lab(*texts)


def test_routers_on_the_way_answer_with_their_address_towards_the_source() -> None:
    made = chain()
    assert trace(made, "A", "10.0.2.3") == ["10.0.1.2", "10.0.2.3"]
    assert trace(made, "C", "10.0.1.1") == ["10.0.2.2", "10.0.1.1"]


def test_a_loop_ends_with_one_error_and_not_with_errors_about_errors() -> None:
    made = chain()
    seen: list[Packet] = []
    made.fabric.tap = seen.append
    assert trace(made, "A", "203.0.113.9", most=4)[0] == "10.0.1.2"
    made.run(5)
    assert all((inner := quoted(packet, EXPIRED)) is None or echo_asked(inner[0]) is not None for packet in seen)


HERE, THERE, OWN = ip_address("10.0.0.1"), ip_address("10.0.0.2"), ip_address("10.0.0.3")


def test_who_is_told_that_a_packet_had_no_hops_left() -> None:
    request = echo_request(HERE, THERE, 7, 9, 60)
    error = expired(request, OWN)
    assert error is not None
    assert (error.source, error.destination, error.payload[:2]) == (OWN, HERE, b"\x0b\x00")
    found = quoted(error, EXPIRED)
    assert found is not None
    assert echo_asked(found[0]) == (7, 9)
    assert expired(udp(HERE, 1, THERE, 2, b"x"), OWN) is not None


@pytest.mark.parametrize(
    "packet",
    [
        Packet(HERE, THERE, 17, b"12345678", offset=8),
        Packet(HERE, ip_address("224.0.0.1"), 17, b"12345678"),
        Packet(ip_address("0.0.0.0"), THERE, 17, b"12345678"),
        Packet(HERE, THERE, 1, b"\x03\x01" + bytes(30)),
        Packet(ip_address("2001:db8::1"), ip_address("2001:db8::2"), 58, b"\x01\x00" + bytes(50)),
    ],
    ids=["fragment", "multicast", "unspecified", "error", "error6"],
)
def test_of_these_nobody_is_told(packet: Packet) -> None:
    assert expired(packet, OWN) is None


@pytest.mark.parametrize("octets", [b"", b"\x0b", b"\x0b\x00" + bytes(10), b"\x0b\x00" + bytes(40)])
def test_errors_that_quote_nothing_that_can_be_read_are_none(octets: bytes) -> None:
    assert quoted(Packet(HERE, THERE, 1, octets), EXPIRED) is None
