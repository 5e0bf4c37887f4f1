"""A router's lists: groups in the place of addresses and protocols, and what no traffic selector says."""

from __future__ import annotations

import pytest

from ikecli.config.complaints import Complaints
from ikecli.config.crypto_acl import flows_of
from tests.config.reading import commands, read, typed

GROUPS = """\
object-group network HERE
 host 10.1.1.1
 10.2.0.0 255.255.0.0
 range 10.3.0.9 10.3.0.5
object-group network ALL
 group-object HERE
 any
object-group service WEB
 tcp eq www
 tcp-udp source gt 1023 eq 443
 icmp echo
object-group service MORE
 group-object WEB
 esp
"""


def flows(line: str, *more: str) -> list[str]:
    store, outcomes = read("ios", [*GROUPS.splitlines(), *more, "ip access-list extended L", f" {line}"])
    assert all(outcome.accepted for outcome in outcomes)
    assert read("ios", store.startup())[0].draft == store.draft
    return [f"{flow.local} > {flow.remote}" for flow in flows_of(store.draft, "L", Complaints())]


def test_a_group_of_networks_is_all_of_its_members() -> None:
    assert flows("permit ip object-group HERE host 192.0.2.1") == [
        "10.1.1.1/32 > 192.0.2.1/32",
        "10.2.0.0/16 > 192.0.2.1/32",
        "10.3.0.5-10.3.0.9 > 192.0.2.1/32",
    ]
    assert len(flows("permit ip object-group ALL object-group HERE")) == 12


def test_a_group_of_services_is_all_of_its_protocols_and_ports() -> None:
    assert flows("permit object-group MORE host 10.1.1.1 host 192.0.2.1") == [
        "10.1.1.1/32 protocol 50 > 192.0.2.1/32 protocol 50",
        "10.1.1.1/32 protocol 6 > 192.0.2.1/32 protocol 6 port 80-80",
        "10.1.1.1/32 protocol 6 port 1024-65535 > 192.0.2.1/32 protocol 6 port 443-443",
        "10.1.1.1/32 protocol 17 port 1024-65535 > 192.0.2.1/32 protocol 17 port 443-443",
        "10.1.1.1/32 protocol 1 port 2048-2303 > 192.0.2.1/32 protocol 1 port 2048-2303",
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            ["object-group network A", " group-object B", "object-group network B", " group-object A"],
            "inside of itself",
        ),
        ([], "which is not there"),
    ],
)
def test_a_group_that_is_inside_of_itself_or_not_there_is_complained_of(lines: list[str], said: str) -> None:
    complaints = Complaints()
    store, _ = read("ios", [*lines, "ip access-list extended L", " permit ip object-group A any"])
    assert flows_of(store.draft, "L", complaints) == []
    assert any(said in one.message for one in complaints)


def test_what_no_selector_says_is_complained_of() -> None:
    complaints = Complaints()
    text = "ip access-list extended L\n permit tcp any any established syn dscp ef time-range WORK log\n"
    store, outcomes = read("ios", text)
    assert all(outcome.accepted for outcome in outcomes)
    assert " permit tcp any any established syn dscp ef time-range WORK log" in commands(store)
    assert len(flows_of(store.draft, "L", complaints)) == 1
    (one,) = complaints
    assert "established and flags of TCP and dscp and time-range are not looked at" in one.message


def test_a_group_has_the_prompts_of_a_router() -> None:
    screen = typed("ios", "object-group network N\nobject-group service S\nend").splitlines()
    assert [line.split("(")[1].split(")")[0] for line in screen[1:]] == ["config-network-group", "config-service-group"]
