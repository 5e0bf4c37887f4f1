"""What becomes of packets that the list of a crypto map's entry denies."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikecli.config.denies import denied
from ikecli.config.express import express
from ikecli.dataplane.lines import lines_of
from ikecli.dataplane.packet import echo_request
from ikecli.dataplane.policies import protecting
from ikecli.intent import Connection, Flow, Intent
from ikecli.lab.lab import VirtualLab
from tests.config.reading import SAMPLES, read
from tests.dataplane.test_lines import FLOWS, entry

LEFT, RIGHT = ((SAMPLES / "modern" / f"{name}.cfg").read_text() for name in ("left", "right"))
DENIED = """
interface Loopback0
 ip address 10.10.200.1 255.255.0.0 secondary
ip access-list extended TO-RIGHT
 no permit ip 10.10.0.0 0.0.255.255 10.20.0.0 0.0.255.255
 deny ip host 10.10.200.1 any
 permit ip 10.10.0.0 0.0.255.255 10.20.0.0 0.0.255.255
ip access-list extended BEHIND
 permit ip host 10.10.200.1 10.20.0.0 0.0.255.255
crypto map VPN 20 ipsec-isakmp
 set peer 203.0.113.2
 set transform-set GCM
 set ikev2-profile RIGHT
 match address BEHIND
"""


def met(entries: list[Connection], near: int, far: int, how: str) -> str:
    """Return what becomes of a packet: the number of the entry that protects it, `clear`, or `dropped`."""
    source, destination = ip_address(0x0A000000 | near << 16), ip_address(0x0A000000 | far << 16)
    connections = tuple(denied(entries, how))
    found = protecting(connections, "outside", echo_request(source, destination, 1, 1, 0), lambda *_: False)
    (first,) = [
        line.connection
        for line in lines_of(Intent(connections=connections))
        if line.local.covers(source, 0, 0) and line.remote.covers(destination, 0, 0)
    ][:1] or [None]
    assert first == found, "all planes decide alike"
    return "clear" if found is None else "dropped" if found.closed else str(found.sequence)


def expected(entries: list[Connection], near: int, far: int, how: str) -> str:
    source, destination = ip_address(0x0A000000 | near << 16), ip_address(0x0A000000 | far << 16)
    for one in entries:
        for flow in one.flows:
            if flow.local.covers(source, 0, 0) and flow.remote.covers(destination, 0, 0):
                if flow.permit:
                    return str(one.sequence)
                if how != "jump":
                    return {"clear": "clear", "drop": "dropped"}[how]
                break
    return "clear"


@given(
    st.lists(FLOWS, min_size=1, max_size=3),
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from(["jump", "clear", "drop"]),
)
def test_a_packet_meets_what_the_lists_say_one_after_the_other(
    maps: list[list[Flow]], near: int, far: int, how: str
) -> None:
    entries = [entry(at, *flows) for at, flows in enumerate(maps, 1)]
    assert met(entries, near, far, how) == expected(entries, near, far, how)


@pytest.mark.parametrize(("how", "sequence"), [("jump", 20), ("clear", None), ("drop", None)])
def test_a_router_does_so(how: str, sequence: int | None) -> None:
    lab = VirtualLab(1)
    lab.add(LEFT.replace("end\n", f"{DENIED}crypto ipsec ipv4-deny {how}\nend\n"), "ios")
    lab.add(RIGHT, "ios")
    lab.ping("Left", "10.20.0.1", "10.10.200.1")
    sas = lab["Left"].appliance.sas()
    labels = {child.connection for sa in sas for child in sa.children}
    assert labels == ({f"VPN {sequence} GigabitEthernet0/0"} if sequence else set())
    out = next(view for view in lab["Left"].plane.interfaces() if view.name == "GigabitEthernet0/0")
    assert bool(out.packets_out) is (how != "drop")
    assert lab.ping("Left", "10.20.0.1", "10.10.0.1").endswith("!!!!")


def test_what_is_dropped_is_no_connection_that_is_shown() -> None:
    store, _ = read("ios", LEFT.replace("end\n", f"{DENIED}crypto ipsec ipv4-deny drop\nend\n"))
    assert [one.name for one in store.intent.connections if one.closed] == ["VPN(denied)"]
    assert not store.complaints
    lost = express(store.intent, "asa").lost
    assert any("crypto map VPN 10: packets that its list denies are dropped" in one for one in lost)
