"""A configuration written in the other dialect means the same, but for what is said to have no counterpart."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ikecli.config import ConfigReader, Store, dialect_of, other_dialect
from ikecli.config.express import express
from ikecli.config.express.lines import lines_of
from ikecli.config.express.losses import Losses
from ikecli.config.express.peers import Peers
from ikecli.config.mask import Mask
from ikecli.config.reader import feed_all
from ikecli.config.running import body
from ikecli.intent import Connection, Identity, Initiation, Intent, Profile
from ikecli.language import load
from ikecli.secret import Secret
from tests.config.reading import MASTER_KEY, SAMPLES, commands, read
from tests.config.remote import travellers

OTHER = {"ios": "asa", "asa": "ios"}
FILES = sorted(SAMPLES.rglob("*.cfg"))
WHOLE = ("site-to-site", "route-based", "post-quantum/asa", "post-quantum/router", "remote-access/asa")
"""What of the samples has all its counterparts."""
ALWAYS_SAID = (
    "tunnel groups: one named by an address takes any identity from there, a profile the address",
    "checks only when there is traffic to send (on-demand): they are periodic here",
    "peers that ask for no address: they are let in here",
    "peers that ask for no address: they are not let in here",
)
"""Losses that are differences of the systems, not of what is protected."""


def converted(intent: Intent, dialect: str) -> tuple[Store, list[str]]:
    """Write an intent in a dialect and read that; every line must be taken."""
    expressed = express(intent, dialect)
    lines = body(load(dialect), expressed.draft, "clear", Mask(dialect, MASTER_KEY))
    store, outcomes = read(dialect, lines)
    assert not [(line, one.messages) for line, one in zip(lines, outcomes, strict=True) if not one.accepted]
    return store, [one for one in expressed.lost if not one.endswith(ALWAYS_SAID)]


def essence(intent: Intent) -> dict[str, Any]:
    """Return what an intent protects and how, in no dialect's names."""
    proposals = [
        (one.encryption, one.integrity, one.prf, one.groups, one.additional)
        for policy in intent.policies
        for one in policy.proposals
    ]
    routes = [one for one in intent.network.routes if not one.learned]
    return {
        "addresses": {one.name: set(one.addresses) for one in intent.network.interfaces if one.addresses},
        "routes": {(one.prefix, Peers(intent).egress(one)[0], one.distance) for one in routes},
        "proposals": list(dict.fromkeys(proposals)) if intent.connections or travellers(intent) else [],
        "connections": {
            repr(_protects(intent, one))
            for one in intent.connections
            if not one.closed and not (one.wildcard_peer and travellers(intent))
        },
        "travellers": sorted(travellers(intent)),
        "settings": (
            intent.hostname,
            intent.fragment_mtu,
            intent.cookie_threshold,
            intent.max_sas,
            intent.max_half_open,
        ),
    }


def _protects(intent: Intent, one: Connection) -> list[Any]:
    profiles = [Peers(intent).profile_towards(one, peer) for peer in one.peers]
    profile = profiles[0] if profiles else Profile("", (), ())
    assert profile is not None
    held = [each and Peers(intent).credential_of(each, peer) for each, peer in zip(profiles, one.peers, strict=True)]
    keys = [key and [side and side.reveal() for side in (key.local, key.remote)] for key in held]
    suites = [
        (cipher.name, cipher.key_bits, check and check.name, held.esn)
        for held in one.proposals
        for cipher in held.encryption
        for check in held.integrity or (None,)
    ]
    return [
        one.interface, one.local, one.peers, list(lines_of(one.flows, "", Losses())), suites, one.pfs,
        one.pfs_additional, one.lifetime, one.kilobytes, one.transport, one.replay_window,
        one.initiation is Initiation.NEVER, Peers(intent).reverse(one), keys, profile.local or Identity.of(one.local),
        profile.lifetime, profile.nat_keepalive,
        profile.dpd and (profile.dpd.interval, profile.dpd.retry),
    ]  # fmt: skip


def named(path: Path) -> str:
    return str(path.relative_to(SAMPLES).with_suffix(""))


@pytest.mark.parametrize("path", FILES, ids=named)
def test_there_and_back_is_the_same_as_there(path: Path) -> None:
    text = path.read_text()
    dialect = dialect_of(text)
    store, _ = read(dialect, text)
    there, lost = converted(store.intent, OTHER[dialect])
    back, more = converted(there.intent, dialect)
    assert not more, "what came back is not to lose anything"
    assert essence(back.intent) == essence(there.intent)
    if named(path).startswith(WHOLE):
        assert not lost
        assert essence(there.intent) == essence(store.intent)


