"""What the state directory keeps: the startup configuration whole or not at all, one key, one engine."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ikecli.daemon import storage
from ikecli.daemon.storage import FileStorage
from ikecli.errors import Unavailable


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_written_is_there_at_the_next_start(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "state"
    first = FileStorage(state)
    assert first.read_startup() is None
    first.write_startup("hostname A\n! \udce9\n")
    first.write_startup("hostname B\n")
    key = first.master_key()
    first.close()
    second = FileStorage(state)
    assert second.read_startup() == "hostname B\n"
    assert (state / storage.PREVIOUS).read_bytes() == b"hostname A\n! \xe9\n"
    assert second.master_key() == key
    assert len(key) == 32
    second.erase_startup()
    second.erase_startup()
    assert second.read_startup() is None
    second.close()
    assert mode(state) == 0o700
    assert {mode(path) for path in state.iterdir()} == {0o600}


def test_a_startup_file_elsewhere_is_written_in_its_place(tmp_path: Path) -> None:
    real, link = tmp_path / "real.cfg", tmp_path / "link.cfg"
    real.write_text("hostname A\n")
    link.symlink_to(real)
    one = FileStorage(tmp_path / "state", link)
    assert one.read_startup() == "hostname A\n"
    one.write_startup("hostname B\n")
    one.close()
    assert link.is_symlink()
    assert real.read_text() == "hostname B\n"
    assert mode(real) == 0o600


def test_a_full_disk_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = FileStorage(tmp_path / "state")
    one.write_startup("hostname A\n")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match=r"startup-config: No space left on device$"):
        one.write_startup("hostname B\n")
    assert one.read_startup() == "hostname A\n"
    assert {path.name for path in (tmp_path / "state").iterdir()} == {"startup-config", "lock"}
    one.close()


def test_a_named_startup_file_must_be_there(tmp_path: Path) -> None:
    one = FileStorage(tmp_path / "state", tmp_path / "missing.cfg")
    with pytest.raises(Unavailable, match=r"missing\.cfg: No such file"):
        one.read_startup()
    one.close()


def test_two_engines_on_one_directory_are_refused(tmp_path: Path) -> None:
    one = FileStorage(tmp_path / "state")
    with pytest.raises(Unavailable, match=rf"another engine \(process {os.getpid()}\) uses it.*--state"):
        FileStorage(tmp_path / "state")
    one.close()
    FileStorage(tmp_path / "state").close()


def test_a_directory_that_others_read_is_no_state_directory(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "somebody's").write_text("file")
    with pytest.raises(Unavailable, match="chmod 700"):
        FileStorage(tmp_path)
    assert mode(tmp_path) == 0o755
    (tmp_path / "empty").mkdir(mode=0o755)
    FileStorage(tmp_path / "empty").close()
    assert mode(tmp_path / "empty") == 0o700


def test_a_damaged_key_and_an_impossible_directory_are_said(tmp_path: Path) -> None:
    one = FileStorage(tmp_path / "state")
    (tmp_path / "state" / storage.KEY).write_bytes(b"short")
    with pytest.raises(Unavailable, match="5 octets are no master key"):
        one.master_key()
    one.close()
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="state directory"):
        FileStorage(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    tmp_path.chmod(0o700)
    with pytest.raises(Unavailable, match="another user"):
        FileStorage(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_of_every_file_that_flash_has_it_is_known_when_it_was_written(tmp_path: Path) -> None:
    kept = FileStorage(tmp_path / "state")
    kept.write_file("branch.cfg", "hostname R1\n")
    kept.append_file("keys", "esp_sa", "row\n")
    assert list(kept.files()) == ["branch.cfg", "keys/esp_sa"]
    assert all(kept.written(name) > 0 for name in kept.files())
