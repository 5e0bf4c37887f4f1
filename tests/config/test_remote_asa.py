"""Travellers' pools, tunnel groups and group policies of a firewall become intent."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address, ip_network

import pytest

from ikecli.config.dhcp import TIMEOUT
from ikecli.intent import Authorization, Identity, Pool, ReverseRoute
from ikecli.intent.remote import Dhcp
from ikecli.numbers.conventions import NEARBY
from tests.config.reading import SAMPLES, commands, read

TEXT = (SAMPLES / "remote-access" / "asa.cfg").read_text()
GROUP = "tunnel-group client.example.net"


def changed(*pairs: tuple[str, str]) -> str:
    text = TEXT
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


def authorization(text: str) -> Authorization | None:
    (profile,) = read("asa", text)[0].intent.profiles
    return profile.authorization


def test_the_sample() -> None:
    intent = read("asa", TEXT)[0].intent
    first, last, mask = map(IPv4Address, ("10.9.0.1", "10.9.0.100", "255.255.255.0"))
    assert intent.pools == (Pool("TRAVELLERS", ((first, last),), mask),)
    assert intent.profiles[0].authorization == Authorization(
        "TRAVEL",
        ("TRAVELLERS",),
        netmask=mask,
        dns=(ip_address("10.2.2.53"),),
        networks=(ip_network("10.2.0.0/16"),),
        domain="example.net",
        banner="Be good",
        required=True,
        logins=3,
    )
    (connection,) = intent.connections
    assert (connection.name, connection.wildcard_peer, connection.reverse_route) == ("ANYONE", True, ReverseRoute())


def test_addresses_rest_and_pools_may_be_left_alone() -> None:
    assert [pool.rest for pool in read("asa", TEXT + "vpn-addr-assign local reuse-delay 5\n")[0].intent.pools] == [300]
    store, _ = read("asa", TEXT + "no vpn-addr-assign local\n")
    assert store.intent.profiles[0].authorization is not None
    assert store.intent.profiles[0].authorization.pools == ()
    assert store.complaints[0].fix == "vpn-addr-assign local"
    assert "no vpn-addr-assign local" in commands(store)


def test_the_default_group_policy_says_what_the_own_one_does_not() -> None:
    text = TEXT + "group-policy DfltGrpPolicy attributes\n wins-server value 10.2.2.42\n dns-server value 10.2.2.99\n"
    gives = authorization(text)
    assert gives is not None
    assert (gives.nbns, gives.dns) == ((IPv4Address("10.2.2.42"),), (ip_address("10.2.2.53"),))


def test_pools_of_the_group_policy_come_before_the_group_s_own() -> None:
    more = "ip local pool OTHER 10.8.0.1-10.8.0.9\nipv6 local pool SIX 2001:db8::1/64 16\n"
    own = f"{GROUP} general-attributes\n ipv6-address-pool SIX\n"
    own += "group-policy TRAVEL attributes\n address-pools value OTHER\n"
    store, _ = read("asa", TEXT + more + own)
    gives = store.intent.profiles[0].authorization
    assert gives is not None
    assert gives.pools == ("OTHER", "SIX")
    assert store.intent.pools[2].ranges == ((ip_address("2001:db8::1"), ip_address("2001:db8::10")),)


def test_a_split_list_may_be_an_extended_one() -> None:
    gives = authorization(
        changed(("SPLIT standard permit 10.2.0.0 255.255.0.0", "SPLIT extended permit ip 10.3.0.0 255.255.0.0 any"))
    )
    assert gives is not None
    assert gives.networks == (ip_network("10.3.0.0/16"),)


def test_a_split_list_has_networks_of_both_ip_versions() -> None:
    six = "permit ip 2001:db8:2::/48 any6\naccess-list SPLIT extended permit ip host 2001:db8::9 any6"
    four = "permit ip 10.2.0.0 255.255.0.0 any\naccess-list SPLIT extended "
    text = changed(("SPLIT standard permit 10.2.0.0 255.255.0.0", f"SPLIT extended {four}{six}"))
    gives = authorization(text)
    assert gives is not None
    assert gives.networks == (ip_network("10.2.0.0/16"),), "what goes through of IPv6 is said by a line of its own"
    own = "group-policy TRAVEL attributes\n ipv6-split-tunnel-policy tunnelspecified\n"
    gives = authorization(text + own)
    assert gives is not None
    assert gives.networks == tuple(map(ip_network, ("10.2.0.0/16", "2001:db8:2::/48", "2001:db8::9")))
    pool = f"ipv6 local pool SIX 2001:db8:9::1/64 16\n{GROUP} general-attributes\n ipv6-address-pool SIX\n"
    gives = authorization(text + pool)
    assert gives is not None
    assert gives.networks == (ip_network("10.2.0.0/16"), ip_network("::/0"))


def test_networks_that_are_excluded_are_told_and_all_is_tunnelled() -> None:
    gives = authorization(changed(("tunnelspecified", "excludespecified"), ("10.2.0.0 255.255.0.0", "host 0.0.0.0")))
    assert gives is not None
    assert (gives.networks, gives.excluded) == ((), (NEARBY,))


def test_what_peers_are_told_to_do() -> None:
    lines = " pfs enable\n backup-servers 198.51.100.7 other.example.net\n vpn-session-timeout 30\n"
    gives = authorization(f"{TEXT}group-policy TRAVEL attributes\n{lines}")
    assert gives is not None
    assert (gives.pfs, gives.backups, gives.session) == (True, ("198.51.100.7", "other.example.net"), 1800)
    inherited = f"{TEXT}group-policy DfltGrpPolicy attributes\n{lines}group-policy TRAVEL attributes\n pfs disable\n"
    gives = authorization(inherited)
    assert gives is not None
    assert (gives.pfs, gives.session) == (False, 1800)


def test_all_is_tunnelled_unless_networks_are_specified() -> None:
    gives = authorization(changed((" split-tunnel-policy tunnelspecified\n", "")))
    assert gives is not None
    assert gives.networks == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (changed((" address-pool TRAVELLERS\n", "")), "has no pool of addresses to lend"),
        (
            changed(("ip local pool TRAVELLERS", "ip local pool OTHERS")),
            "lends from pool TRAVELLERS, which is not there",
        ),
        (changed(("group-policy TRAVEL ", "group-policy AWAY ")), "names group policy TRAVEL, which is not there"),
        (changed(("vpn-tunnel-protocol ikev2", "vpn-tunnel-protocol ssl-client")), "does not allow ikev2"),
        (TEXT + "ip local pool MORE 10.9.0.50-10.9.0.60\n", "overlaps with pool TRAVELLERS"),
        (changed(("dynamic ANYONE", "dynamic NOBODY")), "names dynamic map NOBODY, which is not there"),
        (changed((" vpn-tunnel-protocol", " vpn-simultaneous-logins 0\n vpn-tunnel-protocol")), "lets nobody in"),
        (changed((" split-tunnel-network-list value SPLIT\n", "")), "names no network list"),
        (TEXT + "group-policy TRAVEL attributes\n split-tunnel-network-list value NONE\n", "names no network list"),
        (
            changed(("SPLIT standard permit 10.2.0.0 255.255.0.0", "SPLIT extended permit ip 2001:db8::/48 any6")),
            "lists no network",
        ),
        (
            TEXT
            + "access-list SPLIT6 extended permit ip 2001:db8:2::/48 any6\ngroup-policy TRAVEL attributes\n"
            + " split-tunnel-network-list value SPLIT6\n ipv6-split-tunnel-policy excludespecified\n",
            "excludes 2001:db8:2::/48, but there is no attribute for that of IPv6",
        ),
    ],
)
def test_what_cannot_work_is_said(text: str, said: str) -> None:
    assert any(said in each.message for each in read("asa", text)[0].complaints)


def test_both_default_groups_let_in_whoever_has_no_group() -> None:
    keys = " ikev2 remote-authentication pre-shared-key k\n ikev2 local-authentication pre-shared-key k\n"
    text = (
        TEXT
        + f"tunnel-group DefaultL2LGroup ipsec-attributes\n{keys}tunnel-group DefaultRAGroup ipsec-attributes\n{keys}"
    )
    text += "tunnel-group DefaultRAGroup general-attributes\n address-pool TRAVELLERS\n"
    profiles = read("asa", text)[0].intent.profiles
    assert [(one.name, one.authorization is not None) for one in profiles] == [
        ("client.example.net", True),
        ("DefaultRAGroup", True),
        ("DefaultL2LGroup", False),
    ]
    anyone = Identity.fqdn("elsewhere.example")
    assert [any(each.matches(anyone) for each in one.remotes) for one in profiles] == [False, True, True]


def test_reverse_route_makes_routes_of_what_a_static_entry_protects() -> None:
    text = (SAMPLES / "site-to-site" / "asa.cfg").read_text() + "crypto map CMAP 10 set reverse-route\n"
    (_, route) = read("asa", text)[0].intent.network.routes
    assert (route.prefix, route.interface, route.learned) == (ip_network("10.1.1.1/32"), "GigabitEthernet0/0", True)


def test_lines_go_and_come_back() -> None:
    store, _ = read(
        "asa", TEXT + "no ip local pool TRAVELLERS\nno group-policy TRAVEL\nclear configure crypto dynamic-map\n"
    )
    left = commands(store)
    assert not any(word in line for line in left for word in ("local pool", "group-policy TRAVEL ", "dynamic-map"))
    assert "access-list SPLIT standard permit 10.2.0.0 255.255.0.0" in left


def test_a_standard_list_permits_everything_by_any4() -> None:
    held = authorization(changed(("standard permit 10.2.0.0 255.255.0.0", "standard permit any4")))
    assert held
    assert held.networks == (ip_network("0.0.0.0/0"),)


def test_the_address_that_dhcp_servers_answer() -> None:
    base = changed((" address-pool TRAVELLERS\n", " dhcp-server 10.2.2.67 10.2.2.68\n"))
    servers = tuple(map(IPv4Address, ("10.2.2.67", "10.2.2.68")))
    inside, outside, network = map(IPv4Address, ("10.2.2.1", "198.51.100.2", "10.9.0.0"))
    scope = "group-policy TRAVEL attributes\n dhcp-network-scope {}\n"
    for text, dhcp in (
        (base, Dhcp(servers, inside, TIMEOUT)),
        (base + scope.format(outside), Dhcp(servers, outside, TIMEOUT)),
        (base + scope.format(network), Dhcp(servers, inside, TIMEOUT, network)),
        (base + scope.format(network) + scope.format("none"), Dhcp(servers, inside, TIMEOUT)),
    ):
        gives = authorization(text)
        assert gives is not None
        assert (gives.dhcp, gives.pools) == (dhcp, ())
    away = base.replace("dhcp-server 10.2.2.67 10.2.2.68", "dhcp-server 10.77.0.1")
    assert any("has no address of this system" in each.message for each in read("asa", away)[0].complaints)
    none = f"{base}no vpn-addr-assign dhcp\n"
    assert any("has no pool of addresses" in each.message for each in read("asa", none)[0].complaints)


SITE = """tunnel-group 192.0.2.9 type ipsec-l2l
tunnel-group 192.0.2.9 general-attributes
 default-group-policy SITES
tunnel-group 192.0.2.9 ipsec-attributes
 ikev2 remote-authentication pre-shared-key k
 ikev2 local-authentication pre-shared-key k
"""


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (
            "group-policy SITES internal\ngroup-policy SITES attributes\n vpn-tunnel-protocol ikev1\n",
            "does not allow ikev2",
        ),
        ("group-policy OTHER internal\n", "names group policy SITES, which is not there"),
    ],
)
def test_a_site_whose_policy_does_not_let_in_ikev2_is_refused(policy: str, said: str) -> None:
    store, _ = read("asa", TEXT + policy + SITE)
    assert [one.name for one in store.intent.profiles] == ["client.example.net"]
    assert any(said in each.message for each in store.complaints)
    allowed = "group-policy SITES internal\ngroup-policy SITES attributes\n vpn-tunnel-protocol ikev1 ikev2\n"
    store, _ = read("asa", TEXT + allowed + SITE)
    assert [one.name for one in store.intent.profiles] == ["client.example.net", "192.0.2.9"]
