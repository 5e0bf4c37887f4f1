"""Which data plane an engine gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ikecli.daemon import planes
from ikecli.dataplane.linux.host import Host
from ikecli.dataplane.none import NonePlane
from ikecli.dataplane.userspace import plane as userspace
from ikecli.dataplane.xfrm import plane as xfrm
from ikecli.dataplane.xfrm import probe
from ikecli.errors import Unavailable
from ikecli.lab.clock import VirtualClock


class Fake(NonePlane):
    """Stands for a plane that needs root."""

    def __init__(self, host: Host, ledger: object) -> None:
        super().__init__(host.notify)


def host(state: Path) -> Host:
    def nothing(*_: Any) -> None:
        return None

    sockets: Any = None
    return Host(VirtualClock(), nothing, lambda size: bytes(size), sockets, state, nothing, nothing, nothing, nothing)


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xfrm, "XfrmPlane", type("Kernel", (Fake,), {}))
    monkeypatch.setattr(userspace, "UserspacePlane", type("Own", (Fake,), {}))


@pytest.mark.parametrize(
    ("wanted", "missing", "kind", "why"),
    [
        ("auto", "", "Kernel", "this kernel takes ESP SAs"),
        ("auto", "this kernel is built without ESP", "Own", "this kernel is built without ESP"),
        ("xfrm", "", "Kernel", "asked for"),
        ("userspace", "", "Own", "asked for"),
        ("none", "", "NonePlane", "asked for"),
    ],
)
def test_the_kernels_esp_is_taken_where_it_can_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, missing: str, kind: str, why: str
) -> None:
    monkeypatch.setattr(probe, "missing", lambda ledger, spi: missing)
    chosen, reason = planes.choose(wanted, host(tmp_path), lambda: NonePlane(lambda notice: None))
    assert (type(chosen).__name__, reason) == (kind, why)


def test_what_was_asked_for_and_is_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "missing", lambda ledger, spi: "this kernel is built without ESP")
    with pytest.raises(Unavailable, match="built without ESP; userspace carries packets"):
        planes.choose("xfrm", host(tmp_path), lambda: NonePlane(lambda notice: None))
