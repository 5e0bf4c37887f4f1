"""What peers are lent and told means the same in the other dialect, but for what is said to have no counterpart."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ikecli.config import other_dialect
from ikecli.config.express import express
from tests.config.reading import SAMPLES, read
from tests.config.remote import travellers
from tests.config.test_express import OTHER, converted, essence

GIVES = {
    "pools": st.integers(1, 2),
    "six": st.booleans(),
    "dns": st.sampled_from([(), ("10.0.0.53",), ("10.0.0.53", "10.0.0.54"), ("10.0.0.53", "2001:db8::53")]),
    "wins": st.sampled_from([(), ("10.0.0.42",)]),
    "domain": st.sampled_from(["", "example.net"]),
    "split_dns": st.sampled_from([(), ("example.net", "example.org")]),
    "banner": st.sampled_from(["", "Be good", "Be  good!"]),
    "networks": st.sampled_from(
        [(), ("10.2.0.0/16",), ("10.2.0.0/16", "10.4.4.4/32"), ("10.2.0.0/16", "2001:db8:2::/48")]
    ),
    "mask": st.booleans(),
    "idle": st.sampled_from([0, 60, 1800]),
    "session": st.sampled_from([0, 300, 36000]),
    "pfs": st.booleans(),
    "dhcp": st.sampled_from([(), ("198.51.100.67",), ("198.51.100.67", "10.1.1.67")]),
    "backups": st.sampled_from([(), ("198.51.100.7", "other.example.net")]),
    "nearby": st.booleans(),
    "keys": st.sampled_from([("one", "one"), ("mine", "yours")]),
}
ENTRY = {
    "pfs": st.sampled_from(["", "group19", "group20"]),
    "seconds": st.sampled_from([0, 1200]),
    "ciphers": st.sampled_from([("esp-gcm",), ("esp-gcm", "esp-gcm 256")]),
    "checks": st.booleans(),
    "mss": st.booleans(),
    "fqdn": st.booleans(),
}


def firewall(entry: dict[str, Any], groups: list[dict[str, Any]]) -> str:
    """Write a firewall's configuration for groups of travellers with these properties."""
    lines = ["hostname F", "interface GigabitEthernet0/0", "nameif outside", "ip address 198.51.100.1 255.255.255.0"]
    lines += ["crypto ikev2 policy 1", "encryption aes-gcm-256", "integrity null", "group 19", "prf sha256"]
    lines += ["crypto ikev2 enable outside", "crypto map M 9 ipsec-isakmp dynamic D", "crypto map M interface outside"]
    lines += ["sysopt connection tcpmss 1300"] if entry["mss"] else []
    lines += ["crypto isakmp identity hostname"] if entry["fqdn"] else []
    for at, cipher in enumerate(entry["ciphers"], 1):
        word = cipher.replace("esp-gcm", "aes-gcm").replace(" ", "-")
        lines += [f"crypto ipsec ikev2 ipsec-proposal T{at}", f"protocol esp encryption {word}"]
        lines += ["protocol esp integrity null"]
    sets = " ".join(f"T{at}" for at in range(1, len(entry["ciphers"]) + 1))
    lines += [f"crypto dynamic-map D 1 set ikev2 ipsec-proposal {sets}", "crypto dynamic-map D 1 set reverse-route"]
    lines += [f"crypto dynamic-map D 1 set pfs {entry['pfs']}"] if entry["pfs"] else []
    if entry["seconds"]:
        lines += [f"crypto dynamic-map D 1 set security-association lifetime seconds {entry['seconds']}"]
    for at, one in enumerate(groups, 1):
        mask = " mask 255.255.255.0" if one["mask"] else ""
        pools = [f"P{at}{each}" for each in range(one["pools"])]
        lines += [
            f"ip local pool {name} 10.9.{at}.{each * 50 + 1}-10.9.{at}.{each * 50 + 9}{mask}"
            for each, name in enumerate(pools)
        ]
        lines += [f"ipv6 local pool S{at} 2001:db8:{at}::10/64 16"] if one["six"] else []
        lines += [f"access-list L{at} extended permit ip {_firewall_end(each)} any" for each in one["networks"]]
        lines += [f"access-list L{at} standard permit host 0.0.0.0"] if one["nearby"] and not one["networks"] else []
        lines += [f"group-policy G{at} internal", f"group-policy G{at} attributes", "vpn-tunnel-protocol ikev2"]
        lines += [f"banner value {one['banner']}"] if one["banner"] else []
        lines += [f"dns-server value {' '.join(one['dns'])}"] if one["dns"] else []
        lines += [f"wins-server value {' '.join(one['wins'])}"] if one["wins"] else []
        lines += [f"default-domain value {one['domain']}"] if one["domain"] else []
        lines += [f"split-dns value {' '.join(one['split_dns'])}"] if one["split_dns"] else []
        if one["networks"]:
            lines += ["split-tunnel-policy tunnelspecified", f"split-tunnel-network-list value L{at}"]
            lines += ["ipv6-split-tunnel-policy tunnelspecified"]
        elif one["nearby"]:
            lines += ["split-tunnel-policy excludespecified", f"split-tunnel-network-list value L{at}"]
        lines += [f"vpn-idle-timeout {one['idle'] // 60}"] if one["idle"] else []
        lines += [f"vpn-session-timeout {one['session'] // 60}"] if one["session"] else []
        lines += ["pfs enable"] if one["pfs"] else []
        lines += ["dhcp-network-scope 198.51.100.1"] if one["dhcp"] else []
        lines += [f"backup-servers {' '.join(one['backups'])}"] if one["backups"] else []
        name = f"c{at}.example.net"
        lines += [f"tunnel-group {name} type remote-access", f"tunnel-group {name} general-attributes"]
        lines += [f"address-pool {' '.join(pools)}", f"default-group-policy G{at}"]
        lines += [f"ipv6-address-pool S{at}"] if one["six"] else []
        lines += [f"dhcp-server {' '.join(one['dhcp'])}"] if one["dhcp"] else []
        lines += [f"tunnel-group {name} ipsec-attributes"]
        lines += [f"ikev2 local-authentication pre-shared-key {one['keys'][0]}"]
        lines += [f"ikev2 remote-authentication pre-shared-key {one['keys'][1]}"]
        lines += ["isakmp keepalive threshold 20 retry 3"] if entry["checks"] else []
    return "\n".join(lines)


