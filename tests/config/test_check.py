"""`ikecli check`: its JSON, its lines and its status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ikecli.config import dialect_of
from ikecli.config.check import run
from ikecli.errors import Unavailable
from tests.config.reading import SAMPLES

ROUTER = SAMPLES / "site-to-site" / "router.cfg"
BROKEN = (
    "hostname R1\ninterface\n shutdown\ncrypto map M 10 ipsec-isakmp\n set peer 192.0.2.9\nip cef\nenable secret 0\n"
)


def test_json_has_the_keys_that_scripts_rely_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.cfg"
    broken.write_text(BROKEN)
    assert run([ROUTER, broken], as_json=True) == 1
    good, bad = json.loads(capsys.readouterr().out)["files"]
    assert set(good) == {"file", "dialect", "hostname", "lines", "accepted", "inert", "errors", "complaints"}
    assert (good["file"], good["dialect"], good["hostname"], good["errors"]) == (str(ROUTER), "ios", "Router", [])
    assert (bad["hostname"], bad["lines"], bad["accepted"], bad["inert"]) == ("R1", 7, 3, 1)
    assert [(error["line"], error["column"], error["text"]) for error in bad["errors"]] == [
        (2, 10, "interface"),
        (3, 1, ""),
        (7, 16, "enable secret 0"),
    ]
    found = {(each["severity"], each["line"], each["message"]): each["fix"] for each in bad["complaints"]}
    assert found["error", 4, "crypto map M 10 has no access list"] == "match address NAME"
    assert found["warning", 4, "crypto map M is used by no interface"]


def test_a_clean_file_has_status_0_and_a_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([ROUTER]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"{ROUTER}: Router (ios): 45 lines, 45 in effect or empty, 0 kept without effect, 0 refused"


def test_refused_lines_are_told_with_their_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.cfg"
    broken.write_text(BROKEN)
    run([broken])
    out = capsys.readouterr().out
    assert f"{broken}:2:10: % Incomplete command at column 10: interface" in out
    assert f"{broken}:3:1: % Skipped, belongs to line 2: interface" in out


def test_a_file_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="No such file"):
        run([tmp_path / "none.cfg"])
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Unavailable, match="it is not text"):
        run([tmp_path / "binary"])


def test_a_file_that_cannot_be_read_does_not_hide_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Unavailable, match=r"none.cfg: No such file.*none2.cfg: No such file"):
        run([tmp_path / "none.cfg", ROUTER, tmp_path / "none2.cfg"])
    assert f"{ROUTER}: Router (ios): 45 lines" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("hostname x\n", "ios"),
        ("", "ios"),
        ("tunnel-group 192.0.2.1 type ipsec-l2l\n", "asa"),
        ("interface GigabitEthernet0/0\n nameif outside\n", "asa"),
        ("crypto ikev2 enable outside\n", "asa"),
        ("crypto map M 10 ipsec-isakmp\n set peer 192.0.2.1\n", "ios"),
        (ROUTER.read_text(), "ios"),
        ((ROUTER.parent / "asa.cfg").read_text(), "asa"),
    ],
)
def test_the_dialect_is_told_from_the_text(text: str, dialect: str) -> None:
    assert dialect_of(text) == dialect
