"""Crypto maps of a router: dynamic ones, peers by name, routes to what they protect, dummies, what is refused."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from ikecli.intent import Connection, Initiation, ReverseRoute, Tfc
from tests.config.reading import SAMPLES, commands, read, typed

ROUTER = (SAMPLES / "site-to-site" / "router.cfg").read_text()
DYNAMIC = """
crypto dynamic-map ANYONE 10
 set ikev2-profile {profile}
 set transform-set TS
 reverse-route
crypto ipsec transform-set TS esp-aes 256 esp-sha256-hmac
crypto map {map} 20 ipsec-isakmp dynamic ANYONE
"""


def with_lines(text: str) -> tuple[Connection, ...]:
    return read("ios", ROUTER + text)[0].intent.connections


def names() -> tuple[str, str]:
    store, _ = read("ios", ROUTER)
    return next(iter(store.draft.crypto_maps)), next(iter(store.draft.profiles))


def entry(lines: str) -> Connection:
    return with_lines(f"crypto map {names()[0]} 10 ipsec-isakmp\n{lines}")[0]


def test_a_dynamic_map_admits_any_peer_after_the_entries_before_it() -> None:
    name, profile = names()
    static, dynamic = with_lines(DYNAMIC.format(map=name, profile=profile))
    assert not static.wildcard_peer
    assert (dynamic.name, dynamic.sequence, dynamic.wildcard_peer) == ("ANYONE", 10, True)
    assert (dynamic.profile, dynamic.flows, dynamic.reverse_route) == (profile, (), ReverseRoute())


def test_a_dynamic_map_is_written_where_it_is_named() -> None:
    name, profile = names()
    store, _ = read("ios", ROUTER + DYNAMIC.format(map=name, profile=profile))
    assert f"crypto map {name} 20 ipsec-isakmp dynamic ANYONE" in commands(store)
    assert read("ios", store.startup())[0].intent == store.intent


@pytest.mark.parametrize("again", ["crypto map M 10 ipsec-isakmp", "crypto map M 10"])
def test_an_entry_does_not_turn_from_dynamic_to_static_or_back(again: str) -> None:
    screen = typed("ios", f"crypto map M 10 ipsec-isakmp dynamic D\n{again}")
    assert screen.splitlines()[-1] == "% 10 exists already and is dynamic"
    screen = typed("ios", "crypto map M 10 ipsec-isakmp\ncrypto map M 10 ipsec-isakmp dynamic D")
    assert screen.splitlines()[-1] == "% 10 exists already and is ipsec-isakmp"


def test_a_dynamic_map_with_a_peer_is_for_that_peer_and_never_begins() -> None:
    name, profile = names()
    lines = DYNAMIC.format(map=name, profile=profile).replace(
        " reverse-route\n", " set peer 198.51.100.77\n match address 101\n"
    )
    static, dynamic = with_lines(lines + "access-list 101 permit ip 10.1.1.0 0.0.0.255 10.7.7.0 0.0.0.255\n")
    assert (dynamic.peers, dynamic.wildcard_peer) == ((IPv4Address("198.51.100.77"),), False)
    assert (static.initiation, dynamic.initiation) == (Initiation.TRAFFIC, Initiation.NEVER)


def test_a_dynamic_map_that_is_not_there_is_complained_of() -> None:
    store, _ = read("ios", ROUTER + f"crypto map {names()[0]} 20 ipsec-isakmp dynamic NOBODY\n")
    assert [each.fix for each in store.complaints] == ["crypto dynamic-map NOBODY 10"]


def test_a_peer_is_known_by_its_name_once_ip_host_knows_it() -> None:
    map_name = names()[0]
    old = entry("").peers[0]
    lines = f"crypto map {map_name} 10 ipsec-isakmp\n no set peer {old}\n set peer hub.example.net dynamic\n"
    store, _ = read("ios", ROUTER + lines)
    assert [each.fix for each in store.complaints] == ["ip host hub.example.net A.B.C.D"]
    assert [(each.peers, each.closed) for each in store.intent.connections] == [((), True)]
    known = read("ios", ROUTER + lines + "ip host Hub.example.net 192.0.2.77 192.0.2.78\n")[0].intent.connections
    assert known[0].peers == (IPv4Address("192.0.2.77"), IPv4Address("192.0.2.78"))


def test_a_peer_by_its_name_may_be_the_default_too() -> None:
    old = entry("").peers[0]
    host = "ip host hub.example.net 192.0.2.77\n"
    for default, peers in (("", (old, IPv4Address("192.0.2.77"))), (" default", (IPv4Address("192.0.2.77"), old))):
        lines = f"crypto map {names()[0]} 10 ipsec-isakmp\n set peer hub.example.net dynamic{default}\n"
        assert read("ios", ROUTER + host + lines)[0].intent.connections[0].peers == peers


def test_reverse_route_makes_routes_while_an_sa_stands_and_static_ones_always() -> None:
    name = names()[0]
    opened = f"crypto map {name} 10 ipsec-isakmp\n"
    during, _ = read("ios", ROUTER + opened + " reverse-route\n")
    assert during.intent.connections[0].reverse_route
    assert not [route for route in during.intent.network.routes if route.learned]
    always, _ = read("ios", ROUTER + opened + " reverse-route static\n")
    assert not always.intent.connections[0].reverse_route
    learned = [route.prefix for route in always.intent.network.routes if route.learned]
    assert learned == [flow.remote.prefix for flow in always.intent.connections[0].flows]
    assert all(isinstance(prefix, IPv4Network) for prefix in learned)


def test_dummies_are_sent_so_many_a_second_or_one_in_so_many() -> None:
    assert entry(" set security-association dummy pps 5\n").tfc == Tfc(64, 5, 1, pads=False)
    assert entry(" set security-association dummy seconds 30\n").tfc == Tfc(64, 1, 30, pads=False)
    assert with_lines("crypto ipsec security-association dummy pps 2\n")[0].tfc == Tfc(64, 2, 1, pads=False)


def test_a_disabled_entry_protects_nothing() -> None:
    assert not with_lines(f"crypto map {names()[0]} 10 ipsec-isakmp\n disable\n")


def test_an_entry_is_opened_again_by_its_number() -> None:
    name = names()[0]
    assert with_lines(f"crypto map {name} 10\n set pfs group19\n")[0].pfs is not None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("crypto map M 10 ipsec-manual", "% Keys are negotiated alone: type ipsec-isakmp"),
        ("crypto ipsec transform-set T ah-sha-hmac", "% Ah-sha-hmac is not served: ESP protects packets"),
        ("crypto ipsec transform-set T esp-seal", "% Esp-seal is not served"),
        ("crypto ipsec transform-set T esp-aes esp-sha-hmac comp-lzs", "% Comp-lzs is not served"),
    ],
)
def test_what_nothing_here_can_do_is_refused_with_the_reason(line: str, said: str) -> None:
    assert typed("ios", line).splitlines()[1].startswith(said)


def test_older_words_of_transforms_are_read() -> None:
    store, _ = read("ios", "crypto ipsec transform-set T esp-256-aes esp-sha256-hmac\n")
    assert "crypto ipsec transform-set T esp-aes 256 esp-sha256-hmac" in commands(store)


def test_an_entry_is_for_peers_of_a_crypto_identity_alone() -> None:
    lines = f"crypto map {names()[0]} 10 ipsec-isakmp\n set identity ALLOWED\n"
    store, _ = read("ios", ROUTER + lines)
    assert store.intent.connections[0].only == ()
    assert [each.fix for each in store.complaints] == ["crypto identity ALLOWED, then fqdn NAME"]
    known, _ = read("ios", f"{ROUTER}crypto identity ALLOWED\n fqdn a.example.net\n fqdn b.example.net\n{lines}")
    only = known.intent.connections[0].only
    assert only is not None
    assert [str(one) for one in only] == ["fqdn a.example.net", "fqdn b.example.net"]
    assert read("ios", known.startup())[0].intent == known.intent
