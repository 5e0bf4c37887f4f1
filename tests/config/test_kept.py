"""What has no effect is kept with its sections, comes back in its place, and reads back the same."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ikecli.config import ConfigReader
from ikecli.language import load
from tests.config.reading import commands, new_store, read, typed
from tests.grammar.test_grammars import beginnings

ROUTER = """\
version 17.9
service sequence-numbers
hostname R1
boot-start-marker
boot-end-marker
aaa new-model
aaa group server radius RAD
 server name R
aaa authentication login default local
clock timezone UTC 0 0
radius server R
 address ipv4 192.0.2.9 auth-port 1812 acct-port 1813
 key s3cret
ip name-server 192.0.2.53
class-map match-any VOICE
 match dscp ef
policy-map OUT
 class VOICE
  priority percent 10
 class class-default
  fair-queue
crypto pki trustpoint TP
 enrollment terminal
 revocation-check none
crypto pki certificate chain TP
 certificate ca 01
  30820122 300D0609 2A864886 F70D0101 01050003 82010F00 3082010A 02820101
  0203010001
  \tquit
crypto gdoi group G
 identity number 7
interface GigabitEthernet0/0
 duplex auto
 ip address 192.0.2.1 255.255.255.0
 service-policy output OUT
 ip ospf 1 area 0
router bgp 65000
 neighbor 192.0.2.2 remote-as 65001
 !
 address-family ipv4
  network 10.0.0.0
 exit-address-family
ip dhcp pool LAN
 network 10.0.0.0 255.255.255.0
ip sla 1
 icmp-echo 192.0.2.2
dial-peer voice 1 voip
 destination-pattern 1...
snmp-server community public RO
control-plane
line con 0
line vty 0 4
 transport input ssh
ntp server 192.0.2.123
"""
FIREWALL = """\
hostname FW
interface GigabitEthernet0/0
 duplex full
 nameif outside
 ip address 192.0.2.1 255.255.255.0
dns server-group DefaultDNS
 name-server 192.0.2.53
class-map inspection_default
 match default-inspection-traffic
policy-map global_policy
 class inspection_default
  inspect ftp
service-policy global_policy global
router ospf 1
 network 10.0.0.0 255.0.0.0 area 0
aaa-server RAD protocol radius
aaa-server RAD (outside) host 192.0.2.9
 key s3cret
crypto ca trustpoint TP
 enrollment terminal
crypto ca certificate chain TP
 certificate ca 01
    30820122 300d0609 2a864886
  quit
