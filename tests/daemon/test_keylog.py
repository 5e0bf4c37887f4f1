"""The key log: every key as it comes to be, in files of the operator's own, and nowhere else."""

from __future__ import annotations

import csv
import stat
from pathlib import Path

import pytest

from ikecli.control.messages import Debug, KeyLog
from ikecli.control.replies import Done, Error, Heard
from ikecli.daemon import keylog
from ikecli.daemon.keylog import ESP_TABLE, IKE_TABLE
from ikecli.daemon.sessions import Session
from ikecli.daemon.storage import FileStorage
from ikecli.errors import Unavailable
from ikecli.lab.lab import Node, VirtualLab
from tests.config.reading import SAMPLES


class Log:
    """Two appliances of a sample; the first one keeps a key log in a state directory."""

    def __init__(self, state: Path, sample: str = "modern", *changes: tuple[str, str]) -> None:
        self.lab = VirtualLab("keys")
        texts = [(SAMPLES / sample / f"{side}.cfg").read_text() for side in ("left", "right")]
        for old, new in changes:
            texts = [text.replace(old, new) for text in texts]
        self.nodes: list[Node] = [self.lab.add(text, "ios")[0] for text in texts]
        self.appliance = self.nodes[0].appliance
        self.state = state
        self.appliance.storage = FileStorage(state)  # type: ignore[misc]
        self.heard: list[Heard] = []
        self.session = Session(self.appliance, 15, "ann", self.heard.append)
        self.appliance.journal.listen(self.heard.append)

    def ask(self, request: Debug | KeyLog) -> object:
        replies: list[object] = []
        self.session.handle(request, replies.append)
        return replies[0]

    def ping(self) -> None:
        assert self.lab.ping("Left", "10.20.0.1", "10.10.0.1", count=3)[-1] == "!"

    def rows(self, table: str, folder: str = "keys") -> list[list[str]]:
        path = self.state / "flash" / folder / table
        return list(csv.reader(path.read_text().splitlines()))

    @property
    def said(self) -> list[str]:
        return [one.log.text for one in self.heard if one.log is not None and one.log.mnemonic == "IKEV2_KEYLOG"]


def test_the_keys_are_those_that_protect(tmp_path: Path) -> None:
    log = Log(tmp_path)
    assert isinstance(log.ask(KeyLog("keys")), Done)
    log.ping()
    (sa,) = log.appliance.engine._core.sas.values()
    assert sa.keys is not None
    keys = [one.hex() for one in (sa.keys.ei, sa.keys.er)]
    assert log.rows(IKE_TABLE) == [
        [sa.spi_i.hex(), sa.spi_r.hex(), *keys, "AES-GCM-256 with 16 octet ICV [RFC5282]", "", "", "NONE [RFC4306]"]
    ]
    (child,) = sa.children.values()
    assert {int(row[3], 16) for row in log.rows(ESP_TABLE)} == {child.inbound, child.outbound}
    assert all(row[4] == "AES-GCM with 16 octet ICV [RFC4106]" and len(row[5]) == 2 + 72 for row in log.rows(ESP_TABLE))


def test_files_and_folder_are_private(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.ask(KeyLog("keys"))
    folder = tmp_path / "flash" / "keys"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    assert modes == {"keys": 0o700, IKE_TABLE: 0o600, ESP_TABLE: 0o600}


def test_each_rekey_and_each_generation_is_a_row_in_order(tmp_path: Path) -> None:
    pqc = (" group 31\n", " group 31\n pqc mlkem768\n")
    log = Log(tmp_path, "modern", pqc)
    log.ask(KeyLog("keys"))
    log.ping()
    first = log.rows(IKE_TABLE)
    (sa,) = log.appliance.engine._core.sas.values()
    assert [row[0] for row in first] == [sa.spi_i.hex()] * 2
    assert sa.keys is not None
    assert [row[2] == sa.keys.ei.hex() for row in first] == [False, True]
    log.lab.run(43_200)
    log.ping()
    later = log.rows(IKE_TABLE)
    assert later[:2] == first
    assert len({row[0] for row in later}) > 1
    assert len(log.rows(ESP_TABLE)) > 2


def test_keys_go_nowhere_else(tmp_path: Path) -> None:
    log = Log(tmp_path)
    for category in ("ikev2", "ikev2.packet", "ikev2.error", "ipsec"):
        log.ask(Debug(category, True))
    log.ask(KeyLog("keys"))
    log.ping()
    told = repr(log.heard) + repr(log.appliance.journal.kept())
    secrets = [cell.removeprefix("0x") for table in (IKE_TABLE, ESP_TABLE) for row in log.rows(table) for cell in row]
    long = [secret for secret in secrets if len(secret) >= 32 and " " not in secret]
    assert len(long) >= 4
    assert not [secret for secret in long if secret in told or repr(bytes.fromhex(secret)) in told]


def test_it_is_off_until_asked_for_and_when_ended(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.ping()
    assert not (tmp_path / "flash").exists()
    log.ask(KeyLog("keys"))
    assert log.appliance.keylog.switches == ("ikev2.keylog flash:keys",)
    log.ask(Debug("all", False))
    log.lab.run(43_200)
    log.ping()
    assert log.rows(IKE_TABLE) == log.rows(ESP_TABLE) == []
    assert log.said == [
        "the keys of all SAs are written in clear to flash:keys by order of ann",
        "no more keys are written to flash:keys: ended by ann",
    ]


def test_it_ends_before_it_fills_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keylog, "MOST", 500)
    log = Log(tmp_path)
    log.ask(KeyLog("keys"))
    log.ping()
    log.lab.run(10_000)
    assert not log.appliance.keylog.on
    assert "which is the most" in log.said[-1]
    assert sum(path.stat().st_size for path in (tmp_path / "flash" / "keys").iterdir()) < 2_000


def test_a_disk_that_takes_nothing_ends_it_and_no_sa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(tmp_path)
    log.ask(KeyLog("keys"))

    def full(*what: object) -> int:
        raise Unavailable("flash:keys: No space left on device")

    monkeypatch.setattr(FileStorage, "append_file", full)
    log.ping()
    assert log.said[-1] == "no more keys are written to flash:keys: flash:keys: No space left on device"


def test_a_name_that_is_a_file_or_hidden_is_refused(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.appliance.storage.write_file("notes", "x")
    for name in ("notes", ".archive", "../keys", "a/b"):
        assert isinstance(log.ask(KeyLog(name)), Error), name
    assert not log.appliance.keylog.on
    assert log.appliance.storage.files() == {"notes": 1}


def test_algorithms_without_a_name_there_are_told_once(tmp_path: Path) -> None:
    chacha = ("encryption aes-gcm-256", "encryption chacha20-poly1305")
    log = Log(tmp_path, "modern", chacha, ("esp-gcm 256", "esp-chacha20-poly1305"))
    log.ask(KeyLog("keys"))
    log.ping()
    log.lab.run(43_200)
    log.ping()
    assert log.rows(IKE_TABLE) == log.rows(ESP_TABLE) == []
    assert [text for text in log.said if "no name" in text] == [
        "SAs with ENCR_CHACHA20_POLY1305 are not in the key log: Wireshark's tables have no name for it"
    ]


def test_the_folder_is_deleted_whole(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.ask(KeyLog("keys"))
    log.ask(KeyLog())
    assert list(log.appliance.storage.files()) == [f"keys/{ESP_TABLE}", f"keys/{IKE_TABLE}"]
    log.appliance.archive.remove("flash:keys")
    assert not log.appliance.storage.files()
