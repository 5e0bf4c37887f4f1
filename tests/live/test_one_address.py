"""Two spokes behind one address of a router that translates: the hub has an interface of its own for each."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.config.reading import SAMPLES
from tests.daemon.engines import Engine
from tests.dataplane.namespaces import into, join, namespaces
from tests.live.machine import differing, snapshot
from tests.live.translation import translate

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

FLEX = SAMPLES / "hub-and-spoke"
GENERAL = " tunnel source GigabitEthernet0/0\n"


def text(name: str) -> str:
    """The sample configuration of one router, with IPsec tunnels and behind the router N."""
    whole = (FLEX / f"flex-{name.lower()}.cfg").read_text()
    whole = whole.replace("198.51.100.1", f"10.99.{name[-1]}.1").replace("198.51.100.254", f"10.99.{name[-1]}.254")
    return whole.replace(GENERAL, f"{GENERAL} tunnel mode ipsec ipv4\n").replace(" mode transport", " mode tunnel")


def test_spokes_behind_one_translation_each_have_an_interface(tmp_path: Path, kind: str) -> None:
    with namespaces("Hub", "N", "Spoke1", "Spoke2") as made, ExitStack() as stack:
        join(made["Hub"], made["N"], ("192.0.2.1/24", "192.0.2.254/24"))
        for number in (1, 2):
            ends = (f"10.99.{number}.1{number}/24", f"10.99.{number}.254/24")
            join(made[f"Spoke{number}"], made["N"], ends, f"veth{number}")
        translate(made["N"], "veth0")
        names = ("Hub", "Spoke1", "Spoke2")
        before = {name: snapshot(made[name]) for name in names}
        engines = {}
        for name in names:
            options = ("--interface", "GigabitEthernet0/1=lo", "--dataplane", kind)
            engine = Engine(tmp_path / name, text(name), *options, within=into(made[name]))
            stack.callback(engine.end)
            engines[name] = engine.until("STARTED")
        hub = engines["Hub"]
        for number in (1, 2):
            engines[f"Spoke{number}"].show_until("show interfaces Tunnel0", "line protocol is up")
        hub.show_until("show ip route", "Virtual-Access2")
        peers = [line for line in hub.type("show crypto ikev2 sa").splitlines() if "192.0.2.254" in line]
        assert len(peers) == 2
        for number in (1, 2):
            said = hub.type(f"ping 10.{number}.0.1 source 10.0.0.1 repeat 3 timeout 1")
            assert "!!!" in said, said
            back = engines[f"Spoke{number}"].type(f"ping 10.0.0.1 source 10.{number}.0.1 repeat 3 timeout 1")
            assert "!!" in back, back
        across = engines["Spoke1"].type("ping 10.2.0.1 source 10.1.0.1 repeat 3 timeout 1")
        assert "!!" in across, across
        for name in names:
            engines[name].end()
        for name in names:
            assert differing(before[name], snapshot(made[name])) == {}