failover
threat-detection basic-threat
"""


@pytest.mark.parametrize(("dialect", "text"), [("ios", ROUTER), ("asa", FIREWALL)])
def test_sections_come_back_whole_and_read_back_the_same(dialect: str, text: str) -> None:
    store, outcomes = read(dialect, text)
    assert all(outcome.accepted for outcome in outcomes)
    written = [line.strip() for line in commands(store)]
    assert [line for line in text.splitlines() if line.strip() not in written and line.strip() != "!"] == []
    again, _ = read(dialect, store.startup())
    assert again.draft == store.draft
    assert again.startup() == store.startup()


@pytest.mark.parametrize(("dialect", "text"), [("ios", ROUTER), ("asa", FIREWALL)])
def test_each_line_below_its_opener_keeps_its_indentation(dialect: str, text: str) -> None:
    lines = text.splitlines()
    written = commands(read(dialect, text)[0])
    for opener, first in pairwise(lines):
        if first.startswith(" ") and not opener.startswith((" ", "interface")):
            at = written.index(opener)
            assert written[at + 1] == first


@pytest.mark.parametrize(
    ("dialect", "line"),
    [("ios", "rooter bgp 1"), ("ios", "snmp-sever community x"), ("asa", "failver"), ("asa", "crypto ikve1 enable x")],
)
def test_an_unknown_word_is_an_error_with_a_caret(dialect: str, line: str) -> None:
    screen = typed(dialect, line)
    assert "^" in screen
    assert "Invalid input" in screen


def test_the_default_groups_keep_their_place_when_they_are_as_new_again() -> None:
    lines = [
        "tunnel-group DefaultL2LGroup ipsec-attributes",
        "no tunnel-group DefaultL2LGroup ipsec-attributes",
        "tunnel-group DefaultL2LGroup ipsec-attributes",
        " ikev2 local-authentication pre-shared-key k",
        "tunnel-group DefaultRAGroup ipsec-attributes",
        " ikev2 local-authentication pre-shared-key k",
    ]
    store, _ = read("asa", lines)
    assert read("asa", store.startup())[0].startup() == store.startup()


def test_a_typed_line_without_effect_may_be_abbreviated_and_is_kept_in_full() -> None:
    lines = "cry key gen rsa\ncrypto ikev2 redir gateway init\ninterface Gi0/0\n spann portfast\ncry pki trust T\n"
    screen = typed("ios", lines)
    assert screen.count("NOTE: kept, no effect: ") == 4
    reader = ConfigReader(store := new_store("ios"))
    assert all(reader.feed(line).accepted for line in lines.splitlines())
    assert {"crypto key generate rsa", "crypto pki trust T"} <= set(commands(store))
    assert "Invalid input" in typed("ios", "ip multi"), "several words begin so"


# Sections without indentation, as they are typed and as mails flatten them


FLAT = """\
router bgp 65000
bgp log-neighbor-changes
neighbor 192.0.2.2 remote-as 65001
address-family ipv4 vrf RED
redistribute connected
exit
address-family ipv6
neighbor 2001:db8::2 activate
exit-address-family
neighbor 192.0.2.2 description there
policy-map OUT
class VOICE
priority percent 10
class class-default
fair-queue
line vty 0 4
login local
transport input ssh
crypto pki certificate chain TP
certificate ca 01
30820122 300D0609 2A864886 F70D0101
0203010001
quit
crypto isakmp policy 10
encr aes 256
authentication pre-share
hostname R9
"""


def test_a_section_without_effect_takes_the_lines_that_are_listed_for_it_and_no_others() -> None:
    store, outcomes = read("ios", FLAT)
    assert all(outcome.accepted for outcome in outcomes)
    assert store.hostname == "R9"
    kept = [line.strip() for line in commands(store) if line.startswith(" ")]
    openers = ("router", "policy-map", "line vty", "crypto ", "hostname")
    assert sorted(kept) == sorted(line for line in FLAT.splitlines() if not line.startswith(openers))
    assert read("ios", store.startup())[0].startup() == store.startup()


def test_an_unknown_word_in_a_section_without_effect_is_an_error_and_the_section_goes_on() -> None:
    assert typed("ios", "router bgp 65000\nnieghbor 192.0.2.2 remote-as 65001\nneighbor 192.0.2.3 remote-as 65001") == (
        "Router(config)#router bgp 65000\n"
        "NOTE: kept, no effect: no routing protocol runs here.\n"
        "Router(config-router)#nieghbor 192.0.2.2 remote-as 65001\n"
        "                       ^\n"
        "% Invalid input detected at '^' marker.\n"
        "% Did you mean neighbor?\n\n"
        "Router(config-router)#neighbor 192.0.2.3 remote-as 65001"
    )


def test_a_line_of_a_section_without_effect_is_typed_short_and_kept_in_full() -> None:
    store, outcomes = read("ios", "router bgp 65000\nneigh 192.0.2.2 remote-as 65001\nint Lo0\nno sh\n")
    assert all(outcome.accepted for outcome in outcomes)
    assert " neighbor 192.0.2.2 remote-as 65001" in commands(store)
    assert "Loopback0" in store.draft.interfaces


@pytest.mark.parametrize("dialect", ["ios", "asa"])
def test_no_section_without_effect_takes_a_line_of_the_configuration_around_it(dialect: str) -> None:
    """But for the few whose words mean something of their own there, as on the devices."""
    language = load(dialect)
    outside = [each for each in language.modes["config"].file.declarations if each.target.operator not in ("~", "~>")]
    first = {words[0] for each in outside for words, _ in beginnings(each.pattern) if words}
    for mode in language.modes.values():
        for each in mode.file.declarations:
            taken = {words for words, then in beginnings(each.takes) if then == "LINE"} if each.takes else set()
            own = {
                "password",
                "domain-name",
                "set",
                "smart-tunnel",
                "bridge-domain",
                "xconnect",
                "anyconnect-essentials",
            }
            assert {words[0] for words in taken if len(words) == 1} & first <= own, each.place


def test_what_a_section_lists_belongs_to_it_behind_a_mark_too_as_on_a_device() -> None:
    lines = [
        "router bgp 65001",
        " neighbor 192.0.2.1 remote-as 65002",
        "!",
        "address-family ipv4",
        " network 10.0.0.0",
        "exit-address-family",
        "!",
        "foo bar",
        "line vty 0 4",
        " login",
        "!",
        "ip route 10.0.0.0 255.0.0.0 192.0.2.1",
    ]
    store, outcomes = read("ios", lines)
    assert [line for line, one in zip(lines, outcomes, strict=True) if not one.accepted] == ["foo bar"]
    assert [line for line in commands(store) if line.startswith(" ")] == [
        " neighbor 192.0.2.1 remote-as 65002",
        " address-family ipv4",
        " network 10.0.0.0",
        " exit-address-family",
        " login",
    ]


@pytest.mark.parametrize(
    ("dialect", "lines"),
    [
        ("ios", "ip nat inside source static tcp 10.0.0.9 22 192.0.2.4 2022 vrf RED extendable"),
        ("ios", "ip nat inside source list L interface GigabitEthernet1 overload extended"),
        ("ios", "ipv6 ioam timestamp"),
        ("ios", "virtual-service csr_mgmt\n activate"),
        ("ios", "interface Tunnel1\n tunnel vxlan vni 110"),
        ("asa", "group-policy P internal\ngroup-policy P attributes\n anyconnect-custom perapp value all"),
        ("asa", "anyconnect-custom-attr perapp description apps"),
    ],
)
def test_lines_of_other_features_that_people_paste(dialect: str, lines: str) -> None:
    assert read(dialect, lines)[1][-1].verdict == "inert"


def test_the_secret_of_the_highest_level_is_the_enable_secret() -> None:
    store, outcomes = read("ios", "enable secret level 15 Xy7zzzzz\n")
    assert outcomes[0].accepted
    assert any(line.startswith("enable secret 9 ") for line in commands(store))
    assert read("ios", "no enable secret")[0].draft == read("ios", "")[0].draft
