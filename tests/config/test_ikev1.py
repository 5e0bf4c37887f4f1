"""IKEv1 is answered with IKEv2: line by line as it is entered, and for a whole configuration."""

from __future__ import annotations

import pytest

from ikecli.config.convert import replacing_ikev1
from tests.config.reading import read, typed

ROUTER = """\
crypto isakmp policy 10
 encr aes 256
 hash sha256
 authentication pre-share
 group 14
 lifetime 28800
crypto isakmp key s3cret address 198.51.100.2
crypto isakmp keepalive 10 3
!
crypto ipsec transform-set TS esp-aes 256 esp-sha256-hmac
 mode tunnel
!
crypto map CMAP 10 ipsec-isakmp
 set peer 198.51.100.2
 set transform-set TS
 match address VPN
!
interface GigabitEthernet0/0
 ip address 192.0.2.1 255.255.255.0
 crypto map CMAP
!
ip access-list extended VPN
 permit ip host 10.1.1.1 host 10.2.2.1
"""
ROUTER2 = """\
crypto ikev2 dpd 10 3 on-demand
crypto ikev2 proposal IKEV1-10
 encryption aes-cbc-256
 integrity sha256
 group 14
crypto ikev2 policy IKEV1
 proposal IKEV1-10
crypto ikev2 keyring IKEV1
 peer 198.51.100.2
  address 198.51.100.2
  pre-shared-key s3cret
crypto ikev2 profile IKEV1
 match identity remote address 198.51.100.2 255.255.255.255
 authentication remote pre-share
 authentication local pre-share
 keyring local IKEV1
 lifetime 28800
crypto map CMAP 10 ipsec-isakmp
 set ikev2-profile IKEV1
"""
FIREWALL = """\
interface GigabitEthernet0/0
 nameif outside
 ip address 192.0.2.1 255.255.255.0
access-list VPN extended permit ip host 10.1.1.1 host 10.2.2.1
crypto ikev1 policy 10
 authentication pre-share
 encryption aes-256
 hash sha
 group 14
 lifetime 43200
crypto ikev1 enable outside
crypto ipsec ikev1 transform-set TS esp-aes-256 esp-sha-hmac
crypto map CMAP 10 match address VPN
crypto map CMAP 10 set peer 198.51.100.2
crypto map CMAP 10 set ikev1 transform-set TS
crypto map CMAP interface outside
tunnel-group 198.51.100.2 type ipsec-l2l
tunnel-group 198.51.100.2 ipsec-attributes
 ikev1 pre-shared-key s3cret
"""
CONFIGURATIONS = [("ios", ROUTER), ("asa", FIREWALL)]


@pytest.mark.parametrize(("dialect", "text"), CONFIGURATIONS)
def test_what_convert_writes_makes_the_tunnel_that_ikev1_had(dialect: str, text: str) -> None:
    store, outcomes = read(dialect, text)
    assert all(outcome.accepted for outcome in outcomes)
    assert all(one.closed for one in store.intent.connections)
    more = replacing_ikev1(store)
    again, outcomes = read(dialect, [*text.splitlines(), *more])
    assert all(outcome.accepted for outcome in outcomes)
    assert [one for one in again.complaints if one.severity == "error"] == []
    (connection,), (profile,) = again.intent.connections, again.intent.profiles
    assert str(connection.peers[0]) == "198.51.100.2"
    assert profile.credentials[0].remote is not None
    assert profile.credentials[0].remote.reveal() == b"s3cret"
    assert again.intent.policies[0].proposals
    assert profile.lifetime in (28800, 43200)


def test_a_router_is_converted_to_what_an_engineer_would_write() -> None:
    store, _ = read("ios", ROUTER)
    wanted, _ = read("ios", ROUTER2)
    lines = [line for line in replacing_ikev1(store) if line.strip() != "!"]
    assert read("ios", lines)[0].draft == wanted.draft


@pytest.mark.parametrize(("dialect", "text"), CONFIGURATIONS)
def test_each_line_is_answered_when_it_is_entered_without_its_key(dialect: str, text: str) -> None:
    screen = typed(dialect, text)
    answers = [line.split("IKEv2: ")[1] for line in screen.splitlines() if line.startswith("      IKEv2: ")]
    assert not any("s3cret" in line for line in answers)
    assert any(line.endswith("pre-shared-key *****") for line in answers)
    keyword = "encryption aes-cbc-256" if dialect == "ios" else "encryption aes-256"
    assert f" {keyword}" in answers
    assert dialect == "asa" or " authentication local pre-share" in answers


def test_profiles_and_keyrings_of_isakmp_keep_their_names() -> None:
    text = (
        "crypto keyring RING vrf FRONT\n  pre-shared-key address 198.51.100.0 255.255.255.0 key s3cret\n"
        "crypto isakmp profile PROF\n   keyring RING\n   match identity address 198.51.100.2 255.255.255.255\n"
        "   self-identity fqdn us.example.net\n   keepalive 20 retry 4\n   vrf INSIDE\n"
        "crypto map M 10 ipsec-isakmp\n set isakmp-profile PROF\n"
    )
    store, outcomes = read("ios", text)
    assert all(outcome.accepted for outcome in outcomes)
    draft = read("ios", replacing_ikev1(store))[0].draft
    profile = draft.profiles["PROF"]
    assert (profile.keyring, profile.ivrf, str(profile.identity.value)) == ("RING", "INSIDE", "us.example.net")
    assert (profile.dpd.interval, profile.dpd.retry) == (20, 4)
    assert draft.crypto_maps["M"].entries[10].ikev2_profile == "PROF"
    assert "198.51.100.0" in draft.keyrings["RING"].peers


def test_a_policy_that_says_little_has_the_defaults_of_ikev1() -> None:
    store, _ = read("ios", "crypto isakmp policy 1\n encr 3des\ncrypto isakmp key k address 0.0.0.0\n")
    proposal = read("ios", replacing_ikev1(store))[0].draft.proposals["IKEV1-1"]
    assert (proposal.encryption, proposal.integrity, proposal.groups) == (("3des",), ("sha1",), ("1",))


@pytest.mark.parametrize("dialect", ["ios", "asa"])
def test_nothing_comes_of_a_configuration_without_ikev1(dialect: str) -> None:
    assert replacing_ikev1(read(dialect, "hostname R\n")[0]) == []


def test_a_policy_whose_cipher_is_never_offered_is_left_out_and_named() -> None:
    store, _ = read("ios", "crypto isakmp policy 1\n auth pre\ncrypto isakmp key x address 192.0.2.1\n")
    lines = replacing_ikev1(store)
    assert lines[0] == (
        "! crypto isakmp policy 1 has DES, which is never offered: crypto ikev2 proposal default is offered instead"
    )
    assert not any(line.startswith(("crypto ikev2 proposal", "crypto ikev2 policy")) for line in lines)
    store, _ = read(
        "ios", "crypto isakmp policy 1\n encr des\ncrypto isakmp policy 2\n enc aes 256\n ha sha256\n gr 14\n"
    )
    lines = replacing_ikev1(store)
    assert lines[0].endswith("another policy is offered instead")
    assert {"crypto ikev2 proposal IKEV1-2", " encryption aes-cbc-256", " integrity sha256", " group 14"} <= set(lines)
    assert "crypto ikev2 proposal IKEV1-1" not in lines


def test_a_key_for_what_is_no_address_is_no_fault() -> None:
    store, _ = read("ios", "crypto isakmp key x address GATEWAY\n")
    assert replacing_ikev1(store) is not None
