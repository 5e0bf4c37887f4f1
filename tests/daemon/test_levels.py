"""What a level-1 session may do, each request sent raw over the socket to a real appliance."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ikecli.config import ConfigReader
from ikecli.control import codec, levels, server
from ikecli.control.messages import (
    LEVELS,
    OPERATOR_TOPICS,
    USER,
    ArchiveNow,
    Clear,
    ConfigBegin,
    ConfigEnd,
    ConfigHelp,
    ConfigLine,
    ConfigLines,
    Confirm,
    Connect,
    Convert,
    ConvertIkev1,
    Copy,
    Debug,
    Delete,
    Differ,
    Disable,
    Enable,
    Erase,
    Fetch,
    Identify,
    KeyLog,
    Login,
    Monitor,
    Names,
    Ping,
    Reload,
    Replace,
    Request,
    Revert,
    Rollback,
    Save,
    Show,
    ShowFurther,
)
from ikecli.daemon.permits import needed_level
from ikecli.daemon.queries import _TOPICS
from ikecli.daemon.sessions import Session
from ikecli.lab.lab import VirtualLab
from ikecli.secret import Secret
from tests.config.reading import new_store

NEEDED = "needs privilege level 15"
SECRET = "hostname R1\nenable secret cisco\ninterface Loopback0\n ip address 10.0.0.1 255.255.255.255\n"

SAMPLES: dict[type[Request], Request] = {
    type(one): one
    for one in (
        Identify(),
        Enable(Secret("cisco")),
        Login("ann", Secret("wrong")),
        Disable(),
        Show("version", {}),
        ShowFurther(1, 10),
        Names("crypto_maps"),
        Monitor(True),
        Ping("10.0.0.1"),
        ConfigBegin(),
        ConfigLine("hostname EVIL"),
        ConfigLines(("hostname EVIL",), False),
        ConfigHelp("host"),
        ConfigEnd(),
        Copy("file:x", "running-config", "hostname EVIL"),
        Delete("flash:x"),
        ArchiveNow(),
        Convert("asa"),
        ConvertIkev1(),
        Differ(),
        Replace("file:x", "hostname EVIL"),
        Rollback(1),
        Confirm(),
        Revert(),
        Reload(),
        Save(),
        Erase(),
        Fetch("running-config"),
        Clear("session", {}),
        Connect(),
        Debug("ikev2", True),
        KeyLog("keys"),
    )
}


class Raw:
    """A socket of a session that begins at level 1, in a world whose time passes when somebody waits."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lab: VirtualLab) -> None:
        self._reader, self._writer, self.lab = reader, writer, lab
        self.appliance = lab.nodes[0].appliance

    async def ask(self, request: Request) -> dict[str, Any]:
        self._writer.write(codec.encode_request(1, request))
        answer = asyncio.ensure_future(self._reader.readline())
        while not answer.done():
            await asyncio.sleep(0)
            self.lab.run(1.0)
            await asyncio.sleep(0.001)
        found: dict[str, Any] = json.loads(answer.result())
        return found


def with_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: Callable[[Raw], Any], text: str = SECRET
) -> None:
    monkeypatch.setattr(levels, "caller", lambda connection: (USER, "somebody"))
    lab = VirtualLab()
    lab.add(text, "ios")
    appliance = lab.nodes[0].appliance

    async def run() -> None:
        listener = server.Server(lambda level, user, push: Session(appliance, level, user, push))
        await listener.listen(tmp_path / "c")
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "c"))
        try:
            await act(Raw(reader, writer, lab))
        finally:
            writer.close()
            listener.close()

    asyncio.run(run())


def test_every_request_has_a_sample() -> None:
    assert SAMPLES.keys() == LEVELS.keys()


