"""A firewall's lists: objects and groups of services, protocols and messages, and names that stand for addresses."""

from __future__ import annotations

import pytest

from ikecli.config import intent_asa
from ikecli.config.complaints import Complaints
from ikecli.config.lists_asa import Lists
from ikecli.config.store import Store
from tests.config.reading import read

GROUPS = """\
names
name 10.1.1.1 inside-host description The one inside
object service SSH
 service tcp destination eq ssh
object-group service WEB tcp
 port-object eq www
 port-object range 8000 8080
object-group service ALL
 service-object object SSH
 service-object tcp-udp destination eq domain
 service-object icmp echo
 group-object WEB
object-group protocol TUNNELS
 protocol-object gre
 protocol-object 99
object-group icmp-type PINGS
 icmp-object echo
 icmp-object echo-reply
"""


def flows_in(store: Store) -> tuple[list[str], Complaints]:
    complaints = Complaints()
    lists = Lists(store.draft, complaints, lambda name: None)
    held = store.draft.access_lists["L"]
    return [f"{flow.local} > {flow.remote}" for flow in lists.flows("L", held)], complaints


def flows(line: str) -> list[str]:
    store, outcomes = read("asa", [*GROUPS.splitlines(), f"access-list L extended permit {line}"])
    assert all(outcome.accepted for outcome in outcomes)
    assert read("asa", store.startup())[0].draft == store.draft
    found, complaints = flows_in(store)
    assert not list(complaints)
    return found


HERE, THERE = "10.1.1.1/32", "192.0.2.1/32"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("ip host inside-host host 192.0.2.1", [f"{HERE} > {THERE}"]),
        (
            "object SSH host inside-host host 192.0.2.1",
            [f"{HERE} protocol 6 > {THERE} protocol 6 port 22-22"],
        ),
        (
            "tcp host inside-host host 192.0.2.1 object-group WEB",
            [
                f"{HERE} protocol 6 > {THERE} protocol 6 port 80-80",
                f"{HERE} protocol 6 > {THERE} protocol 6 port 8000-8080",
            ],
        ),
        (
            "object-group ALL host inside-host host 192.0.2.1",
            [
                f"{HERE} protocol 6 > {THERE} protocol 6 port 22-22",
                f"{HERE} protocol 6 > {THERE} protocol 6 port 53-53",
                f"{HERE} protocol 17 > {THERE} protocol 17 port 53-53",
                f"{HERE} protocol 1 port 2048-2303 > {THERE} protocol 1 port 2048-2303",
                f"{HERE} protocol 6 > {THERE} protocol 6 port 80-80",
                f"{HERE} protocol 6 > {THERE} protocol 6 port 8000-8080",
            ],
        ),
        (
            "object-group TUNNELS host inside-host host 192.0.2.1",
            [f"{HERE} protocol {each} > {THERE} protocol {each}" for each in (47, 99)],
        ),
        (
            "icmp host inside-host host 192.0.2.1 object-group PINGS",
            [f"{HERE} protocol 1 port {each} > {THERE} protocol 1 port {each}" for each in ("2048-2303", "0-255")],
        ),
    ],
)
def test_what_stands_for_protocols_and_ports_is_resolved(line: str, wanted: list[str]) -> None:
    assert flows(line) == wanted


def test_a_group_inside_of_itself_is_complained_of() -> None:
    text = "object-group network A\n group-object B\nobject-group network B\n group-object A\n"
    store, _ = read("asa", text + "access-list L extended permit ip object-group A any\n")
    found, complaints = flows_in(store)
    assert not found
    assert any("object-group A" in one.message for one in complaints)


def test_a_name_stands_for_its_address_only_while_names_are_used() -> None:
    text = "name 192.0.2.77 peer\n{}route outside 10.0.0.0 255.0.0.0 peer\n"
    assert not read("asa", text.format(""))[1][-1].accepted
    store, outcomes = read("asa", text.format("names\n"))
    assert outcomes[-1].accepted
    assert [str(key[3]) for key in store.draft.routes] == ["192.0.2.77"]


def test_the_domain_is_in_the_identity_by_hostname() -> None:
    text = "hostname fw\ndomain-name example.net\ncrypto isakmp identity hostname\n"
    resolver = intent_asa._Resolver(read("asa", text)[0].draft)
    assert resolver.identity() is not None
    assert str(resolver.identity()) == "fw.example.net"
