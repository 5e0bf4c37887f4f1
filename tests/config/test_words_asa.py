"""Words of a firewall beside the main road: each has its effect on the intent, is refused, or says why it has none."""

from __future__ import annotations

from ipaddress import ip_address
from math import inf

import pytest

from ikecli.daemon.unserved import unserved
from ikecli.dataplane.xfrm.plane import XfrmPlane
from ikecli.intent import Identity, Initiation, Intent, Outer, Transport
from ikecli.lab.lab import VirtualLab
from tests.config.reading import SAMPLES, commands, read, typed

ASA = (SAMPLES / "site-to-site" / "asa.cfg").read_text()


def intent(*lines: str) -> Intent:
    store, outcomes = read("asa", [*ASA.splitlines(), *lines])
    assert all(outcome.accepted for outcome in outcomes)
    return store.intent


def test_ike_sas_and_those_in_negotiation_are_bounded() -> None:
    assert intent("crypto ikev2 limit max-sa 25").max_sas == 25
    assert intent("crypto ikev2 limit max-in-negotiation-sa value 30").max_half_open == 30
    half = intent().max_half_open // 2
    assert intent("crypto ikev2 limit max-in-negotiation-sa 50 percent").max_half_open == half


def test_sessions_are_bounded_as_ike_sas_are() -> None:
    assert intent("vpn-sessiondb max-other-vpn-limit 20").max_sas == 20
    assert intent("vpn-sessiondb max-other-vpn-limit 20", "crypto ikev2 limit max-sa 15").max_sas == 15


def test_what_is_believed_of_a_path_is_forgotten_when_it_is_said() -> None:
    line = "crypto ipsec security-association pmtu-aging"
    assert [intent(*lines).path_aging for lines in ((), (f"{line} 2",), (f"{line} infinite",))] == [0, 120, inf]
    said = list(unserved(intent(f"{line} infinite"), XfrmPlane.__new__(XfrmPlane)))
    assert said == ["% pmtu-aging has no effect with the data plane xfrm: the kernel decides for all routes"]


def test_requests_that_wait_are_bounded() -> None:
    assert intent().admission.waiting == 5000
    assert intent("crypto ikev2 limit queue sa_init 70").admission.waiting == 70


def test_an_entry_goes_before_its_interface_on_df() -> None:
    lines = "crypto ipsec df-bit clear-df outside", "crypto map CMAP 10 set df-bit set-df"
    assert intent(*lines).connections[0].outer == Outer(True)
    assert intent(*lines, "no crypto map CMAP 10 set df-bit").connections[0].outer == Outer(False)


def test_an_entry_may_look_at_what_errors_are_about() -> None:
    (row,) = intent("crypto map CMAP 10 set validate-icmp-errors").connections
    assert row.own_errors
    lab = VirtualLab(1)
    lab.add(ASA.replace(": end", "crypto map CMAP 10 set validate-icmp-errors\n: end"), "asa")
    lab.add((SAMPLES / "site-to-site" / "router.cfg").read_text(), "ios")
    assert lab.ping("ASA", "10.1.1.1", "10.2.2.1").endswith("!!!!")
    (inbound,) = lab["ASA"].plane._sas._inbound.values()
    assert inbound.install.own_errors


def test_an_entry_may_not_look_for_translations() -> None:
    assert [one.nat_traversal for one in intent("crypto map CMAP 10 set nat-t-disable").connections] == [False]
    assert [one.nat_traversal for one in intent().connections] == [True]


def test_transport_mode_may_be_required_of_both_kinds_of_maps() -> None:
    name = next(iter(read("asa", ASA)[0].draft.crypto_maps))
    line = f"crypto map {name} 10 set ikev2 mode transport-require"
    assert intent(line).connections[0].transport is Transport.REQUIRED


@pytest.mark.parametrize("line", ["mode multiple", "context CUSTOMER", "admin-context ADMIN"])
def test_contexts_are_refused_with_the_reason(line: str) -> None:
    assert typed("asa", line).splitlines()[1] == (
        "ERROR: this is one firewall: start an ikecli of its own for each context"
    )


def test_an_address_of_a_second_unit_is_kept_and_says_so() -> None:
    screen = typed("asa", "interface gi0/0\nip address 192.0.2.1 255.255.255.0 standby 192.0.2.2")
    assert "NOTE: there is one unit" in screen
    store, _ = read("asa", "interface gi0/0\n ip address 192.0.2.1 255.255.255.0 standby 192.0.2.2\n")
    assert " ip address 192.0.2.1 255.255.255.0 standby 192.0.2.2" in commands(store)


