"""Reading lines: which mode takes them, what is skipped, kept and said."""

from __future__ import annotations

import pytest

from ikecli.config import ConfigReader
from tests.config.reading import commands, new_store, read, typed


def verdicts(dialect: str, text: str, *, quiet: bool = True) -> list[str]:
    return [outcome.verdict for outcome in read(dialect, text, quiet=quiet)[1]]


# A refused section


@pytest.mark.parametrize("indent", ["", " ", "   "])
@pytest.mark.parametrize("opener", ["interface", "interface Gigabit", "interfce FastEthernet0/0", "interface Foo0/0"])
def test_the_lines_of_a_refused_interface_run_nowhere(opener: str, indent: str) -> None:
    store, outcomes = read(
        "ios",
        f"interface FastEthernet0/1\n ip address 10.0.0.1 255.255.255.0\n{opener}\n{indent}shutdown\n"
        f"{indent}ip address 10.9.9.9 255.255.255.0\n!\nhostname R1\n",
    )
    assert [outcome.verdict for outcome in outcomes] == [
        *("accepted", "accepted", "refused", "skipped", "skipped", "accepted", "accepted"),
    ]
    held = store.draft.interfaces["FastEthernet0/1"]
    assert not held.shutdown
    assert str(held.address.address) == "10.0.0.1"
    assert store.hostname == "R1"


def test_a_skipped_line_says_to_which_line_it_belongs() -> None:
    assert (
        typed("ios", "hostname R1\ninterface\nshutdown").splitlines()[-1] == "% Skipped, belongs to line 2: interface"
    )


def test_a_line_that_no_command_begins_like_opens_no_section() -> None:
    assert verdicts("ios", "#--- the peers ---\n ip route 10.0.0.0 255.0.0.0 10.0.0.1\n hostname R2") == [
        "refused",
        "accepted",
        "accepted",
    ]


@pytest.mark.parametrize("end", ["!", "exit", "ip route 0.0.0.0 0.0.0.0 10.0.0.1", "interface FastEthernet0/0"])
def test_a_refused_section_ends(end: str) -> None:
    _, outcomes = read("ios", f"interface\nshutdown\n{end}\nhostname R2")
    assert [outcome.verdict for outcome in outcomes] == ["refused", "skipped", "accepted", "accepted"]


def test_a_line_that_the_refused_section_knows_too_belongs_to_it() -> None:
    assert verdicts("ios", "interface\ncrypto map M\ndescription x\nhostname R") == [
        "refused",
        "skipped",
        "skipped",
        "accepted",
    ]


def test_an_exit_right_after_a_refused_line_leaves_the_mode_that_is_open() -> None:
    store = new_store("ios")
    reader = ConfigReader(store)
    reader.feed("interface")
    assert reader.feed("exit").ended


def test_a_peer_that_is_refused_takes_its_key_with_it() -> None:
    store, outcomes = read(
        "ios",
        "crypto ikev2 keyring K\n peer a\n  address 192.0.2.1\n  pre-shared-key one\n peer\n  address 192.0.2.2\n"
        "  pre-shared-key two\n peer c\n  address 192.0.2.3\n",
    )
    assert [outcome.verdict for outcome in outcomes].count("skipped") == 2
    assert store.draft.keyrings["K"].peers["a"].key.key.reveal() == b"one"
    assert list(store.draft.keyrings["K"].peers) == ["a", "c"]


def test_what_contradicts_itself_is_refused_with_its_section() -> None:
    _, outcomes = read("ios", "crypto ipsec transform-set T esp-aes esp-gcm\n mode transport\nhostname R")
    assert [outcome.verdict for outcome in outcomes] == ["refused", "skipped", "accepted"]
    assert outcomes[0].messages == ("% A transform set has one cipher and one hash at most: make another set",)


def test_attributes_need_their_tunnel_group() -> None:
    lines = "tunnel-group 192.0.2.1 ipsec-attributes\n ikev2 local-authentication pre-shared-key a"
    _, outcomes = read("asa", lines)
    assert [outcome.verdict for outcome in outcomes] == ["refused", "skipped"]
    assert outcomes[0].messages == ("ERROR: tunnel-group 192.0.2.1 is not there yet: give its type first",)


