"""The grammar of both dialects is sound by itself, and the drafts hold everything that it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import pytest

from ikecli.config.asa import Asa
from ikecli.config.ios import Ios
from ikecli.config.left_out import named
from ikecli.language import check, lint, load
from ikecli.language.line import Line
from ikecli.language.tree import Choice, Node, Opt, Seq, Value, Word, parts
from tests.grammar.bench import NO_CONFIGURATION

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
def test_live_names_are_those_of_something_that_there_is(dialect: str) -> None:
    known = {*(field.name for field in fields(DIALECTS[dialect])), "nameif", "names", "nodes"}
    for mode in load(dialect).modes.values():
        for declaration in mode.file.declarations:
            assert {*named(declaration)} <= known, declaration.place


@pytest.mark.parametrize("dialect", DIALECTS)
def test_exec_commands_only_call_and_configuration_commands_never_do(dialect: str) -> None:
    for name, mode in load(dialect).modes.items():
        for declaration in mode.file.declarations:
            assert (declaration.target.operator == "!") == (name in NO_CONFIGURATION), declaration.place


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
        ("ios", "sh cry ips sa det", "show.ipsec.sa"),
        ("ios", "sh cry ips sa pe 192.0.2.1 det", "show.ipsec.sa"),
        ("ios", "sh cry sess det", "show.session"),
        ("ios", "sh cry sess rem 192.0.2.1 det", "show.session"),
        ("ios", "sh cry isa sa", "says"),
        ("ios", "sh ip ro", "show.route"),
        ("ios", "sh ver", "show.version"),
        ("ios", "sh ip ro sum", "show.route.summary"),
        ("ios", "sh proc cpu", "show.processes.cpu"),
        ("ios", "sh log", "show.logging"),
        ("ios", "sh deb", "show.debugging"),
        ("ios", "sh arp", "show.arp"),
        ("ios", "deb cry ikev2", "debug.ikev2"),
        ("ios", "deb cry ips", "debug.ipsec"),
        ("ios", "un all", "undebug.all"),
        ("ios", "cl cry sess", "clear.session"),
        ("asa", "sh cry ips sa det", "show.ipsec.sa"),
        ("asa", "sh ips sa", "show.ipsec.sa"),
        ("asa", "sh isa sa det", "show.isakmp.sa"),
        ("asa", "sh vpn det l2l", "show.vpn_sessiondb.l2l"),
        ("asa", "sh int", "show.interfaces"),
        ("asa", "sh run tunn", "show.running"),
        ("asa", "deb cry ikev2 prot 255", "debug.ikev2"),
        ("asa", "sh ver", "show.version"),
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


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_line_without_effect_swallows_the_mistakes_of_a_command_that_works(dialect: str) -> None:
    """But for `path` of the archive: whatever is not in flash: is another place."""
    modes = {name: mode for name, mode in load(dialect).modes.items() if name not in ("exec", "common", "exclusive")}
    working = {
        (name, words)
        for name, mode in modes.items()
        for each in mode.file.declarations
        if each.target.operator not in ("~", "~>", "-")
        for words, _ in beginnings(each.pattern)
    }
    for name, mode in modes.items():
        for each in mode.file.declarations:
            if each.target.operator in ("~", "~>"):
                greedy = [words for words, then in beginnings(each.pattern) if then == "LINE" and words != ("path",)]
                for other, words in working:
                    clash = other in (name, "config") and any(words[: len(typed)] == typed for typed in greedy)
                    assert not clash, f"{dialect}/{each.place} takes what begins with {words}"


def beginnings(node: Node, before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the fixed words that a pattern may begin with, and the kind of the value behind them (empty: a word)."""
    match node:
        case Word(text=text):
            yield (*before, text), ""
        case Value(kind=kind):
            yield before, kind
        case Opt(item):
            yield before, next((kind for _, kind in beginnings(item)), "")
        case Choice(branches):
            for branch in branches:
                yield from beginnings(branch, before)
        case Seq(items):
            found = [(before, "")]
            for item in items:
                found = [end for words, kind in found for end in ([(words, kind)] if kind else beginnings(item, words))]
            yield from found
        case _:
            yield before, "more"


def test_clear_configure_all_leaves_nothing() -> None:
    (declaration,) = (
        one for one in load("asa").modes["config"].file.declarations if one.text.startswith("clear configure all")
    )
    cleared = {path[-1].name for path in (declaration.target.path, *declaration.target.also)}
    assert cleared == {field.name for field in fields(Asa)}


@pytest.mark.parametrize(
    ("dialect", "line"),
    [
        ("ios", "crypto map M 10 ipsec-isakmp"),
        ("ios", "crypto map M 10 ipsec-isakmp dynamic D"),
        ("ios", "crypto pki trustpoint T"),
        ("asa", "tunnel-group DefaultWEBVPNGroup general-attributes"),
        ("asa", "tunnel-group 192.0.2.1 ipsec-attributes"),
    ],
)
def test_a_line_that_begins_as_others_do_is_found_without_a_search(dialect: str, line: str) -> None:
    walked, searched = (
        act(Line(line)) for graph in [load(dialect).modes["config"].graph] for act in (graph.walk, graph.search)
    )
    assert walked == searched
    assert walked is not None