# Configurations made up

CIPHERS = {"esp-aes": "aes", "esp-aes 256": "aes-256", "esp-gcm 256": "aes-gcm-256", "esp-3des": "3des"}
HASHES = {"esp-sha-hmac": "sha-1", "esp-sha256-hmac": "sha-256", "esp-sha512-hmac": "sha-512"}
PORTS = {"": "", "eq 500": "eq 500", "range 5 9": "range 5 9", "gt 1023": "gt 1023"}
SIDE = st.sampled_from(["any", "host 10.{0}.7.7", "10.{0}.0.0 0.0.255.255", "10.{0}.4.0 0.0.3.255"])
RULE = st.tuples(
    st.sampled_from(["permit", "permit", "deny"]),
    st.sampled_from(["ip", "tcp", "udp", "icmp", "47", "esp", "sctp"]),
    SIDE,
    st.sampled_from(list(PORTS)),
    SIDE,
    st.sampled_from(["", "3 4", "echo", "8"]),
)
ENTRY = st.fixed_dictionaries(
    {
        "cipher": st.sampled_from(list(CIPHERS)),
        "hash": st.sampled_from(list(HASHES)),
        "pfs": st.sampled_from(["", "group14", "group20", "group19 pqc mlkem768"]),
        "seconds": st.sampled_from([0, 120, 3600, 28800]),
        "kilobytes": st.sampled_from([0, 100000]),
        "transport": st.booleans(),
        "rules": st.lists(RULE, min_size=1, max_size=4),
        "backup": st.booleans(),
        "routes": st.sampled_from(["", "always", "with SAs"]),
        "keys": st.sampled_from([("one", "one"), ("mine", "yours")]),
    }
)


def rule(line: tuple[str, ...], own: int, peer: int, *, masks: bool) -> str:
    action, protocol, here, ports, there, icmp = line
    ends = [here.format(own), there.format(peer)]
    if masks:
        ends = [one.replace("0.0.255.255", "255.255.0.0").replace("0.0.3.255", "255.255.252.0") for one in ends]
    behind = (ports if protocol in ("tcp", "udp", "sctp") else "", icmp if protocol == "icmp" else "")
    return " ".join(f"{action} {protocol} {ends[0]} {behind[0]} {ends[1]} {behind[1]}".split())


def router(entries: list[dict[str, Any]]) -> str:
    """Write a router's configuration with crypto-map entries of these properties."""
    lines = ["hostname R", "crypto ikev2 proposal P", "encryption aes-cbc-256 aes-gcm-128", "integrity sha256"]
    lines += ["prf sha256", "group 19 14", "crypto ikev2 policy P", "proposal P"]
    lines += ["crypto ikev2 fragmentation", "crypto ikev2 cookie-challenge 100"]
    for at, one in enumerate(entries, 1):
        peers = [f"192.0.2.{at}", *([f"192.0.2.{at + 100}"] if one["backup"] else [])]
        lines.append(f"crypto ikev2 keyring K{at}")
        for peer in peers:
            lines += [f"peer {peer}", f"address {peer}", f"pre-shared-key local {one['keys'][0]}"]
            lines.append(f"pre-shared-key remote {one['keys'][1]}")
        lines += [f"crypto ikev2 profile F{at}", *(f"match identity remote address {peer}" for peer in peers)]
        lines += ["authentication local pre-share", "authentication remote pre-share", f"keyring local K{at}"]
        gcm = one["cipher"].startswith("esp-gcm")
        lines.append(f"crypto ipsec transform-set T{at} {one['cipher']} {'' if gcm else one['hash']}")
        lines += ["mode transport"] if one["transport"] else []
        lines += [f"ip access-list extended A{at}", *(rule(each, 0, at, masks=False) for each in one["rules"])]
        lines += [f"crypto map M {at} ipsec-isakmp", *(f"set peer {peer}" for peer in peers), f"match address A{at}"]
        lines += [f"set transform-set T{at}", f"set ikev2-profile F{at}"]
        lines += [f"set pfs {one['pfs']}"] if one["pfs"] else []
        lines += [f"set security-association lifetime seconds {one['seconds']}"] if one["seconds"] else []
        lines += [f"set security-association lifetime kilobytes {one['kilobytes'] or 'disable'}"]
        lines += {"": [], "always": ["reverse-route static"], "with SAs": ["reverse-route"]}[one["routes"]]
    lines += ["interface GigabitEthernet0/0", "ip address 198.51.100.1 255.255.255.0", "crypto map M"]
    lines += ["ip route 0.0.0.0 0.0.0.0 198.51.100.254"]
    return "\n".join(lines)


