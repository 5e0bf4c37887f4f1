"""The running-config: its exact text, and that it reads back as what it was written from."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikecli.errors import Rejected
from ikecli.language import LineError, NeedsLines, write
from tests.language.strategies import commands
from tests.language.toys import Address, Interface, Profile, Router, Typist, asa, ios


def text(typist: Typist, every: bool = False) -> list[str]:
    reveal = lambda secret: secret.reveal().decode()  # noqa: E731
    return list(write(typist.dialect, typist.draft, every=every, reveal=reveal))


ROUTER = """\
hostname R1
!
banner motd ^C
Hello
  there
^C
username a privilege 15 secret 9 abc
!
crypto ikev2 keyring K
 peer A
  address 10.0.0.1
  pre-shared-key local foo
  pre-shared-key remote hex ABCD
  pre-shared-key 6 bar
 !
 peer B
  address 10.0.0.2 255.255.255.255
 !
crypto ikev2 profile P
 description hello there   world ! x
 match identity remote address 10.0.0.1 255.255.255.255
 match identity remote address 2001:DB8::1/64
 match identity remote fqdn domain x.y
 authentication local pre-share key 6 foo
 authentication remote rsa-sig
 authentication remote eap timeout 5
 encryption aes-cbc-256 aes-gcm-256
 dpd 10 2 periodic
 no keepalive
 exec-timeout 0 0
 no nat-traversal
!
crypto ipsec transform-set T esp-aes 256 esp-sha256-hmac
 mode transport require
!
crypto ipsec transform-set U esp-gcm
 mode tunnel
!
crypto map M local-address GigabitEthernet0/0
crypto map M 10 ipsec-isakmp profile P
 set peer 1.1.1.1 2.2.2.2
 match address 101
!
crypto map M 20 ipsec-isakmp dynamic D
!
interface GigabitEthernet0/0
 ip address 10.0.0.1 255.255.255.0
 ip address 10.0.1.1 255.255.255.0 secondary
 crypto map M
!
interface Tunnel0
 no ip address
 ip mtu 1400
 no ip route-cache flow
 shutdown
!
ip route 0.0.0.0 0.0.0.0 Tunnel0 10.0.0.1 5 name foo permanent
!
ip access-list extended 101
 permit ip any host 1.1.1.1
 remark foo bar
!
snmp-server community foo
router ospf 1
!
""".splitlines()

FIREWALL = """\
hostname FW
!
interface GigabitEthernet0/0
 nameif outside
!
interface GigabitEthernet0/1
 no nameif
!
object network O
 host 10.0.0.1
object-group service S tcp
 port-object eq https
object-group network N
 network-object host 1.1.1.1
access-list A extended permit tcp object-group N object-group S host 1.1.1.1 object-group S
access-list A extended permit tcp any object-group N eq ssh
banner motd x
banner motd x
!
object network O
 nat (inside,outside) static 2.2.2.2
!
crypto map M 1 set peer 1.1.1.2
crypto map M 10 match address A
crypto map M 10 set peer 1.1.1.1 1.1.1.2
crypto map M 10 set ikev2 ipsec-proposal X Y
crypto map M interface outside
!
group-policy G internal
group-policy G attributes
 vpn-idle-timeout 30