@pytest.mark.parametrize(
    "line",
    [
        "crypto map M 10 set trustpoint T chain",
        "crypto ipsec inner-routing-lookup",
        "vpn-addr-assign aaa",
        "vpn-sessiondb max-anyconnect-premium-or-essentials-limit 5",
        "crypto ikev2 remote-access trustpoint T",
        "crypto ikev2 redirect during-auth",
        "tunnel-group-map default-group DefaultL2LGroup",
        "username bob attributes\n vpn-group-policy P",
        "crypto ca trustpoint T\n enrollment self\n crl configure",
        "interface GigabitEthernet0/0\n ip address pppoe setroute",
        "nat (inside,outside) source static A A destination static B B no-proxy-arp route-lookup",
        "sysopt connection preserve-vpn-flows",
        "tunnel-group DefaultWEBVPNGroup general-attributes\n address-pool POOL",
        "access-group IN in interface outside",
    ],
)
def test_what_is_kept_says_why_and_comes_back_in_its_place(line: str) -> None:
    before = "group-policy P internal\n" if line.startswith("group-policy") else ""
    assert typed("asa", before + line).count("NOTE: kept, no effect: ") == 1
    store, outcomes = read("asa", before + line)
    assert all(outcome.accepted for outcome in outcomes)
    written = [each for each in store.running(clear=True) if "*" not in each]
    assert {each for each in line.splitlines() if "*" not in each} <= set(written)
    assert read("asa", store.startup())[0].draft == store.draft


def test_the_header_before_esp_is_as_its_interface_says() -> None:
    assert intent().connections[0].outer == Outer()
    lines = ("crypto ipsec df-bit clear-df outside", "crypto ipsec fragmentation after-encryption outside")
    assert intent(*lines).connections[0].outer == Outer(whole=False, late=True)
    assert intent("crypto ipsec df-bit set-df inside").connections[0].outer == Outer()


def test_segments_of_tcp_are_no_larger_than_the_firewall_says() -> None:
    assert {one.segments for one in intent("sysopt connection tcpmss 1350").network.interfaces} == {(1350, 1350)}


def test_a_dynamic_map_may_be_for_some_peers_alone() -> None:
    lines = (
        "crypto dynamic-map D 10 set peer 198.18.0.1",
        "crypto dynamic-map D 10 set ikev2 ipsec-proposal Prop1",
        "crypto map CMAP 65535 ipsec-isakmp dynamic D",
    )
    found = intent(*lines).connections[-1]
    assert (found.peers, found.initiation) == ((ip_address("198.18.0.1"),), Initiation.NEVER)


def test_sas_without_traffic_end_as_the_group_policy_says() -> None:
    policy = ("group-policy P internal", "group-policy P attributes", " vpn-idle-timeout 10")
    group = ("tunnel-group 192.0.2.1 general-attributes", " default-group-policy P")
    assert intent(*policy, *group).connections[0].idle == 600
    assert intent(*policy, *group, *policy[:2], " vpn-idle-timeout none").connections[0].idle == 0
    assert intent("group-policy DfltGrpPolicy attributes", " vpn-idle-timeout 5").connections[0].idle == 300


def test_sessions_end_as_the_group_policy_says() -> None:
    policy = ("group-policy P internal", "group-policy P attributes", " vpn-session-timeout 120")
    group = ("tunnel-group 192.0.2.1 general-attributes", " default-group-policy P")
    assert intent(*policy, *group).profiles[0].session == 7200
    assert intent(*policy, *group, *policy[:2], " vpn-session-timeout none").profiles[0].session == 0
    assert intent("group-policy DfltGrpPolicy attributes", " vpn-session-timeout 5").profiles[0].session == 300


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("address", None),
        ("hostname", Identity.fqdn("ASA")),
        ("key-id gate", Identity.key_id("gate")),
        ("email-id gate@example.net", Identity.email("gate@example.net")),
    ],
)
def test_the_profile_of_a_tunnel_says_whom_this_side_is(words: str, shown: Identity | None) -> None:
    text = (SAMPLES / "route-based" / "asa.cfg").read_text().splitlines()
    lines = ["crypto isakmp identity key-id other", "crypto ipsec profile VTI", f" set ikev2 local-identity {words}"]
    (profile,) = read("asa", [*text, *lines])[0].intent.profiles
    assert profile.local == shown


def test_no_takes_back_what_is_kept_though_a_command_that_works_reads_it() -> None:
    store, _ = read("asa", "tunnel-group DefaultWEBVPNGroup ipsec-attributes\nno tunnel-group DefaultWEBVPNGroup\n")
    assert not store.draft.inert


def test_a_line_of_some_times_says_that_it_holds_at_all() -> None:
    store, _ = read("asa", ASA.replace("host 10.1.1.1", "host 10.1.1.1 time-range WORK"))
    assert "line 1 of access list VPN holds at all times: time-range is not looked at" in map(str, store.complaints)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("access-list A extended permit ip any any log", "packets are counted and not logged"),
        ("access-list A remark log in", ""),
        ("route inside 10.9.0.0 255.255.0.0 192.0.2.9 track 7", ""),
        ("group-policy P internal\ngroup-policy P attributes\nvpn-tunnel-protocol ikev1 ikev2", "only ikev2 is served"),
        (
            "tunnel-group G type remote-access\ntunnel-group G general-attributes\naddress-pool (inside) A",
            "the pools hold on all interfaces",
        ),
    ],
)
def test_words_without_effect_say_so(line: str, told: str) -> None:
    notes = [each for each in typed("asa", line).splitlines() if each.startswith("NOTE")]
    assert notes == ([f"NOTE: {told}."] if told else [])