# Modes


def test_a_line_of_an_outer_mode_leaves_the_inner_ones() -> None:
    assert typed("ios", "crypto ikev2 keyring K\npeer a\npeer b\ninterface lo0\nend").splitlines() == [
        "Router(config)#crypto ikev2 keyring K",
        "Router(config-ikev2-keyring)#peer a",
        "Router(config-ikev2-keyring-peer)#peer b",
        "Router(config-ikev2-keyring-peer)#interface lo0",
        "Router(config-if)#end",
    ]


@pytest.mark.parametrize("leave", ["exit", "ex", "exi"])
def test_exit_leaves_one_mode(leave: str) -> None:
    store = new_store("ios")
    reader = ConfigReader(store)
    reader.feed("interface lo0")
    outcome = reader.feed(leave)
    assert outcome.commit
    assert not outcome.ended
    assert reader.prompt == "config"
    assert reader.feed(leave).ended
    assert reader.prompt == ""


def test_end_leaves_all_modes() -> None:
    reader = ConfigReader(new_store("ios"))
    reader.feed("crypto ikev2 keyring K")
    reader.feed("peer a")
    assert reader.feed("end").ended


def test_surplus_exits_in_a_file_do_no_harm() -> None:
    store, outcomes = read("ios", "interface lo0\n exit\nexit\nexit\nhostname R\nend\n")
    assert all(outcome.accepted for outcome in outcomes)
    assert store.hostname == "R"


def test_do_is_for_the_session() -> None:
    reader = ConfigReader(new_store("ios"))
    assert reader.feed("do show ip interface brief").execute == "show ip interface brief"


def test_a_firewall_takes_exec_commands_in_configuration_mode() -> None:
    reader = ConfigReader(new_store("asa"))
    assert reader.feed("show version").execute == "show version"
    assert reader.feed("terminal width 511").execute == "terminal width 511"


def test_a_file_runs_no_exec_commands() -> None:
    (outcome,) = read("asa", "show version")[1]
    assert outcome.execute == ""
    assert outcome.messages == ("NOTE: show version configures nothing and is not run.",)


def test_a_section_is_due_for_commit_when_it_is_left() -> None:
    reader = ConfigReader(new_store("ios"))
    due = [reader.feed(line).commit for line in ("interface lo0", "shutdown", "interface lo1", "hostname R", "end")]
    assert due == [False, False, True, True, True]


def test_help_lists_the_mode_and_what_every_mode_has() -> None:
    reader = ConfigReader(new_store("ios"))
    reader.feed("interface lo0")
    labels = {choice.label for choice in reader.help("")}
    assert {"shutdown", "exit", "end", "do", "no"} <= labels
    assert "hostname" not in labels
    assert [choice.label for choice in reader.help("shut")] == ["shutdown"]


def test_help_in_a_mode_falls_back_to_the_modes_around_it() -> None:
    reader = ConfigReader(new_store("ios"))
    reader.feed("crypto ikev2 proposal P")
    assert {choice.label for choice in reader.help("hostn")} == {"hostname"}


def test_live_names_complete() -> None:
    reader = ConfigReader(new_store("ios"))
    for line in ("crypto ikev2 keyring KEYS-1", "crypto ikev2 profile P"):
        reader.feed(line)
    assert [choice.completes for choice in reader.help("keyring local KE") if choice.live] == ["KEYS-1"]


# Lines around and without effect


@pytest.mark.parametrize(
    ("dialect", "lines"),
    [
        ("ios", "Building configuration...\n\nCurrent configuration : 1021 bytes\n!\n! Last change\nhostname A\nend"),
        ("asa", ": Saved\n: \nASA Version 9.16(1)\n!\nhostname A\nCryptochecksum:571d01b7\n: end"),
    ],
)
def test_a_printed_configuration_is_read_with_its_header(dialect: str, lines: str) -> None:
    store, outcomes = read(dialect, lines)
    assert all(outcome.accepted for outcome in outcomes)
    assert store.hostname == "A"


