"""The grammar of both dialects is sound by itself, and the drafts hold everything that it says."""

from __future__ import annotations

import pytest

from ikecli.config.asa import Asa
from ikecli.config.ios import Ios
from ikecli.language import check, lint, load
from ikecli.language.tree import Value, Word, parts

DIALECTS = {"ios": Ios, "asa": Asa}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_word_and_value_has_help_and_no_two_commands_collide(dialect: str) -> None:
    assert lint(load(dialect)) == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_lines_without_effect_have_help_too(dialect: str) -> None:
    for mode in load(dialect).modes.values():
        for declaration in mode.file.declarations:
            waiting = [declaration.pattern] if declaration.target.operator in ("~", "~>") else []
            while waiting:
                node = waiting.pop()
                waiting += parts(node)
                assert not isinstance(node, Word | Value) or node.help, f"{dialect}/{declaration.place}: {node}"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_draft_has_a_field_for_every_target(dialect: str) -> None:
    assert check(load(dialect), DIALECTS[dialect]) == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_exec_commands_only_call_and_configuration_commands_never_do(dialect: str) -> None:
    calling = {"exec", "common", "exclusive"}
    for name, mode in load(dialect).modes.items():
        for declaration in mode.file.declarations:
            assert (declaration.target.operator == "!") == (name in calling), declaration.place


@pytest.mark.parametrize(
    ("dialect", "mode", "prompt"),
    [
        ("ios", "config", "config"),
        ("ios", "interface", "config-if"),
        ("ios", "ikev2-keyring-peer", "config-ikev2-keyring-peer"),
        ("ios", "transform-set", "cfg-crypto-trans"),
        ("ios", "ipsec-profile", "ipsec-profile"),
        ("ios", "access-list", "config-ext-nacl"),
        ("asa", "tunnel-ipsec", "config-tunnel-ipsec"),
        ("asa", "ikev2-policy", "config-ikev2-policy"),
        ("asa", "object-network", "config-network-object"),
    ],
)
def test_prompts_are_those_of_the_real_systems(dialect: str, mode: str, prompt: str) -> None:
    assert load(dialect).modes[mode].prompt == prompt


@pytest.mark.parametrize(
    ("dialect", "line", "calls"),
    [
        ("ios", "sh cry ikev2 sa det", "show.ikev2.sa"),
        ("ios", "sh ip int br", "show.interface.brief"),
        ("ios", "sh run int g0/0", "show.running"),
        ("ios", "wr", "write.memory"),
        ("ios", "conf t", "configure.terminal"),
        ("ios", "term len 0", "terminal.length"),
        ("ios", "u all", "undebug.all"),
        ("ios", "clear cry sa peer 192.0.2.1", "clear.ipsec.sa"),
        ("ios", "copy running-config startup-config", "copy"),
        ("ios", "ping 10.0.0.1 so lo0 rep 3", "ping"),
        ("asa", "sh cry ipsec sa pe 192.0.2.1", "show.ipsec.sa"),
        ("asa", "sh vpn-s l2l", "show.vpn_sessiondb.l2l"),
        ("asa", "terminal pager 0", "terminal.length"),
        ("asa", "sh run all crypto map", "show.running"),
        ("asa", "sh int ip br", "show.interface.brief"),
    ],
)
def test_exec_commands_are_abbreviated_as_people_do(dialect: str, line: str, calls: str) -> None:
    assert load(dialect).modes["exec"].read(line).calls == calls


@pytest.mark.parametrize(
    ("line", "section"),
    [
        ("crypto", "crypto"),
        ("crypto ikev2", "crypto ikev2"),
        ("interface", "interface"),
        ("tunnel-group", "tunnel-group"),
    ],
)
def test_a_firewall_shows_sections_of_its_configuration(line: str, section: str) -> None:
    command = load("asa").modes["exec"].read(f"show running-config {line}")
    assert command.arguments["section"] == section


def test_an_interface_may_be_named_to_show_it_alone() -> None:
    command = load("ios").modes["exec"].read("show interfaces tu0", lambda path: ())
    assert command.arguments == {"interface": "Tunnel0"}
