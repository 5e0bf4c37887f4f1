"""docs/interop.md shows the configurations that the live tests run, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live import cases, libreswan, openiked, test_libreswan, test_openiked

PAGE = (Path(__file__).parent.parent / "docs/interop.md").read_text()
SHOWN = {
    "ours": cases.ours(cases.CASES[0]),
    "a firewall's": cases.ASA,
    "strongSwan's": cases.theirs(cases.CASES[0]),
    "ours, with libreswan": cases.ours(test_libreswan.CASES[0]),
    "libreswan's": libreswan.theirs(test_libreswan.CASES[0]),
    "ours, with OpenIKED": cases.ours(test_openiked.PSK),
    "OpenIKED's": openiked.theirs(test_openiked.PSK),
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_shown_is_what_runs(name: str) -> None:
    assert f"```\n{SHOWN[name].rstrip()}\n```\n" in PAGE