def test_lines_without_effect_are_kept_and_say_so() -> None:
    store = new_store("ios")
    reader = ConfigReader(store)
    outcome = reader.feed("ip forward-protocol nd")
    assert outcome.verdict == "inert"
    assert outcome.messages == ("NOTE: kept, no effect: packets are forwarded by the kernel as it is set up.",)
    assert "ip forward-protocol nd" in commands(store)
    reader.feed("no ip forward-protocol nd")
    assert commands(store) == ["hostname Router"]


@pytest.mark.parametrize("indent", [" ", ""])
def test_a_section_without_effect_takes_its_lines(indent: str) -> None:
    store, outcomes = read(
        "ios", f"line vty 0 4\n{indent}exec-timeout 0 0\n{indent}transport input ssh\n!\nhostname R9\n"
    )
    assert all(outcome.accepted for outcome in outcomes)
    assert commands(store) == ["hostname R9", "line vty 0 4", " exec-timeout 0 0", " transport input ssh"]


def test_a_section_without_effect_has_its_prompt() -> None:
    assert typed("ios", "line vty 0 4\nexec-timeout 0 0\nexit\nhostname R").splitlines() == [
        "Router(config)#line vty 0 4",
        "NOTE: kept, no effect: there is one terminal and no line to set up.",
        "Router(config-line)#exec-timeout 0 0",
        "Router(config-line)#exit",
        "Router(config)#hostname R",
    ]


def test_a_kept_line_outside_of_an_indented_section_is_not_of_it() -> None:
    text = "interface GigabitEthernet0/0\n ip verify unicast reverse-path\nip verify drop-rate notify\nip cef\n"
    store, _ = read("ios", text)
    assert list(store.draft.interfaces["GigabitEthernet0/0"].inert) == ["ip verify unicast reverse-path"]
    assert list(store.draft.inert) == ["ip verify drop-rate notify", "ip cef"]
    flat, _ = read("ios", text.replace("\n ", "\n"))
    assert len(flat.draft.interfaces["GigabitEthernet0/0"].inert) == 3


def test_after_an_indented_section_a_wrong_line_is_refused_again() -> None:
    assert verdicts("ios", "router ospf 1\n network 10.0.0.0 0.0.0.255 area 0\nfoo bar\n")[-1] == "refused"


@pytest.mark.parametrize(
    "opener",
    [
        *(f"banner {kind}" for kind in ("motd", "exec", "slip-ppp", "prompt-timeout", "config-save")),
        *("aaa authentication banner", "aaa authentication fail-message", "refuse-message", "vacant-message"),
        *("busy-message R9", "menu M title"),
    ],
)
def test_a_banner_runs_to_its_mark(opener: str) -> None:
    store, outcomes = read("ios", f"{opener} ^C\nhostname X\nshutdown\n^C\nhostname R\n")
    assert [outcome.wants_more for outcome in outcomes] == [True, True, True, False, False]
    assert store.hostname == "R"
    assert read("ios", store.startup())[0].draft == store.draft


# What is said


def test_weak_algorithms_warn_and_refused_ones_say_that_they_are_never_offered() -> None:
    screen = typed("ios", "crypto ikev2 proposal P\nencryption 3des des aes-cbc-256\nintegrity md5\ngroup 2 14 24")
    assert screen.splitlines()[3:] == [
        "Router(config-ikev2-proposal)#encryption 3des des aes-cbc-256",
        "%Warning: 3des is weak: 3DES has 64-bit blocks (Sweet32).",
        "%Warning: des is kept, but never offered: DES keys are found by search within a day.",
        "Router(config-ikev2-proposal)#integrity md5",
        "%Warning: md5 is weak: MD5 is broken.",
        "Router(config-ikev2-proposal)#group 2 14 24",
        "%Warning: group 2 is weak: this group is within reach of precomputation (Logjam).",
        "%Warning: group 24 is weak: group 24 may hold a trapdoor (RFC 8247 2.4).",
    ]


def test_new_objects_say_what_they_need_once() -> None:
    note = "% NOTE: This new crypto map will remain disabled until a peer"
    assert typed("ios", "crypto map M 10 ipsec-isakmp\ncrypto map M 10 ipsec-isakmp").count(note) == 1


