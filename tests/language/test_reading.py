"""Lines as they are typed: what they mean, where they are wrong, what `?` offers."""

from __future__ import annotations

import gc
from ipaddress import IPv4Address, IPv6Interface
from typing import Any

import pytest

from ikecli.language import Choice, LineError, Mode, NeedsLines, load_from, message
from ikecli.secret import Secret
from tests.language.toys import HERE

IOS = load_from(HERE / "ios", "ios").modes
ASA = load_from(HERE / "asa", "asa").modes
WIDE = IPv4Address("255.255.255.0")

GOOD = [
    ("config", "hostname R1", {"hostname": "R1"}),
    ("config", "HOSTNAME R1", {"hostname": "R1"}),
    ("config", "  host\tR1   ! the first", {"hostname": "R1"}),
    ("config", "crypto map M 10 ipsec-isakmp", {"name": "M", "seq": 10}),
    ("config", "crypto map M 10 ipsec-i dyn D", {"name": "M", "seq": 10, "dynamic": "D"}),
    ("config", "cry map M 10 ip pro P", {"name": "M", "seq": 10, "profile": "P"}),
    ("config", "crypto map M local-address gi 0/1", {"name": "M", "interface": "GigabitEthernet0/1"}),
    ("config", "interface Tunnel 200", {"name": "Tunnel200"}),
    ("config", "interface VLAN1", {"name": "Vlan1"}),
    ("config", "interface gi0/0.100", {"name": "GigabitEthernet0/0.100"}),
    ("config", "ip access-list ext 101", {"type": "extended", "name": 101}),
    ("config", "ip access-list ext VPN", {"type": "extended", "name": "VPN"}),
    (
        "config",
        "ip route 10.0.0.0 255.255.255.0 Null0 name x 5",
        {"net": IPv4Address("10.0.0.0"), "mask": WIDE, "interface": "Null0", "label": "x", "distance": 5},
    ),
    ("config", "banner motd #hello#", {"which": "motd", "text": "hello"}),
    (
        "config",
        "crypto ipsec transform-set T esp-aes 256 esp-sha256-hmac",
        {"name": "T", "transforms": [{"kind": "esp-aes", "bits": "256"}, {"kind": "esp-sha256-hmac"}]},
    ),
    (
        "config",
        "username a secret 5 x!y",
        {"name": "a", "login": {"kind": "secret", "encoding": 5, "key": Secret("x!y")}},
    ),
    ("ikev2-keyring-peer", "pre-shared-key lo", {"key": Secret("lo")}),
    ("ikev2-keyring-peer", "pre-shared-key loc k", {"key": Secret("k")}),
    ("ikev2-keyring-peer", "pre-shared-key 06x", {"key": Secret("06x")}),
    ("ikev2-keyring-peer", "pre-shared-key 6 x", {"encoding": "6", "key": Secret("x")}),
    ("ikev2-keyring-peer", "pre-shared-key remote hex 0AF1", {"hex": Secret("0AF1")}),
    ("ikev2-profile", "encryption aes-cbc-2 aes-g", {"algorithms": ["aes-cbc-256", "aes-gcm-256"]}),
    ("ikev2-profile", "match identity remote any", {"remote": {"kind": "any"}}),
    (
        "ikev2-profile",
        "match identity remote address 2001:db8::1/64",
        {"remote": {"kind": "address", "value": IPv6Interface("2001:db8::1/64")}},
    ),
    (
        "ikev2-profile",
        "match id rem fqdn domain example.org",
        {"remote": {"kind": "fqdn", "domain": True, "value": "example.org"}},
    ),
    (
        "ikev2-profile",
        "authentication local pre-share key 6 k",
        {"local": {"kind": "pre-share", "encoding": "6", "key": Secret("k")}},
    ),
    (
        "ikev2-profile",
        "authentication remote eap timeout 5",
        {"remote": {"kind": "eap", "option": {"kind": "timeout", "seconds": 5}}},
    ),
    ("ikev2-profile", "description a  b ! c ", {"description": "a  b ! c"}),
    ("interface", "ip address dhcp", {"ip": {"kind": "dhcp"}}),
    ("interface", "ip maximum 1400", {"mtu": 1400}),
    ("interface", "crypto map M", {"map": "M"}),
    ("acl-extended", "remark permit all of it", {"remark": "permit all of it"}),
    ("exec", "show crypto ipsec sa peer 10.0.0.1 detail", {"peer": IPv4Address("10.0.0.1"), "detail": True}),
]