def firewall(entries: list[dict[str, Any]]) -> str:
    """Write a firewall's configuration with crypto-map entries of these properties."""
    lines = ["hostname F", "interface GigabitEthernet0/0", "nameif outside", "ip address 198.51.100.1 255.255.255.0"]
    lines += ["crypto ikev2 policy 1", "encryption aes-256", "integrity sha256", "group 14", "prf sha256"]
    lines += ["crypto ikev2 enable outside", "route outside 0.0.0.0 0.0.0.0 198.51.100.254 1"]
    for at, one in enumerate(entries, 1):
        peers = [f"192.0.2.{at}", *([f"192.0.2.{at + 100}"] if one["backup"] else [])]
        for peer in peers:
            lines += [f"tunnel-group {peer} type ipsec-l2l", f"tunnel-group {peer} ipsec-attributes"]
            lines += [f"ikev2 local-authentication pre-shared-key {one['keys'][0]}"]
            lines += [f"ikev2 remote-authentication pre-shared-key {one['keys'][1]}"]
        lines += [f"crypto ipsec ikev2 ipsec-proposal T{at}", f"protocol esp encryption {CIPHERS[one['cipher']]}"]
        lines += [f"protocol esp integrity {'null' if 'gcm' in one['cipher'] else HASHES[one['hash']]}"]
        lines += [f"access-list A{at} extended {rule(each, 0, at, masks=True)}" for each in one["rules"]]
        entry = f"crypto map M {at}"
        lines += [
            f"{entry} match address A{at}",
            f"{entry} set peer {' '.join(peers)}",
            f"{entry} set ikev2 ipsec-proposal T{at}",
        ]
        lines += [f"{entry} set pfs {one['pfs']}"] if one["pfs"] else []
        lines += [f"{entry} set ikev2 mode transport"] if one["transport"] else []
        lines += [f"{entry} set security-association lifetime seconds {one['seconds']}"] if one["seconds"] else []
        lines += [f"{entry} set security-association lifetime kilobytes {one['kilobytes'] or 'unlimited'}"]
        routes = {"": [], "always": ["set reverse-route"], "with SAs": ["set reverse-route dynamic"]}[one["routes"]]
        lines += [f"{entry} {line}" for line in routes]
    return "\n".join([*lines, "crypto map M interface outside"])


MADE = {"ios": router, "asa": firewall}
PLAIN: dict[str, Any] = {
    "cipher": "esp-aes", "hash": "esp-sha-hmac", "pfs": "", "seconds": 0, "kilobytes": 0, "transport": False,
    "rules": [("permit", "ip", "any", "", "any", "")], "backup": False, "routes": "", "keys": ("a", "b"),
}  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["ios", "asa"]), st.lists(ENTRY, min_size=1, max_size=3))
def test_what_both_can_say_comes_back_the_same(dialect: str, entries: list[dict[str, Any]]) -> None:
    store, outcomes = read(dialect, MADE[dialect](entries))
    assert all(one.accepted for one in outcomes)
    there, lost = converted(store.intent, OTHER[dialect])
    assert not lost
    assert essence(there.intent) == essence(store.intent)
    back, lost = converted(there.intent, dialect)
    assert not lost
    assert essence(back.intent) == essence(store.intent)


