"""Hostile sessions at an appliance: odd characters, floods of passwords, what a reload leaves behind."""

from __future__ import annotations

import pytest

from ikecli.control.messages import (
    ConfigBegin,
    ConfigEnd,
    ConfigLine,
    Debug,
    Disable,
    Enable,
    Fetch,
    Monitor,
    Names,
    Request,
    Save,
    Show,
)
from ikecli.control.replies import ConfigState, Error, Heard, Lines, Reply
from ikecli.daemon.appliance import Appliance
from ikecli.daemon.sessions import Session
from ikecli.lab.lab import VirtualLab
from ikecli.secret import Secret


def lab_of(text: str = "hostname R1\n", dialect: str = "ios") -> tuple[VirtualLab, Appliance, Session]:
    """Return a lab with one appliance and an operator's session there."""
    lab = VirtualLab()
    node, _ = lab.add(text, dialect)
    return lab, node.appliance, node.open(lambda heard: None)


@pytest.mark.parametrize("odd", ["\x85", "\u2028", "\u2029", "\x9b", "\x0b", "\x1c", "\u202e", "\u2066", "\udc9b"])
@pytest.mark.parametrize(
    ("dialect", "lines"),
    [
        ("ios", ("interface Loopback1", " description a{}hostname pwned")),
        ("ios", ("line vty 0 4", " exec-banner a{}hostname pwned")),
        ("asa", ("access-list L remark x{}hostname pwned",)),
    ],
)
def test_no_character_makes_one_line_two_at_the_next_start(dialect: str, lines: tuple[str, ...], odd: str) -> None:
    _, appliance, session = lab_of(dialect=dialect)
    replies: list[Reply] = []
    for request in (ConfigBegin(), *(ConfigLine(line.format(odd)) for line in lines), ConfigEnd(), Save()):
        session.handle(request, replies.append)
    appliance.reload()
    assert appliance.hostname == "R1"
    assert odd not in "".join(appliance.store.running(clear=True))


def test_a_startup_file_has_the_lines_that_it_seems_to_have() -> None:
    _, appliance, _ = lab_of("hostname R1\r\ninterface Loopback1\r\n description a\u2028hostname pwned\r\n")
    assert appliance.hostname == "R1"
    (complaint,) = appliance.reload()
    assert complaint.startswith("startup-config: line 3: ")


def test_passwords_of_closed_sessions_keep_nobody_out() -> None:
    lab, appliance, _ = lab_of("hostname R1\nenable secret cisco\n")
    for _ in range(40):
        one = Session(appliance, 1, "guest", lambda heard: None)
        for _ in range(16):
            one.handle(Enable(Secret("no")), lambda reply: None)
        one.close()
    operator = Session(appliance, 1, "operator", lambda heard: None)
    operator.handle(Enable(Secret("cisco")), lambda reply: None)
    lab.run(2)
    assert operator.level == 15


def asked(session: Session, *requests: Request) -> list[Reply]:
    """Return what a session replies."""
    replies: list[Reply] = []
    for request in requests:
        session.handle(request, replies.append)
    return replies


def test_configuration_mode_entered_twice_is_left_once() -> None:
    _, appliance, session = lab_of()
    asked(session, ConfigBegin(), ConfigBegin(), ConfigEnd())
    assert appliance.store.editors == 0


def test_a_reload_ends_configuration_mode_and_says_so() -> None:
    _, appliance, session = lab_of()
    asked(session, ConfigBegin())
    appliance.reload()
    (state,) = asked(session, ConfigLine("hostname R2"))
    assert isinstance(state, ConfigState)
    assert (state.accepted, state.mode) == (False, "")
    assert "reloaded" in state.messages[0]
    asked(session, ConfigBegin(), ConfigLine("hostname R2"), ConfigEnd())
    assert appliance.hostname == "R2"
    assert appliance.store.editors == 0


def test_what_there_is_not_is_refused_by_name() -> None:
    _, appliance, session = lab_of()
    fetched, debugged = asked(session, Fetch("../x"), Debug("nope", True))
    assert isinstance(fetched, Error)
    assert "../x" in fetched.text
    assert isinstance(debugged, Error)
    assert "nope" in debugged.text
    assert not appliance.journal.debugs


def test_who_is_no_operator_hears_no_log_and_learns_no_users() -> None:
    _, appliance, operator = lab_of("hostname R1\nusername ann secret a\ncrypto map M 10 ipsec-isakmp\n")
    heard: list[Heard] = []
    low = Session(appliance, 1, "guest", heard.append)
    monitored, users, maps = asked(low, Monitor(True), Names("users"), Names("crypto_maps"))
    assert isinstance(monitored, Error)
    assert isinstance(users, Error)
    assert maps == Lines(("M",))
    assert asked(operator, Names("users")) == [Lines(("ann",))]
    fallen = Session(appliance, 15, "fallen", heard.append)
    asked(fallen, Monitor(True), Disable())
    appliance.journal.log(5, "SYS", "TEST", "text")
    assert heard == []


PACKET = {"interface": "inside", "source": "192.0.2.1", "destination": "192.0.2.2", "protocol": "tcp"}


@pytest.mark.parametrize(
    ("topic", "options"),
    [
        ("route.to", {}),
        ("route.to", {"destination": "x"}),
        ("route.to", {"destination": True}),
        ("trace", {}),
        ("trace", {**PACKET, "source": "x"}),
        ("trace", {**PACKET, "first": -1}),
        ("trace", {**PACKET, "second": 65536}),
        ("trace", {**PACKET, "first": "80"}),
        ("trace", {**PACKET, "protocol": "icmp", "first": 256}),
        ("trace", {**PACKET, "protocol": "", "number": 256}),
    ],
)
def test_options_that_no_grammar_gives_cost_an_error_and_no_fault(topic: str, options: dict[str, str | int]) -> None:
    """A program at the socket may say anything; a fault would write a page into the log for each."""
    _, _, session = lab_of()
    [reply] = asked(session, Show(topic, options))
    assert isinstance(reply, Error)
    assert "is wanted" in reply.text
