"""What test automation types: each command of pyATS's libraries for IKEv2 and IPsec, with values of our own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.reading import commands, read

LINES = Path(__file__).with_name("automation.cfg").read_text().splitlines()


def test_no_command_is_refused() -> None:
    _, outcomes = read("ios", LINES)
    assert [line for line, outcome in zip(LINES, outcomes, strict=True) if outcome.error] == []


ROUTER = """
crypto ikev2 keyring K
 peer P
  address 192.0.2.2
  pre-shared-key cisco
crypto ikev2 profile PR
 match identity remote address 192.0.2.2 255.255.255.255
 authentication remote pre-share
 authentication local pre-share
 keyring local K
ip access-list extended A
 permit ip 10.0.0.0 0.0.0.255 10.1.0.0 0.0.0.255
crypto map M 10 ipsec-isakmp
 set peer 192.0.2.2
 set ikev2-profile PR
 match address A
interface GigabitEthernet0/0
 ip address 192.0.2.1 255.255.255.0
 crypto map M
"""


ENTRY = "crypto map M 10\n"


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        ("", 3600),
        ("crypto ipsec security-association lifetime days 2", 172800),
        (ENTRY + " set security-association lifetime days 3", 259200),
        (ENTRY + " set security-association lifetime days 3\n no set security-association lifetime days", 3600),
        (ENTRY + " set security-association lifetime days 3\n set security-association lifetime seconds 600", 600),
    ],
)
def test_sas_live_for_days_or_seconds_whichever_was_typed_last(lines: str, seconds: int) -> None:
    store, _ = read("ios", ROUTER + lines)
    (row,) = store.intent.connections
    assert row.lifetime == seconds
    assert read("ios", commands(store))[0].intent == store.intent


def test_a_replay_window_goes_without_its_size() -> None:
    entry = "crypto map M 10\n set security-association replay window-size 1024\n"
    for last, window in (("", 1024), (" no set security-association replay window-size", 64)):
        (row,) = read("ios", ROUTER + entry + last)[0].intent.connections
        assert row.replay_window == window


def test_ipv6_networks_are_told_of_by_a_list() -> None:
    lines = """
aaa new-model
aaa authorization network LIST local
ipv6 access-list INSIDE
 permit ipv6 2001:db8:1::/48 any
crypto ikev2 authorization policy default
 route set access-list ipv6 INSIDE
crypto ikev2 profile PR
 aaa authorization group psk list LIST
"""
    store, _ = read("ios", ROUTER + lines)
    (profile,) = store.intent.profiles
    assert profile.authorization is not None
    assert [str(one) for one in profile.authorization.networks] == ["2001:db8:1::/48"]
    store, _ = read("ios", ROUTER + lines.replace("access-list INSIDE", "access-list OTHER"))
    assert "ipv6 access-list INSIDE" in [one.fix for one in store.complaints]


@pytest.mark.parametrize(
    ("dialect", "line"),
    [("ios", "crypto ipsec nat-transparency udp-encapsulation"), ("asa", "crypto isakmp nat-traversal")],
)
def test_translations_are_looked_for_unless_told_otherwise(dialect: str, line: str) -> None:
    assert read(dialect, "")[0].intent.nat_traversal
    store, _ = read(dialect, f"no {line}")
    assert not store.intent.nat_traversal
    assert f"no {line}" in commands(store)
    assert read(dialect, f"no {line}\n{line}{' 30' * (dialect == 'asa')}")[0].intent.nat_traversal
