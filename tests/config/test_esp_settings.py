"""How a router's SAs behave beside their algorithms: of all, of an interface, of one crypto map or profile."""

from __future__ import annotations

import pytest

from ikecli.config.express import express
from ikecli.daemon.unserved import unserved
from ikecli.dataplane.memory import MemoryPlane
from ikecli.dataplane.none import NonePlane
from ikecli.dataplane.userspace.plane import UserspacePlane
from ikecli.dataplane.xfrm.plane import XfrmPlane
from ikecli.intent import Outer
from tests.config.reading import SAMPLES, read

ROUTER = (SAMPLES / "modern" / "left.cfg").read_text()
MAP = "crypto map VPN 10 ipsec-isakmp\n "
TUNNEL = """crypto ipsec profile P
 set transform-set GCM
 set ikev2-profile RIGHT
interface Tunnel1
 ip address 10.9.9.1 255.255.255.252
 tunnel source GigabitEthernet0/0
 tunnel destination 203.0.113.9
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile P
exit
"""
CUT = "crypto ipsec fragmentation"
PROFILE = TUNNEL + "crypto ipsec profile P\n "


@pytest.mark.parametrize("where", [MAP, PROFILE])
def test_an_idle_time_of_its_own_goes_before_that_of_all(where: str) -> None:
    asked = {
        "": 0,
        "crypto ipsec security-association idle-time 600": 600,
        f"{where}set security-association idle-time 60": 60,
        f"crypto ipsec security-association idle-time 600\n{where}set security-association idle-time 90 default": 90,
    }
    for lines, seconds in asked.items():
        store, _ = read("ios", ROUTER + (TUNNEL if where is PROFILE else "") + lines)
        assert not store.complaints
        assert store.intent.connections[-1].idle == seconds
        assert read("ios", store.startup())[0].intent == store.intent


@pytest.mark.parametrize("where", [MAP, PROFILE])
@pytest.mark.parametrize(
    ("lines", "outer"),
    [
        ("", Outer()),
        ("crypto ipsec df-bit set", Outer(True)),
        ("crypto ipsec df-bit set\ninterface {carrier}\n crypto ipsec df-bit clear", Outer(False)),
        ("crypto ipsec df-bit set\n{where}set security-association dfbit copy", Outer()),
        ("crypto ipsec security-association ecn discard", Outer(marks=False)),
        ("crypto ipsec security-association ecn discard\n{where}set security-association ecn propagate", Outer()),
        ("{where}set security-association ecn discard", Outer(marks=False)),
        ("crypto ipsec fragmentation after-encryption", Outer(late=True)),
        (f"{CUT} after-encryption\ninterface {{carrier}}\n {CUT} before-encryption", Outer()),
    ],
)  # fmt: skip
def test_what_an_sa_says_of_its_header_goes_before_its_interface_and_that_before_all(
    where: str, lines: str, outer: Outer
) -> None:
    carrier = "Tunnel1" if where is PROFILE else "GigabitEthernet0/0"
    added = lines.format(carrier=carrier, where=where)
    store, _ = read("ios", ROUTER + (TUNNEL if where is PROFILE else "") + added)
    assert not store.complaints
    assert store.intent.connections[-1].outer == outer
    assert read("ios", store.startup())[0].intent == store.intent


def test_a_converted_router_says_what_is_lost_of_it() -> None:
    lines = "crypto ipsec security-association ecn discard\ncrypto ipsec security-association idle-time 60\n"
    store, _ = read("ios", ROUTER + lines)
    lost = express(store.intent, "asa").lost
    assert "crypto map VPN 10: an end of SAs without traffic (idle-time)" in lost
    assert any("how the header before ESP is made (df-bit, ecn, fragmentation)" in one for one in lost), lost


@pytest.mark.parametrize(
    ("plane", "line", "why"),
    [
        ("xfrm", "df-bit set", "the kernel copies the bit or clears it"),
        ("xfrm", "df-bit clear", None),
        ("userspace", "df-bit set", None),
        ("userspace", "fragmentation after-encryption", "its device takes no packet that is too long"),
        ("none", "df-bit set", None),
        ("memory", "optional", None),
        ("userspace", "optional", "what is routed into its device leaves it as ESP alone"),
        ("xfrm", "optional", "the kernel has a packet that asks for an SA of tunnel mode wait for it"),
    ],
)  # fmt: skip
def test_what_a_data_plane_cannot_do_is_said(plane: str, line: str, why: str | None) -> None:
    store, _ = read("ios", ROUTER + f"crypto ipsec {line}\n")
    served = {"memory": MemoryPlane, "xfrm": XfrmPlane, "userspace": UserspacePlane, "none": NonePlane}[plane]
    words = f"crypto ipsec {line}" if line == "optional" else line
    said = f"% {words} has no effect with the data plane {plane}: {why}"
    assert list(unserved(store.intent, served.__new__(served))) == ([said] if why else [])
