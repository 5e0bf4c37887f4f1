"""What planes on Linux make of what others do. They need root."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from ikecli.boundary.notices import LinkChanged
from ikecli.dataplane.linux.ledger import Ledger
from ikecli.dataplane.userspace.plane import UserspacePlane
from ikecli.intent import Intent
from tests.dataplane.namespaces import ip, join, namespaces
from tests.dataplane.rigs import ENDS, LinuxRig
from tests.dataplane.test_contract import Pair
from tests.live.machine import differing, snapshot

pytestmark = pytest.mark.live


@pytest.fixture(params=["userspace", "xfrm"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LinuxRig]:
    with namespaces("L", "R") as names:
        join(names["L"], names["R"], (f"{ENDS['L']}/24", f"{ENDS['R']}/24"))
        rig = LinuxRig(request.param, tmp_path, names)
        yield rig
        rig.close()


def test_two_engines_of_one_namespace_do_not_touch_each_others(made: LinuxRig, tmp_path: Path) -> None:
    """The second has a state directory that is a copy of the first's: even so it takes another mark."""
    first = made.nodes["L"]
    pair = Pair(made)
    pair.connect()
    before = snapshot(first.namespace)
    shutil.copytree(tmp_path / "L", tmp_path / "twin")
    (tmp_path / "twin" / "ledger").write_text((tmp_path / "twin" / "ledger").read_text().splitlines()[0])
    made.nodes["twin"] = made.start("twin", first.namespace)
    made.do("twin", "configure", Intent(hostname="twin"))
    owners = [Ledger(tmp_path / name, 0).owner for name in ("L", "twin")]
    made.do("twin", "close")
    del made.nodes["twin"]
    assert differing(before, snapshot(first.namespace)) == {}
    if made.kind == "xfrm":
        assert owners[0] != owners[1]
    assert pair.ping() == "!"


def test_an_address_that_goes_is_noticed_and_one_that_comes_is_used(made: LinuxRig) -> None:
    pair = Pair(made)
    name = made.nodes["L"].namespace
    ip("-n", name, "address", "delete", f"{ENDS['L']}/24", "dev", "veth0")
    assert pair.heard("L", LinkChanged((ip_address(ENDS["L"]),)))
    ip("-n", name, "address", "add", f"{ENDS['L']}/24", "dev", "veth0")
    made.wait(lambda: False, 0.5)
    pair.connect()
    assert pair.ping() == "!"


def test_a_worker_that_dies_is_replaced_and_no_number_is_used_twice(tmp_path: Path) -> None:
    with namespaces("L", "R") as names:
        join(names["L"], names["R"], (f"{ENDS['L']}/24", f"{ENDS['R']}/24"))
        rig = LinuxRig("userspace", tmp_path, names)
        try:
            pair = Pair(rig)
            pair.connect()
            assert [pair.ping() for _ in range(3)] == ["!"] * 3
            for node in rig.nodes.values():
                assert isinstance(node.plane, UserspacePlane)
                os.kill(node.plane.worker, signal.SIGKILL)
            logs = [node.log for node in rig.nodes.values()]
            assert rig.wait(lambda: all("another takes its SAs over" in "".join(log) for log in logs))
            assert rig.wait(lambda: pair.ping() == "!", 10)
            assert pair.ping("R") == "!"
            counters = pair.counters("L")
            assert counters.packets_out >= 5
            assert counters.replays == 0
        finally:
            rig.close()
