"""Transport mode between hosts behind NATs: each end knows the other by another address (RFC 7296 2.23.1)."""

from __future__ import annotations

import pytest

from ikecli.lab.lab import VirtualLab
from tests.lab.test_nat import SAMPLES, children

NORTH, EDGE, HUB, SHARED = "192.168.0.11", "198.51.100.1", "172.16.0.2", "203.0.113.1"


@pytest.fixture
def lab() -> VirtualLab:
    """The sample's north and hub, which protect what they say to each other themselves."""
    found = VirtualLab()
    for name in ("north", "shared", "edge", "hub"):
        text = (SAMPLES / f"{name}.cfg").read_text().replace(" mode tunnel\n", " mode transport\n")
        text = text.replace("10.1.0.0 0.0.255.255 10.0.0.0 0.0.255.255", f"host {NORTH} host {EDGE}")
        text = text.replace("10.0.0.0 0.0.255.255 10.1.0.0 0.0.255.255", f"host {HUB} host {SHARED}")
        found.add(text, "ios")
    return found


def test_both_hosts_reach_each_other(lab: VirtualLab) -> None:
    assert lab.ping("North", EDGE, source=NORTH) == "!!!!!"
    assert lab.ping("Hub", SHARED, source=HUB) == "!!!!!"
    for name, ends in (("North", (NORTH, EDGE)), ("Hub", (HUB, SHARED))):
        (child,) = children(lab, name)
        assert (child.transport, child.encapsulated) == (True, True)
        assert [(flow.local_first, flow.remote_first) for flow in child.flows] == [ends]
        assert (child.counters.packets_out, child.counters.packets_in, child.counters.errors_in) == (10, 10, 0)


def test_rekeys_keep_the_addresses(lab: VirtualLab) -> None:
    assert lab.ping("North", EDGE, source=NORTH) == "!!!!!"
    before = children(lab, "Hub")[0].inbound_spi
    lab.run(8000)
    assert lab.ping("North", EDGE, source=NORTH) == "!!!!!"
    assert lab.ping("Hub", SHARED, source=HUB) == "!!!!!"
    (child,) = children(lab, "Hub")
    assert child.inbound_spi != before
    assert child.transport
