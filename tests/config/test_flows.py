"""Ports of access lists as ranges."""

from __future__ import annotations

import pytest

from ikecli.config.common import Icmp, Ports
from ikecli.config.flows import spans
from ikecli.config.icmp import ICMP, ICMPV6, span
from tests.config.reading import SAMPLES, read

SAMPLE = SAMPLES / "site-to-site"


@pytest.mark.parametrize(
    ("ports", "ranges"),
    [
        (None, [(0, 65535)]),
        (Ports("eq", (500, 80)), [(80, 80), (500, 500)]),
        (Ports("eq", port=443), [(443, 443)]),
        (Ports("neq", (0, 5, 65535)), [(1, 4), (6, 65534)]),
        (Ports("gt", port=65535), []),
        (Ports("gt", port=1023), [(1024, 65535)]),
        (Ports("lt", port=0), []),
        (Ports("lt", port=10), [(0, 9)]),
        (Ports("range", first=20, last=10), [(10, 20)]),
    ],
)
def test_ports_become_ranges(ports: Ports | None, ranges: list[tuple[int, int]]) -> None:
    assert spans(ports) == ranges


@pytest.mark.parametrize(
    ("message", "protocol", "ports"),
    [
        (Icmp("echo"), ICMP, (0x0800, 0x08FF)),
        (Icmp("echo"), ICMPV6, (0x8000, 0x80FF)),
        (Icmp("port-unreachable"), ICMP, (0x0303, 0x0303)),
        (Icmp("port-unreachable"), ICMPV6, (0x0104, 0x0104)),
        (Icmp(type=13), ICMP, (0x0D00, 0x0DFF)),
        (Icmp(type=3, code=9), ICMP, (0x0309, 0x0309)),
        (Icmp(type=0, code=0), ICMP, (0, 0)),
    ],
)
def test_messages_of_icmp_become_ranges(message: Icmp, protocol: int, ports: tuple[int, int]) -> None:
    assert span(message, protocol) == ports


def flows_of(dialect: str, lines: str) -> list[str]:
    """Return the flows of lines that stand in place of the sample's, and assert that nothing is complained of them."""
    name, line = {
        "ios": ("router", " permit ip host 10.1.1.1 host 10.2.2.1"),
        "asa": ("asa", "access-list VPN permit ip host 10.2.2.1 host 10.1.1.1"),
    }[dialect]
    store, _ = read(dialect, (SAMPLE / f"{name}.cfg").read_text().replace(line, lines))
    assert [each.message for each in store.complaints if "access list" in each.message] == []
    (connection,) = store.intent.connections
    return [f"{flow.local} -> {flow.remote}" for flow in connection.flows]


def test_a_router_protects_the_messages_and_ports_that_a_line_names() -> None:
    lines = (
        " permit icmp host 10.1.1.1 host 10.2.2.1 host-unreachable\n"
        " permit icmp host 10.1.1.1 host 10.2.2.1 30 1\n"
        " permit sctp host 10.1.1.1 range 2905 2906 host 10.2.2.1 eq 38412"
    )
    assert flows_of("ios", lines) == [
        "10.1.1.1/32 protocol 1 port 769-769 -> 10.2.2.1/32 protocol 1 port 769-769",
        "10.1.1.1/32 protocol 1 port 7681-7681 -> 10.2.2.1/32 protocol 1 port 7681-7681",
        "10.1.1.1/32 protocol 132 port 2905-2906 -> 10.2.2.1/32 protocol 132 port 38412-38412",
    ]


def test_a_firewall_protects_the_messages_and_ports_that_a_line_names() -> None:
    lines = (
        "access-list VPN extended permit icmp host 10.2.2.1 host 10.1.1.1 echo\n"
        "access-list VPN extended permit icmp6 any6 any6 packet-too-big\n"
        "access-list VPN extended permit sctp host 10.2.2.1 host 10.1.1.1 eq 9899"
    )
    assert flows_of("asa", lines) == [
        "10.2.2.1/32 protocol 1 port 2048-2303 -> 10.1.1.1/32 protocol 1 port 2048-2303",
        "::/0 protocol 58 port 512-767 -> ::/0 protocol 58 port 512-767",
        "10.2.2.1/32 protocol 132 -> 10.1.1.1/32 protocol 132 port 9899-9899",
    ]
