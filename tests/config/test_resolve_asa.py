"""What a firewall's configuration means, and what it says of one that cannot work."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from ikecli.config import ConfigReader
from ikecli.intent import Dpd, Identity, Initiation
from tests.config.reading import SAMPLES, read

ASA = (SAMPLES / "site-to-site" / "asa.cfg").read_text()
FLOW = "access-list VPN permit ip host 10.2.2.1 host 10.1.1.1"


def said(text: str) -> list[str]:
    return [each.message for each in read("asa", text)[0].complaints]


def test_the_firewall_of_the_article() -> None:
    intent = read("asa", ASA)[0].intent
    (profile,) = intent.profiles
    assert profile.gateways == (ip_network("192.0.2.1/32"),)
    assert profile.dpd == Dpd(10, 2, True)
    (policy,) = intent.policies
    assert policy.locals == (ip_address("198.51.100.2"),)
    assert [proposal.name for proposal in policy.proposals] == ["10"]
    (connection,) = intent.connections
    assert connection.profile == "192.0.2.1"
    assert connection.interface == "GigabitEthernet0/0"
    assert connection.lifetime == 28800
    assert {each.nameif for each in intent.network.interfaces} == {"outside", "inside"}
    (route,) = intent.network.routes
    assert route.interface == "GigabitEthernet0/0"


def test_an_empty_policy_offers_the_defaults() -> None:
    text = ASA.replace(" encryption aes-256\n integrity sha256\n group 5\n prf sha256\n", "")
    store, _ = read("asa", text)
    (proposal,) = store.intent.policies[0].proposals
    assert [(row.name, row.key_bits) for row in proposal.encryption] == [("ENCR_AES_CBC", 128)]
    assert [row.number for row in proposal.groups] == [14]
    assert " lifetime seconds 86400" in store.running()


@pytest.mark.parametrize(
    ("lines", "flow", "local"),
    [
        ("object network A\n subnet 10.3.0.0 255.255.0.0\n", "object A", ["10.3.0.0/16"]),
        ("object network A\n host 10.3.0.1\n", "object A", ["10.3.0.1/32"]),
        ("object network A\n range 10.3.0.1 10.3.0.5\n", "object A", ["10.3.0.1-10.3.0.5"]),
        (
            "object network A\n host 10.3.0.1\nobject-group network IN\n network-object host 10.9.0.1\n"
            "object-group network G\n network-object object A\n network-object 10.4.0.0 255.255.0.0\n"
            " group-object IN\n",
            "object-group G",
            ["10.3.0.1/32", "10.4.0.0/16", "10.9.0.1/32"],
        ),
        ("", "10.3.0.0 255.255.255.0", ["10.3.0.0/24"]),
        ("", "interface inside", ["10.2.2.1/32"]),
        ("", "any4", ["0.0.0.0/0"]),
    ],
)
def test_ends_of_access_list_lines(lines: str, flow: str, local: list[str]) -> None:
    text = ASA.replace(FLOW, f"{lines}access-list VPN extended permit ip {flow} host 10.1.1.1")
    store, outcomes = read("asa", text)
    assert all(outcome.accepted for outcome in outcomes)
    assert [str(each.local) for each in store.intent.connections[0].flows] == local
    assert read("asa", store.startup())[0].draft == store.draft


def test_groups_that_contain_each_other_do_not_hang() -> None:
    text = "object-group network A\n group-object B\nobject-group network B\n group-object A\n"
    text += ASA.replace(FLOW, "access-list VPN permit ip object-group A any")
    assert read("asa", text)[0].intent.connections == ()


def test_the_default_group_serves_peers_without_one_of_their_own() -> None:
    text = ASA.replace("tunnel-group 192.0.2.1 type ipsec-l2l\n", "").replace(
        "192.0.2.1 ipsec", "DefaultL2LGroup ipsec"
    )
    store, _ = read("asa", text)
    (connection,) = store.intent.connections
    assert connection.profile == "DefaultL2LGroup"
    assert store.intent.profiles[0].gateways == ()


def test_settings_of_a_map_entry() -> None:
    text = ASA.replace(
        "crypto map CMAP interface outside",
        "crypto map CMAP 10 set pfs group19\ncrypto map CMAP 10 set connection-type answer-only\n"
        "crypto map CMAP 10 set security-association lifetime seconds 1200\n"
        "crypto map CMAP 10 set security-association lifetime kilobytes unlimited\n"
        "crypto map CMAP 10 set ikev2 mode transport\ncrypto map CMAP interface outside",
    )
    (connection,) = read("asa", text)[0].intent.connections
    assert connection.pfs is not None
    assert (connection.pfs.number, connection.lifetime, connection.kilobytes) == (19, 1200, 0)
    assert connection.initiation is Initiation.NEVER
    assert connection.transport


@pytest.mark.parametrize(
    ("line", "local"),
    [
        ("crypto isakmp identity hostname", Identity.fqdn("ASA")),
        ("crypto isakmp identity key-id gate", Identity.key_id("gate")),
        ("crypto isakmp identity address", None),
    ],
)
def test_whom_the_firewall_says_it_is(line: str, local: Identity | None) -> None:
    assert read("asa", f"{line}\n{ASA}")[0].intent.profiles[0].local == local


@pytest.mark.parametrize(
    ("keepalive", "dpd"),
    [
        ("threshold 30 retry 5", Dpd(30, 5, True)),
        ("disable", None),
        ("threshold infinite", None),
    ],
)
def test_keepalives(keepalive: str, dpd: Dpd | None) -> None:
    text = ASA.replace(": end", "") + f"tunnel-group 192.0.2.1 ipsec-attributes\n isakmp keepalive {keepalive}\n"
    store, outcomes = read("asa", text)
    assert all(outcome.accepted for outcome in outcomes)
    assert store.intent.profiles[0].dpd == dpd
    assert read("asa", store.startup())[0].draft == store.draft


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("crypto ikev2 enable outside", "crypto map CMAP is on interface outside, but IKEv2 is not enabled there"),
        ("crypto map CMAP 10 set peer 192.0.2.1", "crypto map CMAP 10 has no peer"),
        ("crypto map CMAP 10 match address VPN", "crypto map CMAP 10 has no access list"),
        ("crypto map CMAP 10 set ikev2 ipsec-proposal Prop1", "crypto map CMAP 10 has no IPsec proposal"),
        ("crypto map CMAP interface outside", "crypto map CMAP is used by no interface"),
        (FLOW, "crypto map CMAP 10 matches access list VPN, which is not there"),
        (" nameif outside", "crypto map CMAP is on outside, which no interface is"),
        (" ip address 198.51.100.2 255.255.255.0", "crypto map CMAP is on interface outside, which has no address"),
        (" ikev2 local-authentication pre-shared-key cisco", "tunnel-group 192.0.2.1 has no local key"),
        (" ikev2 remote-authentication pre-shared-key cisco", "tunnel-group 192.0.2.1 has no remote key"),
    ],
)
def test_what_is_missing_is_said(line: str, message: str) -> None:
    assert line in ASA
    store, _ = read("asa", ASA.replace(f"{line}\n", ""))
    assert message in [each.message for each in store.complaints]
    assert [each for each in store.intent.connections if not each.closed] == []


def test_a_peer_without_a_tunnel_group_is_named() -> None:
    text = ASA.replace("tunnel-group 192.0.2.1", "tunnel-group 192.0.2.77")
    assert "crypto map CMAP 10 has peer 192.0.2.1, which has no tunnel group" in said(text)


def test_clear_configure_takes_back_what_it_names() -> None:
    store, _ = read("asa", ASA)
    reader = ConfigReader(store)
    assert reader.feed("clear configure crypto map CMAP 10").accepted
    assert not store.draft.crypto_maps["CMAP"].entries
    for line in (
        "clear configure crypto map",
        "clear configure tunnel-group",
        "clear configure access-list VPN",
        "clear configure crypto ikev2 policy",
        "clear configure crypto ipsec ikev2 ipsec-proposal",
        "clear configure route",
    ):
        assert reader.feed(line).accepted, line
    emptied = ("crypto_maps", "access_lists", "ikev2_policies", "ipsec_proposals", "routes")
    assert not any(getattr(store.draft, name) for name in emptied)
    assert list(store.draft.tunnel_groups) == ["DefaultL2LGroup", "DefaultRAGroup"]


def test_the_short_form_of_the_default_route() -> None:
    store, _ = read("asa", "route outside 0 0 198.51.100.254")
    assert "route outside 0.0.0.0 0.0.0.0 198.51.100.254 1" in store.running()


@pytest.mark.parametrize(
    ("lines", "threshold"),
    [
        ("", 500),
        ("crypto ikev2 cookie-challenge 20", 200),
        ("crypto ikev2 cookie-challenge always", 0),
        ("crypto ikev2 cookie-challenge never", None),
        ("crypto ikev2 cookie-challenge never\nno crypto ikev2 cookie-challenge", 500),
    ],
)
def test_cookies_are_asked_for_from_a_share_of_half_open_sas_on(lines: str, threshold: int | None) -> None:
    store, outcomes = read("asa", lines)
    assert all(outcome.accepted for outcome in outcomes)
    assert store.intent.cookie_threshold == threshold
    assert read("asa", store.startup())[0].intent.cookie_threshold == threshold


@pytest.mark.parametrize(
    ("lines", "mtus"),
    [
        ("", (576, 1280)),
        ("crypto ikev2 fragmentation mtu 1000 preferred-method ietf", (1000, 1000)),
        ("no crypto ikev2 fragmentation", None),
        ("no crypto ikev2 fragmentation\ncrypto ikev2 fragmentation", (576, 1280)),
    ],
)
def test_messages_are_cut_unless_that_is_switched_off(lines: str, mtus: tuple[int, int] | None) -> None:
    store, outcomes = read("asa", lines)
    assert all(outcome.accepted for outcome in outcomes)
    assert store.intent.fragment_mtu == mtus
    assert read("asa", store.startup())[0].intent.fragment_mtu == mtus


def test_the_name_of_an_interface_is_the_same_in_any_case() -> None:
    text = ASA.replace("crypto ikev2 enable outside", "crypto ikev2 enable OUTSIDE")
    text = text.replace("interface outside", "interface Outside").replace("route outside", "route OUTSIDE")
    assert text != ASA
    store = read("asa", text)[0]
    assert store.running() == read("asa", ASA)[0].running()


def test_a_tunnel_without_a_replay_window() -> None:
    text = (SAMPLES / "route-based" / "asa.cfg").read_text() + "crypto ipsec security-association replay disable\n"
    (connection,) = read("asa", text)[0].intent.connections
    assert connection.replay_window == 0


def test_a_tunnel_without_source_is_lent_no_address_by_an_interface_without_name() -> None:
    store, _ = read(
        "asa", "interface Ethernet0/0\n shutdown\ninterface Tunnel1\n nameif branch\n tunnel mode ipsec ipv4"
    )
    tunnel = store.intent.network.interfaces[1].tunnel
    assert tunnel is not None
    assert tunnel.source_interface == ""
