"""Words of a router's IKEv2 beside the main road: each has its effect on the intent, or says why it has none."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from ikecli.config import greeting
from ikecli.intent import Admission, Intent
from ikecli.secret import Secret
from tests.config.reading import SAMPLES, commands, read, typed

ROUTER = (SAMPLES / "site-to-site" / "router.cfg").read_text()
CLIENT = (SAMPLES / "remote-access" / "client.cfg").read_text()


def intent(*lines: str, of: str = ROUTER) -> Intent:
    store, outcomes = read("ios", [*of.removesuffix("end\n").splitlines(), *lines])
    assert all(outcome.accepted for outcome in outcomes)
    return store.intent


def test_a_profile_that_is_shut_down_is_for_nobody() -> None:
    assert intent().profiles
    shut = read("ios", ROUTER + "crypto ikev2 profile IKEV2\n shutdown\n")[0]
    assert not shut.intent.profiles
    assert ("IKEv2 profile IKEV2 is shut down", "no shutdown") in [(one.message, one.fix) for one in shut.complaints]


def test_the_lower_bound_of_admission_and_limit_holds() -> None:
    assert intent("crypto call admission limit ike sa 50").max_sas == 50
    assert intent("crypto call admission limit ike sa 50", "crypto ikev2 limit max-sa 20").max_sas == 20
    assert intent("crypto call admission limit ike sa 0").max_sas == intent().max_sas
    both = intent("crypto call admission limit all in-negotiation-sa 30", "crypto ikev2 limit max-in-negotation-sa 40")
    assert both.max_half_open == 30
    assert intent("crypto ikev2 limit max-in-negotation-sa 40 incoming").max_half_open == 40
    lines = ("crypto call admission limit ipsec sa 7", "crypto ikev2 limit max-in-negotation-sa 6 outgoing")
    assert intent(*lines, "crypto call admission limit ike in-negotiation-sa 15").admission == Admission(7, 6, 15)
    assert both.admission == Admission(negotiating_all=30)


def test_a_keyring_knows_a_peer_by_a_name_that_ip_host_knows() -> None:
    lines = ["crypto ikev2 keyring KEY1", " peer peer2", "  no address", "  hostname hub.example.net"]
    store, _ = read("ios", [*ROUTER.splitlines(), *lines])
    assert "ip host hub.example.net A.B.C.D" in [one.fix for one in store.complaints]
    credentials = intent(*lines, "ip host hub.example.net 198.51.100.2").profiles[0].credentials
    assert [str(each) for one in credentials for each in one.addresses] == ["198.51.100.2/32"]


def test_a_flexvpn_client_has_hubs_by_name() -> None:
    client = next(line for line in CLIENT.splitlines() if line.startswith(" peer 1 "))
    named = CLIENT.replace(client, " peer 1 fqdn hub.example.net dynamic")
    store, _ = read("ios", named)
    assert "ip host hub.example.net A.B.C.D" in [one.fix for one in store.complaints]
    found = intent("ip host hub.example.net 192.0.2.99", of=named).connections
    assert [one.peers for one in found] == [(IPv4Address("192.0.2.99"),)]


def test_an_algorithm_of_hashes_is_read_and_the_hash_is_scrypt() -> None:
    store, _ = read("ios", "username cisco algorithm-type sha256 secret cisco\nenable algorithm-type md5 secret x\n")
    assert store.verify_user("cisco", Secret("cisco")) == 1
    assert all(line.split()[-2] == "9" for line in commands(store) if "secret" in line)


def test_an_address_family_may_say_unicast() -> None:
    store, _ = read("ios", "vrf definition A\n address-family ipv4 unicast\n")
    assert " address-family ipv4" in commands(store)


@pytest.mark.parametrize(
    "line",
    [
        "crypto ikev2 http-url cert",
        "crypto ikev2 certificate-cache 200",
        "crypto ikev2 disconnect-revoked-peers",
        "crypto ikev2 cluster\n standby-group G",
        "crypto ikev2 redirect gateway init",
        "crypto ikev2 reconnect key 1 active abcdefghijklmnop",
        "crypto ikev2 cts sgt",
        "crypto ikev2 profile P\n authentication local rsa-sig\n authentication remote ecdsa-sig\n pki trustpoint T"
        "\n match certificate M\n identity local dn\n lifetime certificate\n keyring aaa A name-mangler M\n reconnect"
        "\n match application sdwan",
        "crypto gdoi group G\n identity number 1",
        "crypto pki trustpoint T\n enrollment terminal\n revocation-check none",
    ],
)
def test_what_is_kept_says_why_and_comes_back_in_its_place(line: str) -> None:
    screen = typed("ios", line)
    inner = [each for each in line.splitlines() if each.startswith(" ")] if "profile P" in line else []
    assert screen.count("NOTE: kept, no effect: ") == max(len(inner), 1)
    store, outcomes = read("ios", line)
    assert all(outcome.accepted for outcome in outcomes)
    assert set(line.splitlines()) <= set(commands(store))
    assert read("ios", store.startup())[0].draft == store.draft


def test_what_is_for_peers_that_begin_alone() -> None:
    found = intent(
        "crypto ikev2 profile IKEV2", " match inbound-only", " initial-contact force", "crypto ikev2 policy IN",
        " match inbound-only", " proposal default",
    )  # fmt: skip
    (profile,) = found.profiles
    assert (profile.inbound, profile.sole) == (True, True)
    assert [policy.inbound for policy in found.policies if policy.name == "IN"] == [True]


def test_packets_go_in_clear_without_an_sa_only_where_that_is_said() -> None:
    lines = "crypto ipsec optional", "crypto ipsec optional retry 60"
    assert [row.optional for some in ((), lines[:1], lines, lines[1:]) for row in intent(*some).connections] == [
        0, 300, 60, 0,
    ]  # fmt: skip
    store = read("ios", ROUTER + lines[0] + "\n")[0]
    why = "packets that crypto maps protect go in clear while no SA stands for them"
    assert (why, "no crypto ipsec optional") in [(one.message, one.fix) for one in store.complaints]


def test_a_default_interface_is_as_new_and_stays_in_its_place() -> None:
    text = "interface GigabitEthernet0/0\n shutdown\ninterface Loopback0\n ip address 10.0.0.1 255.255.255.255\n"
    store, outcomes = read("ios", text + "default interface GigabitEthernet0/0\n")
    assert all(outcome.accepted for outcome in outcomes)
    assert list(store.draft.interfaces) == ["GigabitEthernet0/0", "Loopback0"]
    assert not store.draft.interfaces["GigabitEthernet0/0"].shutdown
    assert "interface GigabitEthernet0/0" in commands(store)


def test_a_ppk_goes_without_being_typed_again() -> None:
    text = "crypto ikev2 keyring K\n peer p\n  ppk manual id me key abc required\n  no ppk manual\n"
    store, outcomes = read("ios", text)
    assert all(outcome.accepted for outcome in outcomes)
    assert store.draft.keyrings["K"].peers["p"].ppk is None


def test_interfaces_of_lines_and_between_tables_are_read() -> None:
    text = "interface ATM0/0.32 point-to-point\n no ip address\n pvc 0/32\n  vbr-nrt 704 704\ninterface vasileft1\n"
    store, outcomes = read("ios", text)
    assert all(outcome.accepted for outcome in outcomes)
    assert list(store.draft.interfaces) == ["ATM0/0.32", "vasileft1"]
    assert "interface ATM0/0.32 point-to-point" in commands(store)
    assert read("ios", store.startup())[0].draft == store.draft


def test_a_banner_of_several_lines_is_shown_as_it_was_typed() -> None:
    store, outcomes = read("ios", "hostname R7\nbanner login %Stop!\n$(hostname) is not yours.%\nbanner motd %Hello%\n")
    assert all(one.accepted for one in outcomes)
    assert list(greeting.banners(store)) == ["Hello", "Stop!\nR7 is not yours."]
    again, _ = read("ios", store.running())
    assert list(greeting.banners(again)) == list(greeting.banners(store))
    assert list(greeting.banners(read("ios", [*store.running(), "no banner login"])[0])) == ["Hello"]


@pytest.mark.parametrize(
    "line",
    [
        "crypto isakmp disconnect-notify",
        "ip nat inside source list 10 interface GigabitEthernet0/0 vrf RED overload",
    ],
)
def test_lines_of_routers_that_are_kept(line: str) -> None:
    store, (outcome,) = read("ios", [line], quiet=False)
    assert any("kept, no effect: " in message for message in outcome.messages)
    assert line in commands(store)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ip route 10.9.0.0 255.255.0.0 192.0.2.9 tag 7", ""),
        ("ipv6 route 2001:DB8:9::/64 2001:DB8::1 permanent", "the route rests while its interface is down"),
        ("interface Serial0/0.1 point-to-point", "the link is the kernel's"),
        ("access-list 110 permit ip any any log", "packets are counted and not logged"),
        ("access-list 110 remark log", ""),
        ("interface Tunnel0\ntunnel protection ipsec profile P shared", ""),
        ("ip route 10.9.0.0 255.255.0.0 192.0.2.9 track 7", ""),
    ],
)
def test_words_without_effect_say_so(line: str, told: str) -> None:
    notes = [each for each in typed("ios", line).splitlines() if each.startswith("NOTE")]
    assert notes == ([f"NOTE: {told}."] if told else [])


@pytest.mark.parametrize(
    ("dialect", "made", "scheduled", "gone"),
    [
        ("ios", "ip sla {}\n icmp-echo 192.0.2.9", "ip sla schedule {} start-time now", "no ip sla {}"),
        ("ios", "ip sla {}\n icmp-echo 192.0.2.9", "ip sla schedule {} start-time now", "no ip sla monitor {}"),
        (
            "asa",
            "sla monitor {}\n type echo protocol ipIcmpEcho 192.0.2.9 interface outside",
            "sla monitor schedule {} start-time now",
            "no sla monitor {}",
        ),
    ],
)
def test_the_schedule_of_a_probe_goes_with_it(dialect: str, made: str, scheduled: str, gone: str) -> None:
    both = [line.format(number) for line in (made, scheduled) for number in (1, 2)]
    kept = [line.format(1) for line in (made, scheduled)]
    store = read(dialect, "\n".join((*both, gone.format(2))), quiet=False)[0]
    assert commands(store) == commands(read(dialect, "\n".join(kept))[0])


def test_a_session_may_last_as_little_as_a_routers() -> None:
    policy = "crypto ikev2 authorization policy A\nsession-lifetime {}\n"
    store, outcomes = read("ios", policy.format(120))
    assert [one.accepted for one in outcomes] == [True, True]
    assert store.draft.authorizations["A"].session == 120
    assert not read("ios", policy.format(119))[1][1].accepted


@pytest.mark.parametrize("number", [100, 100000])
def test_as_many_requests_may_wait_as_at_a_router(number: int) -> None:
    store, (outcome,) = read("ios", f"crypto ikev2 limit queue sa-init {number}\n")
    assert outcome.accepted
    assert store.intent.admission.waiting == number
