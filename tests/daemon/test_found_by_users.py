"""What newcomers stumbled over stays mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from ikecli.boundary.views import InterfaceView
from ikecli.control.messages import ConfigBegin, ConfigLine, Show
from ikecli.control.replies import Heard, Reply, Shown
from ikecli.daemon.storage import FileStorage
from ikecli.dataplane.memory import MemoryPlane
from ikecli.errors import Unavailable
from ikecli.lab.lab import VirtualLab
from ikecli.language import load

SAMPLES = Path(__file__).parents[2] / "sample-configs" / "site-to-site"


def test_a_binary_file_is_no_configuration(tmp_path: Path) -> None:
    program = tmp_path / "ls"
    program.write_bytes(b"\x7fELF\0\0\0")
    storage = FileStorage(tmp_path / "state", program)
    with pytest.raises(Unavailable, match="it is not text"):
        storage.read_startup()
    storage.close()


def test_do_shows_what_was_typed_before_it() -> None:
    lab = VirtualLab()
    node, _ = lab.add("hostname R1\ninterface GigabitEthernet0/0\n ip address 192.0.2.1 255.255.255.0\n", "ios")
    session, replies = node.open(lambda heard: None), list[Reply]()
    session.handle(ConfigBegin(), replies.append)
    for line in ("interface GigabitEthernet0/0", "shutdown", "do show ip interface brief"):
        session.handle(ConfigLine(line), replies.append)
    session.handle(Show("interface.brief", {}), replies.append)
    assert isinstance(shown := replies[-1], Shown)
    assert [view.shutdown for view in shown.views if isinstance(view, InterfaceView)] == [True]


def test_the_log_keeps_what_a_debug_told_while_nobody_watched() -> None:
    lab = VirtualLab(1)
    lab.add((SAMPLES / "router.cfg").read_text(), "ios")
    asa, _ = lab.add((SAMPLES / "asa.cfg").read_text().replace("group 5", "group 14"), "asa")
    asa.appliance.journal.switch("ikev2.error", True)
    lab.ping("Router", "10.2.2.1", "10.1.1.1", count=1)
    assert [one for one in asa.appliance.journal.kept() if isinstance(one, Heard) and one.debugged]


def test_ansible_may_unset_the_pager() -> None:
    assert load("asa").modes["exec"].read("no terminal pager").calls == "terminal.unpaged"


@pytest.mark.parametrize("tables", [True, False])
def test_a_plane_with_one_routing_table_says_so(tables: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    table = "vrf definition INTERNET\n address-family ipv4\n"
    text = f"hostname R1\n{table}interface GigabitEthernet0/0\n vrf forwarding INTERNET\n"
    monkeypatch.setattr(MemoryPlane, "features", frozenset({"vrf"} if tables else ()))
    _, complaints = VirtualLab().add(text, "ios")
    said = "% VRF INTERNET has no effect: with the data plane memory there is one routing table"
    assert (said in complaints) is not tables