@pytest.mark.parametrize(
    ("dialect", "lines", "lost"),
    [
        ("ios", ["crypto ipsec transform-set T1 esp-aes esp-sha-hmac", "esn"],
         "crypto map M 1: extended sequence numbers (esn)"),
        ("ios", ["crypto map M 1 ipsec-isakmp", "set security-association level per-host"],
         "crypto map M 1: a Child SA for each pair of hosts (level per-host)"),
        ("ios", ["crypto ikev2 profile F1", "identity local email a@example.net"],
         "profile F1: the identity a@example.net of this side"),
        ("ios", ["crypto ikev2 profile F1", "nat force-encap"], "profile F1: nat force-encap"),
        ("ios", ["crypto ikev2 profile F1", "lifetime reauthentication 7200"], "profile F1: lifetime reauthentication"),
        ("ios", ["interface GigabitEthernet0/0", "ip tcp adjust-mss 1350"],
         "this system: segments of TCP that are not the same everywhere (ip tcp adjust-mss)"),
        ("asa", ["crypto ikev2 limit max-sa 20000"],
         "crypto ikev2 limit max-sa: 20000 SAs: the most there are here are 9999"),
        ("ios", ["interface Tunnel1", "ip address 10.9.9.1 255.255.255.252", "tunnel source GigabitEthernet0/0",
                 "tunnel destination 192.0.2.9"], "interface Tunnel1: GRE: a tunnel here is IPsec by itself"),
        ("asa", ["access-list A1 extended permit icmp6 any6 any6 echo"],
         "crypto map M 1: a message of ICMP for IPv6: the line is for all of them here"),
        ("asa", ["crypto map M 1 set tfc-packets"], "crypto map M 1: set tfc-packets"),
        ("asa", ["crypto map M 1 set connection-type answer-only"], "crypto map M 1: connection-type answer-only"),
        ("asa", ["crypto ikev2 cookie-challenge never"],
         "crypto ikev2 cookie-challenge never: it is 1000 here, the most there are"),
        ("ios", ["crypto ikev2 keyring K1", "peer 192.0.2.1", "pre-shared-key local two words"],
         "tunnel-group 192.0.2.1: a key with blanks, which a firewall does not take"),
        ("ios", ["crypto ipsec ike sa-strength-enforcement"],
         "crypto ipsec ike sa-strength-enforcement: a firewall has no word for it"),
        ("ios", ["crypto ikev2 window 9"], "this system: 9 requests at a time (crypto ikev2 window)"),
        ("ios", ["crypto ipsec optional"],
         "this system: packets in clear while no SA stands (crypto ipsec optional): they never are here"),
        ("ios", ["crypto map M 1 ipsec-isakmp", "reverse-route", "set reverse-route tag 5"],
         "crypto map M 1: distance, tag and gateway of its routes (set reverse-route)"),
        ("ios", ["ip route 10.9.0.0 255.255.0.0 198.51.100.7 tag 5"], "the route to 10.9.0.0/16: tag 5"),
        ("asa", ["crypto ikev2 limit queue sa_init 70"],
         "crypto ikev2 limit queue: 70 requests: the least there are here are 100"),
        ("asa", ["crypto ikev2 policy 1", "lifetime seconds none"],
         "tunnel-group 192.0.2.1: a lifetime of 2147483647 seconds: it is 86400 here"),
    ],
)  # fmt: skip
def test_what_has_no_counterpart_is_said(dialect: str, lines: Iterable[str], lost: str) -> None:
    store, outcomes = read(dialect, "\n".join([MADE[dialect]([PLAIN]), *lines]))
    assert all(each.accepted for each in outcomes)
    assert lost in express(store.intent, OTHER[dialect]).lost


@pytest.mark.parametrize("line", ["reverse-route", "reverse-route static", "reverse-route remote-peer 198.51.100.9",
                                  "reverse-route remote-peer 198.51.100.9 gateway static"])  # fmt: skip
@pytest.mark.parametrize("more", [[], ["set reverse-route distance 7", "set reverse-route tag 9"]])
def test_routes_of_sas_come_back_as_they_are(line: str, more: list[str]) -> None:
    entry = [router([PLAIN | {"rules": [("permit", "ip", "any", "", "host 10.0.0.9", "")]}]), "crypto map M 1", line]
    store, _ = read("ios", "\n".join([*entry, *more]))
    again, lost = converted(store.intent, "ios")
    assert not lost
    assert again.intent.network.routes == store.intent.network.routes
    assert [one.reverse_route for one in again.intent.connections] == [
        one.reverse_route for one in store.intent.connections
    ]