def _firewall_end(network: str) -> str:
    masks = {"10.2.0.0/16": "10.2.0.0 255.255.0.0", "10.4.4.4/32": "host 10.4.4.4"}
    return masks.get(network, network)


def router(entry: dict[str, Any], groups: list[dict[str, Any]]) -> str:
    """Write a router's configuration for groups of travellers with these properties."""
    lines = ["hostname R", "aaa new-model", "aaa authorization network A local", "ipv6 unicast-routing"]
    lines += ["crypto ikev2 proposal P", "encryption aes-gcm-256", "prf sha256", "group 19"]
    lines += [
        "crypto ikev2 policy P",
        "proposal P",
        "interface GigabitEthernet0/0",
        "ip address 198.51.100.1 255.255.255.0",
    ]
    lines += ["ip tcp adjust-mss 1300", "ipv6 tcp adjust-mss 1300"] if entry["mss"] else []
    for at, cipher in enumerate(entry["ciphers"], 1):
        lines += [f"crypto ipsec transform-set T{at} {cipher}"]
    sets = " ".join(f"T{at}" for at in range(1, len(entry["ciphers"]) + 1))
    for at, one in enumerate(groups, 1):
        lines += [
            f"ip local pool P{at} 10.9.{at}.{each * 50 + 1} 10.9.{at}.{each * 50 + 9}" for each in range(one["pools"])
        ]
        lines += [f"ipv6 local pool S{at} 2001:db8:{at}::10/124 128"] if one["six"] else []
        lines += [f"crypto ikev2 authorization policy G{at}", f"pool P{at}"]
        lines += [f"ipv6 pool S{at}"] if one["six"] else []
        lines += ["netmask 255.255.255.0"] if one["mask"] else []
        four, six = ([each for each in one["dns"] if (":" in each) is wanted] for wanted in (False, True))
        lines += [f"dns {' '.join(four)}"] if four else []
        lines += [f"ipv6 dns {' '.join(six)}"] if six else []
        lines += [f"wins {' '.join(one['wins'])}"] if one["wins"] else []
        lines += [f"def-domain {one['domain']}"] if one["domain"] else []
        lines += [f"split-dns {each}" for each in one["split_dns"]]
        lines += [f"banner {one['banner']}"] if one["banner"] else []
        lines += [f"route set remote {_router_end(each)}" for each in one["networks"]]
        lines += [f"session-lifetime {one['session']}"] if one["session"] else []
        lines += ["pfs"] if one["pfs"] else []
        lines += [f"dhcp server {each}" for each in one["dhcp"]]
        lines += ["include-local-lan"] if one["nearby"] and not one["networks"] else []
        lines += [f"backup-gateway {each}" for each in one["backups"]]
        lines += [f"crypto ikev2 keyring K{at}", "peer ANY", "address 0.0.0.0 0.0.0.0"]
        lines += [f"pre-shared-key local {one['keys'][0]}", f"pre-shared-key remote {one['keys'][1]}"]
        lines += [f"crypto ikev2 profile F{at}", f"match identity remote fqdn c{at}.example.net"]
        lines += ["identity local fqdn R"] if entry["fqdn"] else []
        lines += ["authentication local pre-share", "authentication remote pre-share", f"keyring local K{at}"]
        lines += ["dpd 20 3 periodic"] if entry["checks"] else []
        lines += [f"aaa authorization group psk list A G{at}", f"virtual-template {at}"]
        lines += [f"crypto ipsec profile I{at}", f"set transform-set {sets}", f"set ikev2-profile F{at}"]
        lines += [f"set pfs {entry['pfs']}"] if entry["pfs"] else []
        lines += [f"set security-association lifetime seconds {entry['seconds']}"] if entry["seconds"] else []
        lines += [f"set security-association idle-time {one['idle']}"] if one["idle"] else []
        lines += [f"interface Virtual-Template{at} type tunnel", "ip unnumbered GigabitEthernet0/0"]
        lines += ["ip tcp adjust-mss 1300", "ipv6 tcp adjust-mss 1300"] if entry["mss"] else []
        lines += ["tunnel source GigabitEthernet0/0", f"tunnel mode ipsec {'dual-overlay' if one['six'] else 'ipv4'}"]
        lines += [f"tunnel protection ipsec profile I{at}"]
    return "\n".join(lines)


