"""Two operators at one configuration: one has it alone and commits, or both change it and know of each other."""

from __future__ import annotations

from typing import Any

from ikecli.control.messages import (
    ConfigBegin,
    ConfigEnd,
    ConfigHelp,
    ConfigLine,
    Copy,
    Reload,
    Replace,
    Request,
    Rollback,
)
from ikecli.control.replies import ConfigState, Error
from ikecli.daemon.sessions import Session
from tests.daemon.test_archive import Operator


class Two(Operator):
    """Ann, who has the configuration alone, and Bob."""

    def __init__(self, alone: bool = True, dialect: str = "ios") -> None:
        super().__init__("hostname R1\n", dialect)
        self.bob = Session(self.appliance, 15, "bob", lambda heard: None)
        self.ask(ConfigBegin(exclusive=alone))

    def bobs(self, request: Request) -> Any:
        replies: list[Any] = []
        self.bob.handle(request, replies.append)
        return replies[0]

    def line(self, text: str) -> ConfigState:
        state = self.ask(ConfigLine(text))
        assert isinstance(state, ConfigState), state
        return state


def test_nothing_runs_before_it_is_committed_and_then_all_of_it() -> None:
    for dialect in ("ios", "asa"):
        two = Two(dialect=dialect)
        assert two.line("commit").messages == ("% No configuration changes to commit.",)
        two.line("hostname R2")
        assert two.appliance.hostname == "R1"
        assert two.line("show configuration diff").messages == ("-hostname R1", "+hostname R2")
        assert two.line("show configuration changes").messages == ("-hostname R1", "+hostname R2")
        assert "hostname R2" in two.line("show configuration").messages
        assert two.line("commit").messages == ()
        assert two.appliance.hostname == "R2"
        assert two.line("show configuration diff").messages == ()
        two.line("hostname R3")
        assert two.line("commit").accepted
        assert two.line("end").mode == ""
        two.ask(Rollback(2))
        assert two.appliance.hostname == "R1"


def test_what_is_not_committed_keeps_its_operator_until_it_is_aborted() -> None:
    two = Two()
    two.line("interface Loopback1")
    for state in (two.line("end"), two.ask(ConfigEnd())):
        assert not state.accepted
        assert state.messages == ("% There are uncommitted changes: type commit or abort",)
        assert state.mode
    assert two.line("abort").mode == ""
    assert "Loopback1" not in two.appliance.store.startup()
    assert isinstance(two.bobs(ConfigBegin()), ConfigState)


def test_others_are_told_who_has_it() -> None:
    two = Two()
    for request in (
        *(ConfigBegin(), ConfigBegin(exclusive=True), Replace("file:x", "hostname R9\n"), Reload()),
        *(Copy("file:x", "running-config", "hostname R9\n"), Rollback(1)),
    ):
        reply = two.bobs(request)
        assert reply == Error("Configuration mode is locked by user 'ann' from terminal '0'. Please try later."), (
            request
        )
    two.line("hostname R2")
    two.session.close()
    assert two.appliance.hostname == "R1"
    assert isinstance(two.bobs(ConfigBegin()), ConfigState)


def test_it_cannot_be_had_while_somebody_changes_the_configuration() -> None:
    two = Two(alone=False)
    assert two.bobs(ConfigBegin(exclusive=True)) == Error("% ann (vty 0) in configuration mode: try later")


def test_a_commit_that_is_not_confirmed_goes_by_itself_and_a_second_commit_confirms() -> None:
    two = Two()
    two.line("hostname R2")
    two.line("commit confirmed 2")
    assert two.appliance.hostname == "R2"
    assert two.line("commit").messages == ()
    two.lab.run(3600)
    assert two.appliance.hostname == "R2"
    two.line("hostname R3")
    two.line("commit confirmed 1440")
    two.session.close()
    two.lab.run(1439 * 60)
    assert two.appliance.hostname == "R3"
    two.lab.run(60)
    assert two.appliance.hostname == "R2"


def test_a_candidate_of_what_no_longer_runs_is_not_committed() -> None:
    two = Two()
    two.line("hostname R2")
    two.appliance.load("interface Loopback9\n", "test")
    assert "changed meanwhile" in two.refused(ConfigLine("commit"))
    assert "Loopback9" in two.appliance.store.startup()


def test_its_own_words_are_helped_and_refused_with_a_caret_and_a_banner_may_have_them() -> None:
    two = Two()
    assert [one.label for one in two.ask(ConfigHelp("comm")).choices] == ["commit"]
    state = two.line("commit confirmed 9999")
    assert not state.accepted
    assert "Invalid input" in state.messages[1]
    for text in ("banner motd #", "commit", "#"):
        assert two.line(text).accepted
    assert "commit" in two.line("show configuration").messages
    assert "commit" not in two.appliance.store.startup()


def test_two_operators_see_that_the_other_changes_something() -> None:
    two = Two(alone=False)
    begun = two.bobs(ConfigBegin())
    assert begun.messages == ("% ann (vty 0) is in configuration mode too",)
    assert two.bobs(ConfigLine("hostname R2")).messages == ()
    state = two.line("interface Loopback1")
    assert state.messages == ("% bob (vty 1) changes the configuration too",)
    assert two.line("exit").messages == ()
    assert "% ann (vty 0) changes the configuration too" in two.bobs(ConfigLine("exit")).messages
    assert "Loopback1" in two.appliance.store.startup()
    assert two.appliance.hostname == "R2"


def test_a_change_is_logged_with_who_made_it() -> None:
    two = Two()
    two.line("hostname R2")
    two.line("commit")
    logged = [heard.log.text for heard in two.appliance.journal.kept() if heard.log is not None]
    assert [text for text in logged if text.startswith("Configured")] == ["Configured from console by ann"]
