"""Configurations that are kept: whole files, whole replacements, and refusals that change nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ikecli.config.difference import difference
from ikecli.control.messages import (
    ArchiveNow,
    ConfigBegin,
    ConfigEnd,
    ConfigLine,
    Copy,
    Delete,
    Differ,
    Fetch,
    Reload,
    Replace,
    Request,
    Rollback,
    Save,
    Show,
)
from ikecli.control.replies import Copied, Error, Lines, Replaced, Reply
from ikecli.daemon import storage
from ikecli.daemon.sessions import Session
from ikecli.daemon.storage import FileStorage
from ikecli.errors import Unavailable
from ikecli.lab.lab import VirtualLab

START = "hostname R1\ninterface Loopback0\n ip address 10.0.0.1 255.255.255.255\n"


class Operator:
    """A session at an appliance of its own."""

    def __init__(self, text: str = START, dialect: str = "ios") -> None:
        self.lab = VirtualLab("archive")
        node, _ = self.lab.add(text, dialect)
        self.appliance = node.appliance
        self.session = Session(self.appliance, 15, "ann", lambda heard: None)

    def ask(self, request: Request) -> Any:
        replies: list[Reply] = []
        self.session.handle(request, replies.append)
        return replies[0]

    def configure(self, *lines: str) -> None:
        self.ask(ConfigBegin())
        for line in lines:
            reply = self.ask(ConfigLine(line))
            assert getattr(reply, "accepted", False), reply
        self.ask(ConfigEnd())

    def refused(self, request: Request) -> str:
        reply = self.ask(request)
        assert isinstance(reply, Error), reply
        return reply.text


@pytest.mark.parametrize("dialect", ["ios", "asa"])
def test_a_replacement_takes_away_what_it_does_not_have(dialect: str) -> None:
    one = Operator("hostname R1\n", dialect)
    one.configure("hostname R2", "interface Loopback5" if dialect == "ios" else "interface GigabitEthernet0/5")
    assert one.ask(Replace("startup-config")) == Replaced(True)
    assert one.appliance.hostname == "R1"
    assert "0/5" not in one.appliance.store.startup()
    assert "Loopback5" not in one.appliance.store.startup()
    assert one.ask(Replace("startup-config")) == Replaced(False)
    assert one.ask(Rollback(1)) == Replaced(True)
    assert one.appliance.hostname == "R2"


def test_a_replacement_with_a_refused_line_changes_nothing() -> None:
    one = Operator()
    before = one.appliance.store.startup()
    said = one.refused(Replace("file:new", "hostname R2\ncrypto ikev2 nonsense\n"))
    assert "file:new: line 2: " in said
    assert said.endswith("% Rollback aborted: nothing was changed")
    assert one.appliance.store.startup() == before
    assert "is empty" in one.refused(Replace("flash:none", " \n"))
    assert "0 changes are kept" in one.refused(Rollback(1))


def test_a_session_in_configuration_mode_is_told_that_it_was_replaced() -> None:
    one = Operator()
    other = Session(one.appliance, 15, "bob", lambda heard: None)
    replies: list[Any] = []
    other.handle(ConfigBegin(), replies.append)
    one.ask(Replace("file:new", "hostname R2\n"))
    other.handle(ConfigLine("hostname R3"), replies.append)
    assert not replies[-1].accepted
    assert "reloaded meanwhile" in replies[-1].messages[0]
    assert one.appliance.hostname == "R2"


def test_copies_from_any_place_to_any_place() -> None:
    one = Operator()
    one.configure("hostname R2", "crypto ikev2 keyring K", "peer P", "pre-shared-key marmalade")
    assert isinstance(one.ask(Copy("running-config", "flash:a.cfg")), Copied)
    assert one.ask(Copy("flash:/a.cfg", "startup-config")).messages == ()
    assert one.appliance.storage.read_startup() == one.appliance.store.startup()
    assert "marmalade" not in "\n".join(one.ask(Fetch("flash:a.cfg")).lines)
    one.configure("hostname R3")
    one.ask(Copy("startup-config", "flash:b.cfg"))
    assert one.ask(Differ("flash:b.cfg")) == Lines(("-hostname R2", "+hostname R3"))
    assert one.ask(Copy("flash:b.cfg", "running-config")).messages == ()
    assert one.appliance.hostname == "R2"
    (wrong,) = one.ask(Copy("file:x", "startup-config", "hostname R9\nbad\n")).messages
    assert "file:x: line 2" in wrong
    *files, _ = one.ask(Show("flash", {})).views
    assert [view.name for view in files] == ["a.cfg", "b.cfg"]
    one.ask(Delete("flash:a.cfg"))
    assert "No such file" in one.refused(Fetch("flash:a.cfg"))


@pytest.mark.parametrize("place", ["flash:../x", "flash:.point-1", "flash:", "tftp:x", "flash:a/b", "file:x", ""])
def test_what_is_no_place_is_refused(place: str) -> None:
    one = Operator()
    for request in (Copy("running-config", place), Copy(place, "running-config"), Delete(place), Fetch(place)):
        assert "is no place here" in one.refused(request)


def test_the_archive_keeps_its_maximum_and_secrets_sealed() -> None:
    one = Operator()
    assert "has no path" in one.refused(ArchiveNow())
    one.configure("archive", "path flash:kept", "maximum 3", "write-memory", "enable secret marmalade")
    for _ in range(2):
        one.ask(ArchiveNow())
        one.lab.run(61)
        one.ask(Save())
    (view,) = one.ask(Show("archive", {})).views
    assert [name.rpartition("-")[2] for name in view.names] == ["1", "2", "3"]
    assert view.next == "flash:kept-<timestamp>-4"
    assert one.ask(Replace(view.names[-1])) == Replaced(False)
    assert "marmalade" not in one.appliance.storage.read_file(view.names[-1][6:])


def test_only_so_many_changes_are_kept() -> None:
    one = Operator()
    for number in range(25):
        one.configure(f"hostname R{number}")
    assert len(one.appliance.storage.files()) == 20
    assert one.ask(Rollback(20)) == Replaced(True)
    assert one.appliance.hostname == "R4"


def test_a_difference_has_its_sections() -> None:
    old = ["a 1", "!", "s", " x", " y", "  deep", "gone", " below", "end"]
    new = ["a 2", "s", " y", "  deeper", " x", "new", " below"]
    assert difference(old, new) == [
        *("-a 1", "s", " y", "  -deep", "  +deeper", "-gone", " -below"),
        *("+a 2", "+new", " +below"),
    ]


def test_flash_is_written_whole_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = FileStorage(tmp_path / "state")
    assert one.files() == {}
    one.write_file("a", "one\n")
    flash = tmp_path / "state" / storage.FLASH
    assert flash.stat().st_mode & 0o777 == 0o700
    assert (flash / "a").stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr(storage, "FILES", 1)
    one.write_file("a", "two\n")
    with pytest.raises(Unavailable, match="holds 1 files"):
        one.write_file("b", "x")
    with pytest.raises(Unavailable, match="a name has"):
        one.write_file("../b", "x")
    assert one.read_file("a") == "two\n"
    assert one.files() == {"a": 4}
    one.remove_file("a")
    with pytest.raises(Unavailable, match=r"%Error opening flash:a \(No such file"):
        one.read_file("a")
    one.close()


def test_a_fault_while_the_startup_configuration_is_read_leaves_the_running_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = Operator()
    monkeypatch.setattr(one.appliance, "commit", lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        one.ask(Reload())
    assert one.appliance.hostname == "R1"


def test_a_change_stands_though_what_ran_before_cannot_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Operator()

    def full(name: str, text: str) -> None:
        raise Unavailable(f"flash:{name}: No space left on device")

    monkeypatch.setattr(one.appliance.storage, "write_file", full)
    one.configure("hostname R2")
    assert one.appliance.hostname == "R2"
    lines = [heard.log for heard in one.appliance.journal.kept() if heard.log is not None]
    assert [(line.mnemonic, line.text.partition(": ")[0]) for line in lines] == [
        ("ARCHIVE", "there is no going back to what ran before this change"),
        ("CONFIG_I", "Configured from console by ann on vty0"),
    ]