def _router_end(network: str) -> str:
    masks = {"10.2.0.0/16": "ipv4 10.2.0.0 255.255.0.0", "10.4.4.4/32": "ipv4 10.4.4.4 255.255.255.255"}
    return masks.get(network, f"ipv6 {network}")


MADE = {"asa": firewall, "ios": router}
PLAIN: dict[str, Any] = {
    "pools": 1, "six": False, "dns": (), "wins": (), "domain": "", "split_dns": (), "banner": "", "networks": (),
    "mask": False, "idle": 0, "keys": ("one", "one"), "session": 0, "pfs": False, "backups": (), "nearby": False,
    "dhcp": (),
}  # fmt: skip
PLAIN_ENTRY: dict[str, Any] = {
    "pfs": "",
    "seconds": 0,
    "ciphers": ("esp-gcm",),
    "checks": False,
    "mss": False,
    "fqdn": False,
}


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["ios", "asa"]),
    st.fixed_dictionaries(ENTRY),
    st.lists(st.fixed_dictionaries(GIVES), min_size=1, max_size=3),
)
def test_what_peers_are_lent_comes_back_the_same(
    dialect: str, entry: dict[str, Any], groups: list[dict[str, Any]]
) -> None:
    store, outcomes = read(dialect, MADE[dialect](entry, groups))
    assert not [one.messages for one in outcomes if not one.accepted]
    assert not store.complaints
    assert len(travellers(store.intent)) == len(groups)
    there, lost = converted(store.intent, OTHER[dialect])
    assert (lost, there.complaints) == ([], ())
    assert essence(there.intent) == essence(store.intent)
    back, lost = converted(there.intent, dialect)
    assert (lost, back.complaints) == ([], ())
    assert essence(back.intent) == essence(store.intent)