""".splitlines()


@pytest.mark.parametrize(("system", "lines"), [(ios, ROUTER), (asa, FIREWALL)], ids=["ios", "asa"])
def test_a_configuration_comes_back_line_by_line(system: Callable[[], Typist], lines: list[str]) -> None:
    typist = system()
    typist.type(*lines)
    assert text(typist) == lines


def test_defaults_are_written_when_asked_for() -> None:
    typist = ios()
    typist.draft.profiles["P"] = Profile()
    typist.draft.interfaces["Tunnel0"] = Interface()
    assert text(typist, every=True) == [
        "hostname Router",
        "!",
        "crypto ikev2 profile P",
        " lifetime 86400",
        " keepalive 10 3",
        " exec-timeout 10 0",
        " nat-traversal",
        " no shutdown",
        "!",
        "interface Tunnel0",
        " no ip address",
        " ip mtu 1500",
        " no shutdown",
        "!",
    ]


def test_secrets_are_hidden_unless_asked_for() -> None:
    typist = ios()
    typist.type("crypto ikev2 keyring K", "peer A", "pre-shared-key 6 SECRET")
    assert "  pre-shared-key 6 *****" in list(write(typist.dialect, typist.draft))


def test_the_lines_of_an_inert_section_follow_it() -> None:
    typist = ios()
    typist.type("router ospf 1")
    typist.draft.inert["router ospf 1"].lines.append("network 10.0.0.0 0.0.0.255 area 0")
    assert text(typist)[2:] == ["router ospf 1", " network 10.0.0.0 0.0.0.255 area 0", "!"]


def test_a_value_that_no_command_says_is_an_error_and_not_silence() -> None:
    typist = ios()
    typist.draft.interfaces["Tunnel0"] = Interface(address=Address("static", None, None))
    with pytest.raises(ValueError, match="address"):
        text(typist)


def typed(system: Callable[[], Typist], lines: list[tuple[str, str]]) -> Typist:
    """Type random lines, each in its mode; those that make no sense there are refused."""
    typist = system()
    for opener, line in lines:
        for each in (opener, line):
            with contextlib.suppress(Rejected):
                typist.type(*each.split("\n")) if each else None
    return typist


OPENERS = {
    "config": "",
    "ikev2-keyring": "crypto ikev2 keyring K",
    "ikev2-keyring-peer": "crypto ikev2 keyring K\npeer A",
    "ikev2-profile": "crypto ikev2 profile P",
    "transform-set": "crypto ipsec transform-set T esp-gcm",
    "crypto-map": "crypto map M 10 ipsec-isakmp",
    "interface": "interface Tunnel0",
    "acl-extended": "ip access-list extended L",
}
FIREWALL_OPENERS = {
    "config": "",
    "interface": "interface gi0/0",
    "object-network": "object network O",
    "object-group-network": "object-group network A",
    "object-group-service": "object-group service b-2 tcp",
    "group-policy": "group-policy G internal\ngroup-policy G attributes",
}


def sessions(system: Callable[[], Typist], openers: dict[str, str]) -> st.SearchStrategy[list[tuple[str, str]]]:
    modes = system().dialect.modes
    drawn = [st.tuples(st.just(opener), commands(modes[name])) for name, opener in openers.items()]
    return st.lists(st.one_of(drawn), max_size=12)


def returns(system: Callable[[], Typist], lines: list[tuple[str, str]]) -> None:
    first = typed(system, lines)
    written = text(first)
    again = system()
    again.type(*written)
    assert text(again) == written
    for field in fields(first.draft):
        if field.name != "access_lists":  # their hidden numbers are given anew
            assert getattr(again.draft, field.name) == getattr(first.draft, field.name)


@given(sessions(ios, OPENERS))
def test_whatever_was_typed_is_read_back_from_what_is_written(lines: list[tuple[str, str]]) -> None:
    returns(ios, lines)


@given(sessions(asa, FIREWALL_OPENERS))
def test_whatever_was_typed_on_a_firewall_is_read_back(lines: list[tuple[str, str]]) -> None:
    returns(asa, lines)


@given(st.sampled_from(sorted(OPENERS)), st.text(max_size=60))
def test_nothing_but_a_refusal_comes_of_any_text(mode: str, line: str) -> None:
    read(mode, line)


def read(mode: str, line: str) -> None:
    found = MODES[mode]
    with contextlib.suppress(LineError, NeedsLines):
        found.read(line)
    found.ask(line)


MODES = ios().dialect.modes


@given(st.data(), st.sampled_from(sorted(OPENERS)))
def test_nothing_but_a_refusal_comes_of_a_broken_line(data: st.DataObject, mode: str) -> None:
    line = data.draw(commands(MODES[mode])).replace("\n", " ")
    at = data.draw(st.integers(0, len(line)))
    read(mode, line[:at] + data.draw(st.sampled_from(["", " ", "x", "\t", "!", "  0 "])) + line[at:])


@given(st.data(), st.sampled_from(sorted(OPENERS)))
def test_a_question_offers_the_next_word_of_every_command(data: st.DataObject, mode: str) -> None:
    line = data.draw(commands(MODES[mode])).split("\n")[0]
    words = line.split(" ")
    at = data.draw(st.integers(0, len(words) - 1))
    if any(mark in " ".join(words[: at + 1]) for mark in '"#^!') or not words[at]:
        return
    try:
        MODES[mode].read(line, names=lambda path: ["A", "b-2", "def", "local", "10"])
    except (LineError, NeedsLines):
        return
    offered = MODES[mode].ask(" ".join([*words[:at], ""]))
    assert offered
    literal = [choice.completes for choice in offered if choice.completes]
    assert words[at] in literal or any(choice.completes is None for choice in offered) or "Tunnel" in literal


def test_a_router_says_nothing_twice() -> None:
    assert list(write(ios().dialect, Router())) == ["hostname Router", "!"]