@pytest.mark.parametrize(("mode", "line", "slots"), GOOD, ids=[line for _, line, _ in GOOD])
def test_a_line_gives_its_slots(mode: str, line: str, slots: dict[str, Any]) -> None:
    command = IOS[mode].read(line)
    assert (command.slots, command.negated) == (slots, "")


BAD = [
    ("config", "hostnme R1", "invalid", 5),
    ("config", "xyz", "invalid", 0),
    ("config", "hostname R1 R2", "invalid", 12),
    ("config", "hostname", "incomplete", 8),
    ("config", "crypto ikev2", "incomplete", 12),
    ("config", "i foo", "ambiguous", 0),
    ("config", "crypto map M 99999 ipsec-isakmp", "invalid", 13),
    ("config", "ip route 10.0.0.0 255.0.255.0 Null0", "invalid", 18),
    ("config", "ip route 10.0.0.300 255.0.0.0 Null0", "invalid", 9),
    ("config", "ip route 10.0.0.0 255.0.0.0 Null0 5 6", "invalid", 36),
    ("config", "interface Foo0", "invalid", 10),
    ("config", "no ip route 10.0.0.0", "incomplete", 20),
    ("config", "snmp community x", "invalid", 0),
    ("ikev2-keyring-peer", "pre-shared-key 0", "incomplete", 16),
    ("ikev2-keyring-peer", "pre-shared-key local 6 x y", "invalid", 25),
    ("ikev2-profile", "match identity remote fqdn domain", "incomplete", 33),
    ("ikev2-profile", "match identity remote adress 10.0.0.1", "invalid", 24),
    ("ikev2-profile", "no match identity remote", "incomplete", 24),
    ("ikev2-profile", "encryption aes-cbc", "ambiguous", 11),
    ("ikev2-profile", "encryption aes-cbc-128 des", "invalid", 23),
    ("ikev2-profile", "dpd 5 2 periodic", "invalid", 4),
    ("interface", "crypto map M 10 ipsec-isakmp", "invalid", 13),
    ("interface", "ip route-c cef", "invalid", 3),
    ("exec", "show\tcrypto\tfoo", "invalid", 12),
    ("exec", "show \x07", "invalid", 5),
    ("exec", "show crypto ikev2 sa " + "x" * 5000, "invalid", 4096),
]


@pytest.mark.parametrize(("mode", "line", "wrong", "column"), BAD, ids=[line[:40] for _, line, _, _ in BAD])
def test_a_wrong_line_is_refused_at_its_place(mode: str, line: str, wrong: str, column: int) -> None:
    with pytest.raises(LineError) as refused:
        IOS[mode].read(line)
    assert (refused.value.wrong, refused.value.column) == (wrong, column)


def test_the_messages_are_those_of_the_systems() -> None:
    def printed(mode: Mode, line: str) -> list[str]:
        with pytest.raises(LineError) as refused:
            mode.read(line)
        return message(refused.value, len("R1#"), mode.dialect)

    assert printed(IOS["exec"], "show cripto") == ["          ^", "% Invalid input detected at '^' marker.", ""]
    assert printed(IOS["exec"], "show") == ["% Incomplete command.", ""]
    assert printed(IOS["config"], "i") == ['% Ambiguous command:  "i"', ""]
    assert printed(ASA["exec"], "shw") == ["     ^", "ERROR: % Invalid input detected at '^' marker."]
    assert printed(ASA["exec"], "show") == ["ERROR: % Incomplete command"]


@pytest.mark.parametrize(
    "line",
    [
        "pre-shared-key SECRET more",
        "pre-shared-key locl SECRET",
        "pre-shared-key 0 SECRET more",
        "pre-shared-kye SECRET",
        "pre-shared-key local 6 SECRET more",
        "pre-shared-key hex SECRET",
    ],
)
def test_a_refused_line_shows_no_secret(line: str) -> None:
    with pytest.raises(LineError) as refused:
        IOS["ikev2-keyring-peer"].read(line)
    error = refused.value
    assert "SECRET" not in f"{error} {error!r} {error.shown} {message(error, 0, 'ios')}"
    assert line.startswith(error.shown)
    assert error.__cause__ is None


def test_a_refused_line_ends_with_the_refused_word() -> None:
    with pytest.raises(LineError) as refused:
        IOS["config"].read("crypto ikev2 propsal A and more")
    assert refused.value.shown == "crypto ikev2 propsal"


def labels(mode: Mode, text: str) -> list[str]:
    return [choice.label for choice in mode.ask(text, lambda path: ["M1", "N1"]) if not choice.live]