@pytest.mark.parametrize(
    ("dialect", "lines", "lost"),
    [
        ("ios", ["crypto ikev2 authorization policy G1", "route set interface"],
         "profile F1: route set interface: there is no address of this side in the tunnel"),
        ("ios", ["crypto ikev2 authorization policy G1", "no route accept any"],
         "profile F1: no route accept: the networks that peers tell of are believed here"),
        ("ios", ["crypto ikev2 profile F1", "match identity remote fqdn domain example.net"],
         "tunnel-group DefaultRAGroup: it takes any identity, not only fqdn domain example.net (profile F1)"),
        ("ios", ["crypto ikev2 keyring K1", "peer B", "address 192.0.2.9", "pre-shared-key other"],
         "profile F1: keys by the address of the peer: the first of them hold"),
        ("ios", ["crypto ikev2 keyring K1", "peer B", "identity email domain example.net", "pre-shared-key other"],
         "profile F1: keys for the identity email domain example.net"),
        ("ios", ["interface Virtual-Template1 type tunnel", "mtu 1400"], "interface Virtual-Template1: mtu 1400"),
        ("ios", ["interface Virtual-Template1 type tunnel", "ip tcp adjust-mss 1300"],
         "interface Virtual-Template1: segments of TCP other than outside of the tunnel"),
        ("ios", ["interface Virtual-Template1 type tunnel", "tunnel mode gre ip"],
         "interface Virtual-Template1: GRE: a tunnel here is IPsec by itself"),
        ("ios", ["crypto ikev2 profile F1", "virtual-template 1 mode auto"],
         "interface Virtual-Template1: GRE: a tunnel here is IPsec by itself"),
        ("ios", ["crypto ipsec profile I1", "set pfs group19 pqc mlkem768"],
         "dynamic map TRAVELLERS: set pfs with a further key exchange (mlkem768)"),
        ("ios", ["ipv6 local pool WIDE 2001:db8:7::/64 128"],
         f"pool WIDE: {2**64} addresses: the most there are here are 16384"),
        ("ios", ["crypto ipsec profile I1", "set security-association idle-time 90"],
         "group-policy G1: 90 seconds without traffic: it is 2 minutes here"),
        ("asa", ["group-policy G1 attributes", "vpn-session-timeout 1"],
         "tunnel-group c1.example.net: vpn-session-timeout: sessions of 60 seconds are of 300 here"),
        ("asa", ["tunnel-group 192.0.2.9 type ipsec-l2l", "tunnel-group 192.0.2.9 ipsec-attributes",
                 "ikev2 local-authentication pre-shared-key k", "ikev2 remote-authentication pre-shared-key k",
                 "group-policy DfltGrpPolicy attributes", "vpn-session-timeout 60"],
         "tunnel-group 192.0.2.9: vpn-session-timeout: sessions of 3600 seconds"),
        ("asa", ["group-policy G1 attributes", "vpn-simultaneous-logins 1"],
         "tunnel-group c1.example.net: vpn-simultaneous-logins 1: an identity has as many sessions here as any"),
        ("asa", ["tunnel-group c1.example.net general-attributes", "dhcp-server 198.51.100.67",
                 "group-policy G1 attributes", "dhcp-network-scope 10.9.1.0"],
         "tunnel-group c1.example.net: dhcp-network-scope 10.9.1.0: DHCP servers lend of the network of "
         "198.51.100.1 here"),
        ("ios", ["crypto ikev2 authorization policy G1", "dhcp server 198.51.100.67", "dhcp timeout 9"],
         "profile F1: dhcp timeout: a server is given its usual time here"),
        ("asa", ["access-list F extended permit tcp any any", "group-policy G1 attributes", "vpn-filter value F"],
         "tunnel-group c1.example.net: vpn-filter: packets are filtered by an entry of a crypto map here (set ip "
         "access-group)"),
        ("asa", ["access-list E standard permit 10.9.9.0 255.255.255.0", "group-policy G1 attributes",
                 "split-tunnel-policy excludespecified", "split-tunnel-network-list value E"],
         "tunnel-group c1.example.net: split-tunnel-policy excludespecified: 10.9.9.0/24 goes through the tunnel here"),
        ("ios", ["crypto ikev2 authorization policy G1", "session-lifetime 301"],
         "group-policy G1: sessions of 301 seconds: it is 6 minutes here"),
        ("ios", ["crypto ikev2 authorization policy G1", "include-local-lan",
                 "route set remote ipv4 10.2.0.0 255.255.0.0"],
         "profile F1: include-local-lan: networks are said that go through the tunnel"),
        ("asa", ["group-policy G1 attributes", "banner value one", "banner value two"],
         "tunnel-group c1.example.net: a banner of several lines: it is one here"),
        ("asa", ["group-policy G1 attributes", "dns-server value 10.0.0.1 10.0.0.2 10.0.0.3"],
         "tunnel-group c1.example.net: the name server 10.0.0.3: there are two of each IP version here"),
        ("asa", ["ipv6 local pool SIX 2001:db8::1/64 16"],
         "pool SIX: its addresses after 2001:db8::f: a pool here ends with a network"),
        ("asa", ["no crypto dynamic-map D 1 set reverse-route"],
         "tunnel-group c1.example.net: no reverse-route: what a peer is lent has a route here"),
        ("asa", ["access-list A extended permit ip any any", "crypto dynamic-map D 1 match address A"],
         "tunnel-group c1.example.net: match address of the dynamic map: all is protected that is routed to a peer"),
        ("asa", ["crypto dynamic-map D 1 set ikev2 mode transport"], "tunnel-group c1.example.net: mode transport"),
        ("asa", ["crypto dynamic-map D 2 set ikev2 ipsec-proposal T1", "crypto dynamic-map D 2 set pfs group14",
                 "crypto dynamic-map D 2 set reverse-route"],
         "tunnel-group c1.example.net: settings of its own in each entry of a dynamic map: those of the first hold"),
        ("asa", ["no crypto map M interface outside"], "profile c1.example.net: what peers are lent and told"),
    ],
)  # fmt: skip
def test_what_has_no_counterpart_is_said(dialect: str, lines: list[str], lost: str) -> None:
    store, outcomes = read(dialect, "\n".join([MADE[dialect](PLAIN_ENTRY, [PLAIN]), *lines]))
    assert not [one.messages for one in outcomes if not one.accepted]
    assert lost in [
        one.replace("tunnel-group c1.example.net: what", "profile c1.example.net: what")
        for one in express(store.intent, OTHER[dialect]).lost
    ]


