"""The way that a machine's packets take over its kernel's routers, as its own errors tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.engines import Engine
from tests.dataplane.namespaces import into, ip, join, namespaces, within

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

FORWARDING = ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding")
CONFIG = """hostname A
interface GigabitEthernet0/0
 ip address 10.0.1.1 255.255.255.0
 ipv6 address 2001:db8:1::1/64
ip route 10.0.2.0 255.255.255.0 10.0.1.254
ip route 10.0.3.0 255.255.255.0 10.0.1.254
ipv6 route 2001:db8:2::/64 2001:db8:1::fe
end
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine at one end; a router; a host at the other end, which knows its way back."""
    with namespaces("A", "R", "B") as made:
        join(made["A"], made["R"], ("10.0.1.1/24", "10.0.1.254/24"), "veth0")
        join(made["R"], made["B"], ("10.0.2.254/24", "10.0.2.2/24"), "veth1")
        for name, device, address in (
            ("A", "veth0", "2001:db8:1::1/64"),
            ("R", "veth0", "2001:db8:1::fe/64"),
            ("R", "veth0", "fe80::1/64"),  # what a router asks for neighbours of others' packets from
            ("R", "veth1", "fe80::1/64"),
            ("B", "veth1", "fe80::2/64"),
            ("R", "veth1", "2001:db8:2::fe/64"),
            ("B", "veth1", "2001:db8:2::2/64"),
        ):
            ip("-n", made[name], "address", "add", address, "dev", device, "nodad")
        with within(made["R"]):
            for path in FORWARDING:
                (Path("/proc/sys") / path).write_text("1")
        ip("-n", made["R"], "route", "add", "prohibit", "10.0.3.0/24")
        ip("-n", made["B"], "route", "add", "default", "via", "10.0.2.254")
        ip("-n", made["B"], "route", "add", "default", "via", "2001:db8:2::fe")
        one = Engine(tmp_path / "A", CONFIG, "--dataplane", "userspace", within=into(made["A"])).until("STARTED")
        yield one
        one.end()


def test_routers_and_the_host_answer_in_both_versions_of_ip(engine: Engine) -> None:
    said = engine.type("traceroute 10.0.2.2 timeout 2")
    assert [line.split()[:2] for line in said.splitlines()[3:]] == [["1", "10.0.1.254"], ["2", "10.0.2.2"]]
    said = engine.type("traceroute 2001:db8:2::2 source GigabitEthernet0/0 timeout 2")
    assert [line.split()[:2] for line in said.splitlines()[3:]] == [["1", "2001:DB8:1::FE"], ["2", "2001:DB8:2::2"]], (
        said
    )
    assert said.count(" msec") == 6


def test_who_answers_nothing_is_a_star_and_a_refusal_ends_it(engine: Engine) -> None:
    said = engine.type("traceroute 10.0.2.77 timeout 1 probe 1 ttl 1 2")
    assert said.splitlines()[3].split()[:2] == ["1", "10.0.1.254"]
    refused = engine.type("traceroute 10.0.3.1 timeout 1 probe 2").splitlines()[3:]
    assert [line.split() for line in refused] == [["1", "10.0.1.254", "!H", "!H"]]