ASKED = [
    ("exec", "", ["show"]),
    ("exec", "sh", ["show"]),
    ("exec", "show crypto ", ["ikev2", "ipsec"]),
    ("exec", "show crypto ipsec sa ", ["detail", "map", "peer", "<cr>"]),
    ("exec", "show crypto ipsec sa peer ", ["A.B.C.D"]),
    ("exec", "show crypto ipsec sa peer 10.", ["A.B.C.D"]),
    ("exec", "show crypto ipsec sa peer x", []),
    ("exec", "show foo ", []),
    ("ikev2-keyring-peer", "pre-shared-key ", ["0", "6", "WORD", "hex", "local", "remote"]),
    ("ikev2-keyring-peer", "pre-shared-key lo", ["WORD", "local"]),
    ("ikev2-keyring-peer", "pre-shared-key lo ", ["0", "6", "WORD", "hex", "<cr>"]),
    ("ikev2-profile", "match identity remote fqdn ", ["WORD", "domain"]),
    ("ikev2-profile", "encryption aes-cbc-128 ", ["aes-cbc-128", "aes-cbc-256", "aes-gcm-256", "<cr>"]),
    ("ikev2-profile", "dpd ", ["<10-3600>"]),
    ("ikev2-profile", "no dpd ", ["<10-3600>", "<cr>"]),
    ("ikev2-profile", "description any ", ["LINE", "<cr>"]),
    ("ikev2-profile", "description any o", ["LINE"]),
    ("config", "interface Tunnel ", ["<0-4294967295>"]),
    ("config", "interface Tu", ["Tunnel"]),
    ("config", "ip route 10.0.0.0 255.0.0.0 10.0.0.1 5 ", ["name", "permanent", "tag", "track", "<cr>"]),
]


@pytest.mark.parametrize(("mode", "text", "expected"), ASKED, ids=[text or "nothing" for _, text, _ in ASKED])
def test_a_question_lists_what_may_follow(mode: str, text: str, expected: list[str]) -> None:
    assert labels(IOS[mode], text) == expected


def test_a_question_has_help_and_completions() -> None:
    assert IOS["exec"].ask("show crypto ipsec sa m") == [Choice("map", "Those of a crypto map", "map")]
    assert IOS["exec"].ask("show crypto ipsec sa map M", lambda path: ["M1", "N1"]) == [
        Choice("M1", "The map's name", "M1", live=True),
        Choice("WORD", "The map's name"),
    ]


def test_no_offers_what_it_can_negate() -> None:
    assert labels(IOS["interface"], "") == ["crypto", "default", "description", "ip", "no", "shutdown"]
    assert labels(IOS["interface"], "no ip ") == ["address", "maximum", "mtu", "route-cache"]


def test_a_reference_that_must_exist_decides_the_reading() -> None:
    groups = {"object_groups.service": ["WEB"], "object_groups.network": ["LAN"]}
    line = "access-list A extended permit tcp any object-group {} any"
    names = lambda path: groups.get(path, [])  # noqa: E731
    assert "source_ports" in ASA["config"].read(line.format("WEB"), names).slots
    with pytest.raises(LineError) as refused:
        ASA["config"].read(line.format("LAN"), names)
    assert refused.value.column == len("access-list A extended permit tcp any object-group LAN ")


def test_a_block_goes_on_over_lines() -> None:
    with pytest.raises(NeedsLines) as block:
        IOS["config"].read("banner motd ^CHello")
    assert [block.value.ends(line) for line in ("there", "end ^C")] == [False, True]
    command = IOS["config"].read("banner motd ^CHello\nthere\nend ^C")
    assert command.slots["text"] == "Hello\nthere\nend "


def test_many_words_are_read_and_the_wrong_one_behind_them_is_found() -> None:
    many = "encryption" + " aes-cbc-128" * 330
    assert len(IOS["ikev2-profile"].read(many).slots["algorithms"]) == 330
    with pytest.raises(LineError) as refused:
        IOS["ikev2-profile"].read(f"{many} rot13")
    assert refused.value.column == len(many) + 1
    assert IOS["ikev2-profile"].ask("encryption" + " aes-cbc-128" * 330 + " ") == []


def test_what_a_call_is_given() -> None:
    command = IOS["exec"].read("show crypto ipsec sa")
    assert (command.calls, command.arguments) == ("show.ipsec.sa", {"peer": None, "map": None, "detail": False})


def test_a_refused_line_leaves_no_cycle() -> None:
    for line in ("crypto map M 10 ipsec-isakmp nonsense", "ip route 10.0.0.0", "nonsense"):
        with pytest.raises(LineError):
            IOS["config"].read(line)
    gc.collect()
    with pytest.raises(LineError):
        IOS["config"].read("crypto map M 10 ipsec-isakmp nonsense")
    assert gc.collect() == 0