@pytest.mark.parametrize(("mode", "versions"), [("ipsec ipv6", (4, 6)), ("ipsec ipv4", (4, 6))])
def test_tunnels_of_both_versions_come_back_as_they_are(mode: str, versions: tuple[int, ...]) -> None:
    text = (SAMPLES / "route-based" / "router.cfg").read_text().replace("\nend\n", "\n")
    if mode == "ipsec ipv6":
        text = text.replace("198.51.100.2\n tunnel prot", "2001:DB8::2\n tunnel prot").replace("ipsec ipv4", mode)
        text += "interface GigabitEthernet0/0\n ipv6 address 2001:DB8::1/64\n"
    store, _ = read("ios", f"{text}crypto ipsec profile VTI\n set mixed-mode\n reverse-route\n rri-dvti-disable\n")
    again, _ = converted(store.intent, "ios")
    for each in (store, again):
        (tunnel,) = (one.tunnel for one in each.intent.network.interfaces if one.tunnel)
        (row,) = each.intent.connections
        assert tunnel.versions == versions
        assert {flow.remote.first.version for flow in row.flows} == set(versions)
        assert row.reverse_route is not None


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("site-to-site/asa", ["logging enable", "logging trap warnings", "logging host inside 10.2.2.9 tcp/1470",
                              "logging host outside 203.0.113.9"]),
        ("site-to-site/router", ["logging host 10.1.1.9 transport tcp port 6514", "logging host 203.0.113.9",
                                 "logging trap 3"]),
        ("site-to-site/asa", ["sysopt connection tcpmss 1350", "crypto ipsec df-bit clear-df outside",
                              "crypto ipsec fragmentation after-encryption outside"]),
        ("site-to-site/router", ["interface FastEthernet0/0", "crypto ipsec df-bit set"]),
        ("route-based/asa", ["crypto ipsec df-bit clear-df outside"]),
    ],
)  # fmt: skip
def test_what_a_system_has_besides_tunnels_is_taken_there_and_back(name: str, lines: list[str]) -> None:
    """But for the ports and lists that no SA has anything of."""
    dialect = "asa" if name.endswith("asa") else "ios"
    store, _ = read(dialect, [*(SAMPLES / f"{name}.cfg").read_text().splitlines()[:-1], *lines])
    there, lost = converted(store.intent, OTHER[dialect])
    back, lost_back = converted(there.intent, dialect)
    assert (lost, lost_back) == ([], [])
    for each in (there.intent, back.intent):
        assert each.syslog == store.intent.syslog
        assert [one.outer for one in each.connections] == [one.outer for one in store.intent.connections]
        assert {one.segments for one in each.network.interfaces} == {
            one.segments for one in store.intent.network.interfaces
        }


@pytest.mark.parametrize("dialect", ["ios", "asa"])
def test_another_system_with_the_same_master_key_reads_the_keys_of_a_conversion(dialect: str) -> None:
    store, _ = read(dialect, MADE[dialect]([{**PLAIN, "keys": ("mine", "yours")}]))
    store.set_phrase(Secret("the same everywhere"))
    lines = other_dialect.converted(store, OTHER[dialect])
    assert "mine" not in "\n".join(lines)
    there = Store(OTHER[dialect], bytes(32), phrases=(Secret("the same everywhere"),))
    assert all(outcome.accepted for _, outcome in feed_all(ConfigReader(there, quiet=True), lines))
    there.commit()
    assert essence(there.intent) == essence(store.intent)
    assert " mine" in "\n".join(there.running(clear=True))


def test_what_a_router_alone_has_comes_back_to_one() -> None:
    lines = ["crypto ikev2 window 9", "crypto ipsec optional", "crypto ipsec optional retry 600"]
    store, _ = read("ios", "\n".join([router([PLAIN]), *lines]))
    again, lost = converted(store.intent, "ios")
    assert not lost
    assert (again.intent.window, {one.optional for one in again.intent.connections}) == (9, {600})
    assert {*lines} <= {*commands(again)}


def test_limits_and_what_a_tunnel_chooses_are_taken_along() -> None:
    text = (SAMPLES / "route-based" / "router.cfg").read_text().replace("\nend\n", "\n")
    more = (
        "crypto ikev2 limit max-sa 77\ncrypto ikev2 limit max-in-negotation-sa 100\ncrypto ikev2 cookie-challenge 50\n"
        "ip access-list extended CHOSEN\n permit tcp 10.1.0.0 0.0.0.255 any eq 80\n"
        "interface Tunnel0\n tunnel protection ipsec policy ipv4 CHOSEN\n"
    )
    store, _ = read("ios", text + more)
    assert [
        line.destination_ports for one in store.intent.connections for line in lines_of(one.flows, "", Losses())
    ] == [(80, 80)]
    there, lost = converted(store.intent, "asa")
    assert not lost
    assert essence(there.intent) == essence(store.intent)
    assert essence(converted(there.intent, "ios")[0].intent) == essence(store.intent)


@pytest.mark.parametrize("path", FILES, ids=named)
def test_what_is_written_is_what_the_other_system_would_write(path: Path) -> None:
    text = path.read_text()
    dialect = dialect_of(text)
    store, _ = read(dialect, text)
    lines = other_dialect.converted(store, OTHER[dialect])
    there = store.beside(OTHER[dialect])
    assert all(outcome.accepted for _, outcome in feed_all(ConfigReader(there, quiet=True), lines))
    there.commit()
    assert there.startup().splitlines() == lines[lines.index("!") + 1 :]