def test_keys_by_name_are_tunnel_groups_of_that_name() -> None:
    text = router(PLAIN_ENTRY, [PLAIN]).replace("remote fqdn c1.example.net", "remote fqdn domain example.net")
    more = "crypto ikev2 keyring K1\npeer A\nidentity fqdn a.example.net\npre-shared-key first\n"
    there, _ = converted(read("ios", f"{text}\n{more}")[0].intent, "asa")
    keys = {one.name: one.credentials[0].local for one in there.intent.profiles}
    assert {name: key and key.reveal() for name, key in keys.items()} == {
        "a.example.net": b"first",
        "DefaultRAGroup": b"one",
    }


def test_peers_that_are_lent_nothing_keep_the_dynamic_map() -> None:
    keys = " ikev2 local-authentication pre-shared-key k\n ikev2 remote-authentication pre-shared-key k\n"
    text = f"{firewall(PLAIN_ENTRY, [PLAIN])}\ntunnel-group branch type ipsec-l2l\n"
    text += f"tunnel-group branch ipsec-attributes\n{keys}"
    there, lost = converted(read("asa", text)[0].intent, "ios")
    assert not lost
    assert [one.wildcard_peer for one in there.intent.connections] == [True]
    assert [(one.name, one.template) for one in there.intent.profiles] == [
        ("c1.example.net", "Virtual-Template1"),
        ("branch", ""),
    ]


def test_a_pool_that_two_groups_share_is_not_joined_with_another() -> None:
    text = firewall(PLAIN_ENTRY, [{**PLAIN, "pools": 2}, PLAIN])
    more = "tunnel-group c2.example.net general-attributes\naddress-pool P10\n"
    lost = express(read("asa", f"{text}\n{more}")[0].intent, "ios").lost
    assert "pool P10: P11 beside it: another group lends from one of them without the other" in lost


def test_only_group_policies_that_no_group_has_are_told_of() -> None:
    text = (SAMPLES / "remote-access" / "asa.cfg").read_text().replace(": end\n", "group-policy SPARE internal\n")
    lines = other_dialect.converted(read("asa", text)[0], "ios")
    assert [line for line in lines if "group-policy" in line] == ["!   group-policy SPARE: no tunnel group has it"]
