"""What is said of interfaces in each other's networks, and of removing those that are parts of the machine."""

from __future__ import annotations

import pytest

from ikecli.config import ConfigReader
from tests.config.reading import new_store, read, typed

FIRST = {"ios": "interface Gi0/0\n", "asa": "interface Gi0/0\n nameif outside\n"}
SECOND = {"ios": "interface Gi0/1\n", "asa": "interface Gi0/1\n nameif inside\n"}
WIDE, INSIDE = " ip address 10.1.0.1 255.255.0.0\n", " ip address 10.1.7.1 255.255.255.0\n"


def said(dialect: str, text: str) -> list[str]:
    found = read(dialect, text)[0].complaints
    return [str(each) for each in found if each.cause == "interfaces-overlap"]


@pytest.mark.parametrize("dialect", ["ios", "asa"])
@pytest.mark.parametrize(("one", "two"), [(WIDE, INSIDE), (INSIDE, WIDE)])
def test_overlapping_networks_are_told_once(dialect: str, one: str, two: str) -> None:
    (why,) = said(dialect, FIRST[dialect] + one + SECOND[dialect] + two)
    assert why.startswith("interface GigabitEthernet0/1: 10.1.")
    assert "overlaps with interface GigabitEthernet0/0: type another ip address on GigabitEthernet0/1" in why


@pytest.mark.parametrize(
    "text",
    [
        FIRST["ios"] + WIDE + " shutdown\n" + SECOND["ios"] + INSIDE,
        "vrf definition RED\n" + FIRST["ios"] + WIDE + SECOND["ios"] + " vrf forwarding RED\n" + INSIDE,
        FIRST["ios"] + WIDE + " ip address 10.1.7.1 255.255.255.0 secondary\n",
        FIRST["ios"] + WIDE + "interface Tunnel0\n ip unnumbered Gi0/0\n",
    ],
)
def test_networks_that_are_apart_or_of_one_interface_may_overlap(text: str) -> None:
    assert said("ios", text) == []


@pytest.mark.parametrize(("dialect", "sign"), [("ios", "% R"), ("asa", "ERROR: r")])
def test_a_physical_interface_stays(dialect: str, sign: str) -> None:
    store = new_store(dialect)
    reader = ConfigReader(store, quiet=True)
    assert reader.feed("interface GigabitEthernet0/0").accepted
    assert reader.feed("exit").accepted
    refused = reader.feed("no interface Gi0/0")
    assert not refused.accepted
    assert refused.messages[0].startswith(f"{sign}emoval of physical interfaces is not permitted")
    assert "GigabitEthernet0/0" in store.draft.interfaces
    for line in ("interface Tunnel3", "exit", "no interface Tunnel3"):
        assert reader.feed(line).accepted
    assert "Tunnel3" not in store.draft.interfaces


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("ip address 10.1.7.1 255.255.0.0", "% 10.1.0.0 overlaps with GigabitEthernet0/0"),
        ("ip address 10.1.7.1 255.255.255.0 secondary", "% 10.1.7.0 overlaps with GigabitEthernet0/0"),
        ("ipv6 address 2001:db8::2/64", "% 2001:DB8::/64 overlaps with GigabitEthernet0/0"),
        ("ip address 10.2.7.1 255.255.0.0", None),
        ("ip unnumbered GigabitEthernet0/0", None),
    ],
)
def test_a_typed_address_in_the_network_of_another_interface_is_refused_at_once(line: str, answer: str | None) -> None:
    store = new_store("ios")
    reader = ConfigReader(store)
    for each in (*(FIRST["ios"] + WIDE).splitlines(), " ipv6 address 2001:db8::1/64", "interface Gi0/1"):
        assert reader.feed(each).accepted
    outcome = reader.feed(line)
    assert (outcome.accepted, outcome.messages) == (answer is None, (answer,) if answer else ())
    if answer:
        assert not store.draft.interfaces["GigabitEthernet0/1"].address
        assert reader.feed("shutdown").accepted
        assert reader.feed(line).accepted


def test_each_network_is_compared_with_those_before_it_however_they_nest() -> None:
    addresses = [
        "10.0.0.1 255.0.0.0",
        "10.1.1.1 255.255.255.0",
        "10.1.0.1 255.255.0.0",
        "10.2.0.1 255.255.0.0",
        "11.0.0.1 255.0.0.0",
    ]
    text = "".join(f"interface Gi0/{at}\n ip address {address}\n" for at, address in enumerate(addresses))
    pairs = [(2, 0), (1, 0), (3, 0)]
    assert sorted(said("ios", text)) == sorted(
        f"interface GigabitEthernet0/{two}: {net} overlaps with interface GigabitEthernet0/{one}: "
        f"type another ip address on GigabitEthernet0/{two}"
        for (two, one), net in zip(pairs, ["10.1.0.0/16", "10.1.1.0/24", "10.2.0.0/16"], strict=True)
    )


TWICE = "interface GigabitEthernet0/0\n nameif outside\ninterface GigabitEthernet0/1\n nameif Outside\n"


def test_two_interfaces_of_a_firewall_have_not_one_name() -> None:
    assert 'ERROR: Name "Outside" has been assigned to interface GigabitEthernet0/0' in typed("asa", TWICE)
    store, _ = read("asa", TWICE)
    assert [one.message for one in store.complaints if one.severity == "error"] == [
        "interface GigabitEthernet0/1 has the name Outside, which is interface GigabitEthernet0/0's"
    ]
    assert "ERROR" not in typed("asa", TWICE.replace("0/1", "0/0"))
