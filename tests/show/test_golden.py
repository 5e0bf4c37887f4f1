"""Every layout as a whole, held in golden/; and what an empty system shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ikecli.boundary.views import Counters, SaStatus
from ikecli.language import load_mode
from ikecli.show import RENDERERS, text
from ikecli.show.flows import blocks
from tests.show import samples
from tests.show.shown import SHOWN

GOLDEN = Path(__file__).parent / "golden"
NOT_RENDERED = {
    "show.running",
    "show.startup",
    "show.history",
    "show.terminal",
    "show.tech",
    "show.derived",
    "show.archive.differences",
    "show.reload",
    "show.archive.incremental",
}
"""Commands whose lines are the configuration's or the session's own."""


@pytest.mark.parametrize("name", SHOWN)
def test_layout(name: str) -> None:
    dialect, command, slots, views = SHOWN[name]
    assert list(RENDERERS[dialect, command](views, slots)) == (GOLDEN / f"{name}.txt").read_text().split("\n")[:-1]


@pytest.mark.parametrize("dialect", ["ios", "asa"])
def test_every_show_command_of_the_grammar_has_its_renderer(dialect: str) -> None:
    calls = {each.target.calls for each in load_mode(dialect, "exec").file.declarations}
    named = {call for call in calls if call.startswith("show.")}
    assert named - NOT_RENDERED == {command for which, command in RENDERERS if which == dialect}


def test_every_renderer_has_a_golden_file() -> None:
    assert {case[:2] for case in SHOWN.values()} == set(RENDERERS)


@pytest.mark.parametrize(
    ("dialect", "command", "line"),
    [
        ("asa", "show.ikev2.sa", "There are no IKEv2 SAs"),
        ("asa", "show.ipsec.sa", "There are no ipsec sas"),
        ("asa", "show.vpn_sessiondb.l2l", "INFO: There are presently no active sessions of the type specified"),
        ("ios", "show.ikev2.sa", " IPv6 Crypto IKEv2  SA "),
        ("ios", "show.session", "Crypto session current status"),
        ("ios", "show.route", "Gateway of last resort is not set"),
    ],
)
def test_nothing_to_show(dialect: str, command: str, line: str) -> None:
    assert line in list(RENDERERS[dialect, command]((), {}))


def test_a_rekey_shows_both_child_sas_in_one_block() -> None:
    old = samples.CHILD
    new = replace(old, inbound_spi=1, outbound_spi=2, age=3, counters=Counters(packets_out=7))
    (block, _) = blocks(replace(samples.CONNECTION, children=(new, old)))
    assert block.children == (old, new)
    assert block.newest is new
    assert block.counters.packets_out == old.counters.packets_out + 7


def test_a_narrowed_flow_takes_the_place_of_the_configured_one() -> None:
    narrow = replace(samples.FLOW, local_first="10.1.1.7", local_last="10.1.1.7")
    child = replace(samples.CHILD, flows=(narrow,))
    found = list(blocks(replace(samples.CONNECTION, children=(child,))))
    assert [(block.flow, len(block.children)) for block in found] == [(narrow, 1), (samples.OTHER, 0)]


@pytest.mark.parametrize(
    ("sas", "connections", "status"),
    [
        ((samples.SA,), (samples.CONNECTION,), "UP-ACTIVE"),
        ((replace(samples.SA, children=()),), (replace(samples.CONNECTION, children=()),), "UP-IDLE"),
        ((), (samples.CONNECTION,), "UP-NO-IKE"),
        ((), (replace(samples.CONNECTION, children=()),), "DOWN"),
        (
            (replace(samples.SA, status=SaStatus.NEGOTIATING, children=()),),
            (replace(samples.CONNECTION, children=()),),
            "DOWN-NEGOTIATING",
        ),
    ],
)
def test_session_status(sas: tuple[object, ...], connections: tuple[object, ...], status: str) -> None:
    assert f"Session status: {status}     " in list(RENDERERS["ios", "show.session"]((*sas, *connections), {}))


@pytest.mark.parametrize(
    ("seconds", "ios", "asa", "short"),
    [
        (0, "0 minutes", "0 secs", "00:00:00"),
        (61, "1 minute", "1 min 1 sec", "00:01:01"),
        (7325, "2 hours, 2 minutes", "2 hours 2 mins", "02:02:05"),
        (90000, "1 day, 1 hour", "1 day 1 hour", "1d01h"),
        (86400 * 8, "1 week, 1 day", "8 days 0 hours", "1w1d"),
        (86400 * 800, "2 years, 10 weeks", "800 days 0 hours", "114w2d"),
    ],
)
def test_how_long(seconds: int, ios: str, asa: str, short: str) -> None:
    assert (text.uptime(seconds), text.uptime(seconds, "asa"), text.elapsed(seconds)) == (ios, asa, short)


@pytest.mark.parametrize(
    ("end", "host", "shown"),
    [
        ("192.0.2.1/500", "192.0.2.1", "192.0.2.1:500"),
        ("192.0.2.1:500", "192.0.2.1", "192.0.2.1:500"),
        ("192.0.2.1", "192.0.2.1", "192.0.2.1"),
        ("2001:db8::1/4500", "2001:db8::1", "2001:DB8::1:4500"),
        ("2001:db8::1", "2001:db8::1", "2001:DB8::1"),
        ("[2001:db8::1]:500", "2001:db8::1", "[2001:DB8::1]:500"),
    ],
)
def test_ends(end: str, host: str, shown: str) -> None:
    assert (text.host(end), text.endpoint(end)) == (host, shown)