def test_probes_objects_and_the_routes_that_follow_them_are_the_same_in_both_dialects() -> None:
    text = """interface GigabitEthernet0/0
 nameif outside
 ip address 192.0.2.1 255.255.255.0
sla monitor 5
 type echo protocol ipIcmpEcho 198.51.100.1 interface outside
  timeout 500
  frequency 5
sla monitor schedule 5 life forever start-time after 00:01:00
track 1 rtr 5 reachability
route outside 0.0.0.0 0.0.0.0 192.0.2.254 1 track 1
"""
    store, _ = read("asa", text)
    there, lost = converted(store.intent, "ios")
    back, more = converted(there.intent, "asa")
    assert (lost, more) == ([], [])
    for each in (there, back):
        assert each.intent.probes == store.intent.probes
        assert each.intent.tracks == store.intent.tracks
        assert [one.track for one in each.intent.network.routes] == [1]


def test_tunnels_that_share_an_ipsec_profile_keep_the_peer_that_each_has() -> None:
    tunnels = "".join(
        f"interface Tunnel{n}\n nameif t{n}\n ip address 10.{n}.0.1 255.255.255.252\n tunnel source interface outside\n"
        f" tunnel destination 192.0.2.{n}\n tunnel mode ipsec ipv4\n tunnel protection ipsec profile P\n"
        f"tunnel-group 192.0.2.{n} type ipsec-l2l\ntunnel-group 192.0.2.{n} ipsec-attributes\n"
        f" ikev2 remote-authentication pre-shared-key k{n}\n ikev2 local-authentication pre-shared-key k{n}\n"
        for n in (1, 2)
    )
    firewall, _ = read(
        "asa",
        "interface GigabitEthernet0/0\n nameif outside\n ip address 198.51.100.1 255.255.255.0\n"
        "crypto ikev2 policy 1\n encryption aes-256\n integrity sha256\n prf sha256\n group 14\n"
        "crypto ikev2 enable outside\ncrypto ipsec ikev2 ipsec-proposal S\n protocol esp encryption aes-gcm-256\n"
        f"crypto ipsec profile P\n set ikev2 ipsec-proposal S\n{tunnels}",
    )
    router, _ = converted(firewall.intent, "ios")
    assert [(one.peers[0].packed[3], one.profile) for one in router.intent.connections] == [
        (1, "192.0.2.1"),
        (2, "192.0.2.2"),
    ]


@pytest.mark.parametrize("window", ["1024", "disable"])
def test_a_firewall_says_how_many_packets_a_window_remembers(window: str) -> None:
    said = window if window == "disable" else f"window-size {window}"
    text = (SAMPLES / "site-to-site" / "router.cfg").read_text()
    router, _ = read("ios", text + f"\ncrypto ipsec security-association replay {said}\n")
    firewall, _ = converted(router.intent, "asa")
    assert {one.replay_window for one in firewall.intent.connections} == {
        one.replay_window for one in router.intent.connections
    }
    assert f"crypto ipsec security-association replay {said}" in "\n".join(firewall.running())


def test_a_route_into_a_tunnel_has_the_tunnels_other_end_for_a_gateway_where_its_network_has_none() -> None:
    router, _ = read(
        "ios",
        "crypto ikev2 keyring K\n peer P\n  address 192.0.2.1\n  pre-shared-key k\n"
        "crypto ikev2 profile F\n match identity remote address 192.0.2.1\n authentication remote pre-share\n"
        " authentication local pre-share\n keyring local K\ncrypto ipsec profile P\n set ikev2-profile F\n"
        "interface GigabitEthernet1\n ip address 198.51.100.1 255.255.255.0\ninterface Tunnel11\n"
        " ip address 10.9.9.1 255.255.255.255\n tunnel source GigabitEthernet1\n tunnel mode ipsec ipv4\n"
        " tunnel destination 192.0.2.1\n tunnel protection ipsec profile P\nip route 10.1.0.0 255.255.0.0 Tunnel11\n",
    )
    firewall, _ = converted(router.intent, "asa")
    assert "route tunnel11 10.1.0.0 255.255.0.0 192.0.2.1 1" in firewall.running()
    again, _ = converted(firewall.intent, "ios")
    assert "ip route 10.1.0.0 255.255.0.0 Tunnel11" in again.running()
