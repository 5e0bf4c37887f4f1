"""The neighbours that planes on Linux see are the kernel's. They need root."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.dataplane.pairs import intent
from tests.dataplane.rigs import ENDS, linux_rig

pytestmark = pytest.mark.live


@pytest.mark.parametrize("kind", ["userspace", "xfrm"])
def test_who_is_known_on_a_link(kind: str, tmp_path: Path) -> None:
    with linux_rig(kind, tmp_path) as rig:
        rig.configure({name: replace(intent(name), connections=()) for name in ("L", "R")})
        assert rig.ping("L", ENDS["R"], ENDS["L"]) == "!"
        known = {one.address: one for one in rig.do("L", "neighbours")}
        own = {one.address: one for one in rig.do("R", "neighbours")}
        assert known[ENDS["L"]].age is None
        assert known[ENDS["R"]].age is not None
        assert known[ENDS["R"]].hardware == own[ENDS["R"]].hardware != ""
        assert {one.interface for one in known.values()} == {"outside"}