def test_a_name_gives_an_interface_its_security_level() -> None:
    screen = typed("asa", "interface gi0/0\nnameif outside\ninterface gi0/1\nnameif inside")
    assert 'INFO: Security level for "outside" set to 0 by default.' in screen
    assert 'INFO: Security level for "inside" set to 100 by default.' in screen


def test_what_has_no_effect_yet_says_so() -> None:
    assert "only IETF fragments" in typed("asa", "crypto ikev2 fragmentation mtu 600 preferred-method cisco")


INVALID = "% Invalid input detected at '^' marker."


@pytest.mark.parametrize(
    ("dialect", "line", "column", "message", "advice"),
    [
        ("ios", "hostnme R", 5, INVALID, "% Did you mean hostname?"),
        ("ios", "show crypto ikev2 sa", 1, INVALID, "% Did you mean do show?"),
        ("ios", "crypto ikev2 propsal P", 17, INVALID, "% Did you mean proposal?"),
        ("ios", "ip route 10.0.0.0 255.0.255.0 10.0.0.1", 18, INVALID, "  A.B.C.D  Its mask"),
        ("ios", "crypto map M 70000 ipsec-isakmp", 13, INVALID, "  <1-65535>  Order of this entry"),
        ("ios", "crypto ikev2 keyring", None, "% Incomplete command.", None),
        ("ios", "i", None, '% Ambiguous command:  "i"', None),
        ("asa", "crypto ikev2 polcy 10", 16, f"ERROR: {INVALID}", "INFO: Did you mean policy?"),
        ("asa", "crypto ikev2 enable", None, "ERROR: % Incomplete command", None),
        ("asa", "access-list A extended permit ip any foo", 37, f"ERROR: {INVALID}", None),
    ],
)
def test_carets(dialect: str, line: str, column: int | None, message: str, advice: str | None) -> None:
    outcome = ConfigReader(new_store(dialect)).feed(line, 16)
    assert not outcome.accepted
    caret = [" " * (16 + column) + "^"] if column is not None else []
    assert list(outcome.messages) == [
        *caret,
        message,
        *([advice] if advice else []),
        *([""] if dialect == "ios" else []),
    ]


def test_a_wrong_value_is_of_the_mode_that_has_its_word_in_full() -> None:
    """`group` also begins the outer mode's `group-policy`, of which `group 99` would be the beginning."""
    reader = ConfigReader(new_store("asa"))
    reader.feed("crypto ikev2 policy 10", 16)
    assert reader.feed("group 99", 16).messages == (" " * 22 + "^", f"ERROR: {INVALID}")


@pytest.mark.parametrize(
    ("line", "end"),
    [
        ("hostnme R", "hostnme (did you mean hostname?)"),
        ("crypto map M 70000 ipsec-isakmp", "70000 (<1-65535> is due)"),
        ("xyzzy", "xyzzy"),
    ],
)
def test_a_file_is_advised_too(line: str, end: str) -> None:
    (outcome,) = read("ios", line)[1]
    assert outcome.messages[0].endswith(end)


def test_nobody_is_advised_about_a_secret() -> None:
    outcome = read("ios", "crypto ikev2 keyring K\npeer P\npre-shared-key 6 hex hexadecimal", quiet=False)[1][-1]
    assert "mean" not in "".join(outcome.messages)


def test_what_an_ipsec_profile_has_besides_is_kept() -> None:
    words = ("security-association level per-host", "security-association multi-sn", "isakmp-profile P")
    lines = "\n".join(["crypto ipsec profile P", *(f" set {word}" for word in words)])
    screen = typed("ios", lines)
    assert screen.count("NOTE: kept, no effect: ") == 3


def test_an_interface_has_an_address_or_that_of_another() -> None:
    store, _ = read("ios", "interface Tunnel0\n ip address 10.0.0.1 255.0.0.0\n ip unnumbered Loopback0")
    assert [line for line in commands(store) if " ip " in line] == [" ip unnumbered Loopback0"]
    store, _ = read("ios", "interface Tunnel0\n ip unnumbered Loopback0\n ip address 10.0.0.1 255.0.0.0")
    assert [line for line in commands(store) if " ip " in line] == [" ip address 10.0.0.1 255.0.0.0"]
