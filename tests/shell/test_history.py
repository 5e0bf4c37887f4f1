"""What is recalled, shown and stored of the lines typed, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ikecli.shell.history import KEPT, History, may_hold_secret


@pytest.mark.parametrize(
    "line",
    [
        "pre-shared-key local MARKER",
        "pre MARKER",
        "username a secret MARKER",
        "username a sec 0 MARKER",
        "enable password MARKER",
        "crypto isakmp key MARKER address 10.0.0.1",
        "crypto isakmp k MARKER address 10.0.0.1",
        "ikev2 remote-authentication pre-shared-key MARKER",
        "  hex 0A0B",
        "no pre-shared-key MARKER",
        "snmp-server host 10.0.0.1 MARKER",
        "snmp-server\tuser bob grp v3 auth sha MARKER",
        "standby 1 authentication MARKER",
        "ldap-login-password MARKER",
        "radius-common-pw MARKER",
        "path ftp://user:MARKER@10.0.0.1/",
    ],
)
def test_lines_with_secrets_are_kept_nowhere(line: str, tmp_path: Path) -> None:
    history = History(tmp_path / "history")
    assert may_hold_secret(line)
    assert not history.add(line, accepted=True, configuration=True)
    assert not history.add(line, accepted=False, configuration=False)
    history.save()
    assert history.shown == []
    assert not (tmp_path / "history").exists()


def test_refused_lines_are_recalled_but_neither_shown_nor_stored(tmp_path: Path) -> None:
    history = History(tmp_path / "history")
    assert history.add("pre-shraed-kye MARKER", accepted=False, configuration=True)
    assert history.add("show version", accepted=True, configuration=False)
    assert history.add("show crypto key", accepted=True, configuration=False)
    history.save()
    assert history.shown == ["show version", "show crypto key"]
    assert (tmp_path / "history").read_text() == "show version\nshow crypto key\n"


def test_the_file_is_private_and_bounded(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "history"
    for session in range(30):
        history = History(path)
        for number in range(20):
            history.add(f"show {session} {number}", True, False)
        history.save()
    lines = History(path).earlier()
    assert len(lines) == KEPT
    assert lines[-1] == "show 29 19"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["history"]


def test_a_place_that_cannot_be_written_costs_only_recall(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    history = History(tmp_path / "file" / "history")
    history.add("show version", True, False)
    history.save()
    assert history.earlier() == []
