"""What has no effect is kept with its sections, comes back in its place, and reads back the same."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ikecli.config import ConfigReader
from tests.config.reading import commands, new_store, read, typed

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
