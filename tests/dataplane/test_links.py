"""A node's interfaces as they come and go: lines, addresses and routes of virtual-access interfaces."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Interface, IPv4Network, ip_address

import pytest

from ikecli.boundary.effects import Access, Reach
from ikecli.boundary.notices import LineChanged, Notice
from ikecli.dataplane.links import Links
from ikecli.dataplane.routing import Entry, Tables
from ikecli.errors import Unavailable
from ikecli.intent import Carrier, Connection, Intent, Interface, Network, Route, Tunnel

HUB, OWN = ip_address("192.0.2.1"), IPv4Interface("10.255.0.1/32")
NETWORK = Network(
    (
        Interface("Outside", (IPv4Interface("192.0.2.1/24"),)),
        Interface("Template", (OWN,), tunnel=Tunnel(Carrier.GRE), template=True),
    ),
    (Route(IPv4Network("0.0.0.0/0"), ip_address("192.0.2.254")),),
)


def access(number: int, **more: object) -> Access:
    far = ip_address(f"198.51.100.{number}")
    routes = (Route(IPv4Network(f"10.{number}.0.0/16"), None, f"Access{number}", learned=True),)
    made = Access(f"Access{number}", "Template", Carrier.GRE, HUB, far, f"label {number}", routes=routes)
    return replace(made, **more)  # type: ignore[arg-type]


def hub() -> tuple[Links, list[Notice]]:
    notices: list[Notice] = []
    links = Links(lambda connection: True, notices.append)
    links.configure(Intent(network=NETWORK))
    return links, notices


def test_an_sa_that_comes_or_goes_concerns_its_own_tunnel_alone() -> None:
    asked: list[str] = []
    there: set[str] = set()
    notices: list[Notice] = []
    links = Links(lambda label: asked.append(label) or label in there, notices.append)  # type: ignore[func-returns-value]
    many = 1_000
    tunnels = tuple(
        Interface(f"T{number}", tunnel=Tunnel(Carrier.IPSEC, HUB, HUB + 1 + number, protection=f"label {number}"))
        for number in range(many)
    )
    links.configure(Intent(network=replace(NETWORK, interfaces=(*NETWORK.interfaces, *tunnels))))
    assert len(asked) == many
    for number in range(many):
        there.add(f"label {number}")
        links.settle(f"label {number}")
    assert len(asked) == 2 * many
    assert notices == [LineChanged(f"T{number}", True) for number in range(many)]


def test_a_tunnel_in_a_tunnel_follows_it() -> None:
    there = {"inner"}
    notices: list[Notice] = []
    links = Links(there.__contains__, notices.append)
    far = ip_address("10.9.9.9")
    tunnels = (
        Interface("Inner", tunnel=Tunnel(Carrier.IPSEC, HUB, far, protection="inner")),
        Interface("Outer", tunnel=Tunnel(Carrier.IPSEC, HUB, HUB + 1, protection="outer")),
    )
    through = Route(IPv4Network("10.9.9.9/32"), None, "Outer")
    network = replace(NETWORK, interfaces=(NETWORK.interfaces[0], *tunnels), routes=(through,))
    links.configure(Intent(network=network))
    assert notices == []
    there.add("outer")
    links.settle("outer")
    assert notices == [LineChanged("Outer", True), LineChanged("Inner", True)]


def test_what_is_attached_is_found_and_what_is_detached_is_not() -> None:
    links, notices = hub()
    for number in (1, 2):
        links.attach(access(number))
    assert notices == [LineChanged("Access1", True), LineChanged("Access2", True)]
    assert links.gre("", HUB, ip_address("198.51.100.1"), None) is links.interfaces["Access1"]
    assert links.hop("", ip_address("10.1.2.3")) is not None
    links.detach("Access1")
    assert links.gre("", HUB, ip_address("198.51.100.1"), None) is None
    assert links.protected_by("label 1") is None
    hop = links.hop("", ip_address("10.1.2.3"))
    assert hop is not None
    assert hop.interface == "Outside"
    assert ("", OWN.ip) in links.addresses
    links.detach("Access2")
    assert ("", OWN.ip) not in links.addresses


def test_an_interface_that_moves_stays_up_and_is_found_at_its_new_end() -> None:
    links, notices = hub()
    links.attach(access(1))
    links.attach(access(1, remote=ip_address("203.0.113.1"), routes=()))
    assert notices == [LineChanged("Access1", True)]
    assert links.gre("", HUB, ip_address("198.51.100.1"), None) is None
    assert links.gre("", HUB, ip_address("203.0.113.1"), None) is links.interfaces["Access1"]
    assert [view.prefix for view in links.routes() if view.interface == "Access1"] == ["10.255.0.1/32"]


def test_an_interface_moves_also_when_there_are_as_many_as_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ikecli.dataplane.links.MAX_ACCESSES", 1)
    links, _ = hub()
    links.attach(access(1))
    links.attach(access(1, remote=ip_address("203.0.113.1")))
    assert links.gre("", HUB, ip_address("203.0.113.1"), None) is links.interfaces["Access1"]
    with pytest.raises(Unavailable, match="1 virtual-access interfaces"):
        links.attach(access(2))


def test_a_new_configuration_makes_the_interfaces_anew() -> None:
    links, notices = hub()
    links.attach(access(1))
    shut = tuple(replace(one, shutdown=one.name == "Outside") for one in NETWORK.interfaces)
    links.configure(Intent(network=replace(NETWORK, interfaces=shut)))
    assert notices[-1] == LineChanged("Access1", False)
    links.configure(Intent(network=replace(NETWORK, interfaces=NETWORK.interfaces[:1])))
    assert "Access1" not in links.interfaces
    links.configure(Intent(network=NETWORK))
    assert links.up("Access1")


def test_what_two_sas_bring_stays_as_long_as_one_of_them() -> None:
    """Also where the configuration is taken anew between them."""
    end = ip_address("198.51.100.1")
    connection = Connection("T0", 1, "T0", HUB, (end,), (), ())
    tunnel = Interface("T0", (OWN,), tunnel=Tunnel(Carrier.IPSEC, HUB, end, protection=connection.label))
    intent = Intent(network=Network((*NETWORK.interfaces, tunnel), NETWORK.routes), connections=(connection,))
    links = Links(lambda label: True, lambda notice: None)
    links.configure(intent)
    net, other = IPv4Network("10.1.0.0/16"), IPv4Network("10.2.0.0/16")

    def learned() -> list[str]:
        return [view.prefix for view in links.routes() if view.code == "V"]

    for number, networks, left in (
        (1, (net,), ["10.1.0.0/16"]),
        (2, (net, other), ["10.1.0.0/16", "10.2.0.0/16"]),
        (1, (), ["10.1.0.0/16", "10.2.0.0/16"]),
        (3, (other,), ["10.1.0.0/16", "10.2.0.0/16"]),
        (2, (other,), ["10.2.0.0/16"]),
        (2, (), ["10.2.0.0/16"]),
        (3, (), []),
    ):
        routes = tuple(Route(one, None, connection.interface, learned=True) for one in networks)
        links.reach(Reach(number, connection.label, end, (), routes))
        assert learned() == left
        links.configure(intent)
        assert learned() == left


def test_networks_that_come_and_go_leave_nothing_behind() -> None:
    tables = Tables(NETWORK.interfaces, NETWORK.routes)
    before = {name: set(places) for name, places in tables._places.items()}
    for number in range(100):
        entry = Entry("V", IPv4Network(f"10.{number}.0.0/16"), "Outside", None, 1)
        other = replace(entry, gateway=HUB)
        for one in (entry, other):
            tables.add("", one)
        tables.withdraw("", entry)
        assert ("", 4, int(entry.prefix.network_address), 16) in tables._places["Outside"]
        tables.withdraw("", other)
    assert tables._places == before
