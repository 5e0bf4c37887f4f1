"""What a router's configuration means, and what it says of one that cannot work."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from ikecli.config import ConfigReader
from ikecli.config.hosts import addresses_of_name
from ikecli.config.ios import Ios
from ikecli.intent import Dpd, Identity, Initiation
from tests.config.reading import SAMPLES, new_store, read

ROUTER = (SAMPLES / "site-to-site" / "router.cfg").read_text()
LEFT = (SAMPLES / "modern" / "left.cfg").read_text()


def complaints(text: str) -> list[tuple[str, str, str]]:
    return [(each.severity, each.message, each.fix) for each in read("ios", text)[0].complaints]


def names(rows: tuple[object, ...]) -> list[str]:
    return [row.name for row in rows]  # type: ignore[attr-defined]


def test_the_modern_router() -> None:
    intent = read("ios", LEFT)[0].intent
    (policy,) = intent.policies
    (proposal,) = policy.proposals
    assert policy.locals == (ip_address("192.0.2.1"),)
    assert [row.key_bits for row in proposal.encryption] == [256]
    assert proposal.integrity == ()
    assert names(proposal.prf) == ["PRF_HMAC_SHA2_384"]
    assert names(proposal.groups) == ["X25519"]
    (profile,) = intent.profiles
    by_address, by_identity = profile.credentials
    assert by_address.addresses == (ip_network("203.0.113.2/32"),)
    assert str(by_identity.identity) == "fqdn right.example.net"
    for credential in profile.credentials:
        assert credential.local is not None
        assert credential.local.reveal() == b"from-left-to-right-5uB"
        assert credential.remote is not None
        assert credential.remote.reveal() == b"from-right-to-left-9pK"
    assert profile.local == Identity.fqdn("left.example.net")
    assert profile.dpd == Dpd(30, 5, True)
    assert profile.lifetime == 43200
    (connection,) = intent.connections
    assert (connection.name, connection.sequence, connection.interface) == ("VPN", 10, "GigabitEthernet0/0")
    assert (connection.local, connection.peers) == (ip_address("192.0.2.1"), (ip_address("203.0.113.2"),))
    assert connection.lifetime == 7200
    assert connection.pfs is not None
    assert connection.pfs.number == 31
    (flow,) = connection.flows
    assert (flow.local.prefix, flow.remote.prefix) == (ip_network("10.10.0.0/16"), ip_network("10.20.0.0/16"))
    assert connection.initiation is Initiation.TRAFFIC


def test_the_hash_of_the_integrity_is_the_prf_unless_one_is_given() -> None:
    (policy,) = read("ios", ROUTER)[0].intent.policies
    assert names(policy.proposals[0].prf) == ["PRF_HMAC_SHA2_256"]


def test_without_a_policy_the_default_one_holds() -> None:
    (policy,) = read("ios", "hostname R")[0].intent.policies
    (proposal,) = policy.proposals
    assert policy.name == "default"
    assert names(proposal.integrity) == ["AUTH_HMAC_SHA2_512_256", "AUTH_HMAC_SHA2_384_192"]
    assert [row.number for row in proposal.groups] == [19, 14, 21]


def test_aead_ciphers_are_offered_apart_from_the_others() -> None:
    text = "crypto ikev2 proposal P\nencryption aes-cbc-128 aes-gcm-128\nintegrity sha256\ngroup 19\n"
    (policy,) = read("ios", text + "crypto ikev2 policy default\nproposal P\n")[0].intent.policies
    assert [(names(each.encryption), names(each.integrity)) for each in policy.proposals] == [
        (["ENCR_AES_CBC"], ["AUTH_HMAC_SHA2_256_128"]),
        (["ENCR_AES_GCM_16"], []),
    ]


def test_without_a_transform_set_the_default_one_is_offered() -> None:
    (connection,) = read("ios", ROUTER.replace(" set transform-set tset\n", ""))[0].intent.connections
    assert [proposal.name for proposal in connection.proposals] == ["default"]


def test_lines_of_access_lists_become_flows() -> None:
    text = ROUTER.replace(
        " permit ip host 10.1.1.1 host 10.2.2.1",
        " deny tcp 10.1.0.0 0.0.255.255 eq www any\n permit udp any range 100 200 host 10.2.2.1 neq 500\n"
        " permit 50 any gt 5 any" + "\n permit gre any any",
    )
    store, outcomes = read("ios", text)
    assert [outcome.verdict for outcome in outcomes].count("refused") == 1
    flows = store.intent.connections[0].flows
    assert [(flow.permit, str(flow.local), str(flow.remote)) for flow in flows] == [
        (False, "10.1.0.0/16 protocol 6 port 80-80", "0.0.0.0/0 protocol 6"),
        (True, "0.0.0.0/0 protocol 17 port 100-200", "10.2.2.1/32 protocol 17 port 0-499"),
        (True, "0.0.0.0/0 protocol 17 port 100-200", "10.2.2.1/32 protocol 17 port 501-65535"),
        (True, "0.0.0.0/0 protocol 47", "0.0.0.0/0 protocol 47"),
    ]


def test_a_numbered_list_is_the_named_one() -> None:
    text = ROUTER.replace("match address VPN", "match address 101").replace(
        "ip access-list extended VPN\n permit ip host 10.1.1.1 host 10.2.2.1",
        "access-list 101 remark to the other side\naccess-list 101 permit ip host 10.1.1.1 host 10.2.2.1",
    )
    store, _ = read("ios", text)
    assert len(store.intent.connections) == 1
    assert "ip access-list extended 101" in store.running()
    reader = ConfigReader(store)
    reader.feed("no access-list 101 permit ip host 10.1.1.1 host 10.2.2.1")
    assert store.draft.access_lists == {}


def test_a_default_peer_is_tried_first() -> None:
    text = ROUTER.replace(" set peer 198.51.100.2", " set peer 198.51.100.2\n set peer 198.51.100.9 default")
    (connection,) = read("ios", text)[0].intent.connections
    assert list(map(str, connection.peers)) == ["198.51.100.9", "198.51.100.2"]


def test_a_map_negotiates_from_its_local_address() -> None:
    text = ROUTER.replace("interface FastEthernet0/0", "crypto map CMAP local-address FastEthernet0/1\ninterface f0/0")
    (connection,) = read("ios", text)[0].intent.connections
    assert str(connection.local) == "10.1.1.1"


def test_what_a_change_does_not_concern_stays_the_very_same_object() -> None:
    store, _ = read("ios", ROUTER)
    before = store.intent
    reader = ConfigReader(store)
    for line in ("ip route 203.0.113.0 255.255.255.0 Null0", "end"):
        assert reader.feed(line).accepted
    assert store.commit() == []
    assert store.intent.network != before.network
    assert all(now is was for now, was in zip(store.intent.connections, before.connections, strict=True))
    assert all(now is was for now, was in zip(store.intent.profiles, before.profiles, strict=True))


def test_narrower_keys_come_first() -> None:
    text = ROUTER.replace(
        " peer peer2", " peer all\n  address 0.0.0.0 0.0.0.0\n  pre-shared-key any-key\n !\n peer peer2"
    )
    (profile,) = read("ios", text)[0].intent.profiles
    assert [credential.name for credential in profile.credentials] == ["KEY1 peer2", "KEY1 all"]


def test_keys_of_the_profile_itself_need_no_keyring() -> None:
    text = ROUTER.replace(" keyring local KEY1\n", "")
    for side in ("local", "remote"):
        text = text.replace(f"authentication {side} pre-share", f"authentication {side} pre-share key {side}-key")
    (profile,) = read("ios", text)[0].intent.profiles
    (credential,) = profile.credentials
    assert credential.local is not None
    assert credential.remote is not None
    assert (credential.local.reveal(), credential.remote.reveal()) == (b"local-key", b"remote-key")


@pytest.mark.parametrize(
    ("line", "message", "fix"),
    [
        (" set peer 198.51.100.2", "crypto map CMAP 10 has no peer", "set peer A.B.C.D"),
        (" match address VPN", "crypto map CMAP 10 has no access list", "match address NAME"),
        (" set ikev2-profile IKEV2", "crypto map CMAP 10 has no IKEv2 profile", "set ikev2-profile IKEV2"),
        (
            " authentication local pre-share",
            "IKEv2 profile IKEV2 has no authentication local",
            "authentication local pre-share",
        ),
        (" keyring local KEY1", "IKEv2 profile IKEV2 has no keyring", "keyring local KEY1"),
        ("  pre-shared-key cisco", "peer peer2 of keyring KEY1 has no key", "pre-shared-key KEY"),
        (
            " ip address 192.0.2.1 255.255.255.0",
            "crypto map CMAP is on interface FastEthernet0/0, but FastEthernet0/0 has no address",
            "ip address A.B.C.D MASK on interface FastEthernet0/0",
        ),
        (
            " permit ip host 10.1.1.1 host 10.2.2.1",
            "crypto map CMAP 10 matches access list VPN, which permits nothing",
            "ip access-list extended VPN",
        ),
    ],
)
def test_what_is_missing_is_said_and_mended_by_its_line(line: str, message: str, fix: str) -> None:
    assert line in ROUTER
    store, _ = read("ios", ROUTER.replace(f"{line}\n", ""))
    assert ("error", message, fix) in [(each.severity, each.message, each.fix) for each in store.complaints]
    served = {each.name for each in store.intent.profiles}
    assert [each for each in store.intent.connections if each.profile in served and not each.closed] == []
    before = ROUTER[: ROUTER.index(line)].splitlines()
    openers = [
        next(opener for opener in reversed(before) if len(opener) - len(opener.lstrip()) == depth)
        for depth in range(len(line) - len(line.lstrip()))
    ]
    reader = ConfigReader(store)
    for each in (*openers, line):
        assert reader.feed(each).accepted
    reader.end()
    store.commit()
    assert len(store.intent.connections) == 1
    assert store.complaints == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "keyring local KEY1",
            "keyring local K2",
            "profile IKEV2 names keyring K2, which is not there",
        ),
        (
            "match address VPN",
            "match address V2",
            "crypto map CMAP 10 matches access list V2, which is not there",
        ),
        (
            "set ikev2-profile IKEV2",
            "set ikev2-profile P2",
            "crypto map CMAP 10 names IKEv2 profile P2, which is not there",
        ),
        (
            "set transform-set tset",
            "set transform-set t2",
            "crypto map CMAP 10 names transform set t2, which is not there",
        ),
        (
            "\n proposal 10",
            "\n proposal 20",
            "IKEv2 policy 1 names proposal 20, which is not there",
        ),
        (
            " integrity sha256\n",
            "",
            "IKEv2 proposal 10 has no integrity",
        ),
        (
            "aes-cbc-256",
            "des",
            "IKEv2 proposal 10 has nothing that is offered",
        ),
        (
            "esp-aes esp-sha-hmac",
            "esp-aes",
            "transform set tset has no cipher and hash that can be offered",
        ),
        (
            "host 10.1.1.1 host",
            "10.1.1.1 0.0.255.0 host",
            "line 10 of access list VPN has a wildcard with gaps, which no traffic selector says",
        ),
        (
            "\n crypto map CMAP\n",
            "\n",
            "crypto map CMAP is used by no interface",
        ),
        (
            "\n crypto map CMAP\n",
            "\n shutdown\n crypto map CMAP\n",
            "interface FastEthernet0/0 uses crypto map CMAP and is shut down",
        ),
        (
            "\n crypto map CMAP\n",
            "\n crypto map OTHER\n",
            "interface FastEthernet0/0 uses crypto map OTHER, which is not there",
        ),
        (
            "pre-shared-key cisco",
            "pre-shared-key 6 FLgBaJHXdYY_AcHZZMgQ_RhTDJXHUBAAB",
            "the key of peer peer2 of keyring KEY1 was encrypted on another system",
        ),
    ],
)
def test_what_does_not_fit_is_said(old: str, new: str, message: str) -> None:
    assert old in ROUTER
    assert message in [said for _, said, _ in complaints(ROUTER.replace(old, new))]


def test_complaints_wait_until_configuration_mode_is_left_and_come_once() -> None:
    store = new_store("ios")
    reader = ConfigReader(store)
    reader.feed("crypto ikev2 profile P")
    assert store.commit() == []
    reader.end()
    assert any("IKEv2 profile P has no match identity remote" in line for line in store.commit())
    assert store.commit() == []


@pytest.mark.parametrize(
    ("lines", "threshold"),
    [
        ("", 1000),
        ("crypto ikev2 limit max-in-negotation-sa 40", 40),
        ("crypto ikev2 limit max-in-negotation-sa 40\ncrypto ikev2 cookie-challenge 7", 7),
        ("crypto ikev2 cookie-challenge 0", 0),
        ("crypto ikev2 cookie-challenge 7\nno crypto ikev2 cookie-challenge", 1000),
    ],
)
def test_cookies_are_asked_for_from_a_number_of_half_open_sas_on(lines: str, threshold: int) -> None:
    store, outcomes = read("ios", lines)
    assert all(outcome.accepted for outcome in outcomes)
    assert store.intent.cookie_threshold == threshold
    assert read("ios", store.startup())[0].intent.cookie_threshold == threshold


@pytest.mark.parametrize(
    ("lines", "mtus"),
    [
        ("", None),
        ("crypto ikev2 fragmentation", (576, 1280)),
        ("crypto ikev2 fragmentation mtu 1000", (1000, 1000)),
        ("crypto ikev2 fragmentation mtu 1000\nno crypto ikev2 fragmentation", None),
    ],
)
def test_messages_are_cut_where_that_is_configured(lines: str, mtus: tuple[int, int] | None) -> None:
    store, outcomes = read("ios", lines)
    assert all(outcome.accepted for outcome in outcomes)
    assert store.intent.fragment_mtu == mtus
    assert read("ios", store.startup())[0].intent.fragment_mtu == mtus


@pytest.mark.parametrize("word", ["ikev2", "isakmp"])
def test_keepalives_through_a_nat_are_set_by_either_word(word: str) -> None:
    store, outcomes = read("ios", f"{ROUTER}\ncrypto {word} nat keepalive 30")
    assert all(outcome.accepted for outcome in outcomes)
    assert store.intent.profiles[0].nat_keepalive == 30


@pytest.mark.parametrize(
    ("lines", "window"),
    [
        ("", 64),
        ("crypto ipsec security-association replay window-size 512", 512),
        ("crypto ipsec security-association replay disable", 0),
        ("crypto map CMAP 10 ipsec-isakmp\n set security-association replay disable", 0),
    ],
)
def test_packets_that_come_twice_may_pass(lines: str, window: int) -> None:
    (connection,) = read("ios", f"{ROUTER}\n{lines}\n".replace("\nend\n", "\n"))[0].intent.connections
    assert connection.replay_window == window


def test_esp_goes_in_udp_where_a_profile_says_so() -> None:
    text = ROUTER.replace(" keyring local KEY1", " keyring local KEY1\n nat force-encap")
    assert [profile.force_encapsulation for profile in read("ios", text)[0].intent.profiles] == [True]


def test_a_profile_says_how_long_an_authentication_holds_good() -> None:
    text = ROUTER.replace(" keyring local KEY1", " keyring local KEY1\n lifetime 3600\n lifetime reauthentication 7200")
    (profile,) = read("ios", text)[0].intent.profiles
    assert (profile.lifetime, profile.reauthentication) == (3600, 7200)


@pytest.mark.parametrize("mask", ["", " 0.0.0.0"])
def test_the_address_0_0_0_0_is_every_address_also_without_a_mask(mask: str) -> None:
    text = LEFT.replace("address 203.0.113.2", f"address 0.0.0.0{mask}", 1)
    text = text.replace("match identity remote fqdn right.example.net", f"match identity remote address 0.0.0.0{mask}")
    (profile,) = read("ios", text)[0].intent.profiles
    assert {each.addresses for each in profile.credentials} == {(ip_network("0.0.0.0/0"),), ()}
    assert [each.network for each in profile.remotes] == [ip_network("0.0.0.0/0")]


def test_a_host_is_found_in_any_case_but_first_as_it_is_typed() -> None:
    store, _ = read("ios", "ip host HUB 192.0.2.1\nip host hub 192.0.2.2")
    draft = store.draft
    assert isinstance(draft, Ios)
    found = [addresses_of_name(draft, name) for name in ("HUB", "hub", "Hub", "spoke", "")]
    assert found == [(ip_address("192.0.2.1"),), (ip_address("192.0.2.2"),), (ip_address("192.0.2.1"),), (), ()]