@pytest.mark.parametrize("kind", LEVELS, ids=lambda kind: kind.__name__)
def test_a_request_is_refused_below_its_level(kind: type[Request], tmp_path: Path, monkeypatch: Any) -> None:
    async def act(raw: Raw) -> None:
        before = raw.appliance.store.startup()
        answer = await raw.ask(SAMPLES[kind])
        if LEVELS[kind] > USER:
            assert "privilege level 15" in answer["error"], answer
            assert raw.appliance.store.startup() == before
            assert not raw.appliance.journal.debugs
            assert not raw.appliance.keylog.on
            assert raw.appliance.storage.read_startup() == SECRET
        elif kind in (Login, ShowFurther):
            assert "error" in answer
        else:
            assert "error" not in answer, answer

    with_session(tmp_path, monkeypatch, act)


@pytest.mark.parametrize("topic", sorted(OPERATOR_TOPICS))
def test_configurations_are_shown_to_operators_only(topic: str, tmp_path: Path, monkeypatch: Any) -> None:
    async def act(raw: Raw) -> None:
        assert NEEDED in (await raw.ask(Show(topic, {})))["error"]
        assert (await raw.ask(Enable(Secret("cisco"))))["with"]["level"] == 15
        assert NEEDED not in (await raw.ask(Show(topic, {}))).get("error", "")
        assert (await raw.ask(Disable()))["with"]["level"] == 1
        assert NEEDED in (await raw.ask(Show(topic, {})))["error"]

    with_session(tmp_path, monkeypatch, act)


LEVEL_5 = (
    SECRET
    + """\
enable secret level 5 five
privilege exec level 5 clear crypto sa
privilege exec level 5 show running-config
privilege exec level 1 show
privilege exec level 3 ping
privilege exec level 5 configure terminal
privilege exec all level 5 conf
"""
)


def test_a_request_is_granted_or_refused_as_privilege_lines_say(tmp_path: Path, monkeypatch: Any) -> None:
    async def act(raw: Raw) -> None:
        async def refused(request: Request) -> str:
            return str((await raw.ask(request)).get("error", ""))

        assert "needs privilege level 3" in await refused(Ping("10.0.0.1"))
        assert not await refused(Ping("10.0.0.1", ttl=1))
        assert "needs privilege level 5" in await refused(Clear("ipsec.sa", {}))
        assert not await refused(Show("version", {}))
        assert "Access denied" in await refused(Enable(Secret("cisco"), 5))
        assert not await refused(Enable(Secret("five"), 5))
        for granted in (Ping("10.0.0.1"), Clear("ipsec.sa", {}), Clear("ipsec.sa", {"map": "M"})):
            assert not await refused(granted)
        assert not await refused(Show("running", {"all": True}))
        for beyond in (Clear("session", {}), Show("startup", {}), Debug("ikev2", True), ConfigBegin(), Save()):
            assert NEEDED in await refused(beyond)
        assert "Access denied" in await refused(Enable(Secret("five"), 15))

    with_session(tmp_path, monkeypatch, act, LEVEL_5)


def test_a_privilege_line_changes_the_level_of_no_other_request() -> None:
    plain, told = new_store("ios"), new_store("ios")
    for line in ("privilege exec level 9 ping", "privilege exec level 3 no debug all"):
        ConfigReader(told).feed(line)
    assert told.levels
    for request in (*SAMPLES.values(), *(Show(topic, {}) for topic in (*_TOPICS, *OPERATOR_TOPICS))):
        if not isinstance(request, Ping):
            assert needed_level(request, told) == needed_level(request, plain), request


def test_wrong_passwords_take_longer_and_longer(tmp_path: Path, monkeypatch: Any) -> None:
    async def act(raw: Raw) -> None:
        took = []
        for _ in range(4):
            before = raw.lab.clock.now()
            assert "error" in await raw.ask(Enable(Secret("wrong")))
            took.append(raw.lab.clock.now() - before)
        assert took[0] >= 1
        assert took[3] >= 2 * took[1]

    with_session(tmp_path, monkeypatch, act)


def test_what_of_the_configuration_is_for_operators_is_theirs_under_every_name() -> None:
    same = {topic for topic in _TOPICS if topic.rpartition(".")[2] in OPERATOR_TOPICS}
    assert {*same, "derived"} <= OPERATOR_TOPICS
